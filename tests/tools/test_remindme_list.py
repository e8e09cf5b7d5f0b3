"""`remindme list`, `show` and `cancel`: one page after the other, short ids, and narrow terminals."""

from typing import Any

import pytest
from rich.cells import cell_len

from tests.support.commands import Command
from tests.support.orders_stack import CARD
from tests.support.remindme import ID, REMINDER, FakeApi, refusal


def test_the_list_is_read_page_by_page_until_its_limit(remindme: Command, api: FakeApi) -> None:
    page = {"reminders": [REMINDER, REMINDER], "next": "a/b+c="}
    api.answers = [(200, page), (200, {**page, "next": None})]

    whole = remindme("list", "--json")
    cut = remindme("list", "--limit", "1")

    assert whole.json == [REMINDER] * 4
    assert [path for _, path, _ in api.requests[:2]] == [
        "/v1/reminders?limit=100",
        "/v1/reminders?limit=100&next=a%2Fb%2Bc%3D",
    ]
    assert len(api.requests) == 3
    assert "2027-01-27T09:00:00+01:00" in cut.out and "the first 1; there are more: --limit" in cut.out


def test_no_reminders_are_said_in_words_and_are_an_empty_list_for_programs(remindme: Command, api: FakeApi) -> None:
    api.answers = [(200, {"reminders": [], "next": None})]

    assert remindme("list").out == "no reminders\n"
    assert remindme("list", "--json").json == []


def test_what_would_steer_a_terminal_and_card_numbers_are_shown_escaped(remindme: Command, api: FakeApi) -> None:
    api.answers = [(200, {"reminders": [{**REMINDER, "message": f"[red]\x1b[31m\u202e{CARD}"}], "next": None})]

    as_text, as_json = remindme("list"), remindme("list", "--json")

    assert r"[red]\x1b[31m\u202e#" in as_text.out
    assert "\x1b" not in as_text.out + as_json.out and CARD not in as_text.out + as_json.out


def test_one_is_shown_and_cancelled_by_its_id(remindme: Command, api: FakeApi) -> None:
    api.answers = [(200, REMINDER), (200, {**REMINDER, "status": "CANCELLED"})]

    shown, cancelled = remindme("show", ID), remindme("cancel", ID, "--json")

    assert "Feed the cat" in shown.out
    assert cancelled.json["status"] == "CANCELLED"
    assert [request[:2] for request in api.requests] == [
        ("GET", f"/v1/reminders/{ID}"),
        ("DELETE", f"/v1/reminders/{ID}"),
    ]


OTHERS = [f"8c2b6c1e-0000-4000-8000-00000000000{digit}" for digit in (2, 3)] + ["77777777" + ID[8:]]


@pytest.mark.parametrize("command", ["show", "cancel"])
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("7777", OTHERS[2]),
        ("77777777-0000", OTHERS[2]),
        (ID[:-1] + "1", ID),
        (ID.upper(), ID),
        (ID[:-1].upper(), None),
    ],
)
def test_an_id_may_be_cut_short_as_long_as_one_reminder_has_it(
    remindme: Command, api: FakeApi, command: str, text: str, meant: str | None
) -> None:
    listed = {"reminders": [{**REMINDER, "reminderId": one} for one in (ID, *OTHERS)], "next": None}
    api.answers = [(200, listed), (200, REMINDER)] if text.lower() != ID else [(200, REMINDER)]

    run = remindme(command, text)

    if meant:
        assert (run.status, api.requests[-1][1]) == (0, f"/v1/reminders/{meant}")
    else:
        assert (run.status, len(api.requests)) == (1, 1)
        assert "3 of your reminders have ids that begin with" in run.err


def test_a_short_id_that_nothing_has_is_told(remindme: Command, api: FakeApi) -> None:
    api.answers = [(200, {"reminders": [REMINDER], "next": None})]

    run = remindme("cancel", "abcd")

    assert (run.status, len(api.requests)) == (1, 1)
    assert "you have no reminder whose id begins with abcd: `list` shows your reminders" in run.err


LONG = {**REMINDER, "message": "Feed the cat and water the flowers " * 4, "timeZone": "America/Argentina/Buenos_Aires"}


@pytest.mark.parametrize("message", ["tea", LONG["message"], "x" * 300, "猫に餌をやる" * 9])
def test_ids_and_times_are_in_one_piece_however_narrow_the_terminal_is(
    remindme: Command, api: FakeApi, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    for columns in (40, 60, 80, 100, 120, 160, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        api.answers = [(200, {"reminders": [REMINDER, {**LONG, "message": message}], "next": None})]

        run = remindme("list")

        assert run.out.count(ID) == 2
        assert run.out.count(REMINDER["dueAtLocal"]) == 2
        assert run.out.count("SCHEDULED") == 2
        assert "Europe/Paris" in run.out and LONG["timeZone"] in run.out
        assert all(word in run.out for word in message.split())
        if "│" in run.out:
            assert all(cell_len(line) <= columns for line in run.out.splitlines())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, refusal("NotFound")), f"error: you have no reminder {ID}\n"),
        ((409, refusal("Conflict")), "error: the API answered 409: Conflict: The reminder is invalid.\n"),
        ((403, f"<p>{CARD}</p>".encode()), "error: the API answered 403: refused before it came to the app\n"),
        ((200, b"[]"), "error: the API's answer is no reminder\n"),
        ((0, None), "error: no answer from AWS, or from where AWS_ENDPOINT_URL says it is"),
    ],
)
def test_what_is_not_there_or_too_late_is_told(
    remindme: Command, api: FakeApi, answer: tuple[int, Any], said: str
) -> None:
    api.answers = [answer]

    run = remindme("cancel", ID)

    assert (run.status, run.out) == (1, "")
    assert run.err.startswith(said)
