"""Starts the engine's worker script in a function's process: `python function_process.py SCRIPT`.

The script writes an answer to its standard output for each call, as a line of JSON. Before each answer, this module
ends the call's log lines with END on standard error, so that the engine knows when it has read all of them. To an
answer that reports an exception it adds the name of the exception's class.
"""

import json
import sys
from pathlib import Path
from typing import TextIO

END = "\x1eend of the call\x1e"


class Answers:
    """The script's standard output. The script writes each answer at once."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def write(self, answer: str) -> None:
        if error := sys.exception():
            answer = json.dumps(json.loads(answer) | {"errorType": type(error).__name__}) + "\n"
        print(END, file=sys.stderr, flush=True)
        self._output.write(answer)

    def flush(self) -> None:
        self._output.flush()


if __name__ == "__main__":
    script = Path(sys.argv[1])
    # The script answers through this object, and redirects print() to standard error.
    sys.stdout = Answers(sys.stdout)
    exec(compile(script.read_text(), script, "exec"), {"__name__": "__main__"})
