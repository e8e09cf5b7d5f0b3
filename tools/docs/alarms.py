"""The tables of the alarms for docs/runbook.md, made from the lists of the stacks, as in `prod`."""

from collections.abc import Iterable, Mapping

from stacks.account_alarms import account_alarms
from stacks.alarm import A_DAY, A_MINUTE, AN_HOUR, SOURCES, Alarm
from stacks.alarm_settings import AlarmSettings
from stacks.cache_alarms import cache_alarms
from stacks.names import ACCOUNT, ORDERS, REMINDERS
from stacks.order_alarms import order_alarms
from stacks.reminder_alarms import reminder_alarms

UNITS = {A_DAY: "day", AN_HOUR: "hour", A_MINUTE: "minute"}


def lists(settings: AlarmSettings) -> Mapping[str, tuple[Alarm, ...]]:
    """The alarms of each stack that has some, also the alarms of a cache."""
    return {
        ORDERS: (*order_alarms(settings), *cache_alarms(settings)),
        REMINDERS: reminder_alarms(settings),
        ACCOUNT: account_alarms(settings),
    }


def parts(settings: AlarmSettings) -> dict[str, str]:
    tables = {f"alarms-{stack.lower()}": table(stack, alarms) for stack, alarms in lists(settings).items()}
    return tables | {"alarm-sources": "\n".join(f"- *{name}*: {text}" for name, text in SOURCES.items())}


def table(stack: str, alarms: Iterable[Alarm]) -> str:
    lines = [
        "| alarm | goes off if | in | no data | from | wakes | metrics |",
        "| --- | --- | --- | --- | --- | --- | ---: |",
    ]
    for alarm in alarms:
        link = f"[{alarm.title}](#{stack.lower()}-{(alarm.section or alarm.id).lower()})"
        cells = (
            *(link, _rule(alarm), _times(alarm), "alarm" if alarm.missing == "breaching" else "fine", alarm.source),
            *("yes" if alarm.urgent else "in a pair" if alarm.window_of else "", str(len(alarm.metrics))),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _rule(alarm: Alarm) -> str:
    names = {id: f"{metric.statistic} of {metric.name}" for id, metric in alarm.metrics.items()}
    value = alarm.expression or names["metric"]
    where = ", ".join(f"{id}: {name}" for id, name in names.items()) if alarm.expression else ""
    return f"`{value}` {alarm.comparison} {alarm.threshold:g}" + (f" ({where})" if where else "")


def _times(alarm: Alarm) -> str:
    seconds, unit = next((seconds, unit) for seconds, unit in UNITS.items() if alarm.period % seconds == 0)
    number = alarm.period // seconds
    length = f"{number} {unit}s" if number > 1 else unit
    return f"{alarm.reached} of {alarm.periods} × {length}"
