"""How a drill makes an alarm go off, and what it saw."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from local.metrics.alarms import evaluation_range, state
from tests.drill.alarms import ALARM, LATER, MINUTE, OK, STAGE, URGENT, Alarms, known, wait_for
from tests.support.cloud.apps import Apps
from tests.support.waiting import eventually
from tools.docs.alarms import lists

Fault: TypeAlias = Callable[[Apps], AbstractContextManager[object]]

EXPECTED = 10
"""The `requests_expected` of the stage whose template the drill of `ApiSilent` uses."""

Figures: TypeAlias = Literal["measured", "repeated", "aged", "put", "template"]
MEANINGS: Mapping[Figures, str] = {
    "measured": "The drill made the fault, and the alarm went off from what the engine measured.",
    "repeated": (
        "The drill made the fault, and the engine measured a value beyond the threshold. The alarm needs this value "
        "for several minutes, so the drill wrote it into the minutes to come, and let the alarm see that time."
    ),
    "aged": (
        "The drill made the fault, and the engine measured how old the message was: some seconds. The drill added the "
        "threshold to this age, and went on as with `repeated`."
    ),
    "put": (
        "The engine does not have the metric, or cannot have the fault. The drill wrote values beyond the threshold, "
        "and the deployed alarm evaluated them."
    ),
    "template": (
        "The stage `local` switches this alarm off. The drill read the metric, and applied the arithmetic of the "
        f"template of a stage that expects {EXPECTED} requests a minute."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Drill:
    """A fault, and the alarms that go off with it."""

    alarm: str
    """Such as `Orders.Parked`."""
    also: tuple[str, ...] = ()
    """Further alarms that the same fault makes go off."""
    fault: str
    """In words, for the report."""
    make: Fault | None = None
    """Makes the fault, and undoes it at the end. None if the drill only puts `values`."""
    figures: Figures = "measured"
    values: Mapping[str, float] | None = None
    """For `put`: a value of each metric."""
    ahead: float = MINUTE
    """The seconds by which the drill moves the time on to see the fault."""
    undone: Fault | None = None
    """What ends the alarm, if the absence of values does not."""

    @property
    def alarms(self) -> tuple[str, ...]:
        return (self.alarm, *self.also)


@dataclass(frozen=True)
class Result:
    """How one alarm went off."""

    drill: Drill
    name: str
    measured: Mapping[str, float]
    """The values of the alarm's metrics, as far as the engine measured or the drill wrote some."""
    seen: tuple[str, str]
    """How the drill saw the alarm, and its end: `message`, or `state` if the alarm publishes none."""


def run(drill: Drill, alarms: Alarms) -> list[Result]:
    """Makes the fault, sees its alarms go off, ends the fault, and sees them end. Raises AssertionError."""
    if drill.figures == "template":
        return [_by_arithmetic(drill, alarms)]
    names = {id: known()[id] for id in drill.alarms}
    publishing = [name for name in names.values() if alarms.description(name)["AlarmActions"]]
    _end(drill, alarms, names.values())
    if drill.figures == "measured" and drill.ahead == MINUTE:
        # A value of the last minutes may be from something else.
        alarms.ahead(MINUTE)
        for name in names.values():
            wait_for(alarms, name, OK)
    since = datetime.now(UTC)
    earlier = {name: alarms.measured(name, since=since) for id, name in names.items() if not _has_no_value(drill, id)}
    before = {name: len(alarms.messages(name)) for name in publishing}
    with drill.make(alarms.apps) if drill.make else nullcontext():
        values = {id: _values(drill, id, name, alarms, since, earlier.get(name, {})) for id, name in names.items()}
        if drill.figures == "measured":
            alarms.ahead(drill.ahead)
        else:
            alarms.ahead(max(alarms.put(name, values[id]) for id, name in names.items()))
        for name in names.values():
            wait_for(alarms, name, ALARM)
        for name in publishing:
            eventually(lambda name=name: ALARM in alarms.messages(name)[before[name] :])  # type: ignore[misc]  # the default has no type
    _end(drill, alarms, names.values())
    for name in publishing:
        eventually(lambda name=name: OK in alarms.messages(name)[before[name] :])  # type: ignore[misc]  # the default has no type
    seen = {name: "message" if name in publishing else "state" for name in names.values()}
    return [Result(drill, name, values[id], (seen[name], seen[name])) for id, name in names.items()]


def _end(drill: Drill, alarms: Alarms, names: Iterable[str]) -> None:
    with drill.undone(alarms.apps) if drill.undone else nullcontext():
        alarms.ahead(0 if drill.undone else LATER)
        for name in names:
            wait_for(alarms, name, OK)


def _has_no_value(drill: Drill, id: str) -> bool:
    """A composite alarm has no metric, and an alarm on silence has no value."""
    return id.endswith(f".{URGENT}") or drill.ahead != MINUTE


def _values(
    drill: Drill, id: str, name: str, alarms: Alarms, since: datetime, earlier: Mapping[str, float]
) -> Mapping[str, float]:
    """The values with which the alarm is to go off. Waits until what the engine measured is beyond the threshold."""
    if _has_no_value(drill, id):
        return {}
    if drill.figures == "put":
        values = drill.values or {}
    elif drill.figures == "aged":
        threshold = float(alarms.description(name)["Threshold"])
        measured = eventually(lambda: alarms.measured(name, since=since), until=lambda ages: any(ages.values()))
        values = {metric: value + threshold for metric, value in measured.items() if value}
    else:
        values = eventually(
            lambda: alarms.added(name, since=since, before=earlier), until=lambda now: alarms.crosses(name, now)
        )
    assert alarms.crosses(name, values), f"{name}: {values}"
    return values


def _by_arithmetic(drill: Drill, alarms: Alarms) -> Result:
    """Reads the metric of an alarm that is switched off, and evaluates the alarm of another stage with it."""
    name = known()[drill.alarm]
    settings = replace(STAGE.alarms, requests_expected=EXPECTED)
    [alarm] = [one for one in lists(settings)["Orders"] if drill.alarm == f"Orders.{one.id}"]
    properties = alarm.properties(name=name, runbook="", resources={}, actions=[])
    since = datetime.now(UTC)
    earlier = alarms.measured(name, since=since)
    with drill.make(alarms.apps) if drill.make else nullcontext():
        measured = eventually(lambda: alarms.added(name, since=since, before=earlier))
    [value] = measured.values()
    periods = evaluation_range(properties, period=alarm.period, now=since.timestamp())
    assert state(properties, dict.fromkeys(periods, value), periods, before="OK") == ALARM
    assert state(properties, {}, periods, before="OK") == ALARM
    assert state(properties, dict.fromkeys(periods, float(EXPECTED)), periods, before="ALARM") == OK
    return Result(drill, name, measured, ("arithmetic", "arithmetic"))
