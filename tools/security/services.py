"""Asks the services that know the vulnerabilities of packages: PyPI's for Python, and the npm registry's.

A service that does not answer is never taken for one that knows nothing bad.
"""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.install import ROOT
from tools.security import PROGRAMS
from tools.security.findings import Finding

PYTHON = (
    *("lambdas/requirements.txt", "constraints.txt", "tests/contract/requirements.txt", "tools/plots/requirements.txt"),
    *("tools/security/requirements.txt", "tools/security/requirements-checkov.txt"),
)
NPM = ("package-lock.json", "tools/checks/package-lock.json", "tests/contract/package-lock.json")
"""The lists of packages that name all versions."""

SECONDS = 120


class NotAskedError(Exception):
    """The service could not be asked about all packages. The message says why."""


@dataclass(frozen=True)
class Service:
    name: str
    reads: str
    lists: Sequence[str]
    ask: Callable[[str], list[Finding]]
    """Returns the findings about one list of packages. Raises NotAskedError."""


def ask(service: Service) -> tuple[list[Finding], str | None]:
    """The findings, and why not all lists could be asked about. It stops at the first list that the service refuses."""
    found: list[Finding] = []
    for name in service.lists:
        try:
            found += service.ask(name)
        except NotAskedError as error:
            return found, str(error)
    return found, None


def pip_audit(name: str) -> list[Finding]:
    program = str(PROGRAMS / "pip-audit")
    options = ("--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off")
    return of_pip_audit(name, _run([program, "--requirement", name, *options]))


def npm_audit(name: str) -> list[Finding]:
    npm = str(ROOT / ".venv" / "bin" / "npm")
    command = [npm, "audit", "--json", "--package-lock-only", "--ignore-scripts"]
    return of_npm_audit(name, _run(command, folder=str(Path(name).parent)))


def of_pip_audit(name: str, said: Any) -> list[Finding]:
    """Raises NotAskedError if a package was left out: pip-audit itself then ends as if it knew nothing bad."""
    packages = said.get("dependencies") or []
    left_out = [one for one in packages if "skip_reason" in one]
    if left_out or not packages:
        reason = left_out[0]["skip_reason"] if left_out else "it looked at no package"
        raise NotAskedError(f"{len(left_out)} of {len(packages)} packages in {name}, such as: {reason}")
    return [
        Finding(problem["id"], f"{name}: {one['name']} {one['version']}", " ".join(problem["description"].split()))
        for one in packages
        for problem in one["vulns"]
    ]


def of_npm_audit(name: str, said: Any) -> list[Finding]:
    """Raises NotAskedError if the registry did not answer."""
    if "vulnerabilities" not in said:
        # The message names the address too.
        reason = str(said.get("message") or "no answer").partition(" - ")[0]
        raise NotAskedError(f"the registry, about {name}: {reason}")
    found: Mapping[str, Any] = said["vulnerabilities"]
    return [Finding(f"npm-{one['severity']}", f"{name}: {package}", one["range"]) for package, one in found.items()]


def _run(command: Sequence[str], *, folder: str = ".") -> Any:
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, cwd=ROOT / folder, capture_output=True, text=True, timeout=SECONDS)
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise NotAskedError(f"{name} got no answer within {SECONDS} seconds") from None
    except ValueError:
        raise NotAskedError((done.stderr.strip() or f"{name} printed nothing").splitlines()[-1]) from None


SERVICES = (
    Service("pip-audit", "all lists of Python packages", PYTHON, pip_audit),
    Service("npm audit", "all lists of npm packages", NPM, npm_audit),
)
