"""Times as people write them. A time is refused unless every word of it is understood."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import CommandError
from tools.remindme.when import When, understand

PARIS = ZoneInfo("Europe/Paris")
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Apia")]
NOW = datetime(2026, 11, 21, 11, 30, 15, 999_999, tzinfo=UTC)
"""A Saturday, 12:30:15 in Paris."""

UNDERSTOOD = [
    ("2027-01-27 09:00:00", "2027-01-27 09:00:00"),
    ("2027-01-27 09:00", "2027-01-27 09:00:00"),
    ("2027-01-27T09:00:00", "2027-01-27 09:00:00"),
    ("2027-01-27T09:00:00Z", "2027-01-27 10:00:00"),
    ("2027-01-27t09:00z", "2027-01-27 10:00:00"),
    ("2027-01-27 09:00 +05:00", "2027-01-27 05:00:00"),
    ("2027-01-27T09:00:00-0500", "2027-01-27 15:00:00"),
    ("2027-01-27 09:00:00-05", "2027-01-27 15:00:00"),
    ("2027-01-27 09:00:00.000", "2027-01-27 09:00:00"),
    ("2027-01-27T09:00:00.0000001Z", "2027-01-27 10:00:01"),
    ("2027-01-27T09:00:00,5", "2027-01-27 09:00:01"),
    ("2027-01-27 9am", "2027-01-27 09:00:00"),
    ("2027/01/27 09:00", "2027-01-27 09:00:00"),
    ("20270127T090000Z", "2027-01-27 10:00:00"),
    ("Wed, 27 Jan 2027 09:00:00 +0000", "2027-01-27 10:00:00"),
    ("Wed, 27 Jan 2027 09:00:00 GMT", "2027-01-27 10:00:00"),
    ("Wed Jan 27 09:00:00 UTC 2027", "2027-01-27 10:00:00"),
    ("Wed Jan 27 2027 09:00:00 GMT+0100", "2027-01-27 09:00:00"),
    ("tomorrow 9am", "2026-11-22 09:00:00"),
    ("  Tomorrow,  9 PM ", "2026-11-22 21:00:00"),
    ("tomorrow 9:30am", "2026-11-22 09:30:00"),
    ("Tomorrow at 9:30 a.m.", "2026-11-22 09:30:00"),
    ("9.30pm tomorrow", "2026-11-22 21:30:00"),
    ("tomorrow @ 9\u202fPM", "2026-11-22 21:00:00"),
    ("9am tomorrow", "2026-11-22 09:00:00"),
    ("nine am tomorrow", "2026-11-22 09:00:00"),
    ("tomorrow at 9 in the morning", "2026-11-22 09:00:00"),
    ("tomorrow evening at 7:30", "2026-11-22 19:30:00"),
    ("9 o’clock tomorrow morning", "2026-11-22 09:00:00"),
    ("tomorrow 18 o'clock", "2026-11-22 18:00:00"),
    ("tomorrow 0900 hours", "2026-11-22 09:00:00"),
    ("tomorrow 0900Z", "2026-11-22 10:00:00"),
    ("10:30 hrs tomorrow", "2026-11-22 10:30:00"),
    ("the day after tomorrow 9am", "2026-11-23 09:00:00"),
    ("today 18:00", "2026-11-21 18:00:00"),
    ("this afternoon at 4", "2026-11-21 16:00:00"),
    ("tonight at 8", "2026-11-21 20:00:00"),
    ("8pm tonight", "2026-11-21 20:00:00"),
    ("18:00", "2026-11-21 18:00:00"),
    ("12:30:15", "2026-11-22 12:30:15"),
    ("12:30:16", "2026-11-21 12:30:16"),
    ("9am", "2026-11-22 09:00:00"),
    ("noon", "2026-11-22 12:00:00"),
    ("12 noon", "2026-11-22 12:00:00"),
    ("12pm", "2026-11-22 12:00:00"),
    ("12:45pm", "2026-11-21 12:45:00"),
    ("midday tomorrow", "2026-11-22 12:00:00"),
    ("midnight", "2026-11-22 00:00:00"),
    ("tomorrow at midnight", "2026-11-22 00:00:00"),
    ("tomorrow 12am", "2026-11-22 00:00:00"),
    ("tomorrow 12:30am", "2026-11-22 00:30:00"),
    ("tomorrow 00:00", "2026-11-22 00:00:00"),
    ("00:00", "2026-11-22 00:00:00"),
    ("midnight tonight", "2026-11-22 00:00:00"),
    ("next friday 18:00", "2026-11-27 18:00:00"),
    ("on friday at 6pm", "2026-11-27 18:00:00"),
    ("saturday 18:00", "2026-11-28 18:00:00"),
    ("27 Jan 9am", "2027-01-27 09:00:00"),
    ("21 Nov 18:00", "2026-11-21 18:00:00"),
    ("20 Nov 18:00", "2027-11-20 18:00:00"),
    ("Jan 27 2027 9am", "2027-01-27 09:00:00"),
    ("Jan. 27th, 2027, 9:00 AM", "2027-01-27 09:00:00"),
    ("27-Jan-2027 09:00", "2027-01-27 09:00:00"),
    ("27. January 2027 at 9:00", "2027-01-27 09:00:00"),
    ("27/01/2027 9:00", "2027-01-27 09:00:00"),
    ("1/27/2027, 9:00:00 AM", "2027-01-27 09:00:00"),
    ("27.01.2027 09:00", "2027-01-27 09:00:00"),
    ("02/02/2027 9am", "2027-02-02 09:00:00"),
    ("wednesday 27 january 9am", "2027-01-27 09:00:00"),
    ("the 24th of december at noon", "2026-12-24 12:00:00"),
    ("29 feb 2028 9am", "2028-02-29 09:00:00"),
    ("29 feb 9am", "2028-02-29 09:00:00"),
    ("31 december 23:59:59", "2026-12-31 23:59:59"),
    ("in 2 days at 9am", "2026-11-23 09:00:00"),
    ("9am in 2 days", "2026-11-23 09:00:00"),
    ("in 3 days", "2026-11-24 12:30:15"),
    ("3 days from now", "2026-11-24 12:30:15"),
    ("in two weeks", "2026-12-05 12:30:15"),
    ("in 2 weeks' time", "2026-12-05 12:30:15"),
    ("in a fortnight", "2026-12-05 12:30:15"),
    ("in 1w", "2026-11-28 12:30:15"),
    ("in a month", "2026-12-21 12:30:15"),
    ("in a month and 2 days", "2026-12-23 12:30:15"),
    ("in 1y", "2027-11-21 12:30:15"),
]

ZONE_WORDS = (
    "PST pst PDT EST EDT CST MST ET PT CET CEST MEZ MSK BST IST AEST JST Eastern Pacific London Zulu local Berlin"
).split()
"""Words for time zones that have several meanings, or that are not names of time zones."""


def local(text: str, zone: ZoneInfo = PARIS, now: datetime = NOW) -> str:
    return f"{understand(text, zone=zone, now=now).local}"


def is_refused(text: str, zone: ZoneInfo = PARIS, now: datetime = NOW) -> bool:
    try:
        understand(text, zone=zone, now=now)
    except CommandError:
        return True
    return False


@pytest.mark.parametrize(("text", "expected"), UNDERSTOOD)
def test_a_time_of_day_is_in_the_time_zone(text: str, expected: str) -> None:
    when = understand(text, zone=PARIS, now=NOW)

    assert (str(when.local), when.seconds) == (expected, None)
    assert when.fields() == {"timestamp": f"{when.instant.astimezone(PARIS).isoformat()}", "timeZone": "Europe/Paris"}


def test_no_word_is_ignored_wherever_it_stands() -> None:
    """If a word were ignored, the reminder could come at the wrong time."""
    words = [
        *ZONE_WORDS,
        "banana",
        "not",
        "or",
        "every",
        "last",
        "before",
        "about",
        "0x1",
        "-",
        "ago",
        "\u200b",
        "ＰＳＴ",
    ]

    taken = []
    for (text, _), word in itertools.product(UNDERSTOOD, words):
        parts = text.split()
        for place in range(len(parts) + 1):
            longer = " ".join([*parts[:place], word, *parts[place:]])
            if not is_refused(longer):
                taken.append(longer)

    assert taken == []


@pytest.mark.parametrize("word", [*ZONE_WORDS, "Europe/Paris"])
@pytest.mark.parametrize("text", ["6pm", "18:00", "tomorrow 6pm", "friday 18:00", "27 jan 9:30am", "2027-01-27 09:00"])
def test_the_name_of_a_time_zone_in_the_text_is_refused_and_the_option_is_named(text: str, word: str) -> None:
    with pytest.raises(CommandError, match=f"'{word}' in '{text} {word}' is not understood: .*--zone"):
        understand(f"{text} {word}", zone=PARIS, now=NOW)


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        *[(text, 0) for text in ("Z", "z", " Z", " UTC", " utc", " GMT", "UTC", " UTC+0", " GMT-00:00")],
        *[(text, 120) for text in (" GMT+2", " UTC+2", " utc +2", " UTC+02", "UTC+02:00", " GMT+0200")],
        *[(text, -300) for text in (" UTC-5", " GMT-5", "gmt-05:00", " utc-0500")],
        *[(text, 330) for text in (" UTC+5:30", " GMT+0530", " utc+05:30")],
        *[(text, 840) for text in (" UTC+14",)],
    ],
)
def test_a_time_with_an_offset_is_the_same_instant_in_every_time_zone(said: str, minutes: int) -> None:
    offset = timezone(timedelta(minutes=minutes))
    expected = {
        f"27 jan 2027 9:30am{said}": datetime(2027, 1, 27, 9, 30, tzinfo=offset),
        f"2027-01-27 21:30{said}": datetime(2027, 1, 27, 21, 30, tzinfo=offset),
        f"noon{said} on 27 jan": datetime(2027, 1, 27, 12, tzinfo=offset),
        f"1830h{said} jan 27": datetime(2027, 1, 27, 18, 30, tzinfo=offset),
    }

    read = {text: [understand(text, zone=zone, now=NOW).instant for zone in ZONES] for text in expected}

    assert read == {text: [instant] * len(ZONES) for text, instant in expected.items()}


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_time_of_day_with_an_offset_is_within_the_next_24_hours(zone: ZoneInfo) -> None:
    for hour in range(48):
        now = datetime(2026, 11, 21, 0, 30, tzinfo=UTC) + timedelta(hours=hour)

        for text, utc in {"6pm UTC": 18, "18:00Z": 18, "noon UTC+5": 7, "11pm GMT-3": 2}.items():
            instant = understand(text, zone=zone, now=now).instant

            assert instant.hour == utc and timedelta(0) < instant - now <= timedelta(days=1)


def test_a_day_with_another_date_at_the_offset_is_refused() -> None:
    """At 00:30 in Paris, `tomorrow` is the 23rd there and the 22nd in UTC."""
    now = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)

    assert local("tomorrow 9am UTC") == "2026-11-22 10:00:00"
    with pytest.raises(
        CommandError, match="2026-11-23 by the date of Europe/Paris, but on 2026-11-22 by the date at the offset"
    ):
        understand("tomorrow 9am UTC", zone=PARIS, now=now)
    assert local("22 november 2026 9am UTC", now=now) == "2026-11-22 10:00:00"


@pytest.mark.parametrize(
    "text", ["9:00-10:00", "tomorrow 9:30+02:00", "27 jan 9:00 -1000", "Jan 27 2027 9:00-10:00", "2027-01-27 9am-10"]
)
def test_the_end_of_a_period_is_not_understood_as_an_offset(text: str) -> None:
    with pytest.raises(CommandError, match="may be an offset or the end of a period: write UTC"):
        understand(text, zone=PARIS, now=NOW)


def spellings(at: time) -> Iterator[str]:
    """A time of day as people write it."""
    half, hour = "am" if at.hour < 12 else "pm", at.hour % 12 or 12
    yield from (f"{at:%H:%M}", f"{at.hour}:{at:%M}", f"at {at:%H:%M}", f"{at:%H:%M:%S}", f"{at:%H%M} hours")
    for between, letters in itertools.product(
        ("", " "), (half, half.upper(), f"{half[0]}.m.", f"{half[0].upper()}.M.")
    ):
        yield from (f"{hour}:{at:%M}{between}{letters}", f"{hour}.{at:%M}{between}{letters}")
        if not at.minute:
            yield f"{hour}{between}{letters}"


def test_every_spelling_of_a_time_of_day_is_understood_before_and_after_its_day() -> None:
    days = {"tomorrow": date(2026, 11, 22), "27 jan": date(2027, 1, 27), "2027-03-01": date(2027, 3, 1)}

    wrong = []
    for minute, (said, day) in itertools.product(range(0, 24 * 60, 15), days.items()):
        at = time(minute // 60, minute % 60)
        for spelling, form in itertools.product(spellings(at), (f"{said} {{}}", f"{{}} {said}")):
            text = form.format(spelling)
            if local(text) != str(datetime.combine(day, at)):
                wrong.append(text)

    assert wrong == []


def test_a_weekday_is_the_first_one_after_today_in_every_spelling() -> None:
    names = [f"{date(2026, 11, 2 + n):%A}" for n in range(7)]
    short = {"Tuesday": ["tues"], "Wednesday": ["weds"], "Thursday": ["thur", "thurs"]}
    said = ("{}", "on {}", "this {}", "next {}", "coming {}", "this coming {}", "the next {}")

    wrong = []
    for days, hour, offset in itertools.product(range(0, 400, 5), (0, 12, 23), range(7)):
        now = datetime(2026, 11, 2, hour, 59, tzinfo=UTC) + timedelta(days=days)
        day = now.date() + timedelta(days=offset + 1)
        name = names[day.weekday()]
        for word in (name, name[:3].lower(), *short.get(name, [])):
            text = f"{said[days % len(said)].format(word)} 12:30"
            if local(text, ZoneInfo("UTC"), now) != f"{day} 12:30:00":
                wrong.append((text, now))

    assert wrong == []


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_time_of_day_without_a_day_is_the_next_one(zone: ZoneInfo) -> None:
    for hours in range(0, 366 * 24, 5):
        now = datetime(2026, 11, 1, 0, 30, 15, tzinfo=UTC) + timedelta(hours=hours)

        for text in ("18:45", "12am", "noon", "6:15 am"):
            ahead = understand(text, zone=zone, now=now).instant - now

            assert timedelta(0) < ahead <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("in 20m", 1200),
        ("in 20 minutes", 1200),
        ("20 minutes from now", 1200),
        ("in 90 seconds", 90),
        ("in 90 minutes", 5400),
        ("In 1h30m", 5400),
        ("in 1 hour 30 minutes", 5400),
        ("in an hour and thirty minutes", 5400),
        ("in 1.5 hours", 5400),
        ("in an hour and a half", 5400),
        ("in one and a half hours", 5400),
        ("in an hour", 3600),
        ("in an hour's time", 3600),
        ("in half an hour", 1800),
        ("in twenty-five minutes", 1500),
        ("in sixteen minutes", 960),
        ("in 0.5 seconds", 1),
        ("in 1 day 2 hours", 93_600),
        ("in 0 minutes", 0),
    ],
)
def test_a_span_with_hours_minutes_or_seconds_is_counted_in_seconds(text: str, seconds: int) -> None:
    when = understand(text, zone=PARIS, now=NOW)

    assert when.seconds == seconds
    assert when.instant == datetime(2026, 11, 21, 11, 30, 16, tzinfo=UTC) + timedelta(seconds=seconds)


def test_a_span_is_sent_as_the_time_that_was_shown_and_a_very_short_one_as_seconds() -> None:
    soon, later = (understand(text, zone=PARIS, now=NOW) for text in ("in 9 seconds", "in 10 seconds"))

    assert soon.fields() == {"waitSeconds": 9, "timeZone": "Europe/Paris"}
    assert later.fields() == {"timestamp": "2026-11-21T12:30:26+01:00", "timeZone": "Europe/Paris"}
    assert later.counted_from(NOW + timedelta(minutes=1)).timestamp() == "2026-11-21T12:31:26+01:00"


def test_hours_are_counted_across_a_change_of_the_clocks_and_days_keep_the_time_of_day() -> None:
    """The clocks of Paris go forward on 28 March 2027 at 01:00 UTC."""
    evening = datetime(2027, 3, 27, 20, 0, tzinfo=UTC)

    hours, days = (understand(text, zone=PARIS, now=evening) for text in ("in 24 hours", "in 1 day"))

    assert (hours.seconds, str(hours.local)) == (86_400, "2027-03-28 22:00:00")
    assert days.instant == datetime(2027, 3, 28, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        ("2027-01-31", "in a month", "2027-02-28 12:00:00"),
        ("2028-01-31", "in 1 month", "2028-02-29 12:00:00"),
        ("2028-02-29", "in a year", "2029-02-28 12:00:00"),
        ("2026-12-31", "tomorrow 9am", "2027-01-01 09:00:00"),
        ("2026-12-31", "in 1 day", "2027-01-01 12:00:00"),
        ("2027-02-28", "tomorrow noon", "2027-03-01 12:00:00"),
        ("2028-02-28", "tomorrow noon", "2028-02-29 12:00:00"),
        ("2028-02-28", "29 feb 9am", "2028-02-29 09:00:00"),
        ("2028-03-01", "29 feb 9am", "2032-02-29 09:00:00"),
        ("2026-12-31", "1 jan 00:00", "2027-01-01 00:00:00"),
        ("2096-03-01", "29 feb 9am", "2104-02-29 09:00:00"),
    ],
)
def test_months_years_and_leap_days_end_as_the_calendar_says(now: str, text: str, expected: str) -> None:
    assert local(text, ZoneInfo("UTC"), datetime.fromisoformat(f"{now}T12:00Z")) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the time is missing"),
        (" ", "the time is missing"),
        ("feed the cat", "is not understood"),
        ("tomorow 9am", "is not understood"),
        ("tomorrow 9am banana", "is not understood"),
        ("tomorrow at 9", "'at 9' in 'tomorrow at 9' may be before or after noon: write '9am', '9pm' or '9:00'"),
        ("tomorrow 9am 10am", "has two times of day"),
        ("today tomorrow 9am", "has two days"),
        ("next friday 27 november 9am", "has two days"),
        ("27 jan 2027 9am 2028", "has two years"),
        ("tomorrow 9pm UTC+15", "is not an offset"),
        ("tomorrow 9pm UTC-12:30", "is not an offset"),
        ("tomorrow 9.30", "has a dot between hours and minutes"),
        ("tomorrow at 18", "write '6am', '6pm' or '18:00'"),
        ("9 o'clock", "may be before or after noon"),
        ("tomorrow 13pm", "'13pm' in"),
        ("tomorrow 0am", "'0am' in"),
        ("tomorrow 9am at night", "contradicts 'night'"),
        ("noon tonight", "contradicts 'tonight'"),
        ("tonight 08:30", "contradicts 'tonight'"),
        ("tomorrow night at midnight", "contradicts 'night'"),
        ("tonight at 12", "may be before or after noon"),
        ("tomorrow 9:75", "'9:75' in"),
        ("monday 24 november 9am", "'monday' in .* is wrong: 2026-11-24 is a Tuesday"),
        ("in 20m5", "has no known unit"),
        ("in 20m 2027-01-27", "has two days"),
        ("in 20m at 9am", "has both a span from now and a time"),
        ("in 1,000 minutes", "has no known unit"),
        ("in 20_000m", "has no known unit"),
        ("in 5m 5m", "write each unit once"),
        ("in half a day", "only hours, minutes and seconds may have one"),
        ("in 2 days 1800 hours", "write 'at 18:00', or fewer than 24 hours"),
        ("in 1 month 2 hours", "mixes months or years with hours"),
        ("in -5 minutes", "is not understood"),
        ("in 1h30", "has no known unit"),
        ("in 1M", "write 'minutes' or 'months' instead of M"),
        ("in 5", "has no known unit"),
        ("01/02/2027 9:00", "may be two dates"),
        ("the 5th 9am", "has no month"),
        ("march 9am", "has no day"),
        ("2027 9am", "has a year but no day"),
        ("friday 9am 2027", "has a year but no day"),
        ("tomorrow 9am 2026", "has a year but no day"),
        ("in 2 days at 9am 2026", "has a year but no day"),
        ("tomorrow this morning at 9", "has two days"),
        ("this evening friday 7pm", "has two days"),
        ("in 2 days this evening at 7", "has two days"),
        ("27 jan this afternoon 3pm", "has two days"),
        ("next week 9am", "has no day"),
        ("every day 9am", "is an interval"),
        ("yesterday 9am", "has passed"),
        ("tomorrow", "has no time of day"),
        ("next friday", "has no time of day"),
        ("tonight", "has no time of day"),
        ("tomorrow 18h", "'tomorrow 18h' is not understood"),
        ("20m", "needs the word 'in' before it"),
        ("20 minutes ago", "has passed"),
        ("31 april 9am", "is not a valid date"),
        ("29 feb 2027 9am", "is not a valid date"),
        ("today 9am", r"has passed \(Sat 2026-11-21 09:00:00 Europe/Paris\)"),
        ("21 nov 9am", "has passed"),
        ("today 00:00", "has passed"),
        ("2026-11-21 12:30:14", "has passed"),
        ("2026-11-21 12:30:15", "has passed"),
        ("0001-01-01 00:00", "too far ahead|has passed"),
        ("9999-12-31T23:59:59-12:00", "too far ahead"),
        ("2027-01-27", "has no time of day: write it like '2027-01-27 09:00'"),
        ("2027-1-27 09:00", "write a date in figures like 2027-01-27 09:00"),
        ("2027-13-01 09:00", "is not a valid date"),
        ("2027-02-30 09:00", "is not a valid date"),
        ("2027-01-27 24:00", "is not a time of day"),
        ("２０２７-01-27 09:00", "is not understood"),
        ("in ２０m", "is not understood"),
        ("1798765432", "is not understood"),
        ("4242 4242 4242 4242", "'#' has two years"),
        ("tomorrow\x1b[2J 9am", r"x1b"),
    ],
)
def test_a_time_that_is_incomplete_or_wrong_or_has_passed_is_refused(text: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        understand(text, zone=PARIS, now=NOW)


def read_or_refused(text: str, zone: ZoneInfo) -> When | None:
    try:
        return understand(text, zone=zone, now=NOW)
    except CommandError:
        return None


@given(st.datetimes(datetime(2026, 12, 1), datetime(2027, 11, 1)), st.sampled_from(["Europe/Paris", "Pacific/Apia"]))
def test_a_date_in_figures_means_the_same_as_in_words(wall: datetime, name: str) -> None:
    wall = wall.replace(second=0, microsecond=0)
    forms = ("%Y-%m-%d %H:%M", "%d %B %Y %H:%M", "%b %d, %Y at %I:%M %p", "%a, %d %b %Y %H:%M:00")

    read = [read_or_refused(wall.strftime(form), ZoneInfo(name)) for form in forms]

    # If the clocks skip the time or show it twice, every form is refused.
    assert read == [None] * len(forms) if read[0] is None else [when and when.local for when in read] == [wall] * 4


@given(st.text(max_size=20) | st.from_regex(r"(in |next |tomorrow )?[0-9a-z:/ ]{0,12}", fullmatch=True))
def test_no_text_is_understood_as_a_time_in_the_past(text: str) -> None:
    try:
        when = understand(text, zone=PARIS, now=NOW)
    except CommandError:
        return

    assert when.instant >= NOW.replace(microsecond=0)


def test_a_time_that_the_clocks_skip_is_refused_with_an_explanation() -> None:
    with pytest.raises(
        CommandError, match="does not exist in Europe/Paris: clocks jump from 2027-03-28 02:00 to .* 03:00"
    ):
        understand("2027-03-28 02:30", zone=PARIS, now=NOW)
    with pytest.raises(CommandError, match="does not exist in Europe/Paris"):
        understand("in 1 day", zone=PARIS, now=datetime(2027, 3, 27, 1, 30, tzinfo=UTC))


def test_if_the_clocks_show_a_time_twice_both_are_offered() -> None:
    with pytest.raises(
        CommandError, match=r"--fold 0 \(2027-10-31 02:30:00\+02:00\) or --fold 1 \(2027-10-31 02:30:00\+01:00\)"
    ):
        understand("2027-10-31 02:30", zone=PARIS, now=NOW)

    chosen = [understand("2027-10-31 02:30", zone=PARIS, now=NOW, fold=fold).timestamp() for fold in (0, 1)]

    assert chosen == ["2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"]


def test_if_the_first_of_two_equal_local_times_has_passed_the_second_is_meant() -> None:
    between = datetime(2027, 10, 31, 0, 45, tzinfo=UTC)

    read = [understand(text, zone=PARIS, now=between).timestamp() for text in ("02:30", "today 02:30")]

    assert read == ["2027-10-31T02:30:00+01:00"] * 2


def test_the_present_second_has_passed() -> None:
    assert is_refused("today 12:30:15", now=NOW.replace(microsecond=0))
    assert local("today 12:30:16", now=NOW.replace(microsecond=0)) == "2026-11-21 12:30:16"
    assert local("12:30:15", now=NOW.replace(microsecond=0)) == "2026-11-22 12:30:15"


def test_without_a_zone_the_api_assumes_utc() -> None:
    assert understand("tomorrow 9am", zone=ZoneInfo("UTC"), now=NOW).fields() == {
        "timestamp": "2026-11-22T09:00:00+00:00"
    }


@pytest.mark.parametrize("text", ["in " + "1 " * 9999, "in " + "1h" * 9999, "9:00 " * 9999, "x" * 99_999, "1" * 99_999])
def test_a_very_long_text_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        understand(text, zone=PARIS, now=NOW)

    assert len(str(caught.value)) < 400
