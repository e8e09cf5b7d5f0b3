"""Measures how long each function takes to start and to answer, beside a bare boto3 client and beside full Powertools.

Each measurement is a new process (one_start.py). All are measured in turn, in each round. The seconds are processor
time, which other processes of the machine change least. Two ways to find modules are measured:

- compiled, as on the laptop;
- as on AWS: the function's own archive and layer are not compiled, boto3 is.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.one_start import EVENTS
from benchmarks.report import Ratio, Section
from costs import prices
from stacks import pip
from stacks.function_files import LAMBDAS, files_of, write
from stacks.layer import LAYER, ROOT

ROUNDS = 5
CHECK_ROUNDS = 3
SECONDS = 150

LARGEST = 1.3
"""The goal: a function takes at most this many times as long to import as a bare boto3 client."""
MEMORIES = (128, 256, 512, 1024, 1769)
A_CORE = 1769
"""The memory in MB that comes with a whole processor.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""
WAITS = {
    "orders.place_order": 0.040,
    "orders.get_order": 0.005,
    "orders.list_orders": 0.020,
    "orders.verify_cc_and_price": 0.0,
    "orders.update_cache": 0.005,
    "reminders.create_reminder": 0.040,
    "reminders.list_reminders": 0.010,
    "reminders.schedule_reminder": 0.010,
    "sending.send_reminder": 0.100,
}
"""Seconds that a call waits for other services. Estimates, because only AWS can tell."""

ON_AWS = [*EVENTS, "fulfillment.ship_order"]
"""The handlers that are also measured as on AWS: nine that run often, and ShipOrder, which imports most."""

START = Path(__file__).with_name("one_start.py")
POWERTOOLS = ROOT / "build" / "powertools"

Sample = Mapping[str, float]


def handlers() -> list[str]:
    """Every handler's module, like "orders.get_order"."""
    return sorted(
        f"{file.parent.name}.{file.stem}"
        for file in LAMBDAS.glob("*/*.py")
        if re.search(r"^def handler\(", file.read_text(), re.MULTILINE)
    )


def measure(rounds: int) -> Section:
    with as_on_aws() as archives, full_powertools() as powertools:
        compiled: dict[str, list[Sample]] = {}
        on_aws: dict[str, list[Sample]] = {}
        # The first round compiles, and does not count.
        for number in range(rounds + 1):
            samples = {
                "bare": started("bare"),
                "powertools": started("powertools", powertools),
                **{one: started(one) for one in handlers()},
            }
            uncompiled = {
                "bare": samples["bare"],
                **{one: started(one, archives / one.partition(".")[0], LAYER / "python") for one in ON_AWS},
            }
            for name, sample in samples.items() if number else ():
                compiled.setdefault(name, []).append(sample)
            for name, sample in uncompiled.items() if number else ():
                on_aws.setdefault(name, []).append(sample)
    return section(medians(compiled), medians(on_aws))


def started(what: str, *path: Path) -> Sample:
    """Starts `what` in a new process, which finds modules in `path` first.

    With the archive and the layer as the path, it is also called, and nothing in them is compiled.
    """
    given = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    on_lambda = {"LAMBDA_TASK_ROOT": "/var/task", "PYTHONPATH": os.pathsep.join(map(str, path))}
    is_on_aws = len(path) > 1
    done = subprocess.run(
        [sys.executable, "-P", *(["-B"] if is_on_aws else []), str(START), what, *(["--call"] if is_on_aws else [])],
        env=given | on_lambda,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    # The lines before the last one are events and metrics of the function.
    sample: Sample = json.loads(done.stdout.splitlines()[-1])
    return sample


@contextmanager
def as_on_aws() -> Iterator[Path]:
    """A folder with the code of each package, as Lambda gets it."""
    with TemporaryDirectory() as name:
        for package in {one.partition(".")[0] for one in handlers()}:
            write(files_of(package), Path(name) / package)
        yield Path(name)


@contextmanager
def full_powertools() -> Iterator[Path]:
    """The folder with Powertools and its extras, which the first run installs."""
    if not POWERTOOLS.is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(POWERTOOLS)]
        command += ["-r", str(Path(__file__).with_name("powertools.txt"))]
        subprocess.run(command, check=True, env=pip.environment())
    yield POWERTOOLS


