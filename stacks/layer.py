"""The folder that becomes the Lambda layer. `python -m stacks.layer` builds it; synthesis only looks at it."""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ROOT / "lambdas" / "requirements.txt"
LAYER = ROOT / "build" / "layer"
FINGERPRINT = LAYER / "fingerprint"


class LayerNotBuiltError(RuntimeError):
    """`build/layer` is missing or was built from other requirements; the message says how to build it."""


def wanted_fingerprint() -> str:
    """SHA-256 of the requirements, which are pinned and complete: the same text is the same layer."""
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def require() -> str:
    """The fingerprint of the built layer. Raises LayerNotBuiltError where it is not the wanted one."""
    wanted = wanted_fingerprint()
    if not FINGERPRINT.exists() or FINGERPRINT.read_text() != wanted:
        raise LayerNotBuiltError("the Lambda layer is not built from lambdas/requirements.txt: run `make layer`")
    return wanted


def build() -> None:
    """Installs the requirements as Lambda wants them: for its Python on arm64, with no Docker and no compiler.

    Raises CalledProcessError where pip fails; what it said is on standard error.
    """
    shutil.rmtree(LAYER, ignore_errors=True)
    platform = ["--platform=manylinux2014_aarch64", "--implementation=cp", "--python-version=3.13"]
    quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
    target = ["--target", str(LAYER / "python"), "--only-binary=:all:", "--no-deps", "--no-compile"]
    pip = [sys.executable, "-m", "pip", "install", *quiet, *platform, *target, "-r", str(REQUIREMENTS)]
    subprocess.run(pip, check=True)
    FINGERPRINT.write_text(wanted_fingerprint())


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m stacks.layer", description=__doc__).parse_args()
    try:
        build()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
