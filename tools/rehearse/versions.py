"""Fetches an earlier version of the project from git, and finds out which packages it needs."""

import hashlib
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

FOLDER = Path("build", "rehearsal")

LOCKED = ("requirements.txt", "constraints.txt", "lambdas/requirements.txt", "package-lock.json")
"""The files that decide which packages synthesise the templates and are in the layer."""


class UnknownVersionError(Exception):
    """The version cannot be fetched from git. The message says what to do."""


def commit_of(name: str, *, project: Path) -> str:
    """The full id of the commit that a tag, a branch or an id names. Raises UnknownVersionError."""
    # `--` and `--end-of-options`: a name is never an option or a file.
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", project=project)
    if found.returncode:
        raise UnknownVersionError(
            f"git knows no version {name!r}. Name a tag or a commit, such as FROM=v0.1.0. In a shallow clone, first "
            "run: git fetch --tags --unshallow"
        )
    return found.stdout.decode().strip()


def last_tag(*, project: Path) -> str:
    """The last tag before these files. Raises UnknownVersionError."""
    found = _git("describe", "--tags", "--abbrev=0", project=project)
    if found.returncode:
        raise UnknownVersionError(
            "these files have no earlier tag. Name a commit: make rehearse FROM=1a2b3c4d. In a shallow clone, first "
            "run: git fetch --tags --unshallow"
        )
    return found.stdout.decode().strip()


def export(commit: str, *, project: Path) -> Path:
    """Writes the files of a commit into a folder of its own, unless it is there. Returns the folder."""
    folder = project / FOLDER / commit
    if folder.exists():
        return folder
    archive = _git("archive", "--format=tar", commit, project=project)
    if archive.returncode:
        raise UnknownVersionError(f"git cannot export {commit}: {archive.stderr.decode(errors='replace').strip()}")
    unfinished = folder.with_name(f"{commit}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(unfinished, filter="data")
    unfinished.rename(folder)
    return folder


def needs_own_packages(old: Path, *, project: Path) -> list[str]:
    """The files of LOCKED that differ. If there is none, the packages of the working tree fit the old version."""
    return [name for name in LOCKED if _hash(old / name) != _hash(project / name)]


def described(commit: str | None, *, project: Path) -> str:
    """How people know a commit: its nearest tag, or its short id. None means the working tree."""
    found = _git(
        "describe", "--tags", "--always", *([commit] if commit else ["--dirty=, with changes"]), project=project
    )
    return found.stdout.decode().strip() or "unknown"


def _hash(file: Path) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None


def _git(*arguments: str, project: Path) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(["git", *arguments], cwd=project, capture_output=True)
    except FileNotFoundError:
        raise UnknownVersionError("git is missing, and it knows the earlier versions: install git") from None
