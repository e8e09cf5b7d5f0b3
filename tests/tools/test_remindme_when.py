"""Times as people write them: each is understood whole, or refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import CommandError
from tools.remindme.when import understand, zone_named

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 21, 11, 30, 15, 999_999, tzinfo=UTC)
"""A Saturday, 12:30:15 in Paris."""


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2027-01-27 09:00:00", "2027-01-27 09:00:00"),
        ("2027-01-27 09:00", "2027-01-27 09:00:00"),
        ("2027-01-27T09:00:00", "2027-01-27 09:00:00"),
        ("2027-01-27T09:00:00Z", "2027-01-27 10:00:00"),
        ("2027-01-27 09:00 +05:00", "2027-01-27 05:00:00"),
        ("tomorrow 9am", "2026-11-22 09:00:00"),
        ("  Tomorrow,  9 PM ", "2026-11-22 21:00:00"),
        ("9am tomorrow", "2026-11-22 09:00:00"),
        ("tomorrow at 9 in the morning", "2026-11-22 09:00:00"),
        ("the day after tomorrow 9am", "2026-11-23 09:00:00"),
        ("today 18:00", "2026-11-21 18:00:00"),
        ("next friday 18:00", "2026-11-27 18:00:00"),
        ("on friday at 6pm", "2026-11-27 18:00:00"),
        ("saturday 18:00", "2026-11-28 18:00:00"),
        ("18:00", "2026-11-21 18:00:00"),
        ("9am", "2026-11-22 09:00:00"),
        ("27 Jan 9am", "2027-01-27 09:00:00"),
        ("Jan 27 2027 9am", "2027-01-27 09:00:00"),
        ("27/01/2027 9:00", "2027-01-27 09:00:00"),
        ("the 24th of december at noon", "2026-12-24 12:00:00"),
        ("29 feb 2028 9am", "2028-02-29 09:00:00"),
        ("in 2 days at 9am", "2026-11-23 09:00:00"),
        ("in 3 days", "2026-11-24 12:30:15"),
        ("in two weeks", "2026-12-05 12:30:15"),
        ("in 1w", "2026-11-28 12:30:15"),
        ("in a month", "2026-12-21 12:30:15"),
        ("in 1y", "2027-11-21 12:30:15"),
    ],
)
def test_a_time_of_day_is_that_of_the_zone(text: str, local: str) -> None:
    when = understand(text, zone=PARIS, now=NOW)

    assert (str(when.local), when.seconds) == (local, None)
    assert [f"{at.astimezone(PARIS):%Y-%m-%d %H:%M:%S}" for at in when.instants] == [local]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("in 20m", 1200),
        ("in 20 minutes", 1200),
        ("in 90 seconds", 90),
        ("In 1h30m", 5400),
        ("in 1 hour 30 minutes", 5400),
        ("in 1.5 hours", 5400),
        ("in an hour", 3600),
        ("in 1 day 2 hours", 93_600),
        ("in 0 minutes", 0),
    ],
)
def test_hours_and_less_are_counted(text: str, seconds: int) -> None:
    when = understand(text, zone=PARIS, now=NOW)

    assert when.fields() == {"waitSeconds": seconds, "timeZone": "Europe/Paris"}
    assert when.instants == ((NOW + timedelta(seconds=seconds)).replace(microsecond=0),)


def test_hours_are_counted_across_a_change_of_the_clocks_and_days_keep_the_time_of_day() -> None:
    """The clocks of Paris go forward on 28 March 2027 at 01:00 UTC."""
    evening = datetime(2027, 3, 27, 20, 0, tzinfo=UTC)

    hours, days = (understand(text, zone=PARIS, now=evening) for text in ("in 24 hours", "in 1 day"))

    assert (hours.seconds, str(hours.local)) == (86_400, "2027-03-28 22:00:00")
    assert days.instants == (datetime(2027, 3, 28, 19, 0, tzinfo=UTC),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not understood"),
        ("feed the cat", "is not understood"),
        ("tomorow 9am", "is not understood"),
        ("tomorrow 9am banana", "is not understood"),
        ("tomorrow at 9", "'9' in 'tomorrow at 9' is not understood"),
        ("tomorrow 9am 10am", "is not understood"),
        ("tomorrow 9pm UTC", "'UTC' in"),
        ("tomorrow 9:30+02:00", "is not understood"),
        ("tomorrow 9:75", "'9:75' in"),
        ("monday 24 november 9am", "'monday' in"),
        ("in 20m5", "'5' in"),
        ("in 20m 2027-01-27", "is not understood"),
        ("in 1,000 minutes", "is not understood"),
        ("in 20_000m", "is not understood"),
        ("in -5 minutes", "is not understood"),
        ("in 1h30", "is not understood|no time of day"),
        ("in 1M", "M may be minutes or months"),
        ("in 5", "may be more than one date"),
        ("01/02/2027 9:00", "may be more than one date"),
        ("the 5th 9am", "may be more than one date"),
        ("march 9am", "names no day"),
        ("2027 9am", "names no day"),
        ("tomorrow", "has no time of day"),
        ("next friday", "has no time of day"),
        ("tonight", "has no time of day"),
        ("tomorrow 18h", "has no time of day"),
        ("20m", "has no time of day"),
        ("20 minutes ago", "has no time of day"),
        ("31 april 9am", "is not understood"),
        ("29 feb 2027 9am", "is not understood"),
        ("today 9am", "has passed: Sat 2026-11-21 09:00:00 Europe/Paris"),
        ("2026-11-21 12:30:14", "has passed"),
        ("0001-01-01 00:00", "too far away|has passed"),
        ("9999-12-31T23:59:59-14:00", "too far away"),
        ("2027-01-27", "has no time of day: say '2027-01-27 09:00'"),
        ("2027-01-27 09:00 PST", "a date in figures is written"),
        ("2027-13-01 09:00", "is not a time that exists"),
        ("2027-02-30 09:00", "is not a time that exists"),
        ("2027-01-27 24:00", "is not a time that exists"),
        ("２０２７-01-27 09:00", "is not understood"),
        ("in ２０m", "is not understood"),
        ("1798765432", "is not understood"),
        ("4242 4242 4242 4242", "'#' is not understood"),
        ("tomorrow\x1b[2J 9am", r"x1b"),
    ],
)
def test_what_is_understood_in_part_or_has_passed_is_refused(text: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        understand(text, zone=PARIS, now=NOW)


@given(st.datetimes(datetime(2026, 12, 1), datetime(2027, 11, 1)), st.sampled_from(["Europe/Paris", "Pacific/Apia"]))
def test_a_date_reads_the_same_in_figures_and_in_words(local: datetime, name: str) -> None:
    local = local.replace(second=0, microsecond=0)
    zone = ZoneInfo(name)

    figures = understand(f"{local:%Y-%m-%d %H:%M}", zone=zone, now=NOW)
    words = understand(f"{local.day} {local:%B %Y %H:%M}", zone=zone, now=NOW)

    assert figures == words
    assert figures.local == local


@given(st.text(max_size=20) | st.from_regex(r"(in |next |tomorrow )?[0-9a-z:/ ]{0,12}", fullmatch=True))
def test_any_text_is_understood_or_refused_and_never_in_the_past(text: str) -> None:
    try:
        when = understand(text, zone=PARIS, now=NOW)
    except CommandError:
        return

    assert all(instant >= NOW.replace(microsecond=0) for instant in when.instants)


def test_a_time_that_the_clocks_show_twice_or_skip_is_left_to_the_api() -> None:
    twice = understand("2027-10-31 02:30", zone=PARIS, now=NOW)
    skipped = understand("2027-03-28 02:30", zone=PARIS, now=NOW)

    assert [f"{instant:%H:%M}" for instant in twice.instants] == ["00:30", "01:30"]
    assert twice.fields() == {"timestamp": "2027-10-31 02:30:00", "timeZone": "Europe/Paris"}
    assert twice.fields(fold=1) == {**twice.fields(), "fold": 1}
    assert (skipped.instants, skipped.fields()["timestamp"]) == ((), "2027-03-28 02:30:00")


def test_one_instant_is_sent_with_its_offset() -> None:
    paris, utc = (understand("tomorrow 9am", zone=zone, now=NOW) for zone in (PARIS, ZoneInfo("UTC")))

    assert paris.fields() == {"timestamp": "2026-11-22T09:00:00+01:00", "timeZone": "Europe/Paris"}
    assert utc.fields() == {"timestamp": "2026-11-22T09:00:00+00:00"}


@pytest.mark.parametrize("name", ["", "Paris", "../etc/passwd", "/etc/localtime", "Europe", "a\0b"])
def test_a_time_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="there is no time zone"):
        zone_named(name)
