"""The lines that the log gets about reminders, and the metrics. Each due occurrence ends exactly once."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feedback import stop_reminder
from reminders import cancel_reminder, create_reminder, journal, schedule_reminder, stop_link, table, update_reminder
from reminders.due import utc_text
from sending import delivery, send_reminder, senders
from sweep import settle_lost_reminders
from tests.support.aws_answers import refused
from tests.support.handlers.callers import JO, by, of
from tests.support.handlers.events import REQUEST_ID, post, status_and_body
from tests.support.handlers.reminder_rows import ahead, execution_of, row

MAILED = {"message": "Feed Tom", "channels": ["email"], "email": "jo@example.com"}
BOTH = {**MAILED, "channels": ["email", "sms"], "phone": "+4915112345678"}
DAILY = {"repeat": {"every": "1d"}}
THROTTLED = refused("sesv2", "SendEmail", "TooManyRequestsException", "Maximum sending rate exceeded.")
REJECTED = refused("sesv2", "SendEmail", "MessageRejected", "Email address is not verified: jo@example.com")
SECRETS = ("jo@example.com", "+4915112345678", "Feed Tom")

pytestmark = pytest.mark.usefixtures("account", "reminder_table")


class Said:
    """What the log has got."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.metrics: Counter[str] = Counter()
        self.late: list[float] = []

    def add(self, text: str, records: list[Any]) -> None:
        logged = [{"message": one.getMessage(), **vars(one)} for one in records if one.name == "reminders.journal"]
        printed = [json.loads(line) for line in text.splitlines()]
        assert not [secret for secret in SECRETS if secret in text + str(logged)]
        self.lines += [*(line for line in printed if "message" in line), *logged]
        for line in printed:
            for metric in line.get("_aws", {"CloudWatchMetrics": [{"Metrics": []}]})["CloudWatchMetrics"][0]["Metrics"]:
                assert line["Stage"] == "test"
                if metric["Name"] == "SecondsLate":
                    self.late.append(line["SecondsLate"])
                else:
                    self.metrics[metric["Name"]] += line[metric["Name"]]

    def named(self, message: str) -> dict[str, Any]:
        (line,) = (one for one in self.lines if one["message"] == message)
        return line


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Any:
    def said_() -> Said:
        found = Said()
        found.add(capsys.readouterr().out, caplog.records)
        caplog.clear()
        return found

    return said_


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch, reminder_table: Any) -> Any:
    """Sends the reminder r-1 by a channel. `error` is what the service answers."""
    marks: list[Any] = []
    monkeypatch.setattr(send_reminder.sqs(), "change_message_visibility", lambda **_: None)

    def send_(channel: str = "email", error: Exception | None = None, request: dict[str, Any] = MAILED) -> list[Any]:
        def by_service(_: str, __: Any, found: Any) -> str:
            marks.append(found)
            if error:
                raise error
            return "id"

        monkeypatch.setattr(senders, "send", by_service)
        found = table.find("r-1") or {}
        given = {**request, "reminderId": "r-1", "waitUntil": utc_text(ahead(minutes=1))}
        body = json.dumps({"ExecutionId": found["ExecutionId"], "Channel": channel, "Reminder": given})
        record = {"messageId": "m", "receiptHandle": "x", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        send_reminder.handler({"Records": [record]}, Context())
        return marks

    return send_


def test_the_id_of_the_request_goes_into_the_row_the_input_the_line_and_the_mail(reminder_workflow, send, said):
    request = {"message": "Feed Tom", "channels": ["email"], "waitSeconds": 0}
    _, body = status_and_body(create_reminder.handler(by(JO, post(request)), None))

    (execution,) = reminder_workflow.executions()
    assert json.loads(execution["input"])["requestId"] == REQUEST_ID
    assert (table.find(body["reminderId"]) or {})["RequestId"] == REQUEST_ID
    found = said()
    assert found.named("reminder scheduled")["RequestId"] == REQUEST_ID
    assert found.metrics == {"RemindersScheduled": 1}


def test_a_mail_has_the_id_of_the_row_and_not_of_its_message(send, said, reminder_table):
    """Somebody who starts the workflow by hand could write any text into the message."""
    reminder_table.put_item(Item=row(request=MAILED, due=ahead(), RequestId=REQUEST_ID))

    (marks,) = send(request={**MAILED, "requestId": "forged"})

    assert marks.request_id == REQUEST_ID
    assert said().named("reminder sent")["RequestId"] == REQUEST_ID


def test_a_row_and_a_message_of_an_earlier_version_have_no_id_and_are_sent(send, said, reminder_table):
    old = row(request=MAILED, due=ahead())
    assert "RequestId" not in old
    del old["StopKey"]
    reminder_table.put_item(Item=old)

    assert send() == [senders.NO_MARKS]
    assert "RequestId" not in said().named("reminder sent")


def test_a_reminder_that_was_started_by_hand_has_no_id_and_hides_an_address_in_its_name(said, reminder_workflow):
    execution = execution_of("jo@example.com-7")
    given = {**MAILED, "waitSeconds": 60}

    answer = schedule_reminder.handler({"Input": given, "ExecutionId": execution}, None)

    assert "requestId" not in answer
    found = said()
    assert found.named("reminder scheduled")["ReminderId"] == "j…@example.com-7"
    assert found.metrics == {"RemindersScheduled": 1}
    with pytest.raises(schedule_reminder.InvalidInputError, match="requestId"):
        schedule_reminder.handler({"Input": {**given, "requestId": "x"}, "ExecutionId": execution + "8"}, None)


@pytest.mark.parametrize(
    ("request_", "results", "outcome"),
    [
        (MAILED, [None], "RemindersSent"),
        (MAILED, [THROTTLED, THROTTLED, None], "RemindersSent"),
        (MAILED, [REJECTED], "RemindersFailed"),
        (MAILED | DAILY, [None], "RemindersSent"),
        (MAILED | DAILY, [REJECTED], "RemindersFailed"),
        (BOTH, [None, None], "RemindersSent"),
        (BOTH, [REJECTED, None], "RemindersSent"),
        (BOTH, [REJECTED, REJECTED], "RemindersFailed"),
    ],
)
def test_an_occurrence_is_due_once_and_ends_once(
    request_, results, outcome, send, said, reminder_table, reminder_workflow
):
    reminder_table.put_item(Item=row(request=request_, due=ahead()))
    channels = request_["channels"] if len(request_["channels"]) > 1 else ["email"] * len(results)

    for channel, result in zip(channels, results, strict=True):
        send(channel, result, request_)

    found = said()
    ended = {name: found.metrics[name] for name in ("RemindersSent", "RemindersFailed", "RemindersCancelled")}
    assert found.metrics["RemindersDue"] == 1
    assert {name: number for name, number in ended.items() if number} == {outcome: 1}
    assert len(found.late) == ended["RemindersSent"]


@pytest.mark.parametrize(("late", "is_late"), [(0, 0), (3600, 1)])
def test_a_sent_reminder_says_how_late_it_is(late, is_late, send, said, reminder_table):
    reminder_table.put_item(Item=row(request=MAILED, due=ahead(seconds=-late)))

    send()

    found = said()
    # The sending itself takes a moment.
    assert found.late[0] >= late and found.named("reminder sent")["SecondsLate"] == found.late[0]
    assert found.metrics["RemindersSentLate"] == is_late


def test_a_reminder_that_is_stopped_between_two_attempts_is_due_and_cancelled(send, said, reminder_table):
    reminder_table.put_item(Item=row(request=BOTH, due=ahead(), RequestId=REQUEST_ID))
    send("email", None, BOTH)
    table.refuse(table.find("r-1") or {}, {"RefusedAt": "2026-11-21T04:00:00.000Z", "Stopped": True})
    send("sms", None, BOTH)

    found = said()
    assert found.metrics == {"RemindersDue": 1, "RemindersCancelled": 1}
    assert found.named("reminder cancelled")["Status"] == "CANCELLED"


def test_each_act_has_the_id_of_its_own_request(said, reminder_table, reminder_workflow):
    for act, past in (("cancel", "cancelled"), ("stop", "cancelled"), ("change", "changed")):
        reminder_table.put_item(Item=row(request={"message": "x", "channels": ["topic"]} | DAILY, RequestId="first"))
        event = of(JO, "r-1")
        if act == "cancel":
            cancel_reminder.handler(event, None)
        elif act == "change":
            update_reminder.handler({**post({"message": "y", "channels": ["email"]}), **event}, None)
        else:
            token = stop_link.token_of("r-1", row()["StopKey"], due=ahead(hours=1))
            answer = stop_reminder.handler({**event, "httpMethod": "POST", "pathParameters": {"token": token}}, None)
            assert answer["headers"]["X-Request-Id"] == REQUEST_ID
        assert said().named(f"reminder {past}")["RequestId"] == REQUEST_ID, act


def test_the_line_of_a_change_names_the_fields_of_the_request(said, reminder_table, reminder_workflow):
    reminder_table.put_item(Item=row(request={"message": "x", "channels": ["topic"]}))

    update_reminder.handler({**post({"message": "y", "channels": ["email"]}), **of(JO, "r-1")}, None)

    assert said().named("reminder changed")["Fields"] == "channels, message"


def test_a_throttled_attempt_needs_nobody(send, caplog, reminder_table):
    reminder_table.put_item(Item=row(request=MAILED, due=ahead()))

    send("email", THROTTLED)

    assert not [record for record in caplog.records if record.levelname != "INFO"]


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING"])
@pytest.mark.parametrize("repeat", [{}, DAILY], ids=["once", "repeated"])
def test_a_lost_reminder_that_fails_is_due_and_failed(repeat, status, said, reminder_table, reminder_workflow):
    due = ahead(hours=-30)
    claimed = {"ClaimedAt": utc_text(due)} if status == "SENDING" else {}
    # With the topic, a repeated reminder goes on with its next occurrence.
    request = {"message": "Feed Tom", "channels": ["topic"], **repeat}
    reminder_table.put_item(Item=row(request=request, due=due, Status=status, UpdatedAt=utc_text(due), **claimed))

    settle_lost_reminders.handler({}, None)

    assert (table.find("r-1") or {})["Status"] == ("SCHEDULED" if repeat else "FAILED")
    found = said()
    # A reminder that is being sent counted as due when it was claimed.
    assert found.metrics == {"RemindersFailed": 1} | ({"RemindersDue": 1} if status == "SCHEDULED" else {})
    assert found.named("reminder failed")["ReminderId"] == "r-1"


def test_a_failure_is_an_error_that_the_alarm_counts(caplog):
    journal.ended(row(request=MAILED), "FAILED", "because", now=datetime.now(UTC))

    (record,) = caplog.records
    fields = vars(record)
    assert (fields["levelname"], fields["failed"], fields["Reason"]) == ("ERROR", 1, "because")


@pytest.mark.parametrize(
    ("late", "seconds", "is_late"),
    [(-5, 0.0, 0), (0, 0.0, 0), (1.2346, 1.235, 0), (59.9994, 59.999, 0), (60.0004, 60.0, 0), (60.001, 60.001, 1)],
)
def test_a_reminder_is_late_by_milliseconds_and_after_a_minute(late, seconds, is_late, said):
    due = ahead()

    journal.ended(row(request=MAILED, due=due), "SENT", "", now=due + timedelta(seconds=late))

    found = said()
    assert (found.late, found.metrics) == ([seconds], {"RemindersSent": 1, "RemindersSentLate": is_late})
    line = found.named("reminder sent")
    assert (line["SecondsLate"], line["Status"], line["Occurrence"], "Reason" in line) == (seconds, "SENT", 1, False)


@pytest.mark.parametrize("missing", ["Occurrence", "ExecutionId"])
def test_a_damaged_row_is_logged_too(missing, said):
    damaged = row(request=MAILED)
    del damaged[missing]

    journal.ended(damaged, "SENT", "", now=datetime.now(UTC))

    line = said().named("reminder sent")
    assert (line["Occurrence"], "ExecutionId" in line) == (1, missing != "ExecutionId")


def test_a_partly_sent_reminder_says_why(said):
    journal.ended(row(Occurrence=3), "PARTLY_SENT", "the text was not sent: x", now=datetime.now(UTC))

    line = said().named("reminder sent")
    assert (line["Status"], line["Reason"], line["Occurrence"]) == ("PARTLY_SENT", "the text was not sent: x", 3)


@pytest.mark.parametrize(("status", "counted"), [("CANCELLED", {"RemindersCancelled": 1}), ("SENDING", {})])
def test_only_a_reminder_that_waits_counts_as_cancelled(status, counted, said):
    journal.cancelled(row(Status=status), request_id="a request")

    found = said()
    line = found.named("reminder cancelled")
    assert (line["Status"], line["RequestId"], line["ReminderId"]) == (status, "a request", "r-1")
    assert found.metrics == counted


def test_a_mail_to_an_address_that_accepts_none_is_not_sent(send, said, reminder_table):
    report = json.dumps({"kind": "BOUNCED", "at": "2026-11-21T04:00:00.000Z", "occurrence": 1})
    reminder_table.put_item(Item=row(request=BOTH, due=ahead(), EmailFeedback=report))

    assert send("email", None, BOTH) == []
    assert len(send("sms", None, BOTH)) == 1

    found = table.find("r-1") or {}
    assert (found["Status"], found["Reason"], found["TextId"]) == ("PARTLY_SENT", delivery.BOUNCES, "id")
