"""Runs security scanners over templates, code and workflows. docs/security-report.md is its last report.

The scanners lie in build/security and not in `.venv`, so setup and the tests do not install them. See decision D231.
"""

from tools.install import ROOT

FOLDER = ROOT / "build" / "security"
PROGRAMS = FOLDER / "venv" / "bin"
CHECKOV = FOLDER / "checkov" / "bin" / "checkov"
"""checkov pins versions that other scanners cannot use, so it has a folder of its own."""

CDK_NAG = FOLDER / "cdk-nag"
"""cdk-nag runs during synthesis, with the CDK in `.venv`."""
