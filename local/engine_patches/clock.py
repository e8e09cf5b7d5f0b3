"""Gives the cloud a clock that can be turned. Everything in the cloud has its time: see the table in docs/local.md.

The engine's own process has this time (`turned_time`), and so has each process of a function from its next call on.
The clock is turned in steps. It goes to the time at which something is due next, lets it happen, waits until the engine
works on nothing any more, and goes to the next one. So everything that is due on the way happens in order.

See decision D257.
"""

import asyncio
import functools
import json
import logging
import math
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ministack import app
from ministack.core import persistence, sigv4
from ministack.services import dynamodb, eventbridge, scheduler, ses, sns, sqs, stepfunctions

from local.engine_patches import due, endings, turned_time, waking
from local.engine_patches.due import Due, Part
from local.engine_patches.paths import ALL_TIMES, CLOCK
from local.engine_patches.turned_time import SECOND

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 120
"""The longest that the engine may work on what was due at one time. A function may run for a minute."""

LOOK_SECONDS = 0.003
"""How often the clock looks whether the engine still works. It takes two looks in a row that find nothing."""

STEP_SECONDS = 0.2
"""A clock that runs fast takes one step in this time."""

SLEPT_SECONDS = 10
"""If a clock that runs fast was not turned for so long, the machine slept or was busy. The cloud does not catch up."""

STATE = "clock"
"""The name of its saved state."""

WRITES = (
    *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
    *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"),
)
SENDS = ("SendMessage", "SendMessageBatch")

FARTHEST = 1e11
"""More seconds than any time that the clock knows."""

ASKED = ("to", "by", "rate", "real", "stop")

Handler = Callable[..., Awaitable[Any]]


class RefusedError(RuntimeError):
    """The clock cannot be turned, or not further. The message is for the user."""


class InvalidError(ValueError):
    """A request for the clock is invalid. The message is for the user."""


