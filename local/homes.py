"""The folder of a laptop cloud: how it is recognised, and which files in it may be deleted."""

import json
import shutil
from pathlib import Path

from local.errors import LocalError

MARK = "laptop-cloud.txt"
MARK_TEXT = "This folder is a laptop cloud's. `python -m local down --forget` deletes what the cloud wrote here.\n"
"""Content of the file MARK. A file of that name with other content is not a mark."""

LOCK = "lock"
NEW = ".new"
"""End of the name of a file that `write` has not finished."""
SETTINGS = "settings.json"
FILES = (
    SETTINGS,
    "users.json",
    "engine.pid",
    "cache.pid",
    "deploy.pid",
    "engine.log",
    "cache.log",
    "deploy.log",
)
FOLDERS = ("state", "tmp", "cdk.out")
"""These folders, FILES, MARK and LOCK are all that a cloud writes into its folder. `forget` deletes nothing else."""


def named(text: str) -> Path:
    """The folder that `--home` names. Raises LocalError if `text` names nothing."""
    if not text.strip():
        raise LocalError("--home is empty: name the folder of a laptop cloud, or leave --home out")
    try:
        return Path(text).expanduser().resolve()
    except (RuntimeError, ValueError):  # an unknown user's home, links that form a loop, a NUL
        raise LocalError(f"--home {text} names no folder: name the folder of a laptop cloud") from None


def is_cloud(home: Path) -> bool:
    """Whether a laptop cloud lives in `home`, or did when it was last stopped."""
    mark = home / MARK
    return (_is_file(mark) and mark.read_bytes() == MARK_TEXT.encode()) or _is_unmarked_cloud(home)


def require_own(home: Path) -> None:
    """Raises LocalError if `home` holds other files and no laptop cloud."""
    if is_cloud(home) or not home.exists():
        return
    if not home.is_dir():
        raise LocalError(f"{home} is not a folder: name the folder of a laptop cloud with --home")
    if not _is_free(home):
        raise LocalError(f"{home} holds other files and no laptop cloud: name another folder with --home")


def require_cloud(home: Path) -> None:
    """Raises LocalError if there is no laptop cloud in `home`."""
    require_own(home)
    if not is_cloud(home):
        raise LocalError(f"there is no laptop cloud in {home}: name the folder of one with --home")


def make(home: Path) -> None:
    """Makes the folder if it is missing. Only its owner may read it: the state holds the card numbers of orders.

    Raises LocalError as `require_own` does.
    """
    require_own(home)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)


def mark(home: Path) -> None:
    """Marks the folder as a laptop cloud's. The caller holds its lock."""
    require_own(home)
    (home / MARK).write_text(MARK_TEXT)


def write(file: Path, text: str) -> None:
    """Writes a file of the cloud completely or not at all. Only its owner may read it."""
    new = file.with_name(file.name + NEW)
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(file)


def forget(home: Path) -> None:
    """Deletes what the cloud wrote, and the folder if nothing else is in it. The caller holds the lock.

    It follows no links, and deletes no links. It deletes the mark last, so you can repeat an interrupted `forget`.
    Raises LocalError if there is no laptop cloud in `home`.
    """
    require_cloud(home)
    for folder in (home / name for name in FOLDERS):
        if _is_folder(folder):
            shutil.rmtree(folder)
    for file in (home / name for name in (*FILES, *(name + NEW for name in FILES), MARK, LOCK)):
        if _is_file(file):
            file.unlink()
    if not left_in(home):
        home.rmdir()


def left_in(home: Path) -> list[str]:
    """The names of the folder's entries; empty if there is no folder."""
    return sorted(entry.name for entry in home.iterdir()) if home.exists() else []


def _is_free(home: Path) -> bool:
    """Whether `home` is empty, apart from files that a killed first `up` may have left."""
    return all(entry.name in (LOCK, MARK) and _is_file(entry) and not entry.stat().st_size for entry in home.iterdir())


def _is_unmarked_cloud(home: Path) -> bool:
    """Whether an older version, which set no marks, made this cloud."""
    lock, settings, folders = home / LOCK, home / SETTINGS, (home / "state", home / "state" / "cache")
    if not (_is_file(lock) and _is_file(settings) and all(map(_is_folder, folders))):
        return False
    try:
        told = json.loads(settings.read_bytes())
    except ValueError:
        return False
    of_a_cloud = isinstance(told, dict) and {*told} == {"port", "redis_port", "consumer"}
    return of_a_cloud and not lock.stat().st_size


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
