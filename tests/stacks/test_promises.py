"""When the alarms on the two promises go off, computed from the templates over made-up days, as docs/slo.md tells it.

The days have the traffic of a minute, and how many of it were late. Alarms are evaluated as on the laptop cloud.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from local.metrics.alarms import evaluation_range, state
from local.metrics.maths import evaluated
from stacks.config import PROD
from stacks.order_alarms import SETTLED
from stacks.promises import BUDGET, Promise
from stacks.reminder_alarms import SENT
from tests.support.templates.deployment import Deployment

Day = Callable[[int], tuple[int, int]]
"""All and late ones in a minute."""

A_DAY, A_MONTH = 24 * 60, 30 * 24 * 60
FAULT = 10 * A_DAY
"""The minute at which a fault begins, after ten good days."""

BUSY = 100
PROMISES = {"Orders/OrderAlarms": SETTLED, "Reminders/ReminderAlarms": SENT}


@pytest.fixture(params=PROMISES)
def alarms(request: pytest.FixtureRequest, synthesised: Callable[..., Deployment]) -> tuple[Promise, dict[str, Any]]:
    promise = PROMISES[request.param]
    found = synthesised("prod").properties("AWS::CloudWatch::Alarm")
    return promise, {path.rpartition("/")[2]: alarm for path, alarm in found.items() if f"/{promise.id}" in path}


def series(day: Day, *, late: bool, beginnings: range) -> dict[int, float]:
    """A metric's sums in periods. A period in which nothing happened has no value."""
    sums = {}
    for at in beginnings:
        minutes = [day(minute) for minute in range(at // 60, (at + beginnings.step) // 60)]
        if any(all for all, _ in minutes):
            sums[at] = float(sum(one[late] for one in minutes))
    return sums


def is_on(alarm: Mapping[str, Any], day: Day, *, minute: int) -> bool:
    [math] = [query["Expression"] for query in alarm["Metrics"] if query["ReturnData"]]
    [period] = {query["MetricStat"]["Period"] for query in alarm["Metrics"] if "MetricStat" in query}
    periods = evaluation_range(alarm, period=period, now=minute * 60)
    known = {name: series(day, late=name == "late", beginnings=periods) for name in ("late", "everything")}
    return state(alarm, evaluated(math, known, periods), periods, before="OK") == "ALARM"


def told(alarms: tuple[Promise, dict[str, Any]], day: Day, *, minute: int) -> set[str]:
    """Whether the alarms wake somebody, and whether they tell somebody."""
    promise, found = alarms
    on = {id for id, alarm in found.items() if is_on(alarm, day, minute=minute)}
    woken = any({one, other} <= on for one, other in promise.urgent_rule)
    return ({"woken"} if woken else set()) | ({"told"} if f"{promise.id}ThreeDays" in on else set())


def good(minute: int) -> tuple[int, int]:
    """One of 2,000 is late: half of what the promise allows."""
    return BUSY, int(minute % 20 == 0)


def with_fault(*, minutes: int, late: int) -> Day:
    return lambda minute: (BUSY, late) if FAULT <= minute < FAULT + minutes else good(minute)


def during(alarms: tuple[Promise, dict[str, Any]], day: Day, minutes: range) -> set[str]:
    return {one for minute in minutes for one in told(alarms, day, minute=minute)}


def test_a_good_day_tells_nobody(alarms):
    assert during(alarms, good, range(FAULT, FAULT + A_DAY, 30)) == set()


def test_a_day_without_traffic_tells_nobody(alarms):
    assert during(alarms, lambda minute: (0, 0), range(FAULT, FAULT + A_DAY, 60)) == set()


def test_one_of_100_late_for_ten_minutes_tells_nobody(alarms):
    """It spends 10 of the month's 4,320 late orders."""
    day = with_fault(minutes=10, late=1)

    assert during(alarms, day, range(FAULT, FAULT + 8 * 60, 2)) == set()


def test_a_total_outage_wakes_somebody_within_two_minutes(alarms):
    day = with_fault(minutes=10, late=BUSY)

    assert during(alarms, day, range(FAULT - 30, FAULT + 1)) == set()
    assert "woken" in told(alarms, day, minute=FAULT + 2)
    promise, found = alarms
    assert all(is_on(found[id], day, minute=FAULT + 2) for id in promise.urgent_rule[0])


def test_after_an_outage_the_alarm_ends_with_its_short_window(alarms):
    promise, _ = alarms
    day = with_fault(minutes=10, late=BUSY)
    over = FAULT + 10

    assert "woken" in told(alarms, day, minute=over)
    # An hour of 6,000 orders with 1,000 late ones also spends the budget of six hours too fast, for 30 minutes more.
    assert "woken" in told(alarms, day, minute=over + 29)
    assert "woken" not in told(alarms, day, minute=over + 31)
    hour, now = promise.urgent_rule[0]
    on = {id for id in (hour, now) if is_on(alarms[1][id], day, minute=over + promise.soonest // 60 + 1)}
    assert on == {hour}


def test_one_of_100_late_for_hours_wakes_somebody(alarms):
    day = with_fault(minutes=5 * 60, late=1)

    assert "woken" not in during(alarms, day, range(FAULT, FAULT + 3 * 60, 10))
    assert "woken" in told(alarms, day, minute=FAULT + 4 * 60)


def test_a_few_more_late_ones_than_allowed_for_days_tell_and_wake_nobody(alarms):
    """Twice the budget, all the time: 2 of 1,000."""

    def day(minute: int) -> tuple[int, int]:
        return BUSY, int(minute % 5 == 0) if minute >= FAULT else int(minute % 20 == 0)

    found = during(alarms, day, range(FAULT, FAULT + 3 * A_DAY, 120))

    assert found == {"told"}


def test_the_only_order_of_a_quiet_night_wakes_nobody_if_it_is_late(alarms):
    def day(minute: int) -> tuple[int, int]:
        return (1, 1) if minute == FAULT else (0, 0)

    assert during(alarms, day, range(FAULT, FAULT + 60, 5)) == set()


def test_the_late_ones_that_count_are_a_setting(alarms):
    promise, _ = alarms
    settings = replace(PROD.alarms, least_late=7)

    assert [alarm.expression for alarm in promise.alarms(settings)] == [
        "IF(late >= 7, late / everything, 0)",
        "IF(late >= 1, late / everything, 0)",
        "IF(late >= 7, late / everything, 0)",
        "IF(late >= 1, late / everything, 0)",
        "IF(late >= 7, late / everything, 0)",
    ]


@pytest.mark.parametrize("window", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(("share", "goes_off"), [(0.9, False), (1.1, True)])
def test_a_window_goes_off_at_its_burn_rate(window, share, goes_off, alarms):
    promise, found = alarms
    of = promise.windows()[window]
    # So many that a minute has whole late ones.
    late = round(1_000_000 * of.rate * BUDGET * share)

    assert is_on(found[f"{promise.id}{of.id}"], lambda minute: (1_000_000, late), minute=FAULT) is goes_off


@pytest.mark.parametrize(("hours", "rate", "percent"), [(1, 14.4, 2), (6, 6, 5), (72, 1, 10)])
def test_the_long_windows_and_the_share_of_the_budget_that_they_spend_come_from_the_workbook(
    hours, rate, percent, alarms
):
    windows = {window.seconds / 3600: window.rate for window in alarms[0].windows() if window.is_long}

    assert windows[hours] == rate
    assert 100 * hours * rate / (A_MONTH / 60) == pytest.approx(percent)


def test_the_short_windows_are_as_the_page_says(alarms):
    minutes = [window.seconds / 60 for window in alarms[0].windows() if not window.is_long]

    assert minutes == [{SETTLED.id: 15, SENT.id: 5}[alarms[0].id], 30]