class Clock:
    """The cloud's clock: the real time and some nanoseconds more, or a time that runs faster than the real one.

    All times are in nanoseconds since 1970. Only one thread turns the clock at a time.
    """

    def __init__(self, parts: Callable[["Clock"], Sequence[Part]], *, unsettled: Callable[[], list[str]]) -> None:
        self.rate = 1.0
        self.happened = 0
        """When something last happened in the cloud."""
        self.began = self.first = turned_time.now_ns()
        """When this engine started, and when the cloud's first engine did."""
        self.target: int | None = None
        """Where the clock is being turned to."""
        self.begun = self.ended = 0
        """How many turns have begun, and how many of them have ended."""
        self.steps = 0
        """How many times were due on the way of the last turn."""
        self.error: str | None = None
        """Why the clock did not reach the target of the last turn."""
        self.after_a_turn: Callable[[], None] = lambda: None
        self._parts = parts(self)
        self._unsettled = unsettled
        self._turning, self._asking = threading.Lock(), threading.Lock()
        self._stops = self._runs = 0
        self._all_times = False
        self._missed = 0

    def note(self) -> None:
        """Notes that something happens now. The clock must not go back to before that."""
        self.happened = max(self.happened, turned_time.now_ns())

    def note_missed(self) -> None:
        """Notes that something would happen now, if nobody had stopped it."""
        self._missed = turned_time.now_ns()

    def quiet_since(self) -> float:
        """When something last happened or would have happened, or this engine started, in seconds since 1970.

        In a turn that leaves out nothing, no time counts as quiet.
        """
        if self._all_times:
            return turned_time.now_ns() / SECOND
        return max(self.happened, self.began, self._missed) / SECOND

    def next(self) -> Due | None:
        """What is due next, if nobody turns the clock.

        No part gets the time at which another one is due, because a rule would then leave out times.
        """
        now = turned_time.now_ns() / SECOND
        return min((one for part in self._parts if (one := part.next(now, math.inf))), default=None)

    def begin(self, target: int, *, to_real: bool = False, all_times: bool = False) -> None:
        """Begins a turn to a later time, in a thread of its own. `to_real`: from then on, the clock has the real time.

        `all_times`: rules start at all of their times, also if nothing else happens. Raises RefusedError if a turn is
        under way, or if the target is too far ahead.
        """
        if target > turned_time.LATEST:
            raise RefusedError(f"{_text(target)} is too far ahead: the clock goes to {_text(turned_time.LATEST)}")
        with self._asking:
            if self.target is not None:
                raise RefusedError("the clock is being turned already. Wait until it stands")
            self.begun += 1
            self.target, self.error, self.steps, self._all_times = target, None, 0, all_times
        arguments = (target, self._stops, to_real)
        threading.Thread(target=self._turn_and_tell, args=arguments, name="clock", daemon=True).start()

    def _turn_and_tell(self, target: int, stops: int, to_real: bool) -> None:
        try:
            self.turn(target, stops=stops)
            if to_real and self._stops == stops:
                turned_time.turn(0)
            self.after_a_turn()
        except RefusedError as error:
            self.error = str(error)
            logger.warning("%s", error)
        except Exception as error:
            self.error = f"the clock was not turned: {error}. `laptop logs` shows more"
            logger.exception("The clock was not turned")
        finally:
            self._all_times = False
            # As long as there is a target, nobody begins another turn.
            self.ended = self.begun
            self.target = None

    def turn(self, target: int, *, stops: int | None = None, run: int | None = None) -> None:
        """Turns the clock to a later time, and lets everything on the way happen. Raises RefusedError.

        If somebody stops it, or if it raises, the clock stands at the last time at which something was due. `stops` is
        the number of stops before somebody asked for this turn. `run` is the run of a fast clock that needs it.
        """
        stops = self._stops if stops is None else stops
        with self._turning:
            if run not in (None, self._runs):
                return
            self._settle()
            while self._stops == stops and (found := self._next(target / SECOND)):
                # The real time also passes meanwhile.
                self._set(max(math.ceil(found.at * 1_000_000) * 1000, turned_time.now_ns()))
                self.steps += 1
                self._settle()
            if self._stops == stops and target > turned_time.now_ns():
                self._set(target)
                self._settle()

    def turn_back(self, target: int) -> None:
        """Turns the clock back, if nothing has happened since. Stops a turn under way. Raises RefusedError."""
        self._refuse_to_go_back(target)
        self.stop()
        with self._turning:
            self._refuse_to_go_back(target)
            self._set(target)
            self.error = None
            self.after_a_turn()

    def _refuse_to_go_back(self, target: int) -> None:
        begin_again = "Wait until then, or begin again: `laptop down --forget`, then `laptop up`"
        if target < self.happened:
            raise RefusedError(
                f"something has happened in this cloud at {_text(self.happened)}, so its clock cannot go back to "
                f"{_text(target)}. {begin_again}"
            )
        if target < self.first:
            raise RefusedError(
                f"this cloud began at {_text(self.first)}, so its clock cannot go back to {_text(target)}"
            )

    def to_real_time(self) -> None:
        """Gives the cloud the real time and its speed. Raises RefusedError, and then changes nothing."""
        real = turned_time.real_ns()
        if turned_time.ahead() > 0:
            self._refuse_to_go_back(real)
        if turned_time.ahead() < 0:
            self.begin(real, to_real=True)
        self.run(1)
        if turned_time.ahead() > 0:
            self.turn_back(turned_time.real_ns())
            turned_time.turn(0)

    def stop(self) -> None:
        """Stops the turn under way, when everything that is due at the clock's time has happened."""
        self._stops += 1

    def run(self, rate: float) -> None:
        """Lets the clock run `rate` times as fast as the real time."""
        self.rate = rate
        self._runs += 1
        if rate != 1:
            threading.Thread(target=self._run, args=(self._runs, rate), name="clock", daemon=True).start()

    def state(self) -> dict[str, Any]:
        """What is saved with the state of the services."""
        return {"ahead": turned_time.ahead(), "rate": self.rate, "happened": self.happened, "first": self.first}

    def _next(self, until: float) -> Due | None:
        now = turned_time.now_ns() / SECOND
        found: Due | None = None
        for part in self._parts:
            if one := part.next(now, min(until, found.at if found else until)):
                found = one
        return found

    def _set(self, target: int) -> None:
        moved = target - turned_time.now_ns()
        turned_time.turn(target - turned_time.real_ns())
        for part in self._parts:
            part.happen(moved / SECOND)

    def _settle(self) -> None:
        deadline, quiet = time.monotonic() + SETTLE_SECONDS, 0
        while quiet < 2:
            if works_on := self._unsettled():
                quiet = 0
                if time.monotonic() > deadline:
                    raise RefusedError(
                        f"the clock stands at {_text(turned_time.now_ns())}, because the cloud still works on: "
                        f"{'; '.join(works_on[:3])}. `laptop logs` and `laptop executions` show more"
                    )
            else:
                quiet += 1
            time.sleep(LOOK_SECONDS)

    def _run(self, run: int, rate: float) -> None:
        real, cloud = turned_time.real_ns(), turned_time.now_ns()
        while True:
            time.sleep(STEP_SECONDS)
            if self._runs != run:
                return
            now = turned_time.real_ns()
            passed = now - real
            cloud += round(passed * rate) if passed < SLEPT_SECONDS * SECOND else 0
            # Somebody may have turned it meanwhile.
            cloud = max(cloud, turned_time.now_ns())
            real = now
            if cloud > turned_time.LATEST:
                self.run(1)
                return
            try:
                self.turn(cloud, run=run)
            except RefusedError as error:
                logger.warning("The clock runs on: %s", error)
            except Exception:
                logger.exception("The clock runs on")


