from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.due import LONGEST_WAIT, Due, local_text, utc_text
from reminders.errors import InvalidReminderError
from reminders.recurrence import MOST, Occurrence, check, next_after, occurrence

PARIS, NEW_YORK, LORD_HOWE, APIA = "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"


def at(wall: str, zone: str = PARIS, *, fold: int = 0) -> Due:
    local = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return Due(local.astimezone(UTC), zone)


def walls(first: Due, every: str, numbers) -> list[str]:
    """Returns the local times at which the occurrences are due."""
    return [local_text(occurrence(first, {"every": every}, number), first.zone) for number in numbers]


def refusal(repeat, first=None, zone: str | None = PARIS) -> tuple[str, str]:
    with pytest.raises(InvalidReminderError) as caught:
        check(repeat, first or at("2027-01-27 09:00"), zone=zone)
    return caught.value.field, str(caught.value)


@pytest.mark.parametrize(
    ("first", "every", "expected"),
    [
        (at("2027-03-27 09:00"), "1d", ["2027-03-28T09:00:00+02:00", "2027-03-29T09:00:00+02:00"]),
        (at("2027-10-30 09:00"), "1d", ["2027-10-31T09:00:00+01:00", "2027-11-01T09:00:00+01:00"]),
        (at("2027-03-22 09:00"), "1w", ["2027-03-29T09:00:00+02:00", "2027-04-05T09:00:00+02:00"]),
        (at("2027-03-01 09:00"), "1M", ["2027-04-01T09:00:00+02:00", "2027-05-01T09:00:00+02:00"]),
        (at("2027-03-27 09:00"), "1y", ["2028-03-27T09:00:00+02:00", "2029-03-27T09:00:00+02:00"]),
        (at("2027-03-13 09:00", NEW_YORK), "1d", ["2027-03-14T09:00:00-04:00", "2027-03-15T09:00:00-04:00"]),
        (at("2027-10-02 09:00", LORD_HOWE), "1d", ["2027-10-03T09:00:00+11:00", "2027-10-04T09:00:00+11:00"]),
        (at("2027-04-03 09:00", LORD_HOWE), "1d", ["2027-04-04T09:00:00+10:30", "2027-04-05T09:00:00+10:30"]),
    ],
)
def test_nine_in_the_morning_stays_nine_in_the_morning(first, every, expected):
    assert walls(first, every, (2, 3)) == expected


@pytest.mark.parametrize(
    ("wall", "every", "expected"),
    [
        ("2027-03-28 01:30", "1h", ["2027-03-28T03:30:00+02:00", "2027-03-28T04:30:00+02:00"]),
        ("2027-10-31 01:30", "1h", ["2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"]),
        ("2027-03-27 09:00", "24h", ["2027-03-28T10:00:00+02:00", "2027-03-29T10:00:00+02:00"]),
        ("2027-10-31 02:50", "20m", ["2027-10-31T02:10:00+01:00", "2027-10-31T02:30:00+01:00"]),
    ],
)
def test_minutes_and_hours_are_elapsed_time(wall, every, expected):
    assert walls(at(wall), every, (2, 3)) == expected


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (at("2027-03-27 02:30"), ["2027-03-28T03:30:00+02:00", "2027-03-29T02:30:00+02:00"]),
        (at("2027-03-13 02:30", NEW_YORK), ["2027-03-14T03:30:00-04:00", "2027-03-15T02:30:00-04:00"]),
        (at("2027-10-02 02:15", LORD_HOWE), ["2027-10-03T02:45:00+11:00", "2027-10-04T02:15:00+11:00"]),
    ],
)
def test_a_time_that_clocks_skip_moves_later_by_the_skipped_time(first, expected):
    assert walls(first, "1d", (2, 3)) == expected


def test_the_first_of_two_equal_local_times_counts():
    assert walls(at("2027-10-30 02:30"), "1d", (2, 3)) == ["2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00"]


def test_a_first_occurrence_may_be_the_second_of_two_equal_local_times():
    first = at("2027-10-31 02:30", fold=1)

    assert walls(first, "1d", (1, 2)) == ["2027-10-31T02:30:00+01:00", "2027-11-01T02:30:00+01:00"]


def test_a_day_that_a_zone_skips_is_sent_once_with_the_next():
    first = at("2011-12-29 09:00", APIA)
    every_day = {"every": "1d"}

    assert walls(first, "1d", (2, 3, 4)) == [
        "2011-12-31T09:00:00+14:00",
        "2011-12-31T09:00:00+14:00",
        "2012-01-01T09:00:00+14:00",
    ]
    second = next_after(first, every_day, 1, now=first.instant)
    third = next_after(first, every_day, second.number, now=second.instant)
    assert [local_text(one.instant, APIA)[:10] for one in (second, third)] == ["2011-12-31", "2012-01-01"]


