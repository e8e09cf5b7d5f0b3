"""Builds `build/layer`: the packages of the Lambda layer, and the archives that layers are made from.

Synthesis copies what a layer is made from. An archive is one file; the packages are more than a thousand. Synthesis
only checks that the archives are up to date.

See decision D164.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from stacks import pip

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ROOT / "lambdas" / "requirements.txt"
LAYER = ROOT / "build" / "layer"
FINGERPRINT = LAYER / "fingerprint"
WITH_TIME_ZONES = LAYER / "with-time-zones.zip"
WITHOUT_TIME_ZONES = LAYER / "without-time-zones.zip"
TIME_ZONES = "tzdata"
"""The name that the folders of the time zone database begin with. It has more than half of the layer's files."""
PYTHON = "3.13"
"""The version of Python that runs all functions."""


class LayerNotBuiltError(RuntimeError):
    """`build/layer` is missing, or was built from other requirements. The message says how to build it."""


def wanted_fingerprint() -> str:
    """SHA-256 of the requirements. They pin every package, so the same text always makes the same layer."""
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def require() -> str:
    """Returns the fingerprint of the built layer. Raises LayerNotBuiltError if the layer is missing or out of date."""
    wanted = wanted_fingerprint()
    archives = WITH_TIME_ZONES.exists() and WITHOUT_TIME_ZONES.exists()
    if not archives or not FINGERPRINT.exists() or FINGERPRINT.read_text() != wanted:
        raise LayerNotBuiltError(
            "the Lambda layer is missing or does not match lambdas/requirements.txt: run `make layer`"
        )
    return wanted


def build() -> None:
    """Installs the requirements for Lambda's Python on arm64, and archives them. Needs neither Docker nor a compiler.

    Raises CalledProcessError if pip fails. Its `stdout` and `stderr` hold pip's output.
    """
    shutil.rmtree(LAYER, ignore_errors=True)
    platform = ["--platform=manylinux2014_aarch64", "--implementation=cp", f"--python-version={PYTHON}"]
    quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
    target = ["--target", str(LAYER / "python"), "--only-binary=:all:", "--no-deps", "--no-compile"]
    command = [sys.executable, "-m", "pip", "install", *quiet, *platform, *target, "-r", str(REQUIREMENTS)]
    subprocess.run(
        command, check=True, env=pip.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    let_everybody_read(LAYER)
    FINGERPRINT.write_text(wanted_fingerprint())
    files = sorted(path for path in LAYER.joinpath("python").rglob("*") if path.is_file())
    archive([file for file in files if not is_of_time_zones(file)], WITHOUT_TIME_ZONES)
    # The last file, because its time tells `make` that the layer is complete.
    archive(files, WITH_TIME_ZONES)


def is_of_time_zones(file: Path) -> bool:
    return file.relative_to(LAYER / "python").parts[0].startswith(TIME_ZONES)


def archive(files: Sequence[Path], to: Path) -> None:
    """Writes `files` of the layer into the archive `to`, with their modes and without the time of the installation."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as written:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(LAYER).as_posix())
            entry.external_attr = file.stat().st_mode << 16
            written.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def let_everybody_read(folder: Path) -> None:
    """Makes all files readable for every user: CDK keeps their modes, and Lambda reads them as another user."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m stacks.layer", description=__doc__).parse_args()
    try:
        build()
    except subprocess.CalledProcessError as error:
        said = f"{error.stdout or ''}{error.stderr or ''}".strip() or f"it ended with status {error.returncode}"
        sys.exit(f"error: pip could not install the packages of the Lambda layer:\n\n{said}")
    except OSError as error:
        sys.exit(f"error: {error.filename or LAYER}: {error.strerror}")
