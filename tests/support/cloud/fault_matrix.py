"""Makes the AWS calls of functions fail on the journeys of callers, workflows and clocks, and keeps the results."""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import functions_of
from tests.support.cloud.between import Between, Case, between, hidden_for, instances
from tests.support.cloud.fault_plan import Place, Planned
from tests.support.cloud.fault_verdicts import REPEATED, SWEEPS, Result, judged
from tests.support.cloud.faults import window
from tests.support.cloud.journeys import (
    BOTH_APPS,
    SENT_SECONDS,
    Journey,
    Journeys,
    Subject,
    over,
    persistent,
    reminder_row,
)
from tests.support.cloud.reminders import settled
from tests.support.cloud.service_errors import FAILED, errors_of, service_of
from tests.support.cloud.troubles import EVER, KILLS, LAST, ONCE, TRANSPORT, Call, Fault
from tests.support.cloud.turning import paused
from tests.support.names import unique
from tests.support.waiting import eventually

AT_ONCE = 24
"""The number of cases that run at once. A case spends most of its time waiting until a client gives up."""

HIDDEN, USUALLY_HIDDEN = 15, 360
"""For how many seconds the queues of reminders hide a message: in the cases, where functions are killed, and usually.
"""

TRIES = 3
"""How often a queue or a workflow tries a function whose call fails for ever, before its case goes on."""

NAME_REMINDERS = {"CreateReminder", "ScheduleReminder"}
"""Functions whose calls have a reminder's words and its id. A case learns the id from them."""

Plan: TypeAlias = Callable[[Collection[Place]], Sequence[Planned]]