def medians(samples: Mapping[str, list[Sample]]) -> dict[str, Sample]:
    return {
        what: {name: median(sample[name] for sample in several) for name in several[0]}
        for what, several in samples.items()
    }


def section(compiled: Mapping[str, Sample], on_aws: Mapping[str, Sample]) -> Section:
    bare = compiled["bare"]["start"]
    compared = [
        f"| {shown(what)} | {1000 * sample['start']:.0f} | {sample['start'] / bare:.2f} "
        f"| {on_aws[what]['start'] / on_aws['bare']['start']:.2f} |"
        if what in on_aws
        else f"| {shown(what)} | {1000 * sample['start']:.0f} | {sample['start'] / bare:.2f} | |"
        for what, sample in sorted(compiled.items(), key=lambda one: -one[1]["start"])
    ]
    calls = [
        f"| {shown(what)} | {1000 * sample['start']:.0f} | {1000 * sample['first']:.1f} "
        f"| {1000 * (sample['start'] + sample['first']):.0f} | {1000 * sample['call']:.2f} "
        f"| {sample['megabytes']:.0f} |"
        for what, sample in on_aws.items()
        if "call" in sample
    ]
    modelled = [
        f"| {shown(what)} | " + " | ".join(cell(sample, memory, WAITS[what]) for memory in MEMORIES) + " |"
        for what, sample in on_aws.items()
        if "call" in sample
    ]
    text = "\n".join(
        [
            "The processor time that an import takes: in milliseconds, and as a ratio to making "
            f'`boto3.client("dynamodb")`. With compiled modules, the goal is a ratio of at most {LARGEST}. On AWS the '
            "archive and the layer have no compiled modules: the last column is measured in this way.",
            "",
            "| | ms | compiled | as on AWS |",
            "|---|---:|---:|---:|",
            *compared,
            "",
            "The processor time of the import, of the first answer, of both, and of a further answer, in "
            "milliseconds, with modules as on AWS. The process makes AWS's answers itself, so the times leave out TLS.",
            "",
            "| | import | first | both | further | MB |",
            "|---|---:|---:|---:|---:|---:|",
            *calls,
            "",
            "Each cell is modelled from these times, and has three numbers: milliseconds from the start to the first "
            "answer / milliseconds of a further answer with its waits / USD per million answers. A function with "
            f"{A_CORE} MB has a whole processor, and less memory has its share. The waits for other services are "
            "estimates.",
            "",
            "| | " + " | ".join(f"{memory} MB" for memory in MEMORIES) + " |",
            "|---|" + "---:|" * len(MEMORIES),
            *modelled,
        ]
    )
    ratios = [
        Ratio(
            name=f"imports: {shown(what)} / bare boto3 client",
            value=sample["start"] / bare,
            better="lower",
            # A busy machine changes it by a quarter. tests/lambdas/test_imports.py notices a new package or client.
            gate=False,
        )
        for what, sample in compiled.items()
        if what != "bare"
    ]
    return Section(title="How fast functions start", text=text, ratios=ratios)


def cell(sample: Sample, memory: int, waits: float) -> str:
    share = min(memory / A_CORE, 1)
    first = (sample["start"] + sample["first"]) / share + waits
    call = sample["call"] / share + waits
    usd = prices.usd("lambda.request", 1e6) + prices.usd("lambda.gb_second", 1e6 * memory / 1024 * call)
    return f"{1000 * first:.0f} / {1000 * call:.1f} / {usd:.2f}"


def shown(what: str) -> str:
    names = {"bare": "a bare boto3 client", "powertools": "a bare boto3 client and full Powertools"}
    return names.get(what) or "".join(word.capitalize() for word in what.partition(".")[2].split("_")).replace(
        "Cc", "CC"
    )


assert WAITS.keys() == EVENTS.keys()
