"""The paths whose bills are budgeted: one request each through the apps, on a laptop cloud that does nothing else.

`costs/budgets.json` holds what each path uses. To accept a change of it, start the laptop cloud of this checkout with
`laptop up`, and run `python -m tests.support.cloud.paths`. It writes the file. `--show` only prints the
differences, and names of paths limit it to these paths.

See decision D152.
"""

import json
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import costs
from costs.units import Counts, added, differences
from local import counts, homes, settings
from local.cloud import Cloud
from local.users import EMAILS, OPERATOR, PHONES
from tests.support.cloud import reminders
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.faults import without_window
from tests.support.names import unique
from tests.support.waiting import eventually

FILE = Path(costs.__file__).with_name("budgets.json")

OF_THIS_MACHINE = {
    *("lambda.gb_second", "lambda.init_gb_second", "lambda.cold_start", "states.express_gb_second"),
    "sqs.poll",
    # Once for each new process of a function.
    *("secretsmanager.request", "kms.request"),
}
"""Units that depend on the time that passes here, or on which processes happen to run."""

ABOUT = 0.1
"""Bytes may differ by a tenth: ids and times have different lengths."""

ACCEPT = (
    "If you intended this, run `laptop up` and `python -m tests.support.cloud.paths`. Then look at the "
    "change of costs/budgets.json."
)

ROWS = 3
"""Rows of a list."""


@dataclass(frozen=True)
class Steps:
    """`run` gets what `prepare` returned. What `prepare` does is not counted."""

    run: Callable[[Apps, Any], object]
    prepare: Callable[[Apps], Any] = lambda apps: None
    occurrences: bool = False
    """Whether the budget is the difference between three and two occurrences of a reminder."""
    waits: bool = False
    """Whether waits take their time."""


def _place(apps: Apps, **changes: str) -> str:
    order = {**new_order(), **changes}
    status, _ = apps.post_order(order)
    assert status == 202, status
    apps.settled(order["OrderId"])
    return order["OrderId"]


def _start_order(apps: Apps, _: Any) -> None:
    apps.finished(apps.start(apps.places.order_workflow, new_order()))


def _placed(apps: Apps) -> dict[str, str]:
    order = new_order()
    assert apps.post_order(order)[0] == 202
    apps.settled(order["OrderId"])
    return order


def _cached(apps: Apps) -> str:
    order_id = _place(apps)
    _idle(apps.cloud)
    apps.get_order(order_id)
    eventually(lambda: apps.get_order(order_id)[2], until=lambda cache: cache == "HIT")
    return order_id


def _not_cached(apps: Apps) -> str:
    order_id = _place(apps)
    _idle(apps.cloud)
    with socket.create_connection(("127.0.0.1", apps.cloud.settings.redis_port)) as connection:
        connection.sendall(b"FLUSHALL\r\n")
        assert connection.recv(16).startswith(b"+OK")
    return order_id


def _look_up(cache: str) -> Callable[[Apps, Any], object]:
    def look_up(apps: Apps, order_id: str) -> None:
        status, _, found = apps.get_order(order_id)
        assert (status, found) == (200, cache)

    return look_up


def _person_with_orders(apps: Apps) -> Apps:
    person = apps.as_new_person()
    for _ in range(ROWS):
        _place(person)
    return person


def _list(_: Apps, person: Apps) -> None:
    status, body, _headers = person.call("GET", "/orders")
    assert status == 200 and len(body["orders"]) == ROWS, body


def _reminder(apps: Apps, **fields: Any) -> str:
    body = {"message": unique("Feed the cat, "), "waitSeconds": 60, **fields}
    status, answer = apps.post_reminder(body)
    assert status == 202, answer
    return str(answer["reminderId"])


def _remind(preference: str, *, times: int = 1, **fields: Any) -> Callable[[Apps, Any], object]:
    def remind(apps: Apps, _: Any) -> None:
        repeat = {"repeat": {"every": "1d", "times": times}} if times > 1 else {}
        row = reminders.settled(apps, _reminder(apps, preference=preference, **fields, **repeat), occurrence=times)
        assert row["Status"] == "SENT", row

    return remind


def _remind_by_hand(apps: Apps, _: Any) -> None:
    message = unique("Feed the cat, ")
    apps.finished(
        apps.start(
            apps.places.reminder_workflow,
            {"waitSeconds": 60, "preference": "email", "message": message, "email": EMAILS[OPERATOR]},
        )
    )
    eventually(lambda: reminders.delivered(apps, message))


def _cancel(apps: Apps, _: Any) -> None:
    reminder = _reminder(apps, preference="email")
    status, answer, _headers = apps.call_reminders("DELETE", f"/reminders/{reminder}")
    assert status == 200, answer


