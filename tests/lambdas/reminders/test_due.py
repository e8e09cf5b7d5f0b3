import zoneinfo
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reminders.due import LONGEST_WAIT, Due, due_at, from_utc_text, instant_of, local_text, utc_text, zone_of, zones
from reminders.errors import InvalidReminderError
from tests.support.handlers import dst_table

NOW = datetime(2026, 11, 21, 4, 0, 0, tzinfo=UTC)
YEAR = 365 * 24 * 60 * 60


EDGY = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"})


def refusal(request, now=NOW) -> InvalidReminderError:
    with pytest.raises(InvalidReminderError) as caught:
        due_at(request, now=now)
    return caught.value


def wall_at(instant: datetime, zone: str) -> datetime:
    """Returns the time that a clock in this zone shows."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def shown_at(wall: datetime, zone: str) -> list[datetime]:
    """Returns every instant at which clocks show this time. It tries each offset that the zone has within two days."""
    utc = wall.replace(tzinfo=UTC)
    around = [utc + timedelta(hours=hour) for hour in range(-48, 49)]
    offsets = {instant.astimezone(ZoneInfo(zone)).utcoffset() for instant in around}
    return sorted(utc - offset for offset in offsets if wall_at(utc - offset, zone) == wall)


def edges(zone: str, start: datetime) -> list[datetime]:
    """Returns the first second of each offset of `zone` within a year from `start`."""

    def offset(instant):
        return instant.astimezone(ZoneInfo(zone)).utcoffset()

    found = []
    for day in (start + timedelta(days=day) for day in range(365)):
        low, high = day, day + timedelta(days=1)
        if offset(low) != offset(high):
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append(high.replace(microsecond=0))
    return found


def local(wall: datetime, zone: str, **fold: int) -> dict[str, object]:
    return {"timestamp": wall.isoformat(" "), "timeZone": zone} | fold


@pytest.mark.parametrize("seconds", [0, "0", 1, "60", "00000060", 3600, YEAR, str(YEAR)])
def test_seconds_are_counted_from_now(seconds):
    assert due_at({"waitSeconds": seconds}, now=NOW) == Due(NOW + timedelta(seconds=int(seconds)), "UTC")


@pytest.mark.parametrize(
    "seconds",
    [-1, YEAR + 1, str(YEAR + 1), "99999999", "0" * 9, 10**4000, True, False, None, 1.0, Decimal("1.0"), float("nan")]
    + ["", "-1", "+1", " 1", "1\n", "1.0", "1e3", "６０", "²", "٣", [], ["1"], {}],
    ids=lambda one: repr(one)[:12],
)
def test_an_invalid_number_of_seconds_is_refused(seconds):
    error = refusal({"waitSeconds": seconds})

    assert (error.field, str(error)) == ("waitSeconds", "must be a whole number from 0 to 31536000")


@pytest.mark.parametrize(
    "request_",
    [{"waitSeconds": 1}, {"timestamp": "2026-11-21T04:00:00.999999Z"}, {"timestamp": "2026-11-21T04:00:01Z"}],
)
def test_a_fraction_of_a_second_is_rounded_up(request_):
    now = NOW - timedelta(microseconds=1)

    assert due_at(request_, now=now).instant == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("timestamp", "due"),
    [
        ("2026-11-21T04:00:01Z", "2026-11-21T04:00:01Z"),
        ("2026-11-21t04:00:01z", "2026-11-21T04:00:01Z"),
        ("2026-11-21T04:00:00.5Z", "2026-11-21T04:00:01Z"),
        ("2027-01-27T09:00:00.0000000Z", "2027-01-27T09:00:00Z"),
        ("2027-01-27T09:00:00.000000000Z", "2027-01-27T09:00:00Z"),
        ("2027-01-27T09:00:00.123456789Z", "2027-01-27T09:00:01Z"),
        ("2027-01-27T09:00:00.0000001Z", "2027-01-27T09:00:01Z"),
        ("2027-01-27T08:59:59.9999999999z", "2027-01-27T09:00:00Z"),
        ("2027-01-27t09:00:00." + "0" * 5000 + "1z", "2027-01-27T09:00:01Z"),
        ("2027-01-27T09:00:00." + "0" * 5000 + "Z", "2027-01-27T09:00:00Z"),
        ("2027-01-27 09:00:00Z", "2027-01-27T09:00:00Z"),
        ("2027-01-27 09:00:00.1234567+05:30", "2027-01-27T03:30:01Z"),
        ("2027-01-27T09:00:00-00:00", "2027-01-27T09:00:00Z"),
        ("2026-12-31T23:59:59.000001Z", "2027-01-01T00:00:00Z"),
        ("2026-11-21T04:00:01-00:00", "2026-11-21T04:00:01Z"),
        ("2026-11-21T05:00:01+01:00", "2026-11-21T04:00:01Z"),
        ("2026-11-20T23:00:01-05:00", "2026-11-21T04:00:01Z"),
        ("2026-11-22T03:59:01+23:59", "2026-11-21T04:00:01Z"),
        ("2026-12-31T23:59:59-00:30", "2027-01-01T00:29:59Z"),
        ("2027-11-21T04:00:00Z", "2027-11-21T04:00:00Z"),
    ],
)
def test_a_time_with_its_offset_is_accepted(timestamp, due):
    answer = due_at({"timestamp": timestamp}, now=NOW)

    assert (utc_text(answer.instant), answer.zone) == (due, "UTC")


def test_a_leap_day_is_accepted():
    now = datetime(2027, 6, 1, tzinfo=UTC)

    assert due_at({"timestamp": "2028-02-29T00:00:00Z"}, now=now).instant == datetime(2028, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    "timestamp",
    [
        "2026-11-21T04:00:00Z",
        "2026-11-21T03:59:59Z",
        "2026-11-21T05:00:00+01:00",
        "2019-01-27T09:00:00Z",
        "0001-01-01T00:00:00Z",
    ],
)
def test_a_time_that_has_passed_is_refused(timestamp):
    error = refusal({"timestamp": timestamp})

    assert (error.field, str(error)) == ("timestamp", "has passed")


def test_a_time_is_compared_with_the_clock_to_the_microsecond():
    now = NOW + timedelta(microseconds=1)

    assert str(refusal({"timestamp": "2026-11-21T04:00:00.000001Z"}, now)) == "has passed"
    assert due_at({"timestamp": "2026-11-21T04:00:00.0000011Z"}, now=now).instant == NOW + timedelta(seconds=1)


@pytest.mark.parametrize("timestamp", ["2027-11-21T04:00:01Z", "2027-11-21T04:00:00.000001Z", "9999-12-31T23:59:59Z"])
def test_a_time_beyond_a_year_is_refused(timestamp):
    assert str(refusal({"timestamp": timestamp})) == "is more than 365 days ahead"


@pytest.mark.parametrize(
    "timestamp",
    [
        "2027-01-27T09:00:60Z",
        "2027-01-27T09:60:00Z",
        "2027-02-30T09:00:00Z",
        "2027-02-29T09:00:00Z",
        "2027-13-01T09:00:00Z",
        "2027-00-00T09:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_a_time_that_does_not_exist_is_refused(timestamp):
    assert str(refusal({"timestamp": timestamp})) == "is not a valid date and time"


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "tomorrow",
        "2027-01-27",
        "2027-01-27T09:00:00+25:00",
        "2027-01-27T09:00:00+01:60",
        "2027-01-27 09",
        "2027-01-27  09:00",
        "2027-01-27 09:00.5",
        "2027-01-27T09:00:00.Z",
        "2027-01-27T09:00:00,5Z",
        "2027-01-27 9:00",
        "2027-1-27 09:00",
        "27-01-27 09:00",
        "2027-01-27_09:00",
        "2027-01-27 09:00\n",
        "2027-01-27 24:00",
        "2027-01-27 09:00 Europe/Paris",
        "２０２７-01-27 09:00",
        None,
        7,
        1.8e9,
        True,
        ["2027-01-27T09:00:00Z"],
        {},
        "2027-01-27T09:00Z",
        "2027-01-27T09:00:00 Z",
        "2027-01-27T09:00:00Z\n",
        " 2027-01-27T09:00:00Z",
        "2027-01-27T09:00:00+0100",
        "2027-01-27T09:00:00.٥Z",
        "2027-W04-3T09:00:00Z",
        "2027-01-27T24:00:00Z",
        "2027-01-27T25:00:00Z",
        "20270127T090000Z",
        "+2027-01-27T09:00:00Z",
        "２０２７-01-27T09:00:00Z",
        "٢٠٢٧-01-27T09:00:00Z",
    ],
)
def test_a_time_in_an_invalid_form_is_refused_with_examples(timestamp):
    error = refusal({"timestamp": timestamp, "timeZone": "Europe/Paris"})

    assert error.field == "timestamp"
    assert "such as 2027-01-27T09:00:00Z" in str(error)


@pytest.mark.parametrize("request_", [{}, {"waitSeconds": 60, "timestamp": "2027-01-27T09:00:00Z"}])
def test_exactly_one_of_seconds_and_time_is_required(request_):
    assert str(refusal(request_)) == "is an alternative to timestamp: send exactly one of the two"


@pytest.mark.parametrize("fraction", ["", ".000", ".123"])
def test_a_stored_time_is_read_with_and_without_milliseconds(fraction):
    found = from_utc_text(f"2026-11-21T04:00:00{fraction}Z")

    assert found == NOW + timedelta(milliseconds=int(fraction[1:] or 0))


@pytest.mark.parametrize("text", ["", "2026-11-21T04:00:00", "2026-11-21T04:00:00+00:00", "2026-11-21T04:00:00.Z"])
def test_a_stored_time_in_another_form_is_an_error(text):
    with pytest.raises(ValueError, match="does not match format"):
        from_utc_text(text)


def test_a_time_is_written_in_the_format_of_wait_states():
    noon_in_berlin = datetime(2027, 1, 27, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))

    assert utc_text(noon_in_berlin) == "2027-01-27T11:00:00Z"


@pytest.mark.parametrize(
    "timestamp", ["2027-01-27 09:00", "2027-01-27 09:00:00", "2027-01-27T09:00", "2027-01-27t09:00:00"]
)
def test_a_local_time_counts_in_its_zone(timestamp):
    due = due_at({"timestamp": timestamp, "timeZone": "Europe/Paris"}, now=NOW)

    assert (utc_text(due.instant), due.zone) == ("2027-01-27T08:00:00Z", "Europe/Paris")
    assert local_text(*due) == "2027-01-27T09:00:00+01:00"


def test_a_local_time_without_its_zone_is_refused():
    error = refusal({"timestamp": "2027-01-27 09:00"})

    assert (error.field, str(error)) == (
        "timeZone",
        "is required, such as Europe/Paris, unless timestamp has an offset",
    )


@pytest.mark.parametrize("request_", [{"waitSeconds": 1}, {"timestamp": "2027-01-27T09:00:00Z"}])
def test_a_zone_is_accepted_with_every_form_of_time(request_):
    assert due_at(request_ | {"timeZone": "Asia/Kathmandu"}, now=NOW).zone == "Asia/Kathmandu"


@pytest.mark.parametrize(
    "form", [{"waitSeconds": 1}, {"timestamp": "2027-01-27T09:00:00Z"}, {"timestamp": "2027-01-27 09:00"}]
)
@pytest.mark.parametrize(
    "name",
    [
        "",
        "Paris",
        "europe/paris",
        "Europe/Paris ",
        "Europe/Paris\n",
        "localtime",
        "posixrules",
        "Factory",
        "+01:00",
        "CEST",
    ]
    + ["/etc/localtime", "../../etc/passwd", "Europe/../Europe/Paris", "Europe", "zone.tab", "Europe/Paris\0"]
    + [None, True, 1, [], ["Europe/Paris"], {}],
    ids=repr,
)
def test_an_unknown_zone_is_refused_and_not_repeated(name, form):
    error = refusal(form | {"timeZone": name})

    assert (error.field, str(error)) == (
        "timeZone",
        "must be a name of the IANA time zone database, such as Europe/Paris",
    )


def test_the_zones_are_those_of_the_database_that_mean_one_place():
    # Another test may have read the names already.
    zones.cache_clear()

    assert zones() == set(ZONES)


def test_a_local_time_is_shown_without_fractions():
    assert local_text(NOW + timedelta(microseconds=1), "Europe/Paris") == "2026-11-21T05:00:00+01:00"


def test_a_request_without_a_zone_has_none():
    assert zone_of({}) is None


@pytest.mark.parametrize(("zone", "wall", "fold", "expected"), dst_table.CASES)
def test_each_row_of_the_table_of_clock_changes_is_right(zone, wall, fold, expected):
    assert dst_table.answer(zone, wall, fold) == expected
    assert any(f"| {zone} | {wall} | {fold.get('fold', '')} | {expected}" in line for line in dst_table.lines())


@pytest.mark.parametrize(
    ("zone", "start", "count"),
    [(zone, start, 2) for zone in EDGY[:3] for start in (NOW, NOW - timedelta(days=365), NOW + timedelta(days=365))]
    + [("Pacific/Apia", NOW, 0), ("Pacific/Apia", datetime(2011, 2, 1, tzinfo=UTC), 3)],
)
def test_every_edge_of_a_year_is_exact_to_the_second(zone, start, count):
    second = timedelta(seconds=1)
    found = edges(zone, start)
    assert len(found) == count

    for edge in found:
        now = edge - timedelta(days=100)
        before, after = wall_at(edge - second, zone) + second, wall_at(edge, zone)
        first, last = min(before, after), max(before, after) - second
        for wall in (first, last):
            problem = str(refusal(local(wall, zone), now))
            if before < after:
                assert problem.endswith(f"clocks jump from {before:%Y-%m-%d %H:%M} to {after:%Y-%m-%d %H:%M}")
                assert shown_at(wall, zone) == []
            else:
                either = [due_at(local(wall, zone, fold=fold), now=now).instant for fold in (0, 1)]
                assert problem.startswith("happens twice")
                assert either == shown_at(wall, zone)
                assert either[1] - either[0] == before - after
        for wall in (first - second, last + second):
            assert [due_at(local(wall, zone), now=now).instant] == shown_at(wall, zone)


@pytest.mark.parametrize("fold", [2, -1, "0", True, False, 0.0, [], {}], ids=repr)
def test_a_fold_other_than_0_or_1_is_refused(fold):
    error = refusal(local(datetime(2027, 10, 31, 2, 30), "Europe/Paris", fold=fold))

    assert (error.field, str(error)) == ("fold", "must be 0 or 1")


@pytest.mark.parametrize("form", [{"waitSeconds": 1}, {"timestamp": "2027-01-27T09:00:00Z"}])
def test_a_fold_with_a_time_that_is_not_local_is_refused(form):
    error = refusal(form | {"timeZone": "Europe/Paris", "fold": 1})

    assert (error.field, str(error)) == ("fold", "is allowed only with a local time")


@pytest.mark.parametrize("fold", [0, 1])
def test_a_fold_changes_nothing_if_a_local_time_happens_once(fold):
    due = due_at(local(datetime(2027, 1, 27, 9), "Europe/Paris", fold=fold), now=NOW)

    assert utc_text(due.instant) == "2027-01-27T08:00:00Z"


def test_a_field_without_a_fold_needs_an_offset():
    with pytest.raises(InvalidReminderError) as caught:
        instant_of("2027-10-31 02:30", field="repeat.until", zone="Europe/Paris")

    assert caught.value.field == "repeat.until"
    assert str(caught.value) == (
        "happens twice in Europe/Paris, at +02:00 and again at +01:00: add one of these offsets"
    )


@pytest.mark.parametrize(
    ("timestamp", "problem"),
    [
        ("2026-11-21 05:00", "has passed"),
        ("2027-11-21 05:00", None),
        ("2027-11-21 05:00:01", "is more than 365 days ahead"),
        ("2027-02-29 09:00", "is not a valid date and time"),
        ("2027-01-27 09:60", "is not a valid date and time"),
        ("0001-01-01 00:00", "is not a valid date and time"),
        ("9999-12-31 23:59", "is more than 365 days ahead"),
    ],
)
def test_a_local_time_has_the_same_limits_as_other_times(timestamp, problem):
    request = {"timestamp": timestamp, "timeZone": "Europe/Paris"}

    if problem:
        assert str(refusal(request)) == problem
    else:
        assert due_at(request, now=NOW).instant == NOW + LONGEST_WAIT


def test_the_last_second_of_a_year_is_accepted_as_a_local_time():
    due = due_at(local(datetime(2026, 12, 31, 23, 59, 59), "America/New_York"), now=NOW)

    assert utc_text(due.instant) == "2027-01-01T04:59:59Z"


@given(st.sampled_from(ZONES), st.integers(1, YEAR))
@example("Europe/Paris", int((datetime(2027, 10, 31, 0, 30, tzinfo=UTC) - NOW).total_seconds()))
def test_every_instant_of_a_year_is_found_by_its_local_time(zone, seconds):
    instant = NOW + timedelta(seconds=seconds)
    wall = wall_at(instant, zone)
    both = shown_at(wall, zone)

    fold = {"fold": both.index(instant)} if len(both) == 2 else {}
    assert due_at(local(wall, zone, **fold), now=NOW) == Due(instant, zone)
    assert datetime.fromisoformat(local_text(instant, zone)) == instant
    if fold:
        assert "happens twice" in str(refusal(local(wall, zone)))


@given(
    st.tuples(st.sampled_from(ZONES), st.datetimes(datetime(1990, 1, 1), datetime(2036, 1, 1)))
    | st.tuples(
        st.sampled_from([(zone, edge) for zone in EDGY[:3] for edge in edges(zone, NOW)]), st.integers(-7200, 7200)
    ).map(lambda near: (near[0][0], wall_at(near[0][1], near[0][0]) + timedelta(seconds=near[1])))
)
def test_a_local_time_is_found_as_often_as_clocks_show_it(zone_and_wall):
    zone, wall = zone_and_wall
    wall = wall.replace(microsecond=0)
    now = wall.replace(tzinfo=UTC) - timedelta(days=30)

    match shown_at(wall, zone):
        case []:
            assert "does not exist" in str(refusal(local(wall, zone), now))
        case [instant]:
            assert due_at(local(wall, zone), now=now).instant == instant
        case [first, second]:
            assert "happens twice" in str(refusal(local(wall, zone), now))
            assert due_at(local(wall, zone, fold=0), now=now).instant == first
            assert due_at(local(wall, zone, fold=1), now=now).instant == second


@given(
    st.dictionaries(
        st.sampled_from(["waitSeconds", "timestamp", "timeZone", "fold"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.lists(st.text())
        | st.sampled_from(["2027-10-31 02:30", "2027-01-27T09:00:00Z", "Europe/Paris", "9999-12-31 23:59", "60"]),
    )
)
def test_any_value_is_accepted_or_refused_without_another_error(request_):
    try:
        due = due_at(request_, now=NOW)
    except InvalidReminderError as error:
        assert error.field in {"waitSeconds", "timestamp", "timeZone", "fold"}
    else:
        assert NOW <= due.instant <= NOW + LONGEST_WAIT
        assert due.instant.microsecond == 0
