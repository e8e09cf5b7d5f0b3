"""Runs cases on a laptop cloud, and compares what happened with the rules of AWS and with the balance."""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.proof.paths.cases import MACHINES, STATES, Case
from tests.proof.paths.routes import ROUTES
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.watched import Taken, watched
from tests.support.waiting import eventually
from tests.support.workflows.asl import within
from tests.support.workflows.edges import DIES, edges

AT_ONCE = 12
SWEEPS = 5
SENDS_ORDERS = "Put message in order"
"""How the names of the states begin that put an order into a queue."""
AFTER_A_QUEUE = {state["Next"] for name, state in STATES.items() if name.startswith(SENDS_ORDERS)}
"""The states that follow them, in which an order is in its queue and its row does not say so."""
OF_EACH_ITEM = {name for state in STATES.values() for one in within(state) for name in one["States"]}
"""The states that a Map enters once for each item. If one dies there, others have perhaps gone on already."""


@dataclass
class Result:
    """What cases did, all together."""

    cases: list[Case] = field(default_factory=list)
    taken: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in MACHINES})
    """The edges by state machine."""
    errors: set[str] = field(default_factory=set)
    routes: dict[str, str] = field(default_factory=dict)
    """The first route that reached each state."""
    ends: dict[str, str] = field(default_factory=dict)
    """The status of each case's row, by marker. Not all cases have a row."""
    executions: int = 0
    failures: list[str] = field(default_factory=list)

    def missing(self, name: str) -> list[str]:
        """The edges of a state machine that nothing took."""
        return sorted(edges(MACHINES[name]).keys() - self.taken[name])


def run(apps: Apps, cases: Sequence[Case], result: Result) -> None:
    """Runs the cases, waits until nothing is left to do, and adds what happened to the result.

    Waits and retries take no time, because their delays are not under test here.
    """
    mark = balance.mark(apps.cloud, apps.places)
    by_marker = {case.marker: case for case in cases}
    apps.cloud.engine.skip_waits(True)
    try:
        with watched(apps.cloud, [fault for case in cases for fault in case.faults]) as watch:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                result.failures += filter(None, pool.map(lambda case: _gone(apps, case), cases))
            eventually(lambda: not _running(apps))
            taken = watch.taken()
        # The faults are over. A sweep may now send a lost reminder again.
        result.failures += _out_of_balance(apps, mark, by_marker, result)
    finally:
        apps.cloud.engine.skip_waits(False)
    result.cases += cases
    result.executions += len(taken)
    for one in taken:
        result.taken[_machine_of(one.workflow)] |= set(one.edges)
        result.errors |= set(one.errors)
    of_case: dict[str, list[Taken]] = {marker: [] for marker in by_marker}
    for one in taken:
        if case := _case_in(one.input, by_marker):
            of_case[case.marker].append(one)
    for case in cases:
        result.failures += differences(case, of_case[case.marker])
    # In the order of ROUTES, so that the first route stays.
    for case in [case for case in cases if case.state is None]:
        for state in {edge.partition(": ")[0] for one in of_case[case.marker] for edge in one.edges}:
            result.routes.setdefault(state, case.route)


def _running(apps: Apps) -> list[str]:
    """The executions that run. None of them waits."""
    return [line for line in apps.cloud.engine.meter()["busy"] if line.startswith("execution ")]


def _gone(apps: Apps, case: Case) -> str | None:
    """Starts a case. Returns what went wrong, which the other cases do not depend on."""
    try:
        ROUTES[case.route].go(apps, case.marker)
    except Exception as error:
        return f"{case}: {type(error).__name__}: {error}"
    return None


def _machine_of(workflow: str) -> str:
    """The state machine of a deployed workflow, whose name contains the construct's id."""
    names = {"OrderFulfillment": "order_fulfillment", "ReminderDelivery": "reminder_delivery", "Reminder": "reminder"}
    return next(machine for construct, machine in names.items() if f"-{construct}" in workflow)


def _case_in(text: str, by_marker: Mapping[str, Case]) -> Case | None:
    found = re.search("Case-[a-z]{12}", text)
    return by_marker.get(found[0]) if found else None


def differences(case: Case, taken: Sequence[Taken]) -> Iterator[str]:
    """What the executions did otherwise than AWS's rules say."""
    if case.state is None:
        return
    prefix = f"{case.state}: "
    reached = [one for one in taken if any(text.startswith(prefix) for text in [*one.edges, *one.errors])]
    if not reached:
        yield f"{case}: no execution reached the state"
    for one in reached:
        own = [edge for edge in one.edges if edge.startswith(prefix) and not edge.endswith(": StartAt")]
        if own != case.course and not (case.dies and case.state in OF_EACH_ITEM and not case.course):
            yield f"{case}: took {own}, and AWS takes {case.course}"
        if case.dies and f"{prefix}dies" not in one.errors:
            yield f"{case}: the execution went on"


def _out_of_balance(apps: Apps, mark: balance.Mark, by_marker: Mapping[str, Case], result: Result) -> list[str]:
    """Waits until everything has ended. Returns what is out of balance, and notes how the cases ended."""
    # A call whose answer is lost puts a message into its queue again. If an execution dies between the queue and the
    # row, ParkLostOrders does not know that the order is in its queue. docs/operations.md tells operators to look.
    copies = {
        case.marker
        for case in by_marker.values()
        if ((case.dies or case.error == DIES) and case.state in AFTER_A_QUEUE)
        or (case.after and str(case.state).startswith(SENDS_ORDERS))
    }
    failures = []
    cloud, places = apps.cloud, apps.places
    try:
        balance.orders(cloud, places, since=mark, copies=copies)
    except AssertionError:
        failures += balance.order_records(cloud, places, since=mark, copies=copies).balance()[1]
    try:
        balance.reminders(cloud, places, since=mark, sweeps=SWEEPS)
    except AssertionError:
        failures += balance.reminder_records(cloud, places, since=mark).balance()[1]
    orders = balance.order_records(cloud, places, since=mark, copies=copies)
    reminders = balance.reminder_records(cloud, places, since=mark)
    for name, row in [*orders.rows.items(), *((row["Message"], row) for row in reminders.rows.values())]:
        if case := _case_in(name, by_marker):
            result.ends[case.marker] = row["Status"]
    texts = {id: row["Message"] for id, row in reminders.rows.items()}
    return [_with_case(line, by_marker, texts) for line in failures]


def _with_case(line: str, by_marker: Mapping[str, Case], texts: Mapping[str, str]) -> str:
    """A line of the balance with the case that it is about."""
    case = _case_in(line + texts.get(line.partition(":")[0], ""), by_marker)
    return f"{case}: {line}" if case else line
