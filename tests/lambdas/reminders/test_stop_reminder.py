"""The link with which the recipient of an e-mail stops its reminder."""

import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.stop_reminder import handler
from reminders import executions, signed, stop_link, table, update_reminder
from reminders.reminder import BY_RECIPIENT
from tests.support.handlers.aws import client_of, states
from tests.support.handlers.callers import JO, of
from tests.support.handlers.events import REQUEST_ID, post, status_and_body
from tests.support.handlers.faults import fault
from tests.support.handlers.reminder_rows import REPEATED, ahead, execution_of, row

ONE_CLICK = "List-Unsubscribe=One-Click"
KEY = row()["StopKey"]


def token(reminder_id: str = "r-1", *, key: str = KEY, due: datetime | None = None) -> str:
    return stop_link.token_of(reminder_id, key, due=due or ahead())


def call(method: str, text: str, body: str | None = None) -> Any:
    return handler({"httpMethod": method, "pathParameters": {"token": text}, "body": body}, None)


@pytest.fixture
def waiting(reminder_table, reminder_workflow):
    """Jo's repeated reminder r-1, and the execution that waits for it."""
    states.start_execution(stateMachineArn=reminder_workflow.arn, name="r-1")
    reminder_table.put_item(Item=row(request=REPEATED))
    return reminder_workflow


def test_the_page_has_one_button_and_changes_nothing(waiting):
    before = table.find("r-1")

    reply = call("GET", token())

    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (200, "text/html; charset=utf-8")
    page = reply["body"]
    assert re.findall("<button|<form[^>]*>|<a |<script", page) == ['<form method="post">', "<button"]
    assert '<html lang="en">' in page and "<title>Stop this reminder?</title>" in page and "<h1>" in page
    assert "Feed the cat" in page and "example.com" not in page
    assert call("HEAD", token()) == {**reply, "body": ""}
    assert table.find("r-1") == before


@pytest.mark.parametrize("body", [None, "", ONE_CLICK])
def test_a_post_cancels_the_reminder_and_its_repetitions_however_often_it_comes(body, waiting):
    first, second = (call("POST", token(), body) for _ in range(2))

    assert first == second and first["statusCode"] == 200
    found = table.find("r-1")
    assert (found["Status"], found["Reason"]) == ("CANCELLED", BY_RECIPIENT)
    assert [one["status"] for one in waiting.executions()] == ["ABORTED"]


def test_every_page_may_load_and_send_nothing_elsewhere(waiting):
    for reply in (call("GET", token()), call("POST", token()), call("GET", "x" * 40)):
        headers = reply["headers"]
        policy = dict(one.strip().split(" ", 1) for one in headers["Content-Security-Policy"].split(";"))
        assert (policy["default-src"], policy["form-action"], policy["frame-ancestors"]) == (
            "'none'",
            "'self'",
            "'none'",
        )
        assert "script-src" not in policy and "unsafe" not in headers["Content-Security-Policy"]
        assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
        assert (headers["X-Content-Type-Options"], headers["X-Robots-Tag"]) == ("nosniff", "noindex")
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert policy["base-uri"] == "'none'"
        style = re.search("<style>(.*)</style>", reply["body"])
        assert style and policy["style-src"] == f"'sha256-{b64encode(sha256(style[1].encode()).digest()).decode()}'"


def test_a_message_does_not_become_markup(waiting, reminder_table):
    reminder_table.put_item(Item=row(Message="<script>alert(1)</script>"))

    assert "<script" not in call("GET", token())["body"]


def forged() -> dict[str, str]:
    good = token()
    flipped = ("A" if good[5] != "A" else "B").join((good[:5], good[6:]))
    return {
        "of another key": token(key="f" * 32),
        "expired": token(due=ahead() - stop_link.KEPT - timedelta(seconds=1)),
        "of an unknown reminder": token("r-9"),
        "of another reminder with this key": token("r-2"),
        "with one other letter": flipped,
        "cut": good[:-4],
        "longer": good + "AAAA",
        "padded": good + "=",
        "empty": "",
        "too long": "A" * 5000,
        "not Base64": "é" * 40,
        "an id": "r-1",
    }


@pytest.mark.parametrize("kind", forged())
def test_all_other_tokens_get_the_same_page_and_change_nothing(kind, waiting, reminder_table):
    reminder_table.put_item(Item=row("r-2", StopKey="e" * 32))
    before = [table.find("r-1"), table.find("r-2")]

    replies = [call(method, forged()[kind]) for method in ("GET", "POST")]

    assert all(reply == call("GET", "unknown") and reply["statusCode"] == 404 for reply in replies)
    assert [table.find("r-1"), table.find("r-2")] == before


def test_a_row_of_an_earlier_version_has_no_link(waiting, reminder_table):
    old = row()
    del old["StopKey"]
    reminder_table.put_item(Item=old)

    assert call("POST", token(key=""))["statusCode"] == 404


@pytest.mark.parametrize(("seconds", "is_valid"), [(-1, True), (0, False)])
def test_a_link_is_valid_for_thirty_days_after_its_reminder_was_due(seconds, is_valid):
    due = datetime(2026, 11, 21, 4, tzinfo=UTC)
    read = signed.read(token(due=due))

    assert read
    assert stop_link.is_valid(read, KEY, now=due + timedelta(days=30, seconds=seconds)) is is_valid


