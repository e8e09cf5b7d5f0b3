"""Prints the outcomes in 80 columns, and writes them as a page of Markdown."""

import subprocess
import textwrap
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import get_args

from stacks.names import STACKS
from terminal import statuses
from terminal.app import DISTRIBUTION
from terminal.text import counted
from tools.install import ROOT
from tools.show import Output
from tools.verify.check import Outcome, Verdict
from tools.verify.cleaning import STAYS
from tools.verify.run import Run

WIDTH = 80
NAME_WIDTH, VERDICT_WIDTH = 24, 10
FOUND_WIDTH = WIDTH - NAME_WIDTH - VERDICT_WIDTH


def show(outcome: Outcome, output: Output) -> None:
    """Prints a row of the table, and below a failed check what to do."""
    lines = textwrap.wrap(outcome.found, FOUND_WIDTH, break_on_hyphens=False) or [""]
    if outcome.verdict == "failed":
        lines += textwrap.wrap(f"-> {outcome.check.advice}", FOUND_WIDTH, break_on_hyphens=False)
    row = statuses.coloured(outcome.verdict)
    row.append(" " * (VERDICT_WIDTH - len(outcome.verdict)))
    output.say(row.append(f"{outcome.check.name:{NAME_WIDTH}}{lines[0]}"))
    for line in lines[1:]:
        output.say(f"{'':{VERDICT_WIDTH + NAME_WIDTH}}{line}")


def summary(outcomes: Sequence[Outcome]) -> str:
    """Like `37 ok, 2 differs, 1 left out`."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in get_args(Verdict) if counts[verdict])


def versions(run: Run) -> dict[str, str]:
    """The versions that this run met, by what they are of."""
    changed = [
        stack.get("LastUpdatedTime", stack["CreationTime"])
        for name in STACKS
        if run.deployment.has(name) and (stack := run.deployment.own(name))
    ]
    found = {
        "project": f"{metadata.version(DISTRIBUTION)}{_commit()}",
        "stacks": f"last changed on {max(changed):%Y-%m-%d}" if changed else "",
        "boto3": metadata.version("boto3"),
        "aws-cdk-lib": metadata.version("aws-cdk-lib"),
    }
    if run.deployment.is_laptop:
        found["engine"] = f"MiniStack {metadata.version('ministack')}"
    return {name: text for name, text in found.items() if text}


def _commit() -> str:
    """The commit of this checkout, and whether files differ from it; empty without git."""
    # Without tags, so that the commit has the same form before and after the first release.
    options = ("--always", "--exclude=*", "--dirty=, with changes")
    try:
        done = subprocess.run(["git", "describe", *options], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return f", commit {done.stdout.strip()}" if done.returncode == 0 else ""


def page(run: Run, outcomes: Sequence[Outcome], *, stage: str, today: date) -> str:
    """The report in Markdown."""
    where = "a laptop cloud" if run.deployment.is_laptop else run.deployment.region
    took = (datetime.now(UTC) - run.began).total_seconds()
    lines = [
        "# Verification",
        "",
        f"`make verify STAGE={stage}` wrote this page on {today}, about the stage `{stage}` on {where}.",
        "[deploying.md](deploying.md#verify-a-stage) says what it does." if run.deployment.is_laptop else "",
        "",
        f"**{summary(outcomes)}**, in {counted(round(took), 'second')}.",
        "",
        "| of | version |",
        "| --- | --- |",
        *(f"| {name} | {text} |" for name, text in versions(run).items()),
        "",
        "| check | what holds | result | seconds | found |",
        "| --- | --- | --- | --- | --- |",
        *(_row(outcome) for outcome in outcomes),
        "",
        "What stays:",
        "",
        *(f"- {text}" for text in (*STAYS, *run.notes, *run.left)),
    ]
    return "\n".join(lines) + "\n"


def _row(outcome: Outcome) -> str:
    found = outcome.found + (f". **{outcome.check.advice}**" if outcome.verdict == "failed" else "")
    cells = (outcome.check.name, outcome.check.says, outcome.verdict, f"{outcome.seconds:.1f}", found)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def write(file: Path, text: str) -> None:
    """Writes the report. Raises OSError if the file cannot be written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