@pytest.mark.parametrize(
    ("wall", "every", "numbers", "expected"),
    [
        ("2027-01-31 09:00", "1M", (2, 3, 4, 5), ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2027-12-31 09:00", "1M", (2, 3, 4), ["2028-01-31", "2028-02-29", "2028-03-31"]),
        ("2027-11-30 09:00", "3M", (2, 3, 4), ["2028-02-29", "2028-05-30", "2028-08-30"]),
        ("2028-02-29 09:00", "1y", (2, 3, 4, 5), ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        ("2028-02-29 09:00", "12M", (2, 5), ["2029-02-28", "2032-02-29"]),
        ("2028-02-28 09:00", "1d", (2, 3), ["2028-02-29", "2028-03-01"]),
        ("2027-02-28 09:00", "1d", (2,), ["2027-03-01"]),
        ("2026-12-31 23:59:59", "1d", (2,), ["2027-01-01"]),
        ("2026-12-31 23:59:59", "1M", (2, 3), ["2027-01-31", "2027-02-28"]),
        ("2026-12-31 23:59:59", "1w", (2,), ["2027-01-07"]),
        ("2027-01-31 09:00", "1M", (1000,), ["2110-04-30"]),
    ],
)
def test_a_day_moves_to_the_end_of_a_short_month_and_returns(wall, every, numbers, expected):
    shown = [text[:16] for text in walls(at(wall), every, numbers)]

    assert shown == [f"{day}T{wall[11:16]}" for day in expected]


@pytest.mark.parametrize(
    ("repeat", "now", "expected"),
    [
        ({"every": "1d"}, "2027-01-27 09:00", (2, "2027-01-28T08:00:00Z")),
        ({"every": "1d"}, "2027-01-20 09:00", (2, "2027-01-28T08:00:00Z")),
        ({"every": "1d"}, "2027-01-28 08:59:59", (2, "2027-01-28T08:00:00Z")),
        ({"every": "1d"}, "2027-01-28 09:00", (3, "2027-01-29T08:00:00Z")),
        ({"every": "1d"}, "2027-03-28 09:30", (62, "2027-03-29T07:00:00Z")),
        ({"every": "5m"}, "2028-01-27 09:00", (105_122, "2028-01-27T08:05:00Z")),
        ({"every": "1M"}, "2037-01-27 09:00", (122, "2037-02-27T08:00:00Z")),
        ({"every": "1y"}, "2126-01-27 08:59", (100, "2126-01-27T08:00:00Z")),
    ],
)
def test_the_next_occurrence_is_after_now_and_missed_ones_are_skipped(repeat, now, expected):
    following = next_after(at("2027-01-27 09:00"), repeat, 1, now=at(now).instant)

    assert (following.number, utc_text(following.instant)) == expected


def test_a_sent_occurrence_is_not_due_again_if_this_clock_is_behind():
    first = at("2027-01-27 09:00")
    early = occurrence(first, {"every": "1d"}, 5) - timedelta(milliseconds=1)

    assert next_after(first, {"every": "1d"}, 5, now=early).number == 6


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ({"times": 1}, 1),
        ({"times": 3}, 3),
        ({"until": "2027-01-27 09:00"}, 1),
        ({"until": "2027-01-29 08:59:59"}, 2),
        ({"until": "2027-01-29 09:00"}, 3),
        ({"until": "2027-01-29T08:00:00Z"}, 3),
        ({"until": "2027-01-29T08:00:00.5Z"}, 3),
        ({"until": "2027-01-29T09:00:00+02:00"}, 2),
    ],
)
def test_a_repetition_ends_after_its_times_or_at_its_until(end, last):
    first, repeat = at("2027-01-27 09:00"), {"every": "1d"} | end
    check(repeat, first, zone=PARIS)

    sent, instant = 1, first.instant
    while (following := next_after(first, repeat, sent, now=instant)) and following.number < 10:
        sent, instant = following

    assert sent == last


def test_missed_occurrences_count_towards_times():
    first = at("2027-01-27 09:00")

    assert next_after(first, {"every": "1d", "times": 3}, 1, now=at("2027-01-28 12:00").instant).number == 3
    assert next_after(first, {"every": "1d", "times": 3}, 1, now=at("2027-01-29 12:00").instant) is None


@pytest.mark.parametrize(
    "repeat",
    [{"every": every} for every in ("5m", "525600m", "1h", "8760h", "1d", "365d", "1w", "52w", "1M", "12M", "1y")]
    + [{"every": "1d", "times": times} for times in (1, 1000)]
    + [
        {"every": "1d", "until": until}
        for until in ("2027-01-27 09:00", "2027-01-27T08:00:00Z", "9998-12-31T00:00:00Z")
    ],
    ids=str,
)
def test_a_rule_within_the_limits_is_accepted(repeat):
    first = at("2027-01-27 09:00")

    check(repeat, first, zone=PARIS)

    assert occurrence(first, repeat, 2) > occurrence(first, repeat, 1) == first.instant


@pytest.mark.parametrize(
    "every",
    [None, 1, True, [], {}, "", "d", "1", "0d", "01d", "-1d", "1.5d", "1D", "1Y", "1s", "1 d", " 1d", "1d\n", "1dd"]
    + ["1d1h", "P1D", "daily", "１d", "²d", "٣d", "1" * 7 + "m"],
    ids=repr,
)
def test_an_interval_in_an_invalid_form_is_refused(every):
    field, problem = refusal({"every": every})

    assert field == "repeat.every"
    assert problem == "must be a number and a unit (m, h, d, w, M for months, y), such as 30m, 1d or 1M"


