"""Makes each AWS call of each function fail in each way.

The calls come from the grants in the templates and from journeys, the errors from botocore. See decision D247.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.proof.faults.share import OTHERS, Case, Done
from tests.proof.section import Figure, Section
from tests.support.cloud import fault_proof
from tests.support.cloud.service_errors import CLASSES
from tests.support.cloud.troubles import KILLS, OFTEN, TRANSPORT

TITLE = "Every AWS call, with every fault"
CLAIM = (
    "Each AWS call of each function fails with every error that AWS may answer, and in every way of a network: once,"
    " until the last attempt, and for ever. No order, reminder or shipment is lost, and none is handled twice."
    " A caller gets the right answer, or 503 with Retry-After."
)
SAMPLE = "tests/e2e/test_each_call.py tests/e2e/test_fulfillment.py"

CLOUDS = 3
"""Each cloud has a share of the cases. Those of a sweep run one after the other and mostly wait, so this saves time."""


def run(seed: str) -> Section:
    with _running(seed) as processes:
        done = [_done(*one) for one in processes]
    cases = [case for one in done for case in one.cases]
    repeated = [line for one in done for line in one.repeated]
    terms = "\n".join(f"- {one.terms}" for one in done if one.terms)
    text = f"{_text(cases)}\n\n{_left_out(repeated)}\n\n#### The balance of each cloud\n\n{terms}"
    failures = [line for one in done for line in one.failures] + left_out(done)
    return Section([*_figures(cases), Figure("cases that were repeated", len(repeated))], text, failures)


@contextmanager
def _running(seed: str) -> Iterator[list[tuple["subprocess.Popen[bytes]", Path]]]:
    """Runs all shares at once, each in a process of its own: one process would be too slow for so many threads."""
    processes = []
    with TemporaryDirectory() as folder:
        try:
            for share in (*map(str, range(CLOUDS)), OTHERS):
                result = Path(folder) / share
                command = [sys.executable, "-m", "tests.proof.faults.share", share, str(CLOUDS), seed, str(result)]
                processes.append((subprocess.Popen(command), result))
            yield processes
        finally:
            for process, _ in processes:
                process.terminate()
            for process, _ in processes:
                process.wait()


def _done(process: "subprocess.Popen[bytes]", result: Path) -> Done:
    if status := process.wait():
        return Done([], [], [], [f"the share {result.name} ended with {status}"], "")
    cases, *rest = json.loads(result.read_text())
    return Done([Case(*one) for one in cases], *rest)


def left_out(done: Sequence[Done]) -> list[str]:
    """A line for each case that a share has planned, and that none has run."""
    ran = {case.name for one in done for case in one.cases}
    return [f"no share has run: {name}" for name in sorted({name for one in done for name in one.planned} - ran)]


def _figures(cases: Sequence[Case]) -> list[Figure]:
    calls = {(one.function, one.action) for one in cases}
    errors = {(one.function, one.action, one.trouble) for one in cases if one.kind in CLASSES}
    kinds = {(one.function, one.action, one.kind, one.often) for one in cases}
    return [
        Figure("cases", sum(not one.wrong for one in cases), len(cases)),
        Figure("functions", len({one.function for one in cases})),
        Figure("calls of functions", len(calls)),
        Figure("calls x errors of AWS", len(errors)),
        Figure("calls x kinds of fault x how often", len(kinds)),
    ]


def _text(cases: Sequence[Case]) -> str:
    functions = sorted({one.function for one in cases})
    rows = ["#### Functions", "", "| function | calls | cases | right |", "| --- | --- | --- | --- |"]
    for function in functions:
        of_it = [one for one in cases if one.function == function]
        calls = {one.action for one in of_it}
        rows.append(f"| {function} | {len(calls)} | {len(of_it)} | {sum(not one.wrong for one in of_it)} |")
    counts = Counter((one.kind, one.often) for one in cases)
    rows += ["", "#### Faults", "", f"| fault | what happens | {' | '.join(OFTEN)} |", f"| --- | --- |{' --- |' * 3}"]
    for kind, words in {**CLASSES, **TRANSPORT, **KILLS}.items():
        rows.append(f"| {kind} | {words} | {' | '.join(str(counts[kind, often]) for often in OFTEN)} |")
    return "\n".join([*rows, "", "| how often | what it means |", "| --- | --- |", *_meanings()])


def _meanings() -> list[str]:
    return [f"| {often} | {words} |" for often, words in OFTEN.items()]


def _left_out(repeated: Sequence[str]) -> str:
    lines = [
        "#### What is left out",
        "",
        "Each call meets each error, and each kind of fault once, until the last attempt, and for ever. The seed"
        " chooses how often a single error comes, and on which of its journeys a call fails. The calls of GetAccount"
        " and DeleteAccount meet each kind of fault once, their calls of SQS four kinds, and the seed chooses the error"
        " and how often it comes.",
        "",
        "If AWS says falsely that a row, an execution or a user exists or is missing, a function has to believe it."
        " Then 404 and 409 are right answers, too.",
        "",
        "On a busy machine a service may not answer in time. So a case is repeated once, in a new process and after"
        " all others of its cloud, if it did not end in time, did not make its call, gave up before it was killed,"
        " needs a new process whose first request was another one, or got 502 or 503 too often (500 from a function"
        " without a caller). It fails if it is wrong again. No other wrong status is forgiven. The orders and reminders"
        " of both count in the balance.",
        "",
        *(f"- repeated: {line}" for line in repeated),
        "",
        *(f"- {function}: {why}" for function, why in fault_proof.ELSEWHERE.items()),
        *(f"- {call}: {why}" for call, why in sorted({**fault_proof.NOT_HERE, **fault_proof.NOT_OF_ACCOUNTS}.items())),
    ]
    return "\n".join(lines)
