"""Makes each AWS call of each function fail in each way.

The calls come from the grants in the templates and from journeys, the errors from botocore. See decision D247.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Lock

from tests.proof.cloud import proof_cloud
from tests.proof.section import Figure, Section
from tests.support.cloud import fault_plan, fault_proof, shipments
from tests.support.cloud.account_journeys import ACCOUNTS
from tests.support.cloud.apps import Apps
from tests.support.cloud.between import between, calls_granted
from tests.support.cloud.fault_matrix import Matrix, Plan, fault_matrix
from tests.support.cloud.fault_plan import Place, Planned
from tests.support.cloud.fault_proof import Proof
from tests.support.cloud.fault_verdicts import Result
from tests.support.cloud.service_errors import CLASSES
from tests.support.cloud.shop import Shop
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
    shared = Shares(seed)
    with ExitStack() as stack:
        # The clouds start one after the other in the main thread, because only that thread may handle signals.
        clouds = [stack.enter_context(proof_cloud()) for _ in range(CLOUDS)]
        # The consumer would remove the messages that the cases of orders look for, so it has a cloud of its own.
        others = stack.enter_context(proof_cloud(consumer=True))
        with ThreadPoolExecutor(CLOUDS + 1) as pool:
            more = pool.submit(_shipments_and_accounts, others, seed)
            found = [
                pool.submit(_orders_and_reminders, apps, seed, shared.share(number))
                for number, apps in enumerate(clouds)
            ]
            (shipped, accounts, missing), parts = more.result(), [one.result() for one in found]
    failures = [*missing, *(one.line for one in (*shipped, *accounts.results) if one.wrong)]
    failures += [failure for _, proof in parts for failure in proof.failures]
    results = [*shipped, *accounts.results, *(one for matrix, _ in parts for one in matrix.results)]
    repeated = [*accounts.repeated, *(one for matrix, _ in parts for one in matrix.repeated)]
    terms = "\n".join(f"- {proof.terms}" for _, proof in parts)
    text = f"{_text(results)}\n\n{_left_out(repeated)}\n\n#### The balance of each cloud\n\n{terms}"
    return Section([*_figures(results), Figure("cases that were repeated", len(repeated))], text, failures)


class Shares:
    """Shares the cases of orders and reminders among the clouds. All clouds make the same calls."""

    def __init__(self, seed: str) -> None:
        self._seed, self._lock, self._cases = seed, Lock(), list[Planned]()

    def share(self, number: int) -> Plan:
        def plan(places: Collection[Place]) -> Sequence[Planned]:
            with self._lock:
                # The places of one cloud only: another one may find them in another order, and a case would be missing.
                self._cases = self._cases or fault_plan.every(places, self._seed)
            return self._cases[number::CLOUDS]

        return plan


def _orders_and_reminders(apps: Apps, seed: str, plan: Plan) -> tuple[Matrix, Proof]:
    granted = {one for stack in ("Orders", "Reminders") for one in calls_granted(apps.cloud, stack)}
    with fault_matrix(apps, seed) as matrix:
        proof = fault_proof.run(matrix, plan)
    return matrix, Proof(proof.terms, [*proof.failures, *fault_proof.missing(granted, matrix.reached)])


def _shipments_and_accounts(apps: Apps, seed: str) -> tuple[list[Result], Matrix, list[str]]:
    """The results of both, and the calls that no journey makes."""
    with between(apps.cloud, "local-fulfillment", "local-account") as proxy:
        shipped = shipments.run(proxy, Shop(apps.cloud), shipments.every(seed))
        accounts = Matrix(apps, proxy, seed, ACCOUNTS)
        accounts.run(lambda places: fault_plan.kinds(places, seed))
        accounts.release()
    return shipped, accounts, fault_proof.missing(calls_granted(apps.cloud, "Account"), accounts.reached)


def _figures(results: Sequence[Result]) -> list[Figure]:
    passed = [one for one in results if not one.wrong]
    calls = {one.planned.place.call for one in results}
    errors = {(one.planned.place.call, str(one.planned.trouble)) for one in results if one.planned.kind in CLASSES}
    kinds = {(one.planned.place.call, one.planned.kind, one.planned.often) for one in results}
    return [
        Figure("cases", len(passed), len(results)),
        Figure("functions", len({one.function for one in calls})),
        Figure("calls of functions", len(calls)),
        Figure("calls x errors of AWS", len(errors)),
        Figure("calls x kinds of fault x how often", len(kinds)),
    ]


def _text(results: Sequence[Result]) -> str:
    functions = sorted({one.planned.place.call.function for one in results})
    rows = ["#### Functions", "", "| function | calls | cases | right |", "| --- | --- | --- | --- |"]
    for function in functions:
        of_it = [one for one in results if one.planned.place.call.function == function]
        calls = {one.planned.place.call for one in of_it}
        rows.append(f"| {function} | {len(calls)} | {len(of_it)} | {sum(not one.wrong for one in of_it)} |")
    counts = Counter((one.planned.kind, one.planned.often) for one in results)
    rows += ["", "#### Faults", "", f"| fault | what happens | {' | '.join(OFTEN)} |", f"| --- | --- |{' --- |' * 3}"]
    for kind, words in {**CLASSES, **TRANSPORT, **KILLS}.items():
        rows.append(f"| {kind} | {words} | {' | '.join(str(counts[kind, often]) for often in OFTEN)} |")
    return "\n".join([*rows, "", "| how often | what it means |", "| --- | --- |", *_meanings()])


def _meanings() -> list[str]:
    return [f"| {often} | {words} |" for often, words in OFTEN.items()]


def _left_out(repeated: Sequence[Result]) -> str:
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
        "On a busy machine a service may not answer in time. So a case is repeated once if it did not end in"
        " time, did not make its call, or got 502 or 503 too often (500 from a function without a caller). It fails"
        " if it is wrong again. No other wrong status is forgiven. The orders and reminders of both count in the"
        " balance.",
        "",
        *(f"- repeated: {one.line}" for one in repeated),
        "",
        *(f"- {function}: {why}" for function, why in fault_proof.ELSEWHERE.items()),
        *(f"- {call}: {why}" for call, why in sorted({**fault_proof.NOT_HERE, **fault_proof.NOT_OF_ACCOUNTS}.items())),
    ]
    return "\n".join(lines)
