"""Gives the cloud a clock that can be turned. Everything in the cloud has its time: see the table in docs/local.md.

The engine's own process has this time (`turned_time`), and so has each process of a function from its next call on.
`turning` is the clock itself. This module gives it to the engine, notes what happens, and answers requests.

See decision D257.
"""

import asyncio
import functools
import json
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ministack import app
from ministack.core import persistence, sigv4
from ministack.services import dynamodb, eventbridge, scheduler, ses, ses_v2, sns, sqs, stepfunctions

from local.engine_patches import due, endings, turned_time, waking
from local.engine_patches.due import Part
from local.engine_patches.paths import ALL_TIMES, CLOCK
from local.engine_patches.queues import ACTIONS
from local.engine_patches.turned_time import SECOND
from local.engine_patches.turning import Clock, RefusedError

STATE = "clock"
"""The name of its saved state."""

WRITES = (
    *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
    *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"),
)

FARTHEST = 1e15
"""Far more seconds than the clock can go. A larger number means this one."""

ASKED = ("to", "by", "rate", "real", "stop")

Handler = Callable[..., Awaitable[Any]]


class InvalidError(ValueError):
    """A request for the clock is invalid. The message is for the user."""


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
    _note_requests(clock)
    note_other_changes(clock)
    app._handle_pre_body_request = _answering(app._handle_pre_body_request, clock)


def _note_requests(clock: Clock) -> None:
    dynamodb.handle_request = _noting(dynamodb.handle_request, clock, _is_write)
    sns.handle_request = _noting(sns.handle_request, clock, lambda _, __, body: b"Action=Publish" in body)
    ses.handle_request = _noting(
        ses.handle_request, clock, lambda _, __, body: b"Action=Send" in body or b"{" in body[:1]
    )
    ses_v2.handle_request = _noting(ses_v2.handle_request, clock, lambda path, _, __: "/outbound-" in path)


def note_other_changes(clock: Clock) -> None:
    """Services do these without a request, too. Cognito sends mails, rules send messages, functions receive them."""
    for module, name in (
        *((stepfunctions, "_add_event"), (eventbridge, "_dispatch_to_sqs"), (dynamodb, "_remove_item")),
        *((ses, "_record_send"), (sns, "_fanout"), (sqs, "_delete_messages_for_esm")),
        *((sqs, name) for name in ACTIONS),
    ):
        setattr(module, name, _noted(getattr(module, name), clock))
    for action, handler in sqs._HANDLERS.items():
        if handler.__name__ in ACTIONS:
            sqs._HANDLERS[action] = getattr(sqs, handler.__name__)
    sqs._collect_msgs = _noted_if_any(sqs._collect_msgs, clock)
    # These steps remove messages whose retention is over, or that are now dead letters.
    for name in ("_expire_retained", "_dlq_sweep"):
        setattr(sqs, name, _noted_if_shorter(getattr(sqs, name), clock))


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
        due.Rows(),
        due.Executions(waking.waits, endings.timeouts, missed=clock.note_missed),
        due.Batches(),
        due.Schedules(scheduler, quiet_since=clock.quiet_since, lock=clock.stepping),
        due.Schedules(eventbridge, quiet_since=clock.quiet_since, lock=clock.stepping),
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


Changes = Callable[[str, Mapping[str, str], bytes], bool]
"""Whether a POST with a path, headers and a body changes something."""


def _is_write(_: str, headers: Mapping[str, str], __: bytes) -> bool:
    return headers.get("x-amz-target", "").rpartition(".")[2] in WRITES


def _noting(handle: Handler, clock: Clock, changes: Changes) -> Handler:
    @functools.wraps(handle)
    async def noted(method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any, **more: Any) -> Any:
        if method == "POST" and changes(path, headers, body or b""):
            clock.note()
        return await handle(method, path, headers, body, *rest, **more)

    return noted


def _noted(do: Callable[..., Any], clock: Clock) -> Callable[..., Any]:
    @functools.wraps(do)
    def noted(*arguments: Any, **more: Any) -> Any:
        clock.note()
        return do(*arguments, **more)

    return noted


def _noted_if_any(find: Callable[..., Any], clock: Clock) -> Callable[..., Any]:
    """Returns `find`, changed to note that something happens if it finds anything."""

    @functools.wraps(find)
    def noted(*arguments: Any) -> Any:
        if found := find(*arguments):
            clock.note()
        return found

    return noted


def _noted_if_shorter(step: Callable[[Any], Any], clock: Clock) -> Callable[[Any], Any]:
    """Returns `step`, changed to note that something happens if it removes messages of a queue."""

    @functools.wraps(step)
    def noted(queue: dict[str, Any]) -> Any:
        before = len(queue["messages"])
        result = step(queue)
        if len(queue["messages"]) < before:
            clock.note()
        return result

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
    if not math.isfinite(number):
        raise InvalidError(f"{name} is not a number")
    number = min(max(number, -FARTHEST), FARTHEST)
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
