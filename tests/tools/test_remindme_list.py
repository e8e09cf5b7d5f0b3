"""`remindme list`, `show` and `cancel`: pages, shortened ids, and narrow terminals."""

from typing import Any

import pytest
from rich.cells import cell_len

from terminal import times
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
    assert times.local(REMINDER["dueAt"]) in cut.out and "there are more than 1: list more with --limit" in cut.out


def test_without_reminders_a_sentence_is_shown_or_an_empty_list_in_json(remindme: Command, api: FakeApi) -> None:
    api.answers = [(200, {"reminders": [], "next": None})]

    assert remindme("list").out == "no reminders\n"
    assert remindme("list", "--json").json == []


def test_control_characters_are_escaped_and_card_numbers_are_hidden(remindme: Command, api: FakeApi) -> None:
    api.answers = [(200, {"reminders": [{**REMINDER, "message": f"[red]\x1b[31m\u202e{CARD}"}], "next": None})]

    as_text, as_json = remindme("list"), remindme("list", "--json")

    assert r"[red]\x1b[31m\u202e#" in as_text.out
    assert "\x1b" not in as_text.out + as_json.out and CARD not in as_text.out + as_json.out


def test_a_reminder_is_shown_and_cancelled_by_its_id(remindme: Command, api: FakeApi) -> None:
    api.answers = [(200, REMINDER), (200, {**REMINDER, "status": "CANCELLED"})]

    shown, cancelled = remindme("show", ID), remindme("cancel", ID, "--json")

    assert "Feed the cat" in shown.out
    assert cancelled.json["status"] == "CANCELLED"
    assert [request[:2] for request in api.requests] == [
        ("GET", f"/v1/reminders/{ID}"),
        ("DELETE", f"/v1/reminders/{ID}"),
    ]


@pytest.mark.parametrize(
    ("channel", "kind", "words"),
    [
        ("email", "BOUNCED", "the e-mail came back: the address accepts no mail"),
        ("email", "COMPLAINED", "the e-mail was marked as spam by its recipient"),
        ("sms", "UNDELIVERED", "the text was not delivered"),
        ("email", "LATER", "the e-mail did not arrive"),
    ],
)
def test_what_became_of_a_message_is_said_in_words(
    channel: str, kind: str, words: str, remindme: Command, api: FakeApi
) -> None:
    report = {"kind": kind, "at": "2026-11-21T04:00:02.000Z", "occurrence": 1}
    found = {**REMINDER, "status": "SENT", "feedback": {channel: report}}
    api.answers = [(200, found), (200, {"reminders": [found], "next": None})]

    shown, listed = remindme("show", ID), remindme("list")

    for out in (shown.out, listed.out):
        assert words in " ".join(out.split()), out


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
def test_an_id_may_be_shortened_if_only_one_reminder_matches(
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
        assert all(f"\n  {one}  " in run.err for one in (ID, *OTHERS[:2])) and OTHERS[2] not in run.err
        assert run.err.count(REMINDER["message"]) == 3


def test_a_reminder_in_another_time_zone_is_shown_with_both_times(remindme: Command, api: FakeApi) -> None:
    there = {"dueAtLocal": "2027-01-27T03:00:00-05:00", "timeZone": "America/New_York"}
    api.answers = [(200, {**REMINDER, **there}), (200, REMINDER)]

    elsewhere, here = remindme("show", ID), remindme("show", ID)

    assert f"due         {times.local(REMINDER['dueAt'], seconds=True)}\n" in here.out
    assert "            Wed 2027-01-27 03:00:00 America/New_York\n" in elsewhere.out
    assert here.out == elsewhere.out.replace("            Wed 2027-01-27 03:00:00 America/New_York\n", "")


def test_a_shortened_id_without_a_match_is_refused(remindme: Command, api: FakeApi) -> None:
    api.answers = [(200, {"reminders": [REMINDER], "next": None})]

    run = remindme("cancel", "abcd")

    assert (run.status, len(api.requests)) == (1, 1)
    assert "you have no reminder whose id begins with abcd: `list` shows your reminders" in run.err


LONG = {**REMINDER, "message": "Feed the cat and water the flowers " * 4}


@pytest.mark.parametrize("message", ["tea", LONG["message"], "x" * 300, "猫に餌をやる" * 9])
def test_ids_and_times_are_not_broken_in_a_narrow_terminal(
    remindme: Command, api: FakeApi, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    for columns in (40, 60, 80, 100, 120, 160, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        api.answers = [(200, {"reminders": [REMINDER, {**LONG, "message": message}], "next": None})]

        run = remindme("list")

        assert run.out.count(ID[:8]) == 2 and ID not in run.out
        assert run.out.count(times.local(REMINDER["dueAt"])) == 2
        assert run.out.count("SCHEDULED") == 2
        assert all(word in run.out for word in message.split())
        if "│" in run.out:
            assert all(cell_len(line) <= columns for line in run.out.splitlines())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, refusal("NotFound")), f"error: you have no reminder {ID}: `list` shows your reminders\n"),
        ((409, refusal("Conflict")), "error: the API answered 409: Conflict: The reminder is invalid.\n"),
        ((403, f"<p>{CARD}</p>".encode()), "error: the API answered 403: the request was refused before"),
        ((200, b"[]"), "error: the API's answer is not a reminder: deploy this version of the stack first\n"),
        ((0, None), "error: no answer from AWS, or from the address in AWS_ENDPOINT_URL"),
    ],
)
def test_a_refusal_or_a_failure_is_reported(
    remindme: Command, api: FakeApi, answer: tuple[int, Any], said: str
) -> None:
    api.answers = [answer]

    run = remindme("cancel", ID)

    assert (run.status, run.out) == (1, "")
    assert run.err.startswith(said)