PATHS = {
    "order": Steps(lambda apps, _: _place(apps)),
    "order started by hand": Steps(_start_order),
    "order escalated": Steps(lambda apps, _: _place(apps, Price="-1")),
    "order duplicate": Steps(lambda apps, order: apps.post_order(order), prepare=_placed),
    "lookup hit": Steps(_look_up("HIT"), prepare=_cached),
    "lookup miss": Steps(_look_up("MISS"), prepare=_not_cached),
    f"list of {ROWS} orders": Steps(_list, prepare=_person_with_orders),
    "reminder by e-mail": Steps(_remind("email")),
    "reminder by sms": Steps(_remind("sms", phone=PHONES[OPERATOR])),
    "reminder by both": Steps(_remind("both", phone=PHONES[OPERATOR])),
    "reminder by topic": Steps(_remind("topic")),
    "reminder by hand": Steps(_remind_by_hand),
    "reminder occurrence": Steps(_remind("email", times=3), occurrences=True),
    "reminder cancelled": Steps(_cancel, waits=True),
}


def budgets() -> dict[str, Counts]:
    found: dict[str, Counts] = json.loads(FILE.read_text())["paths"]
    return found


def measured(apps: Apps, name: str) -> Counts:
    """Runs a path once, and counts what it uses."""
    path = PATHS[name]
    apps.cloud.engine.skip_waits(not path.waits)
    try:
        found = counted(apps, path)
        if path.occurrences:
            found = _less(found, counted(apps, Steps(_remind("email", times=2))))
    finally:
        apps.cloud.engine.skip_waits(False)
    return found


def counted(apps: Apps, path: Steps) -> Counts:
    """What one run of the steps uses."""
    prepared = path.prepare(apps)
    _watched(apps)
    apps.cloud.engine.meter(forget=True)
    path.run(apps, prepared)
    _watched(apps)
    _, found = counts.read(apps.cloud.engine)
    return of_the_path(found)


def of_the_path(found: Counts) -> Counts:
    """The counts that every run of a path has: without this machine's times, and without calls of functions that read
    a stream, because their number depends on how the records fall into batches."""
    readers = found.get("lambda.stream_record", {})
    kept: Counts = {}
    for unit, resources in found.items():
        if unit in OF_THIS_MACHINE or unit.startswith("cloudfront."):
            continue
        batched = unit in ("lambda.request", "logs.platform_byte", "logs.metric_byte")
        resources = {name: n for name, n in resources.items() if not (batched and name.partition("/")[0] in readers)}
        if resources:
            kept[unit] = resources
    return kept


def _less(more: Counts, fewer: Counts) -> Counts:
    negative = {unit: {name: -number for name, number in resources.items()} for unit, resources in fewer.items()}
    total = added([more, negative])
    return {
        unit: left for unit, resources in total.items() if (left := {name: n for name, n in resources.items() if n})
    }


def _watched(apps: Apps) -> None:
    """Waits until the engine works on nothing, and until WatchOrders has read all changes in one batch."""
    _idle(apps.cloud)
    with without_window(apps, "WatchOrders"):
        _idle(apps.cloud)


def _idle(cloud: Cloud) -> None:
    """Waits until the engine works on nothing, and has counted nothing new since the look before."""
    before: list[Any] = [None]

    def quiet() -> bool:
        found = cloud.engine.meter()
        last, before[0] = before[0], found["counts"] | {"sqs.poll": {}}
        return not found["busy"] and before[0] == last

    eventually(quiet)


def changed(budget: Counts, found: Counts) -> list[str]:
    """A line for each count that is not as budgeted. Bytes may differ a little."""
    return differences(budget, nearly(budget, found))


def nearly(budget: Counts, found: Counts) -> Counts:
    """`found`, with the budget's own number where the bytes of both are about the same."""
    return {
        unit: {name: _about(unit, budget.get(unit, {}).get(name), number) for name, number in resources.items()}
        for unit, resources in found.items()
    }


def _about(unit: str, was: float | None, now: float) -> float:
    is_near = was is not None and unit.endswith("_byte") and abs(now - was) <= ABOUT * was
    return was if is_near and was is not None else now


def main(arguments: list[str]) -> int:
    names = [argument for argument in arguments if argument != "--show"] or list(PATHS)
    cloud = Cloud(settings.load(homes.named(settings.HOME)))
    apps = Apps(cloud, cloud.places(), user=cloud.users()[OPERATOR])
    before = budgets()
    after = dict(before)
    for name in names:
        # The first run starts the processes of functions, which may take longer than the queues and caches wait.
        measured(apps, name)
        after[name] = nearly(before.get(name, {}), measured(apps, name))
        print(name)
        for line in differences(before.get(name, {}), after[name]):
            print(f"  {line}")
    if "--show" not in arguments:
        text = json.dumps({"paths": {name: after[name] for name in PATHS if name in after}}, indent=2)
        FILE.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
