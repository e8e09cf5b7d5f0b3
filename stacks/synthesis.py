"""Synthesises like `cdk synth`, unless nothing has changed since the last time. `make synth` runs it.

What may change a template counts: the files, the options, the environment, and the versions of the programs. The output
counts too, because `cdk deploy` writes other templates into the same folder.

See decision D166.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUTPUT = Path("cdk.out")
MARK = Path("build", "synthesised")

SOURCES = (
    *("app.py", "cdk.json", "cdk.context.json", "constraints.txt", "package-lock.json"),
    *("build/layer/fingerprint", "lambdas", "stacks", "statemachines", "website"),
)
SETTINGS = ("AWS_", "CDK_", "JSII_", "NODE_", "PYTHON")
"""Prefixes of the variables that CDK or its languages read."""


def versions() -> dict[str, str]:
    """The versions of the programs that synthesise. package-lock.json has the version of the CDK command line."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return {"python": sys.version, "node": node} | {name: version(name) for name in ("aws-cdk-lib", "jsii")}


def of_files(root: Path, names: Iterable[str]) -> str:
    """SHA-256 of the names, modes and contents of files and folders below `root`. Missing files count as missing."""
    digest = hashlib.sha256()
    for name in names:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(root)}\0{file.stat().st_mode}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def fingerprint(
    root: Path, options: Sequence[str], *, environment: Mapping[str, str], programs: Mapping[str, str], user: Path
) -> str:
    """SHA-256 of everything that may change the templates, and of the templates. `user` is the home directory."""
    settings = {name: value for name, value in environment.items() if name.startswith(SETTINGS)}
    output = sorted(f"{OUTPUT}/{file.name}" for file in (root / OUTPUT).glob("*.json"))
    parts = [
        of_files(root, SOURCES),
        of_files(root, output),
        of_files(user, [".cdk.json"]),
        *(repr(part) for part in (list(options), sorted(settings.items()), sorted(programs.items()))),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m stacks.synthesis", description=__doc__, usage="%(prog)s [-h] [OPTION OF CDK SYNTH ...]"
    )
    _, options = parser.parse_known_args(arguments)

    def current() -> str:
        return fingerprint(ROOT, options, environment=os.environ, programs=versions(), user=Path.home())

    mark = ROOT / MARK
    is_there = (ROOT / OUTPUT / "manifest.json").exists()
    if is_there and mark.exists() and mark.read_text() == current():
        print("Nothing has changed since the last synthesis.")
        return 0
    mark.unlink(missing_ok=True)
    status = subprocess.run(["cdk", "synth", "--quiet", *options], cwd=ROOT).returncode
    if not status:
        mark.parent.mkdir(exist_ok=True)
        mark.write_text(current())
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
