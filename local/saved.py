"""The engine's state on disk: the current state, and a copy of the last complete state.

The engine writes buckets as they change, and everything else when it stops. So the files of a killed engine do not fit
together, and `recover` replaces them with the copy. Only the changes since the engine last stopped are lost.

See decision D117.
"""

import itertools
import json
import shutil
from collections.abc import Container
from pathlib import Path

from local import written

PARTS = ("engine", "s3")
"""The folders of the state that the engine writes. They belong together."""

COPY = "saved"
WHOLE = "whole"
"""File that the engine writes when it has saved everything. It lists the stacks that were then being deployed."""


def recover(state: Path, *, stacks: Container[str]) -> bool:
    """Prepares the state for a new engine. Returns True if the last engine was killed, so that changes are lost.

    An unfinished deployment of one of `stacks` counts as a kill, because no engine can continue it.
    """
    copy = state / COPY
    if _is_whole(state, stacks) or _is_of_an_earlier_version(state):
        new = state / f"{COPY}.new"
        _remove(new, state)
        new.mkdir(parents=True)
        _copy(state, new, state)
        _remove(copy, state)
        new.rename(copy)
        killed = False
    else:
        killed = copy.exists() or (state / "s3").exists()
        copy.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            written.clear(state / part, folder=state)
        # The engine would take every folder in there for a bucket, even if it did not write the files.
        _put_aside(state / "s3")
        _copy(copy, state, state)
    return killed


def begin(state: Path) -> None:
    """Notes that an engine starts and will change the state. Before that, `recover` can be repeated."""
    (state / WHOLE).unlink(missing_ok=True)


def _is_whole(state: Path, stacks: Container[str]) -> bool:
    try:
        return not any(stack in stacks for stack in json.loads((state / WHOLE).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return False


def _is_of_an_earlier_version(state: Path) -> bool:
    """Whether the engine saved this state before there were copies. It is then used unchanged."""
    return not (state / COPY).exists() and (state / "engine").exists()


def _copy(source: Path, target: Path, state: Path) -> None:
    """Copies what the engine wrote, and no other files."""
    for part in PARTS:
        for file in written.files(source / part, folder=state):
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)


def _remove(folder: Path, state: Path) -> None:
    """Deletes a copy. If it holds files that the engine did not write, the folder gets another name instead."""
    written.clear(folder, folder=state)
    _put_aside(folder)


def _put_aside(folder: Path) -> None:
    """Renames a folder that still exists."""
    if folder.exists():
        number = next(number for number in itertools.count(1) if not Path(f"{folder}-{number}").exists())
        folder.rename(f"{folder}-{number}")
