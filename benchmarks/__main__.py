"""Runs the benchmark programs, and writes their report or compares their ratios with the committed ones."""

import argparse
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import report
from benchmarks.report import Ratio, Section

PROGRAMS = ("engine", "imports", "load", "lookups", "page", "rows", "synth")
HERE = Path(__file__).parent
REPORT = HERE / "README.md"
RATIOS = HERE / "ratios.json"
AGAIN = "Find the cause. If it is intended, run `make benchmark` and commit the new ratios."


class ProgramError(Exception):
    """A program failed or took too long. The message says which one."""


def module(name: str) -> Any:
    """The module of a program: ROUNDS, CHECK_ROUNDS, SECONDS and `measure`."""
    return importlib.import_module(f"benchmarks.{name}")


def run(name: str, *, check: bool, rounds: int | None, seconds: float) -> Section:
    """Runs a program in a process of its own, because programs change settings of their process.

    Raises ProgramError if it fails or takes longer than `seconds`.
    """
    program = module(name)
    rounds = rounds or (program.CHECK_ROUNDS if check else program.ROUNDS)
    with TemporaryDirectory() as folder:
        result = Path(folder) / "section.json"
        code = (
            "import pathlib, sys; from benchmarks import report; "
            f"from benchmarks.{name} import measure; "
            f"pathlib.Path(sys.argv[1]).write_text(report.to_json(measure({rounds})))"
        )
        try:
            done = subprocess.run([sys.executable, "-c", code, str(result)], timeout=seconds)
        except subprocess.TimeoutExpired:
            raise ProgramError(f"the benchmark {name} was stopped after {seconds:.0f} seconds") from None
        if done.returncode:
            raise ProgramError(f"the benchmark {name} failed with status {done.returncode}")
        return report.from_json(result.read_text())


def committed() -> list[Ratio]:
    return [Ratio(**ratio) for ratio in json.loads(RATIOS.read_text())] if RATIOS.exists() else []


def write(sections: dict[str, Section]) -> None:
    """Writes the sections of the programs that ran, by program, and keeps the other sections."""
    text = REPORT.read_text() if REPORT.exists() else ""
    REPORT.write_text(report.updated(text, {section.title: section.text for section in sections.values()}))
    ratios = report.merged(committed(), {name: section.ratios for name, section in sections.items()})
    RATIOS.write_text(json.dumps([asdict(ratio) for ratio in ratios], indent=2) + "\n")


def compare(sections: dict[str, Section]) -> list[str]:
    """A line for each ratio that became worse, of the programs that ran."""
    of_these = [ratio for ratio in committed() if ratio.name.partition(":")[0] in sections]
    return report.worse(of_these, [ratio for section in sections.values() for ratio in section.ratios])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"one of {', '.join(PROGRAMS)} (default: all)")
    parser.add_argument("--check", action="store_true", help="compare with the committed ratios, and write nothing")
    parser.add_argument("--rounds", type=int, help="rounds of each program (default: what the program says)")
    given = parser.parse_args(arguments)
    if unknown := set(given.programs) - set(PROGRAMS):
        parser.error(f"unknown programs: {', '.join(sorted(unknown))}")
    sections, failed, left = {}, False, 0.0
    for name in given.programs or PROGRAMS:
        began = time.monotonic()
        print(f"measuring {name}", flush=True)
        # A program may also take what the programs before it have left of their time.
        left += module(name).SECONDS
        try:
            sections[name] = run(name, check=given.check, rounds=given.rounds, seconds=left)
            print(f"{sections[name].text}\n\nmeasured {name} in {time.monotonic() - began:.0f} s", flush=True)
        except ProgramError as error:
            print(f"error: {error}", file=sys.stderr)
            failed = True
        left -= time.monotonic() - began
    if not given.check:
        if sections:
            write(sections)
            print(f"wrote {', '.join(sections)} into {REPORT} and {RATIOS}")
        return int(failed)
    lines = compare(sections)
    if lines:
        print("error: these ratios became worse:", *lines, AGAIN, sep="\n", file=sys.stderr)
    return int(failed or bool(lines))


if __name__ == "__main__":
    sys.exit(main())
