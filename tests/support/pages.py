"""Reads pages of docs that readers follow in a terminal, and runs their commands."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = "…"
"""Within a line of shown output it stands for any text. On its own line it stands for any number of lines."""

REPEATED = "Repeat this until"
"""Starts the sentence above a command that the reader repeats until it shows the output."""


@dataclass(frozen=True)
class Step:
    """A block of commands, and the output shown below it. If none is shown, the commands print nothing."""

    line: int
    commands: str
    shown: str
    repeated: bool


def steps(page: str) -> list[Step]:
    found: list[Step] = []
    end = 0
    for block in re.finditer(r"^```(sh|text)\n(.*?)^```$", page, re.M | re.S):
        kind, content = block.groups()
        if kind == "sh":
            above = page[end : block.start()]
            line = page.count("\n", 0, block.start()) + 1
            found.append(Step(line=line, commands=content, shown="", repeated=REPEATED in above))
        else:
            last = found.pop()
            assert not last.shown, f"line {last.line} has two outputs"
            found.append(Step(line=last.line, commands=last.commands, shown=content, repeated=last.repeated))
        end = block.end()
    return found


def agrees(output: str, *, shown: str) -> bool:
    """Whether a command printed what its page shows. Widths of table columns are ignored."""
    pattern = ""
    for line in _lines(shown):
        if line == LEFT_OUT:
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, re.split(f" ?{LEFT_OUT} ?", line))) + r"\n"
    return bool(re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(output))))


def _lines(text: str) -> list[str]:
    lines = [re.sub(r"([\s━─])\1+", r"\1", line.strip()) for line in text.strip().splitlines()]
    return [line for line in lines if line]


class Terminal:
    """One shell in which all commands of a page run. It stops at the first command that fails."""

    def __init__(self, folder: Path, *, scratch: Path, environment: Mapping[str, str]) -> None:
        self._commands, self._output = scratch / "commands", scratch / "output"
        self._shell = subprocess.Popen(
            ["sh", "-e"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, commands: str, *, may_fail: bool = False) -> str:
        """Runs the commands and returns what they print. Raises AssertionError if one fails, unless `may_fail`."""
        self._commands.write_text(commands, encoding="utf-8")
        assert self._shell.stdin and self._shell.stdout
        line = f". {self._commands} < /dev/null > {self._output} 2>&1"
        self._shell.stdin.write(f"set +e; {line}; set -e; echo done\n" if may_fail else f"{line}; echo done\n")
        self._shell.stdin.flush()
        ended = self._shell.stdout.readline() == "done\n"
        output = self._output.read_text(encoding="utf-8")
        assert ended, f"a command failed:\n{commands}\n{output}"
        return output

    def close(self) -> None:
        """Ends the shell, and any command that is still running in it."""
        if self._shell.poll() is None:
            os.killpg(self._shell.pid, signal.SIGTERM)
        self._shell.communicate()
