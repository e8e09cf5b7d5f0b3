"""Unpacks the archives of code and layers, each once for all processes of all functions.

It is also a script: `python unpacked.py FOLDER [--compile]` unpacks the archive on its standard input.
"""

import compileall
import hashlib
import io
import json
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from tempfile import mkdtemp

FILES_OF = ".files"
"""Suffix of the file beside an unpacked folder that lists the folder's files."""

_unpacking = threading.Lock()


def unpacked(archive: bytes, *, below: Path, python: str, compiled: bool) -> Path:
    """Returns a folder in `below` with the content of a ZIP archive, if asked compiled for the executable `python`.

    If not, the first function that imports a module compiles it for all. The first call makes the folder, and
    concurrent calls wait. Raises CalledProcessError if the archive is broken.
    """
    folder = below / hashlib.sha256(archive).hexdigest()
    with _unpacking:
        if not folder.exists():
            # A separate process is faster. In this one, each of a thousand files would wait for the other threads.
            command = [python, "-I", "-S", __file__, str(folder), *(["--compile"] if compiled else [])]
            subprocess.run(command, input=archive, check=True)
    return folder


def _unpack(archive: bytes, folder: Path, *, compiled: bool) -> None:
    """Makes the folder in one step: it exists only when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        # `local.written` uses the list to know which files came from the archive.
        folder.with_name(folder.name + FILES_OF).write_text(json.dumps(content.namelist()))
        unfinished = Path(mkdtemp(dir=folder.parent, prefix=f"{folder.name}."))
        content.extractall(unfinished)
    if compiled:
        compileall.compile_dir(unfinished, quiet=2, stripdir=unfinished, prependdir=folder)
    unfinished.rename(folder)


if __name__ == "__main__":
    _unpack(sys.stdin.buffer.read(), Path(sys.argv[1]), compiled="--compile" in sys.argv)
