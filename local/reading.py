"""Runs a Python program and lists the files that it opens: `python reading.py LIST PROGRAM`.

`up` synthesises the app with it. So it knows which files of `lambdas/` the app imports or reads, and which ones it only
copies.
"""

import importlib.util
import json
import runpy
import sys
from pathlib import Path
from types import FrameType
from typing import Any

COPIES = "stacks.function_files"

if __name__ == "__main__":
    listed, program = map(Path, sys.argv[1:])
    opened: set[str] = set()

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and not copies_code():
            opened.add(arguments[0])

    def copies_code() -> bool:
        """Whether the file is opened to copy it, or to compute its hash."""
        frame: FrameType | None = sys._getframe(2)
        while frame:
            if frame.f_globals.get("__name__") == COPIES:
                return frame.f_code.co_name != "<module>"
            frame = frame.f_back
        return False

    sys.addaudithook(note)
    # As Python does for a program that it is started with.
    sys.argv = [str(program)]
    sys.path[0] = str(program.resolve().parent)
    try:
        runpy.run_path(str(program), run_name="__main__")
    finally:
        files = (importlib.util.source_from_cache(one) if one.endswith(".pyc") else one for one in opened)
        listed.write_text(json.dumps(sorted({str(Path(one).absolute()) for one in files})))
