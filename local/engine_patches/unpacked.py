"""Archives of code and layers, unpacked once for all processes of all functions.

Runs as a script too: `python unpacked.py FOLDER` unpacks and compiles the archive on its standard input.
"""

import compileall
import hashlib
import io
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from tempfile import mkdtemp

_unpacking = threading.Lock()


def unpacked(archive: bytes, *, below: Path) -> Path:
    """The folder in `below` with the content of a ZIP archive, and with its Python compiled.

    The first call makes it, and calls at the same time wait for that. Raises CalledProcessError for a broken archive.
    """
    folder = below / hashlib.sha256(archive).hexdigest()
    with _unpacking:
        if not folder.exists():
            # A separate process: in ours, each of a thousand files would wait for all other threads.
            subprocess.run([sys.executable, "-I", "-S", __file__, str(folder)], input=archive, check=True)
    return folder


def _unpack(archive: bytes, folder: Path) -> None:
    """Makes the folder in one step: it exists only when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(dir=folder.parent))
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        content.extractall(unfinished)
    compileall.compile_dir(unfinished, quiet=2, stripdir=unfinished, prependdir=folder)
    unfinished.rename(folder)


if __name__ == "__main__":
    _unpack(sys.stdin.buffer.read(), Path(sys.argv[1]))
