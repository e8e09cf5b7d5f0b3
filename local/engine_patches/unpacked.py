"""Archives of code and layers, unpacked once for all processes of all functions.

Runs as a script too: `python unpacked.py FOLDER` unpacks and compiles the archive on its standard input.
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
"""End of the name of the file that lists what is unpacked into the folder with the rest of the name."""

_unpacking = threading.Lock()


def unpacked(archive: bytes, *, below: Path, python: str) -> Path:
    """The folder in `below` with the content of a ZIP archive. Its modules are compiled for `python`, an executable.

    The first call makes it, and calls at the same time wait for that. Raises CalledProcessError for a broken archive.
    """
    folder = below / hashlib.sha256(archive).hexdigest()
    with _unpacking:
        if not folder.exists():
            # A separate process: in ours, each of a thousand files would wait for all other threads.
            subprocess.run([python, "-I", "-S", __file__, str(folder)], input=archive, check=True)
    return folder


def _unpack(archive: bytes, folder: Path) -> None:
    """Makes the folder in one step: it exists only when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        # With the list, `local.written` knows later which files are from the archive.
        folder.with_name(folder.name + FILES_OF).write_text(json.dumps(content.namelist()))
        unfinished = Path(mkdtemp(dir=folder.parent, prefix=f"{folder.name}."))
        content.extractall(unfinished)
    compileall.compile_dir(unfinished, quiet=2, stripdir=unfinished, prependdir=folder)
    unfinished.rename(folder)


if __name__ == "__main__":
    _unpack(sys.stdin.buffer.read(), Path(sys.argv[1]))