def test_a_missing_interval_is_refused():
    assert refusal({})[0] == "repeat.every"


@pytest.mark.parametrize("every", ["1m", "4m"])
def test_nobody_is_reminded_more_often_than_every_five_minutes(every):
    assert refusal({"every": every}) == ("repeat.every", "must be at least 5m")


@pytest.mark.parametrize(("unit", "most"), MOST.items())
def test_no_interval_is_longer_than_a_year(unit, most):
    assert refusal({"every": f"{most + 1}{unit}"}) == ("repeat.every", f"must be at most a year, {most}{unit}")


@pytest.mark.parametrize("times", [0, -1, 1001, 10**30, True, None, 1.0, "3", []], ids=repr)
def test_times_must_be_a_number_from_1_to_1000(times):
    assert refusal({"every": "1d", "times": times}) == ("repeat.times", "must be a whole number from 1 to 1000")


@pytest.mark.parametrize(
    ("until", "zone", "field", "problem"),
    [
        ("2027-01-27 08:59:59", PARIS, "repeat.until", "must not be before the first time"),
        ("2019-01-27T09:00:00Z", PARIS, "repeat.until", "must not be before the first time"),
        ("2027-02-30 09:00", PARIS, "repeat.until", "is not a valid date and time"),
        ("2027-03-28 02:30", PARIS, "repeat.until", "does not exist in Europe/Paris"),
        ("2027-10-31 02:30", PARIS, "repeat.until", "add one of these offsets"),
        ("2027-02-27 09:00", None, "timeZone", "unless repeat.until has an offset"),
        ("2027-02-27", PARIS, "repeat.until", "must be a time with its offset"),
        (None, PARIS, "repeat.until", "must be a time with its offset"),
        (7, PARIS, "repeat.until", "must be a time with its offset"),
    ],
)
def test_an_invalid_end_is_refused(until, zone, field, problem):
    refused, words = refusal({"every": "1d", "until": until}, zone=zone)

    assert refused == field
    assert problem in words


def test_until_and_times_together_are_refused():
    assert refusal({"every": "1d", "times": 2, "until": "2027-02-27 09:00"}) == (
        "repeat",
        "may have until or times, but not both",
    )


@pytest.mark.parametrize("repeat", [None, True, 1, "1d", [], ["1d"]], ids=repr)
def test_an_invalid_rule_is_refused(repeat):
    assert refusal(repeat) == ("repeat", "must be an object")


def test_an_unknown_field_is_refused_without_repeating_it():
    assert refusal({"every": "1d", "4242424242424242": 1}) == (
        f"repeat.{'#' * 16}",
        "is not a field of this request",
    )


def test_a_year_with_a_leap_day_is_longer_than_an_execution_waits():
    first = at("2027-03-28 09:00")
    (_, due) = next_after(first, {"every": "1y"}, 1, now=first.instant)

    assert due - first.instant == timedelta(days=366) > LONGEST_WAIT


ZONES = st.sampled_from([PARIS, NEW_YORK, LORD_HOWE, APIA, "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca"])
EVERY = st.sampled_from(sorted(MOST)).flatmap(
    lambda unit: st.integers(5 if unit == "m" else 1, MOST[unit]).map(lambda count: f"{count}{unit}")
)
FIRST = st.builds(
    lambda zone, seconds: Due(datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds), zone),
    ZONES,
    st.integers(0, 20 * 365 * 86_400),
)


@given(FIRST, EVERY, st.integers(1, 300))
def test_every_occurrence_is_at_most_a_year_after_the_one_before(first, every, number):
    earlier, later = (occurrence(first, {"every": every}, number + one) for one in (0, 1))

    assert earlier <= later
    assert earlier < later or (first.zone, every) == (APIA, "1d")
    assert later - earlier <= timedelta(days=367)


@given(FIRST, EVERY.filter(lambda every: every[-1] in "dwMy"), st.integers(2, 300))
def test_the_clock_shows_the_same_time_at_every_occurrence_if_it_exists(first, every, number):
    zone = ZoneInfo(first.zone)
    wall = first.instant.astimezone(zone)
    due = occurrence(first, {"every": every}, number).astimezone(zone)

    asked = datetime.combine(due.date(), wall.time(), zone)
    exists = asked.astimezone(UTC).astimezone(zone).time() == wall.time()
    assert due.time() == wall.time() if exists else due.time() > wall.time()
    assert due.fold == 0


@given(FIRST, EVERY, st.integers(1, 50), st.integers(0, 50), st.integers(-100_000, 100_000))
def test_the_next_occurrence_is_the_first_after_now(first, every, number, missed, seconds):
    repeat = {"every": every}
    sent = occurrence(first, repeat, number)
    now = occurrence(first, repeat, number + missed) + timedelta(seconds=seconds)

    following = next_after(first, repeat, number, now=now)

    counted = number + 1
    while (instant := occurrence(first, repeat, counted)) <= max(now, sent):
        counted += 1
    assert following == Occurrence(counted, instant)