class Matrix:
    """The cases of one run, and their results."""

    def __init__(self, apps: Apps, proxy: Between, seed: str, journeys: Journeys = BOTH_APPS) -> None:
        self.apps = apps
        self.proxy = proxy
        self.seed = seed
        self.journeys = journeys
        self.places: list[Place] = []
        self.results: list[Result] = []
        self.repeated: list[Result] = []
        """The first results of cases that may be wrong because the machine is busy."""
        self._slow: list[tuple[Planned, bool]] = []
        self.doubtful: set[str] = set()
        self.copies: set[str] = set()
        self.stories: dict[str, str] = {}
        """The case of each order and each reminder."""
        self._held = ExitStack()

    @property
    def reached(self) -> set[Call]:
        return {one.call for one in self.places}

    def run(self, plan: Plan) -> None:
        """Finds the calls of all journeys, then runs the cases that `plan` chooses."""
        fresh, others = (
            [one for lane in lanes for one in lane] for lanes in (self.journeys.fresh, self.journeys.alone)
        )
        # On a busy machine a message may become visible while SendReminder handles it. Its copy makes calls of its
        # own, which no case repeats.
        with hidden_for(self.apps.cloud, USUALLY_HIDDEN, *self.apps.places.reminder_queues.values()):
            # The search also parks the lost orders of other journeys.
            for journey in (*fresh, *sorted(others, key=lambda one: not one.early)):
                self.places += self._places_of(journey)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                found = _finish([pool.submit(self._places_of, journey) for journey in self.journeys.main])
        self.places += [one for places in found for one in places]
        planned = [*plan(self.places)]
        # Otherwise cases of the same function would wait for its few instances.
        random.Random(self.seed).shuffle(planned)
        # These stop an instance for minutes, and so they come when no other case needs it.
        ending = [one for one in planned if one.stops_sending]
        cases = [one for one in planned if not one.stops_sending]

        def lane(journeys: Sequence[Journey], fresh: bool = False) -> None:
            mine = [one for one in cases if one.place.journey in journeys]
            for one in mine:
                self._case(one, fresh=fresh)
            self._say(f"{journeys[0].name} and similar ones: {len(mine)} cases, one after the other")

        with ThreadPoolExecutor(12) as lanes, ThreadPoolExecutor(AT_ONCE) as pool:
            # A function of an early lane, and SendReminder, may be in only one lane at once.
            early = [one for one in self.journeys.alone if any(each.early for each in one)]
            busy = {"SendReminder", *(name for one in early for each in one for name in each.functions)}
            later = [one for one in self.journeys.alone if any(each.functions & busy for each in one)]
            beside = [lanes.submit(lane, one) for one in self.journeys.alone if one not in later]
            _finish(
                [
                    *(lanes.submit(lane, one, True) for one in self.journeys.fresh),
                    *(lanes.submit(lane, one) for one in early),
                ]
            )
            beside += [lanes.submit(lane, one) for one in later if one not in early]
            _finish([pool.submit(self._case, one) for one in cases if one.place.journey in self.journeys.main])
            _finish(beside)
        for one in ending:
            self._case(one)
            self.proxy.renew("SendReminder")
        # A second time, one after the other: now no other case of this cloud makes the machine busy.
        for one, is_fresh in self._slow:
            # After many lost answers botocore makes no second attempt in this process.
            self.proxy.renew(one.place.call.function)
            self.results.append(self._result_of(one, is_fresh))
            if one.stops_sending:
                self.proxy.renew("SendReminder")

    def release(self) -> None:
        """Ends the faults that last for ever. Until then the balance has to hold with them."""
        self._held.close()

    def _places_of(self, journey: Journey) -> list[Place]:
        """The calls that a journey makes without a fault, each with its number among equal calls."""
        subject = self._begun(journey)
        with self._case_of(journey, subject) as case:
            case.faults = [failing(call) for call in journey.first]
            status = journey.go(subject)
            case.answered.set()
            journey.end(subject, case)
        assert status in journey.then or (journey.first and status == 503), f"{journey.name}: {status}"
        made = [
            one
            for one in case.sent
            if one.call.function in journey.functions
            and journey.only in one.call.action
            and one.call.action not in journey.untested
        ]
        calls = [one.call for one in made]
        numbered = [Place(journey, one.call, calls[:at].count(one.call), one.operation) for at, one in enumerate(made)]
        # Another journey tests the calls before the refused call.
        after = max((at for at, one in enumerate(calls) if one in journey.first), default=-1)
        # Other tests' data changes how many equal calls a sweep makes, so only the first is tested. The table's stream
        # may make ParkLostOrders look at an order once more.
        once = journey.alone or "ParkLostOrders" in journey.functions
        return [one for one in numbered[after + 1 :] if one.nth < (1 if once else 2)]

    def _begun(self, journey: Journey, *, fresh: bool | None = None) -> Subject:
        subject = Subject(self.apps)
        journey.begin(subject)
        if "RedriveDeadLetters" in journey.functions:
            # The function sends a message, then deletes it. A failed delete or a lost reply leaves two copies.
            self.copies.add(subject.id)
        if fresh or (fresh is None and any(journey in lane for lane in self.journeys.fresh)):
            (function,) = journey.functions
            self.proxy.renew(function)
        return subject

    def _case_of(self, journey: Journey, subject: Subject) -> AbstractContextManager[Case]:
        if journey.alone:
            return self.proxy.case(functions=journey.functions)
        markers = [
            subject.id,
            *(subject.found[one] for one in ("reminder", "account", "email") if one in subject.found),
        ]
        return self.proxy.case(*markers, functions=journey.functions | NAME_REMINDERS)

    def _case(self, planned: Planned, *, fresh: bool = False) -> None:
        """Runs a case, and keeps it for later if it `is_slow`. Its orders and reminders count in the balance."""
        result = self._result_of(planned, fresh)
        if result.is_slow:
            self.repeated.append(result)
            self._slow.append((planned, fresh))
            return
        self.results.append(result)
        if len(self.results) % 100 == 0:
            self._say(f"{len(self.results)} cases")

    def _say(self, what: str) -> None:
        print(f"{datetime.now(UTC):%H:%M:%S} {self.apps.cloud.settings.home.name} {what}", flush=True)

    def _result_of(self, planned: Planned, fresh: bool) -> Result:
        journey, call = planned.place.journey, planned.place.call
        fault = planned.fault()
        statuses: list[int] = []
        try:
            subject = self._begun(journey, fresh=fresh)
            if _may_send_twice(planned):
                self.doubtful.add(subject.message)
            self.stories[subject.id] = str(planned)
            with ExitStack() as stack:
                case = stack.enter_context(self._case_of(journey, subject))
                case.faults = [*(failing(one, planned.often) for one in journey.first), fault]
                statuses.append(journey.go(subject))
                case.answered.set()
                if planned.often == EVER and call.function not in REPEATED:
                    statuses.append(journey.go(subject))
                    if not (journey.alone or call.function in SWEEPS):
                        self._held.push(stack.pop_all())
                        return judged(planned, fault, statuses, [])
                self._wait(planned, subject, case, fault)
                case.faults = []
                again = [persistent(lambda: (journey.go(subject), None))[0]]
                if not planned.is_untrue:
                    journey.end(subject, case)
        except Exception as error:  # the other cases must still run
            words = f"{type(error).__name__}: {error}"[:300]
            return Result(planned, (*statuses,), words, not isinstance(error, AssertionError) or "timed out" in words)
        result = judged(planned, fault, statuses, again)
        # A new process may begin with the request of another case, which then meets the fault instead.
        is_anothers = fresh and bool(result.wrong) and statuses[0] in journey.then
        return replace(result, is_slow=result.is_slow or is_anothers)

    def _wait(self, planned: Planned, subject: Subject, case: Case, fault: Fault) -> None:
        """Waits until the function has met the fault as often as it comes."""
        call, journey = planned.place.call, planned.place.journey
        if call.function not in REPEATED:
            if not planned.is_untrue:
                journey.end(subject, case)
        elif planned.is_untrue:
            # The function may do nothing more. The balance runs the sweep, which finds what is lost.
            eventually(lambda: fault.met, within=SENT_SECONDS)
        elif planned.often == EVER:
            # A reminder that waits looks as if it were over.
            eventually(lambda: fault.met, within=SENT_SECONDS)
            if planned.stops_sending:
                # This process would try again only after minutes.
                self.proxy.renew(call.function)
            else:
                eventually(lambda: fault.calls_met >= TRIES or over(subject, case), every=0.3)
            if call.action in ("ses:SendEmail", "sns:Publish"):
                # It is too late in the end. Until then SendReminder does not give up.
                row = reminder_row(subject, subject.found["reminder"])
                balance.age_reminder(self.apps.cloud, self.apps.places, row, by=timedelta(days=3))
                journey.end(subject, case)
        elif planned.stops_sending:
            # Each process that meets the fault would try again only after minutes.
            for number in range(1, fault.calls + 1):
                eventually(lambda: fault.calls_met, until=number.__le__, within=SENT_SECONDS)
                self.proxy.renew(call.function)
            journey.end(subject, case)
        else:
            journey.end(subject, case)


