"""Short ids and local times, which all programs share."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from terminal import times
from terminal.errors import CommandError
from terminal.ids import one_of, shortened

FIRST, SECOND, THIRD = (f"{begin}-0000-4000-8000-000000000001" for begin in ("8c2b6c1e", "8c2b6c1f", "77777777"))


def test_an_id_is_shortened_as_far_as_it_stays_unique() -> None:
    alike = FIRST[:-1] + "2"
    chosen = "order-2026-00018"

    assert shortened([FIRST, THIRD]) == {FIRST: "8c2b6c1e", THIRD: "77777777"}
    assert shortened([FIRST, SECOND]) == {FIRST: "8c2b6c1e", SECOND: "8c2b6c1f"}
    assert shortened([FIRST, alike]) == {FIRST: FIRST, alike: alike}
    assert shortened([FIRST + "x", FIRST]) == {FIRST: FIRST, FIRST + "x": FIRST + "x"}
    assert shortened([chosen, chosen]) == {chosen: chosen}
    assert shortened([]) == {}


def test_a_short_id_names_the_only_id_that_begins_with_it_and_an_exact_id_wins() -> None:
    ids = {FIRST: "", THIRD: "", "001": "", "0017": ""}

    assert one_of("8c2b", ids, what="things") == one_of(FIRST, ids, what="things") == FIRST
    assert one_of("001", ids, what="things") == "001"
    assert one_of("8c2c", ids, what="things") is None
    with pytest.raises(CommandError, match="777 is too short: write at least the first 4 characters of the id"):
        one_of("777", ids, what="things")


def test_an_ambiguous_id_lists_its_candidates() -> None:
    many = {f"{number:04}{FIRST}": "tea" for number in range(12)}

    with pytest.raises(CommandError) as two:
        one_of("8c2b", {FIRST: "tea\n", SECOND: ""}, what="of your reminders", shown=repr)
    with pytest.raises(CommandError) as twelve:
        one_of("0000", {f"0000{id}": about for id, about in many.items()}, what="orders")

    assert str(two.value).splitlines() == [
        "2 of your reminders have ids that begin with '8c2b': write more of the id",
        "  '8c2b6c1e'  'tea\\n'",
        "  '8c2b6c1f'  ''",
    ]
    assert len(str(twelve.value).splitlines()) == 12 and str(twelve.value).endswith("\n  and 2 more")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-27T16:27:06.123Z", "today 17:27"),
        ("2026-11-27T23:30:00Z", "tomorrow 00:30"),
        ("2026-11-25T23:30:00-05:00", "yesterday 05:30"),
        ("2026-12-01T09:00:00Z", "Tue 1 Dec 10:00"),
        ("2026-06-01T09:00:00Z", "Mon 1 Jun 11:00"),
        ("2027-01-27T09:00:00+01:00", "27 Jan 2027 09:00"),
        ("2026-11-27T16:27", "2026-11-27T16:27"),
        ("soon", "soon"),
    ],
)
def test_a_time_is_shown_on_the_local_clocks_with_the_nearest_day_in_words(text: str, shown: str) -> None:
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)

    assert times.local(text, now=now, zone=ZoneInfo("Europe/Paris")) == shown


@pytest.mark.usefixtures("paris")
def test_without_a_zone_the_clocks_are_those_of_this_machine() -> None:
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)

    assert times.local("2026-11-27T16:27:06.123Z", now=now, seconds=True) == "today 17:27:06"
