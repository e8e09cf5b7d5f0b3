"""The pictures of the simulation."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from tools import plots
from tools.simulate.day import HOUR
from tools.simulate.designs import MILLION
from tools.simulate.orders import Minute, percentile
from tools.simulate.reminders import Sent
from tools.simulate.runs import Day

FIRST, LAST = 11 * 60 + 45, 14 * 60
"""The minutes of the day that are shown."""

SALE, DUE_TOGETHER = plots.IMAGES / "flash-sale.svg", plots.IMAGES / "due-together.svg"


def draw_sale(days: Sequence[Day], *, shows: Any) -> None:
    """What came in, and what each design made of it."""
    figure = plots.figure(figsize=(9, 11))
    axes = figure.subplots(5, 1, sharex=True)
    hours = [minute * 60 / HOUR for minute in range(FIRST, LAST)]

    def line(at: int, title: str, value: Callable[[Day, int, Minute], float]) -> None:
        axes[at].set_title(title, loc="left")
        for day in days:
            values = [value(day, minute, day.minutes[minute]) for minute in range(FIRST, LAST)]
            axes[at].plot(hours, values, color=day.design.colour, label=day.design.name)

    came = [days[0].minutes[at].offered / 60 for at in range(FIRST, LAST)]
    axes[0].fill_between(hours, came, color="#e0e0e0", label="new orders")
    line(0, "Accepted orders a second", lambda day, at, minute: minute.accepted / 60)
    line(1, "Refused requests a second; callers try three times more", lambda day, at, minute: minute.refused / 60)
    line(2, "Orders that wait in the workflow, and parked ones (dotted)", lambda day, at, minute: minute.waiting)
    for day in days:
        if day.sum("parked") >= 1:
            parked = [*accumulate(minute.parked for minute in day.minutes)]
            axes[2].plot(hours, parked[FIRST:LAST], color=day.design.colour, linestyle=":")
    axes[2].set_yscale("symlog")
    line(3, "Seconds until an order is in its queue (p99)", lambda day, at, minute: percentile(minute.settling, 0.99))
    line(4, "US dollars of the day so far", lambda day, at, minute: _usd(day, at))
    axes[4].set_xlabel("hour of the day")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    plots.save(figure, SALE, shows=shows)


def draw_reminders(found: Sequence[Sent], *, shows: Any) -> None:
    """How many of the reminders that were due together have gone out."""
    figure = plots.figure(figsize=(9, 3.2))
    axes = figure.subplots()
    for sent, colour in zip(found, ("#ff725c", "#4269d0"), strict=True):
        at = sorted(sent.sent)
        name = f"{sent.name}: {len(at):,} sent, {sent.failed:,} failed"
        axes.plot([second / 60 for second in at], range(1, len(at) + 1), color=colour, label=name)
    axes.set_title("Reminders by e-mail that are due in the same second: sent so far", loc="left")
    axes.set_xlabel("minutes after they were due")
    axes.legend(frameon=False)
    plots.save(figure, DUE_TOGETHER, shows=shows)


def _usd(day: Day, minute: int) -> float:
    return sum(one.accepted for one in day.minutes[: minute + 1]) * day.design.usd_per_million / MILLION