def restore() -> dict[str, Any]:
    """Gives this process the saved time. Returns the saved state of the clock."""
    saved: dict[str, Any] = persistence.load_state(STATE) or {}
    turned_time.turn(int(saved.get("ahead", 0)))
    return saved


def apply() -> None:
    """Gives this engine its clock, and the time of the saved state."""
    saved = restore()
    due.apply()
    clock = Clock(_parts, unsettled=due.unsettled)
    clock.happened = int(saved.get("happened", 0))
    clock.first = int(saved.get("first", clock.first))
    clock.after_a_turn = _without_alarms_about_the_way
    app._load_persisted_state = _running_after(app._load_persisted_state, clock, float(saved.get("rate", 1)))
    everything = app._build_persistence_save_dict
    app._build_persistence_save_dict = lambda: {**everything(), STATE: clock.state}
    sigv4.request_time_failure = in_either_time(sigv4.request_time_failure)
    dynamodb.handle_request = _noting(dynamodb.handle_request, clock, _is_target(WRITES))
    sqs.handle_request = _noting(sqs.handle_request, clock, _is_target(SENDS))
    sns.handle_request = _noting(sns.handle_request, clock, lambda _, body: b"Action=Publish" in body)
    ses.handle_request = _noting(ses.handle_request, clock, lambda _, body: b"Action=Send" in body or b"{" in body[:1])
    # Services do these without a request, too: Cognito sends mails, alarms and rules send messages.
    for module, name in (
        *((stepfunctions, "_add_event"), (eventbridge, "_dispatch_to_sqs")),
        *((ses, "_record_send"), (sns, "_fanout")),
    ):
        setattr(module, name, _noted(getattr(module, name), clock))
    app._handle_pre_body_request = _answering(app._handle_pre_body_request, clock)


def _running_after(load: Callable[[], None], clock: Clock, rate: float) -> Callable[[], None]:
    """Lets the clock run as fast as before the stop, but not before the engine has its state."""

    @functools.wraps(load)
    def loaded() -> None:
        load()
        clock.run(rate)

    return loaded


def _without_alarms_about_the_way() -> None:
    """An alarm about missing values would count the way, on which nobody has measured anything, as missing."""
    from local.metrics import evaluation

    evaluation.BEGAN = time.time()


def _parts(clock: Clock) -> list[Part]:
    # Schedules come last, because they leave out times in which nothing else is due.
    return [
        due.CacheEntries(due.cache_address()),
        due.Rows(clock.note),
        due.Executions(waking.waits, endings.timeouts, missed=clock.note_missed),
        due.Batches(),
        due.Schedules(scheduler, quiet_since=clock.quiet_since),
        due.Schedules(eventbridge, quiet_since=clock.quiet_since),
    ]


