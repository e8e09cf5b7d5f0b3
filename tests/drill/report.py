"""The report of the drills, docs/drill.md."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from tests.drill.drills import MEANINGS, Result

HEAD = """\
# Fire drill

`make drill` wrote this page on {today}. It starts a laptop cloud of its own, makes the fault of each alarm, and waits
until the alarm goes off and its message arrives at a queue that subscribes to the topics. Then it ends the fault and
waits for the message that says `OK`. [The runbook](runbook.md) says what each alarm means.

- {alarms} alarms: {counts}.
- {messages} of them sent both messages. Of the others, windows of a promise publish nothing, so the drill read their
  state. [SLO](slo.md) says which of them make `Urgent` go off.
- Nobody waits: the drill lets the alarms see a later time. For `OK` it lets them see a month later.
- Two more things tell operators, and are not alarms of CloudWatch: the rule `KeyChanged`, which needs CloudTrail, and
  the budget. The engine has neither.

| figures | what happened |
| --- | --- |
{meanings}

*Seen* has the values of the alarm's metrics.

| alarm | fault | figures | seen | how | end |
| --- | --- | --- | --- | --- | --- |
"""


def values(result: Result) -> str:
    return ", ".join(f"{id} {value:,.10g}" for id, value in result.measured.items()).replace("metric ", "") or "-"


def line(result: Result) -> str:
    drill = result.drill
    return f"{result.name}: {drill.fault}: {drill.figures} {values(result)}: {' and '.join(result.seen)}"


def report(results: Sequence[Result], *, today: date) -> str:
    counts = Counter(one.drill.figures for one in results)
    messages = sum(one.seen[0] == "message" for one in results)
    head = HEAD.format(
        today=f"{today:%Y-%m-%d}",
        alarms=len(results),
        counts=", ".join(f"{counts[kind]} {kind}" for kind in MEANINGS),
        messages=messages,
        meanings="\n".join(f"| {kind} | {text} |" for kind, text in MEANINGS.items()),
    )
    rows = [
        " | ".join((one.name.partition(" ")[2], one.drill.fault, one.drill.figures, values(one), *one.seen))
        for one in sorted(results, key=lambda one: one.name)
    ]
    return head + "\n".join(f"| {row} |" for row in rows) + "\n"