@given(st.text(min_size=1, max_size=80), st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1)))
def test_a_token_fits_into_an_address_and_names_its_reminder(reminder_id, due):
    due = due.replace(tzinfo=UTC)
    made = stop_link.token_of(reminder_id.encode(errors="ignore").decode() or "r", KEY, due=due)
    read = signed.read(made)

    if read is None:
        assert len(made) > 256
    else:
        assert re.fullmatch("[A-Za-z0-9_-]+", made)
        assert stop_link.is_valid(read, KEY, now=due)
        assert not stop_link.is_valid(read, KEY, now=due + stop_link.KEPT)


@pytest.mark.parametrize("status", ["SENT", "PARTLY_SENT", "FAILED", "SENDING"])
def test_a_reminder_that_is_over_or_being_sent_never_comes_again(status, waiting, reminder_table):
    reminder_table.put_item(Item=row(request=REPEATED, Status=status))

    assert call("POST", token())["statusCode"] == 200

    found = table.find("r-1")
    assert (found["Status"], found["Stopped"]) == (status, True)
    # Not even if its owner snoozes it, or if it is sent the next time.
    event = {**post({"sendNow": True}), **of(JO, "r-1")}
    assert status_and_body(update_reminder.handler(event, None))[0] == 409
    changes = {"Occurrence": 2, "DueAt": "2027-01-28T08:00:00Z"}
    assert table.finish_and_repeat(found, changes, execution="arn:next") is None


def test_a_stop_while_an_occurrence_ends_stops_the_next_one(waiting, reminder_table, monkeypatch):
    """SendReminder schedules the next occurrence between the read and the write."""
    reminder_table.put_item(Item=row(request=REPEATED, Status="SENDING"))
    once = table.refuse

    def refuse(found: Any, changes: Any) -> Any:
        monkeypatch.setattr(table, "refuse", once)
        assert table.finish_and_repeat(found, {"Occurrence": 2}, execution=execution_of("next"))
        return once(found, changes)

    monkeypatch.setattr(table, "refuse", refuse)

    assert call("POST", token())["statusCode"] == 200
    assert (table.find("r-1")["Status"], table.find("r-1")["Occurrence"]) == ("CANCELLED", 2)


def test_a_new_recipient_gets_a_new_key(waiting, reminder_table, account):
    """The links in earlier mails belong to the earlier recipient."""
    event = {**post({"email": "desk@example.com"}), **of(JO, "r-1")}
    executions.states.stop_execution(executionArn=execution_of("r-1"))
    assert update_reminder.handler(event, None)["statusCode"] in (200, 409)
    changed = table.find("r-1")

    assert (changed["StopKey"] != KEY) == (changed["Email"] == "d…@example.com")


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem"])
def test_a_failing_table_is_a_page_too(operation, waiting):
    with fault(client_of(table, "dynamodb"), operation, "refused"):
        reply = call("POST", token())

    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert call("POST", token())["statusCode"] == 200


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING"])
def test_a_stop_is_logged_once(status, waiting, reminder_table, capsys):
    reminder_table.put_item(Item=row(request=REPEATED, Status=status))

    call("POST", token()), call("POST", token())

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [one for one in lines if one.get("message") == "reminder cancelled"]
    assert line["Status"] == ("CANCELLED" if status == "SCHEDULED" else status)
    assert ["RemindersCancelled" in one for one in lines if "_aws" in one] == [True] * (status == "SCHEDULED")


def test_a_row_may_change_twice_before_the_stop_is_written(waiting, monkeypatch):
    """An occurrence is claimed, and then ends."""
    refuse, lost = table.refuse, [None, None]
    monkeypatch.setattr(table, "refuse", lambda *given: lost.pop() if lost else refuse(*given))

    assert call("POST", token())["statusCode"] == 200
    assert table.find("r-1")["Status"] == "CANCELLED"


def test_a_reminder_that_changes_all_the_time_is_not_stopped_yet(waiting, monkeypatch):
    monkeypatch.setattr(table, "refuse", lambda *_: None)

    reply = call("POST", token())

    assert (reply["statusCode"], "The reminder is not stopped yet" in reply["body"]) == (503, True)
    assert table.find("r-1")["Status"] == "SCHEDULED"


def test_a_failure_is_logged_with_the_id_of_the_request(waiting, caplog):
    event = {**of(JO, "r-1"), "httpMethod": "POST", "pathParameters": {"token": token()}}
    with fault(client_of(table, "dynamodb"), "UpdateItem", "refused"):
        reply = handler(event, None)

    (record,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert (reply["statusCode"], reply["headers"]["X-Request-Id"]) == (503, REQUEST_ID)
    assert vars(record)["RequestId"] == REQUEST_ID


@pytest.mark.parametrize("event", [{}, {"pathParameters": None}, {"pathParameters": {"token": None}}])
def test_a_request_without_a_token_gets_the_page_of_an_invalid_link(event):
    reply = handler(event, None)

    assert (reply["statusCode"], "This link is not valid" in reply["body"]) == (404, True)
