"""Makes each AWS call of each function fail. No order or reminder may be lost or handled twice.

`make proof` tries every combination and writes docs/proof.md. Other runs try each call with one fault. The date chooses
it; set PROOF_SEED to another date to repeat its choice.
"""

import random
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import functions_of
from tests.support.cloud.between import (
    KINDS,
    REFUSED,
    Between,
    Call,
    Case,
    Fault,
    between,
    calls_granted,
    hidden_for,
    instances,
)
from tests.support.cloud.faults import window
from tests.support.cloud.journeys import ALONE, FRESH, MAIN, REPORT, SEED, WRITE, Journey, Subject, kinds_of, redrive
from tests.support.cloud.records import Terms
from tests.support.cloud.reminders import settled
from tests.support.names import unique
from tests.support.waiting import eventually

AT_ONCE = 24
"""The number of cases that run at once. A case spends most of its time waiting until a client gives up."""

HIDDEN, USUALLY_HIDDEN = 15, 360
"""For how many seconds the queues of reminders hide a message: in the cases, where functions are killed, and usually.
"""

SWEEPS = {"ParkLostOrders", "RecordFeedback", "WatchOrders", "SettleLostReminders"}
"""Functions without a caller. They fail when a call fails, and the service that invoked them retries."""
NAME_REMINDERS = {"CreateReminder", "ScheduleReminder"}
"""Functions whose calls have a reminder's words and its id. A case learns the id from them."""
ELSEWHERE = {
    "UpdateCache": "Lambda reads the stream and writes to the queue; the function itself calls only the cache",
    "PublishSite": "tests/lambdas/publishing tests its failures; it handles neither orders nor reminders",
}
NOT_HERE = {
    Call("ListOrders", "dynamodb:GetItem"): "only if a throttled table leaves keys out of BatchGetItem's answer",
    Call("ListParked", "dynamodb:GetItem"): "only if a throttled table leaves keys out of BatchGetItem's answer",
    Call("ListParked", "sqs:GetQueueAttributes"): "only with more than 100 messages",
    Call("RedriveDeadLetters", "sqs:GetQueueAttributes"): "only if messages are left when the time is over",
    **{
        Call(
            function, "dynamodb:Query"
        ): "only if a person's count is missing or full; test_limits.py tests its failures"
        for function in ("CreateReminder", "UpdateReminder")
    },
    Call("CreateReminder", "sns:ListSMSSandboxPhoneNumbers"): "the engine has left the SMS sandbox",
    **{
        Call("UpdateReminder", action): "as for CreateReminder, which asks with the same code"
        for action in (
            *("ses:GetAccount", "ses:GetIdentityVerificationAttributes", "sns:CheckIfPhoneNumberIsOptedOut"),
            *("sns:GetSMSSandboxAccountStatus", "sns:ListSMSSandboxPhoneNumbers"),
        )
    },
    **{
        Call(function, action): "Lambda makes this call to read the function's stream or queue"
        for function, actions in {
            "WatchOrders": (
                *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
                *("dynamodb:ListStreams", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
            ),
            "ParkLostOrders": ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
            "SendReminder": ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
        }.items()
        for action in actions
    },
}


@dataclass(frozen=True)
class Result:
    """The result of a case: the statuses under the fault and without it."""

    journey: str
    call: Call
    nth: int
    kind: str
    under: int
    again: int
    met: bool
    wrong: str

    @property
    def line(self) -> str:
        return f"{self.journey}: {self.call} (call {self.nth + 1}), {self.kind}: {self.under}, then {self.again}"


class Matrix:
    """The cases of one run, and their results."""

    def __init__(self, apps: Apps, proxy: Between) -> None:
        self.apps = apps
        self.proxy = proxy
        self.results: list[Result] = []
        self.reached: set[Call] = set()
        self.doubtful: set[str] = set()
        self.copies: set[str] = set()
        self.stories: dict[str, str] = {}
        """The case of each order and each reminder."""

    def run(self) -> None:
        with ThreadPoolExecutor(len(ALONE)) as lanes, ThreadPoolExecutor(AT_ONCE) as pool:
            # The search also parks the lost orders of other cases, and would meet their faults.
            first = _lanes_of("ParkLostOrders")
            fresh = [lanes.submit(self._lane, lane, fresh=True) for lane in FRESH]
            _finish([*fresh, *(lanes.submit(self._lane, lane) for lane in first)])
            later = _lanes_of("SendReminder")
            alone = [lanes.submit(self._lane, lane) for lane in ALONE if lane not in (*first, *later)]
            # On a busy machine a message may become visible while SendReminder handles it. Its copy makes calls of its
            # own, which no case repeats.
            with hidden_for(self.apps.cloud, USUALLY_HIDDEN, *self.apps.places.reminder_queues.values()):
                calls = _finish([pool.submit(self._calls_of, journey) for journey in MAIN])
            alone += [lanes.submit(self._lane, lane) for lane in later]
            cases = [case for journey, found in zip(MAIN, calls, strict=True) for case in self._cases(journey, found)]
            # Otherwise cases of the same function would wait for its few instances.
            random.Random(SEED).shuffle(cases)
            _finish([pool.submit(self._case, *case) for case in cases])
            _finish(alone)
            eventually(lambda: redrive(Subject(self.apps)) == 200 and not self._dead_letters_left(), every=1)

    def _dead_letters_left(self) -> bool:
        """Whether there are dead letters. A killed function hides them from others for half a minute."""
        _, answer, _ = self.apps.call("GET", "/dead-letters")
        return any(one["Messages"] for one in answer["queues"])

    def _lane(self, journeys: Sequence[Journey], fresh: bool = False) -> None:
        """Runs the cases of journeys one after the other. Without a report, each call is tried in one journey."""
        tried: set[Call] = set()
        for journey in journeys:
            calls: set[Call] = set()
            for case in self._cases(journey, self._calls_of(journey, fresh=fresh)):
                if REPORT or case[1] not in tried:
                    self._case(*case, fresh=fresh)
                    calls.add(case[1])
            tried |= calls

    def _calls_of(self, journey: Journey, *, fresh: bool = False) -> list[tuple[Call, int]]:
        """The calls that a journey makes without a fault, each with its number among equal calls."""
        subject = self._begun(journey, fresh)
        with self._case_of(journey, subject) as case:
            case.faults = [Fault(call, REFUSED) for call in journey.first]
            status = journey.go(subject)
            case.answered.set()
            journey.end(subject, case)
        assert status in journey.then or (journey.first and status == 503), f"{journey.name}: {status}"
        made = [
            call
            for call in case.calls
            if call.function in journey.functions
            and journey.only in call.action
            and call.action not in journey.untested
        ]
        self.reached |= {*made}
        numbered = [(call, made[:at].count(call)) for at, call in enumerate(made)]
        # Another journey tests the calls before the refused call.
        after = max((at for at, one in enumerate(made) if one in journey.first), default=-1)
        # Other tests' data changes how many equal calls a sweep makes, so only the first is tested. The table's stream
        # may make ParkLostOrders look at an order once more.
        once = journey.alone or "ParkLostOrders" in journey.functions
        return [one for one in numbered[after + 1 :] if one[1] < (1 if once else 2)]

    def _cases(self, journey: Journey, calls: list[tuple[Call, int]]) -> list[tuple[Journey, Call, int, str]]:
        return [(journey, call, nth, kind) for call, nth in calls for kind in kinds_of(call, f"{journey.name} {nth}")]

    def _begun(self, journey: Journey, fresh: bool) -> Subject:
        subject = Subject(self.apps)
        journey.begin(subject)
        if "RedriveDeadLetters" in journey.functions:
            # The function sends a message, then deletes it. A failed delete or a lost reply leaves two copies.
            self.copies.add(subject.id)
        if fresh:
            (function,) = journey.functions
            self.proxy.renew(function)
        return subject

    def _case_of(self, journey: Journey, subject: Subject) -> AbstractContextManager[Case]:
        if journey.alone:
            return self.proxy.case(functions=journey.functions)
        markers = filter(None, (subject.id, subject.found.get("reminder")))
        return self.proxy.case(*markers, functions=journey.functions | NAME_REMINDERS)

    def _case(self, journey: Journey, call: Call, nth: int, kind: str, *, fresh: bool = False) -> None:
        subject = self._begun(journey, fresh)
        if _may_send_twice(call, nth, kind):
            self.doubtful.add(subject.message)
        self.stories[subject.id] = story = f"{journey.name}: {call} (call {nth + 1}), {kind}"
        wrong = ""
        try:
            with self._case_of(journey, subject) as case:
                fault = Fault(call, kind, nth=nth)
                case.faults = [*(Fault(one, REFUSED) for one in journey.first), fault]
                under = journey.go(subject)
                case.answered.set()
                journey.end(subject, case)
                case.faults = []
                again = journey.go(subject)
                journey.end(subject, case)
        except AssertionError as error:
            error.add_note(story)
            raise
        right = {*journey.then, 503} | ({500, 502, 504} if "killed" in kind else set())
        right |= {500} if call.function in SWEEPS else set()
        if not fault.met:
            wrong = "the call was not made"
        elif under not in right:
            wrong = f"the status under the fault is {under}"
        elif again not in journey.then:
            wrong = f"the status without the fault is {again}"
        self.results.append(Result(journey.name, call, nth, kind, under, again, bool(fault.met), wrong))


def _may_send_twice(call: Call, nth: int, kind: str) -> bool:
    """Whether SendReminder cannot know, or cannot record, that SES or SNS has accepted the reminder.

    See decision D144. The first write claims the reminder, and a later one records the result.
    """
    if call.action in ("ses:SendEmail", "sns:Publish"):
        return kind != REFUSED
    return call == Call("SendReminder", "dynamodb:UpdateItem") and nth > 0


def _lanes_of(function: str) -> list[list[Journey]]:
    return [lane for lane in ALONE if any(function in one.functions for one in lane)]


def _finish(futures: list[Future[Any]]) -> list[Any]:
    return [future.result() for future in futures]


@pytest.fixture(scope="module")
def matrix(apps: Apps) -> Iterator[Matrix]:
    queues = apps.places.reminder_queues.values()
    # A copy that comes while another attempt still runs finds its lease.
    with (
        hidden_for(apps.cloud, HIDDEN, *queues),
        # A call that meets a silent service blocks its instance for 17 seconds.
        instances(apps.cloud, 8, functions_of(apps.cloud, "local-reminders")["SendReminder"]),
        # The cases call WatchOrders themselves. The stream must not call it while a case counts its calls.
        window(apps, "WatchOrders", seconds=300),
        between(apps.cloud, "local-orders", "local-reminders") as proxy,
    ):
        operator = apps.as_operator()
        _begin_counts(operator)
        yield Matrix(operator, proxy)


def _begin_counts(operator: Apps) -> None:
    """Sends a first text message, because the first one of a day makes more calls than the others."""
    reminder = {"message": unique("Begin the day, "), "preference": "sms", "waitSeconds": 0}
    status, answer = operator.post_reminder(reminder)
    assert status == 202, answer
    settled(operator, answer["reminderId"])


def test_no_fault_of_a_call_loses_or_repeats_anything(matrix: Matrix) -> None:
    apps = matrix.apps
    mark = balance.mark(apps.cloud, apps.places)

    matrix.run()

    try:
        orders = balance.orders(apps.cloud, apps.places, since=mark, copies=matrix.copies)
        reminders = balance.reminders(apps.cloud, apps.places, since=mark, doubtful=matrix.doubtful)
    except AssertionError as error:
        words = re.sub("P-[a-z]{12}", lambda found: f"{found[0]} ({matrix.stories.get(found[0], '?')})", str(error))
        raise AssertionError(words) from None
    terms = f"orders: {_sum(orders)}; reminders: {_sum(reminders)}"
    print(f"{len(matrix.results)} cases, seed {SEED}; {terms}")
    wrong = [f"{one.line}: {one.wrong}" for one in matrix.results if one.wrong]
    for one in balance.ANSWERS[mark.answers :]:
        if one.status == 503 and one.answer["error"]["code"] != "Unavailable":
            wrong.append(f"{one.method} {one.url} gives {one.answer}")
    assert not wrong, "\n".join(wrong)
    if REPORT:
        Path(REPORT).write_text(_report(matrix.results, orders, reminders))


def test_the_matrix_reaches_every_call_that_a_function_may_make(matrix: Matrix) -> None:
    cloud = matrix.apps.cloud
    granted = {one for stack in ("Orders", "Reminders") for one in calls_granted(cloud, stack)}
    granted = {one for one in granted if one.function not in ELSEWHERE}
    missing = granted - matrix.reached - NOT_HERE.keys()

    assert not missing, (
        f"no journey makes {'; '.join(map(str, sorted(missing)))}: add one to tests/support/cloud/journeys.py"
    )
    assert NOT_HERE.keys() <= granted


def _sum(terms: Terms) -> str:
    """`accepted 3 = fulfilled 2 + parked 1`"""
    ends = [f"{end} {number}" for end, number in sorted(terms.items()) if end != "accepted"]
    return f"accepted {terms['accepted']} = {' + '.join(ends)}"


def _report(results: Sequence[Result], orders: Terms, reminders: Terms) -> str:
    """The text of docs/proof.md."""
    found = {(one.journey, one.call, one.nth, one.kind): one for one in results}
    rows = sorted({(one.call, one.journey, one.nth) for one in results})
    lines = [
        "# Every AWS call, with every fault",
        "",
        "`make proof` writes this page. It makes each AWS call of each function fail in each way below. Each",
        "combination is one case. Then it counts orders and reminders in the raw tables and queues, and fails if one",
        "is lost or was handled twice.",
        "",
        f"- {len(results)} cases of {len({one.call for one in results})} calls by"
        f" {len({one.call.function for one in results})} functions.",
        f"- Orders: {_sum(orders)}.",
        f"- Reminders: {_sum(reminders)}. No waiting reminder is overdue.",
        "",
        "Each cell has two statuses: the first with the fault, the second when the action is repeated without it.",
        "",
        "- A function without a caller shows 200 if it succeeded and 500 if it failed.",
        "- For a function of a workflow, the cell has the status that the caller of the API got. The workflow"
        " retries the function.",
        "- The order that GetOrder looks up does not exist, so 404 is right.",
        "- A dash means that the call only reads, so this fault would change nothing.",
        "",
        "`tests/e2e/test_fulfillment.py` tests the example consumer in the same way.",
        "",
        "| fault | what happens |",
        "| --- | --- |",
        *(f"| {kind} | {words} |" for kind, words in KINDS.items()),
        "",
        f"| function | call | action | {' | '.join(WRITE)} |",
        f"| --- | --- | --- |{' --- |' * len(WRITE)}",
    ]
    for call, journey, nth in rows:
        cells = [found.get((journey, call, nth, kind)) for kind in WRITE]
        statuses = [f"{one.under}, {one.again}" if one else "-" for one in cells]
        action = call.action + (f" ({nth + 1})" if nth else "")
        lines.append(f"| {call.function} | {action} | {journey} | {' | '.join(statuses)} |")
    return "\n".join(lines) + "\n"
