"""Compares how long it takes to synthesise our stacks, an empty CDK app, and the app of aws-lambda-handler-cookbook."""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import cookbook
from benchmarks.report import Ratio, Section, in_turn
from local.settings import PROJECT

ROUNDS = 7
CHECK_ROUNDS = 3
SECONDS = 240

EMPTY = "from aws_cdk import App, Stack\napp = App()\nStack(app, 'Empty')\napp.synth()\n"
OURS, PEER, NOTHING = "our stacks", "aws-lambda-handler-cookbook", "an empty app"

SETTINGS = {"stage": "dev", "cache": "on", "consumer": "on", "sender": "benchmark@example.com"}
"""With these settings, all stacks are synthesised."""

TEXT = """\
Each app is started as `python app.py`, with a new output folder, without validation of the templates
(`CDK_VALIDATION=false`) and without bundling. The Python modules are compiled, and CDK's packages are unpacked.
Medians of {rounds} rounds, in turn. "CPU" is the time on the processor of the app and of CDK's Node process.
Waiting for a busy machine does not change it.

The [cookbook](https://github.com/ran-isenberg/aws-lambda-handler-cookbook) is a serverless app in Python with an
API, functions and tables. It is at commit `{commit}`, and CDK has the version of our own app.

{table}"""


@dataclass(frozen=True)
class App:
    """A CDK app: its command, the folder in which it runs, and its CDK context."""

    command: tuple[str, ...]
    folder: Path
    context: Mapping[str, object]


@dataclass(frozen=True)
class Synthesis:
    seconds: float
    cpu: float
    resources: int


def apps(scratch: Path) -> dict[str, App]:
    own = json.loads((PROJECT / "cdk.json").read_text())["context"]
    (scratch / "empty.py").write_text(EMPTY)
    return {
        OURS: App((sys.executable, "app.py"), PROJECT, own | SETTINGS),
        PEER: App((str(cookbook.PYTHON), str(cookbook.FOLDER / "app.py")), cookbook.SOURCE, {}),
        NOTHING: App((sys.executable, str(scratch / "empty.py")), scratch, {}),
    }


def synthesise(app: App) -> Synthesis:
    """Synthesises an app once. Exits if it fails."""
    with TemporaryDirectory() as output:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": output,
            "CDK_OUTDIR": f"{output}/cdk.out",
            "CDK_CONTEXT_JSON": json.dumps({**app.context, "aws:cdk:bundling-stacks": []}),
            "CDK_VALIDATION": "false",
            # As in `stacks`, so that no app unpacks CDK again.
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(PROJECT / "build" / "jsii"),
        }
        before, began = _cpu(), time.perf_counter()
        done = subprocess.run(app.command, cwd=app.folder, env=environment, capture_output=True, text=True)
        seconds, cpu = time.perf_counter() - began, _cpu() - before
        if done.returncode:
            raise SystemExit(f"error: {' '.join(app.command)} failed:\n{done.stderr}")
        templates = Path(output, "cdk.out").glob("*.template.json")
        resources = sum(len(json.loads(file.read_text()).get("Resources", {})) for file in templates)
    return Synthesis(seconds, cpu, resources)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(rounds: int) -> Section:
    cookbook.prepare()
    with TemporaryDirectory() as scratch:
        all_apps = apps(Path(scratch))
        for app in all_apps.values():
            # Not measured: it compiles modules and fills caches.
            synthesise(app)
        found = in_turn(rounds, {name: partial(synthesise, app) for name, app in all_apps.items()})
    text = TEXT.format(rounds=rounds, commit=cookbook.COMMIT[:7], table=table_of(found))
    return Section(title="Synthesis", text=text, ratios=ratios_of(found))


def per_resource(runs: list[Synthesis], what: str) -> float:
    """The median of `seconds` or `cpu` for each resource, in milliseconds."""
    return 1000 * float(statistics.median(getattr(run, what) for run in runs)) / runs[0].resources


def ratios_of(found: Mapping[str, list[Synthesis]]) -> list[Ratio]:
    ours, peer = found[OURS], found[PEER]
    whole = {name: statistics.median(run.cpu for run in runs) for name, runs in found.items()}
    return [
        Ratio(
            name="synth: seconds for each resource, cookbook / our stacks",
            value=per_resource(peer, "seconds") / per_resource(ours, "seconds"),
            better="higher",
        ),
        Ratio(
            name="synth: CPU for each resource, cookbook / our stacks",
            value=per_resource(peer, "cpu") / per_resource(ours, "cpu"),
            better="higher",
        ),
        Ratio(name="synth: CPU, our stacks / an empty app", value=whole[OURS] / whole[NOTHING], better="lower"),
    ]


def table_of(found: Mapping[str, list[Synthesis]]) -> str:
    """The medians as a table in Markdown."""
    lines = [
        "| | resources | seconds | CPU, s | ms for each resource | CPU ms for each resource |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, runs in found.items():
        seconds, cpu = (statistics.median(getattr(run, what) for run in runs) for what in ("seconds", "cpu"))
        each = [f"{per_resource(runs, what):.1f}" if runs[0].resources else "" for what in ("seconds", "cpu")]
        lines.append(f"| {name} | {runs[0].resources} | {seconds:.2f} | {cpu:.2f} | {each[0]} | {each[1]} |")
    return "\n".join(lines)
