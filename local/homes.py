"""The folder of a laptop cloud: how the commands recognise it, and which of its files they may delete.

See decision D113.
"""

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from local import written
from local.errors import LocalError
from local.written import is_folder
from terminal.text import as_path

MARK = "laptop-cloud.txt"
MARK_TEXT = "This folder is a laptop cloud's. `python -m local down --forget` deletes what the cloud wrote here.\n"
"""The beginning of the file MARK. The number of the folder follows, so that a copied mark is not valid elsewhere.

A file of that name with any other content is not a mark. If you change the text, the marks of older clouds become
invalid.
"""

PRIVATE = 0o700
LOCK = "lock"
NEW = ".new"
"""Suffix of a file that `write` has not finished."""
SETTINGS = "settings.json"
NAMES = {"port", "redis_port", "consumer", "mails_per_second", "texts_per_second"}
"""The settings in this file."""
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
FOLDERS = tuple(written.RULES)
"""These folders, FILES, MARK and LOCK are all that a cloud writes into its folder. `forget` deletes nothing else."""


def named(text: str) -> Path:
    """Returns the folder that `--home` names. Raises LocalError if `text` is not a valid path."""
    if not text.strip():
        raise LocalError("--home is empty: name the folder of a laptop cloud, or leave --home out")
    nothing = LocalError(f"--home {text} is not a valid path: name the folder of a laptop cloud")
    try:
        folder = Path(as_path(text)).expanduser().resolve()
    except (RuntimeError, ValueError):  # an unknown user's home, links that form a loop, a NUL
        raise nothing from None
    # Since Python 3.13, `resolve` accepts links that form a loop.
    if any(map(os.path.islink, (folder, *folder.parents))):
        raise nothing
    return folder


def is_cloud(home: Path) -> bool:
    """Whether `home` belongs to a laptop cloud, running or stopped."""
    return _is_marked(home) or _is_unmarked_cloud(home)


def require_own(home: Path) -> None:
    """Raises LocalError if `home` is not a folder, or holds other files and no laptop cloud."""
    if is_cloud(home) or not home.exists():
        return
    if not home.is_dir():
        raise LocalError(f"{home} is not a folder: name the folder of a laptop cloud with --home")
    if not _is_free(home):
        raise LocalError(f"{home} holds other files, and no laptop cloud: name another folder with --home")


def require_cloud(home: Path) -> None:
    """Raises LocalError if there is no laptop cloud in `home`."""
    require_own(home)
    if not is_cloud(home):
        raise LocalError(f"there is no laptop cloud in {home}: name the folder of one with --home")


def make(home: Path) -> None:
    """Makes the folder if it is missing. Only its owner may read it: the state holds the card numbers of orders.

    Raises LocalError as `require_own` does, if functions cannot run there, or if a file of the cloud is a link.
    """
    require_own(home)
    if os.pathsep in str(home):
        raise LocalError(f"{home} contains {os.pathsep!r}, which separates folders: name another folder with --home")
    for name in (*FILES, MARK, LOCK):
        for file in (home / name, home / (name + NEW)):
            if file.is_symlink():
                raise LocalError(
                    f"{file} is a link, and the cloud would write into the file behind it: delete the link"
                )
    home.parent.mkdir(parents=True, exist_ok=True)
    home.mkdir(mode=PRIVATE, exist_ok=True)


def mark(home: Path) -> None:
    """Marks the folder as a laptop cloud's, and lets only its owner read it. The caller must hold its lock."""
    require_own(home)
    if not _is_marked(home):
        write(home / MARK, _mark_of(home))
    home.chmod(PRIVATE)
    for name in FOLDERS:
        if is_folder(home / name):
            tighten(home / name)
    for name in (*FILES, MARK, LOCK):
        if _is_file(home / name):
            _take_rights(home / name)


@contextlib.contextmanager
def private() -> Iterator[None]:
    """Inside the block, only the owner can read files and folders that this process and its children make."""
    usual = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(usual)


def tighten(folder: Path) -> None:
    """Takes away other users' rights to `folder` and its content. Follows no links.

    Older versions, and CDK's copies, gave these rights.
    """
    _take_rights(folder)
    for entry in os.scandir(folder):
        # The engine may delete a file meanwhile.
        with contextlib.suppress(FileNotFoundError):
            if entry.is_dir(follow_symlinks=False):
                tighten(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                _take_rights(Path(entry.path))


def _take_rights(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        path.chmod(mode & 0o700)


def write(file: Path, text: str) -> None:
    """Writes a file of the cloud completely or not at all. Only its owner may read it."""
    new = file.with_name(file.name + NEW)
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(file)


def forget(home: Path) -> None:
    """Deletes what the cloud wrote, and the folder if nothing else is in it. The caller must hold the lock.

    It follows no links, and deletes no links. It deletes the mark last, so you can repeat an interrupted `forget`.
    Raises LocalError if there is no laptop cloud in `home`.
    """
    require_cloud(home)
    for folder in (home / name for name in FOLDERS):
        written.clear(folder, folder=folder)
    for file in (home / name for name in (*FILES, *(name + NEW for name in (*FILES, MARK)), MARK, LOCK)):
        if _is_file(file):
            file.unlink()
    if not any(home.iterdir()):
        home.rmdir()


def left_in(home: Path) -> list[str]:
    """The paths of the files that `forget` has kept. Empty if the folder is gone."""
    return [str(path.relative_to(home)) for path in _left(home, home)] if home.exists() else []


def _left(folder: Path, home: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        # A folder that is not the cloud's is listed without its content.
        within = list(_left(path, home)) if is_folder(path) and (folder != home or path.name in FOLDERS) else []
        yield from within or [path]


def _mark_of(home: Path) -> str:
    return f"{MARK_TEXT}The number of this folder is {home.stat().st_ino}.\n"


def _is_marked(home: Path) -> bool:
    mark = home / MARK
    return _is_file(mark) and mark.read_bytes() == _mark_of(home).encode()


def _is_free(home: Path) -> bool:
    """Whether `home` is empty, apart from files that a killed or failed first `up` may have left."""
    return all(
        _is_file(entry)
        and (
            (entry.name in (LOCK, MARK, MARK + NEW) and not entry.stat().st_size)
            or (entry.name in (MARK, MARK + NEW) and entry.read_bytes().startswith(MARK_TEXT.encode()))
        )
        for entry in home.iterdir()
    )


def _is_unmarked_cloud(home: Path) -> bool:
    """Whether an older version without these marks made this cloud, or somebody copied a cloud's folder."""
    lock, settings, folders = home / LOCK, home / SETTINGS, (home / "state", home / "state" / "cache")
    if not (_is_file(lock) and _is_file(settings) and all(map(is_folder, folders))):
        return False
    try:
        found = json.loads(settings.read_bytes())
    except ValueError:
        return False
    of_a_cloud = isinstance(found, dict) and {"port", "redis_port"} <= {*found} <= NAMES
    return of_a_cloud and not lock.stat().st_size


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