def failing(call: Call, often: str = ONCE, *, nth: int = 0) -> Fault:
    """Makes AWS fail at one call, or at all calls."""
    errors = errors_of(service_of(call.action), call.action.partition(":")[2])
    error = next(one for one in errors if one.kind == FAILED)
    return Fault(call, error, EVER if often == EVER else LAST, nth=nth)


def _may_send_twice(planned: Planned) -> bool:
    """Whether SendReminder cannot know, or cannot record, that SES or SNS has accepted the reminder.

    See decision D144. The first write claims the reminder, and a later one records the result.
    """
    call = planned.place.call
    if call.action in ("ses:SendEmail", "sns:Publish"):
        return planned.kind in (*TRANSPORT, *KILLS)
    return call == Call("SendReminder", "dynamodb:UpdateItem") and (planned.place.nth > 0 or planned.often == EVER)


def _finish(futures: list[Future[Any]]) -> list[Any]:
    return [future.result() for future in futures]


@contextmanager
def fault_matrix(apps: Apps, seed: str) -> Iterator[Matrix]:
    """The matrix of both apps. Inside the block their functions call AWS through a proxy."""
    queues = apps.places.reminder_queues.values()
    # A copy that comes while another attempt still runs finds its lease.
    with (
        hidden_for(apps.cloud, HIDDEN, *queues),
        # The cases call SettleLostReminders themselves. A call by its rule would use up the fault of a case.
        paused(apps.cloud, "Every"),
        # A call that meets a silent service blocks its instance for 17 seconds.
        instances(apps.cloud, 8, functions_of(apps.cloud, "local-reminders")["SendReminder"]),
        # The cases call WatchOrders themselves. The stream must not call it while a case counts its calls.
        window(apps, "WatchOrders", seconds=300),
        between(apps.cloud, "local-orders", "local-reminders") as proxy,
    ):
        _begin_counts(apps)
        matrix = Matrix(apps, proxy, seed)
        try:
            yield matrix
        finally:
            matrix.release()


def _begin_counts(operator: Apps) -> None:
    """Sends a first text message, because the first one of a day makes more calls than the others."""
    reminder = {"message": unique("Begin the day, "), "preference": "sms", "waitSeconds": 0}
    status, answer = operator.post_reminder(reminder)
    assert status == 202, answer
    settled(operator, answer["reminderId"])