def in_either_time(check: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the engine's check of a signature's time, changed to accept the real time, too.

    Functions sign with the cloud's time. AWS tools and browsers on this machine sign with the real time.
    """

    @functools.wraps(check)
    def checked(signature: Any, *, now: datetime | None = None) -> Any:
        real = datetime.fromtimestamp(turned_time.real_ns() / SECOND, UTC)
        return check(signature, now=now) and check(signature, now=now or real)

    return checked


def _is_target(actions: Sequence[str]) -> Callable[[dict[str, str], bytes], bool]:
    return lambda headers, _: headers.get("x-amz-target", "").rpartition(".")[2] in actions


def _noting(handle: Handler, clock: Clock, changes: Callable[[dict[str, str], bytes], bool]) -> Handler:
    @functools.wraps(handle)
    async def noted(method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any, **more: Any) -> Any:
        if method == "POST" and changes(headers, body or b""):
            clock.note()
        return await handle(method, path, headers, body, *rest, **more)

    return noted


def _noted(do: Callable[..., Any], clock: Clock) -> Callable[..., Any]:
    @functools.wraps(do)
    def noted(*arguments: Any, **more: Any) -> Any:
        clock.note()
        return do(*arguments, **more)

    return noted


def _answering(handle: Handler, clock: Clock) -> Handler:
    """Answers GET with what the clock shows. POST turns it: see `asked`."""

    @functools.wraps(handle)
    async def handled(method: str, path: str, headers: Any, query_params: Any, *rest: Any, **more: Any) -> Any:
        if path != CLOCK:
            return await handle(method, path, headers, query_params, *rest, **more)
        status, error = 200, None
        if method == "POST":
            try:
                # It may have to wait for what the functions do, and they wait for this thread.
                await asyncio.to_thread(do, clock, *asked(query_params))
            except InvalidError as invalid:
                status, error = 400, str(invalid)
            except RefusedError as refused:
                status, error = 409, str(refused)
        answer = {**shown(clock), **({"error": error} if error else {})}
        # The page is at another address.
        headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
        return status, headers, json.dumps(answer).encode()

    return handled


def asked(query: Mapping[str, Any]) -> tuple[str, float, bool]:
    """What a request asks for: `to` a time, `by` a number of seconds or `rate`; or `real` or `stop`, with any value.

    The last value says whether it has `all-times`, which goes with `to` and `by`. Raises InvalidError.
    """
    given = {name: value[0] if isinstance(value, list) else value for name, value in query.items()}
    all_times = given.pop(ALL_TIMES, None) is not None
    if all_times and not given.keys() & {"to", "by"}:
        raise InvalidError(f"{ALL_TIMES} goes with `to` and `by`")
    if len(given) != 1 or given.keys() - ASKED:
        raise InvalidError(f"write one of {', '.join(ASKED)}")
    [(name, value)] = given.items()
    if name in ("real", "stop"):
        return name, 0, False
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not abs(number) < FARTHEST:
        raise InvalidError(f"{name} is not a number of seconds that the clock knows")
    if name == "rate" and not 1 <= number <= turned_time.FASTEST:
        raise InvalidError(f"rate is not from 1 to {turned_time.FASTEST}")
    return name, number, all_times


def do(clock: Clock, what: str, number: float, all_times: bool) -> None:
    """Turns, runs or stops the clock. A turn to a later time goes on in a thread of its own. Raises RefusedError."""
    if what in ("rate", "real"):
        # Of an earlier turn. A turn that begins now has its own.
        clock.error = None
    if what == "stop":
        clock.stop()
    elif what == "rate":
        clock.run(number)
    elif what == "real":
        clock.to_real_time()
    else:
        now = turned_time.now_ns()
        target = round(number * SECOND) if what == "to" else now + round(number * SECOND)
        if target < now:
            clock.turn_back(target)
        else:
            clock.begin(target, all_times=all_times)


def shown(clock: Clock) -> dict[str, Any]:
    """What GET answers. Times are in seconds since 1970."""
    following = None if clock.target else clock.next()
    return {
        "now": turned_time.now_ns() / SECOND,
        "real": turned_time.real_ns() / SECOND,
        "ahead": turned_time.ahead() / SECOND,
        "rate": clock.rate,
        "began": clock.began / SECOND,
        "happened": clock.happened / SECOND,
        "target": None if clock.target is None else clock.target / SECOND,
        "begun": clock.begun,
        "ended": clock.ended,
        "steps": clock.steps,
        "error": clock.error,
        "next": following and {"at": following.at, "what": following.what},
    }


def _text(nanoseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(nanoseconds / SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return "this time"
