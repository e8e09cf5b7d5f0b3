"""The two promises that people feel, and the alarms on how fast their error budgets are spent.

A promise is kept for 999 of 1,000. The thousandth is the error budget of 30 days. The burn rate says how much faster
than that the budget is spent: at a rate of 14.4, an hour takes 2 % of it. docs/slo.md has the arithmetic.

See decision D204.
"""

from dataclasses import dataclass

from stacks.alarm import A_DAY, A_MINUTE, AN_HOUR, SRE, Alarm
from stacks.alarm_settings import AlarmSettings
from stacks.metric import Metric

TARGET = 0.999
BUDGET = 1 - TARGET


@dataclass(frozen=True)
class Window:
    """A burn rate, and the time over which it counts. `is_long` windows also need a number of late ones."""

    id: str
    title: str
    rate: float
    seconds: int
    is_long: bool


@dataclass(frozen=True, kw_only=True)
class Promise:
    """`late` counts what broke the promise, and `all` has one value for each order or reminder."""

    id: str
    what: str
    late: Metric
    all: Metric
    soonest: int
    """The seconds of the short window of the fastest burn rate. Metrics that arrive late need a longer one."""

    def windows(self) -> tuple[Window, ...]:
        minutes = self.soonest // A_MINUTE
        return (
            Window("Hour", "1 hour", 14.4, AN_HOUR, True),
            Window("HourNow", f"{minutes} minutes", 14.4, self.soonest, False),
            Window("SixHours", "6 hours", 6, 6 * AN_HOUR, True),
            Window("SixHoursNow", "30 minutes", 6, 30 * A_MINUTE, False),
            Window("ThreeDays", "3 days", 1, 3 * A_DAY, True),
        )

    @property
    def urgent_rule(self) -> tuple[tuple[str, str], ...]:
        """The pairs of windows that wake somebody: both of a pair have to be in alarm."""
        return (f"{self.id}Hour", f"{self.id}HourNow"), (f"{self.id}SixHours", f"{self.id}SixHoursNow")

    def alarms(self, settings: AlarmSettings) -> tuple[Alarm, ...]:
        return tuple(self._alarm(window, settings) for window in self.windows())

    def _alarm(self, window: Window, settings: AlarmSettings) -> Alarm:
        is_ticket = window.id == "ThreeDays"
        share = "late / everything"
        return Alarm(
            id=f"{self.id}{window.id}",
            title=f"{self.what}, {window.title}",
            means=(
                f"{self.what[0].upper()}{self.what[1:]}: in {window.title} more than {100 * window.rate * BUDGET:.3g} %"
                f", {window.rate:g} times what the promise allows."
            ),
            metrics={"late": self.late, "everything": self.all},
            expression=f"IF(late >= {settings.least_late if window.is_long else 1}, {share}, 0)",
            comparison=">",
            threshold=round(window.rate * BUDGET, 6),
            period=window.seconds,
            missing="notBreaching",
            source=SRE,
            window_of="" if is_ticket else self.id,
            section=self.id,
        )
