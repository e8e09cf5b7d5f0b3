"""What `RecordFeedback` does with reports of SES and SNS: in every status, twice, late and forged."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feedback import record_feedback
from feedback.record_feedback import handler
from reminders import mail_tag, table
from reminders.reminder import shown
from tests.support.handlers.aws import states
from tests.support.handlers.reminder_rows import REPEATED, row
from tests.support.handlers.reports import BOUNCE, SECRETS, log_event, mail_event, text_line

KEY = row()["StopKey"]
MAILED = {"message": "Feed the cat", "channels": ["email"], "email": "jo@example.com", "repeat": {"every": "1d"}}
UNKNOWN = {
    "an event of SES is of an unknown type",
    "an event of SES has an unknown form",
    "a line of SNS has an unknown form",
    "the lines of CloudWatch Logs have an unknown form",
}
LONG_AGO = datetime(2026, 11, 21, tzinfo=UTC)


def tag(*, key: str = KEY, occurrence: int = 1, reminder_id: str = "r-1") -> str:
    return mail_tag.tag_of(reminder_id, key, occurrence=occurrence)


@pytest.fixture
def write(reminder_table: Any, reminder_workflow: Any) -> Any:
    """Writes a row, whose execution waits."""

    def write_(request: dict[str, Any] = MAILED, **changes: Any) -> dict[str, Any]:
        states.start_execution(stateMachineArn=reminder_workflow.arn, name="r-1")
        made = row(request=request, RequestId="c6af9ac6-7b61-11e6-9a41-93e8deadbeef", **changes)
        reminder_table.put_item(Item=made)
        return made

    return write_


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    """The lines that the function has printed since the last call, by their `message`, and its metrics by name."""

    def said_() -> tuple[list[dict[str, Any]], dict[str, int]]:
        text = capsys.readouterr().out
        assert not [secret for secret in SECRETS if secret in text]
        lines = [json.loads(line) for line in text.splitlines()]
        counted = {
            metric["Name"]: line[metric["Name"]]
            for line in lines
            if "_aws" in line
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        }
        return [line for line in lines if "message" in line], counted

    return said_


def kept(*names: str) -> tuple[Any, ...]:
    found = table.find("r-1") or {}
    assert not [secret for secret in SECRETS if secret in str(found)]
    return tuple(found.get(name) for name in names)


def feedback(channel: str = "email") -> Any:
    return (shown(table.find("r-1") or {}).get("feedback") or {}).get(channel)


def test_a_bounce_stops_a_repeated_reminder_that_has_no_other_channel(write, said, reminder_workflow):
    write()

    handler(mail_event("Bounce", tag(occurrence=3)), None)

    assert kept("Status", "Reason") == (
        "CANCELLED",
        "stopped, because its mail came back: the address accepts no mail",
    )
    assert {name: value for name, value in feedback().items() if name != "at"} == {"kind": "BOUNCED", "occurrence": 3}
    assert [one["status"] for one in reminder_workflow.executions()] == ["ABORTED"]
    lines, counted = said()
    assert [line["message"] for line in lines] == ["reminder cancelled", "mail bounced"]
    assert {line["RequestId"] for line in lines} == {"c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}
    assert lines[1]["Detail"] == "General"
    assert counted == {"RemindersCancelled": 1, "MailsBounced": 1}


def test_a_bounce_leaves_the_other_channels_of_a_reminder(write, said):
    write(REPEATED)

    handler(mail_event("Bounce", tag()), None)

    assert (kept("Status"), feedback()["kind"]) == (("SCHEDULED",), "BOUNCED")
    ((line,), counted) = said()
    assert (line["message"], line["Kind"], line["Detail"], line["Occurrence"]) == (
        "mail bounced",
        "BOUNCED",
        "General",
        1,
    )
    assert counted == {"MailsBounced": 1}


@pytest.mark.parametrize("type_", ["Transient", "Undetermined"])
def test_a_mail_that_could_not_be_delivered_stops_nothing(type_, write, said):
    write()

    handler(mail_event("Bounce", tag(), bounceType=type_, bounceSubType="MailboxFull"), None)

    assert (kept("Status"), feedback()["kind"]) == (("SCHEDULED",), "UNDELIVERED")
    assert said()[1] == {"MailsBounced": 1}


@pytest.mark.parametrize("request_", [MAILED, REPEATED], ids=["a mail", "both channels"])
def test_a_complaint_stops_the_reminder_like_the_link_of_its_mail(request_, write, said, reminder_workflow):
    write(request_)

    handler(mail_event("Complaint", tag()), None)

    assert kept("Status", "Reason") == ("CANCELLED", "stopped, because its recipient marked a mail as spam")
    assert kept("RefusedAt") != (None,)
    assert [one["status"] for one in reminder_workflow.executions()] == ["ABORTED"]
    assert said()[1] == {"RemindersCancelled": 1, "MailsComplained": 1}


def test_a_rejected_mail_is_recorded(write, said):
    write(Status="SENT")

    handler(mail_event("Reject", tag()), None)

    assert (kept("Status"), feedback()["kind"]) == (("SENT",), "REJECTED")
    assert said()[1] == {"MailsRejected": 1}


@pytest.mark.parametrize("status", ["SENT", "PARTLY_SENT", "FAILED", "SENDING"])
def test_a_reminder_that_is_over_keeps_its_status_and_is_not_sent_again_after_a_complaint(
    status, write, said, reminder_workflow
):
    write(Status=status)

    handler(mail_event("Complaint", tag()), None)

    assert (kept("Status", "Stopped"), feedback()["kind"]) == ((status, True), "COMPLAINED")
    assert [one["status"] for one in reminder_workflow.executions()] == ["RUNNING"]
    lines, counted = said()
    assert [(line["message"], line.get("Status")) for line in lines] == [
        ("reminder cancelled", status),
        ("mail complained", None),
    ]
    assert counted == {"MailsComplained": 1}


def test_a_bounce_during_a_delivery_stops_the_repetitions(write):
    write(Status="SENDING")

    handler(mail_event("Bounce", tag()), None)

    assert kept("Status", "Stopped") == ("SENDING", True)


@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Reject"])
def test_the_same_report_twice_changes_and_counts_once(kind, write, said):
    write()
    handler(mail_event(kind, tag()), None)
    before, _ = table.find("r-1"), said()

    handler(mail_event(kind, tag()), None)

    assert table.find("r-1") == before
    assert said() == ([], {})


def test_the_row_keeps_the_latest_report_and_of_one_mail_the_worst(write):
    write(REPEATED)
    seen = []
    for kind, occurrence in (("Reject", 2), ("Bounce", 2), ("Reject", 2), ("Bounce", 1), ("Reject", 3)):
        handler(mail_event(kind, tag(occurrence=occurrence)), None)
        seen.append((feedback()["kind"], feedback()["occurrence"]))

    assert seen == [("REJECTED", 2), ("BOUNCED", 2), ("BOUNCED", 2), ("BOUNCED", 2), ("REJECTED", 3)]


@pytest.mark.parametrize(
    "text",
    [tag(key="another"), tag(reminder_id="r-2"), tag()[:-2] + "xx", "r-1", "", None],
    ids=["an earlier recipient", "no row", "changed", "an id", "empty", "no tag"],
)
@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Reject"])
def test_a_mail_that_is_not_this_reminders_counts_and_changes_nothing(kind, text, write, said):
    before = write()

    handler(mail_event(kind, text), None)

    assert table.find("r-1") == before
    ((line,), counted) = said()
    assert (line["message"], line["Kind"], "ReminderId" in line) == {
        "Bounce": ("mail bounced", "BOUNCED", False),
        "Complaint": ("mail complained", "COMPLAINED", False),
        "Reject": ("mail rejected", "REJECTED", False),
    }[kind]
    assert line["Detail"] == {"Bounce": "General", "Complaint": "abuse", "Reject": ""}[kind]
    assert list(counted.values()) == [1]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"detail-type": "Email Bounced", "detail": {}},
        {"detail-type": "Email Bounced", "detail": None},
        mail_event("Bounce", "x") | {"detail-type": "Email Opened"},
        mail_event("Bounce", tag()) | {"detail": {"bounce": BOUNCE, "mail": {"tags": {"reminder": [1]}}}},
        mail_event("Bounce", tag()) | {"detail": {"bounce": BOUNCE, "mail": {"tags": {"reminder": 1}}}},
        {"awslogs": {"data": "no"}},
        {"awslogs": {}},
        log_event("no JSON"),
        log_event(json.dumps({"status": "FAILURE"})),
    ],
)
def test_an_unknown_report_is_logged_without_its_content(event, write, caplog):
    before = write()

    handler(event, None)

    assert table.find("r-1") == before
    assert [(one.levelname, one.getMessage() in UNKNOWN) for one in caplog.records] == [("ERROR", True)]


def test_a_row_that_changes_meanwhile_is_read_again(write, monkeypatch):
    write(REPEATED)
    refuse, tried = table.refuse, []

    def refuse_late(before: Any, changes: Any) -> Any:
        if not tried:
            table.claim("r-1", execution=before["ExecutionId"], channel="sms", waited_until="2099-01-01T00:00:00Z",
                        now=datetime.now(UTC), lease=timedelta(minutes=1))  # fmt: skip
        tried.append(before["Status"])
        return refuse(before, changes)

    monkeypatch.setattr(table, "refuse", refuse_late)
    handler(mail_event("Complaint", tag()), None)

    assert tried == ["SCHEDULED", "SENDING"]
    assert kept("Status", "Stopped") == ("SENDING", True)


@pytest.mark.parametrize("now", [{"StopKey": "another"}, None], ids=["another recipient", "deleted"])
def test_a_reminder_that_is_not_the_recipients_any_more_is_not_changed(now, write, said, reminder_table, monkeypatch):
    """Its owner changes or deletes it between the read and the write."""
    before = write()

    def refuse(*_: Any) -> None:
        if now is None:
            reminder_table.delete_item(Key={"ReminderId": "r-1"})
        else:
            reminder_table.put_item(Item=before | now)

    monkeypatch.setattr(table, "refuse", refuse)
    handler(mail_event("Complaint", tag()), None)

    assert table.find("r-1") == (before | now if now else None)
    assert said() == ([], {})


def test_a_row_may_change_twice_before_the_report_is_written(write, monkeypatch):
    """An occurrence is claimed, and then ends."""
    write()
    refuse, lost = table.refuse, [None, None]
    monkeypatch.setattr(table, "refuse", lambda *given: lost.pop() if lost else refuse(*given))

    handler(mail_event("Complaint", tag()), None)

    assert kept("Status") == ("CANCELLED",)


def test_a_row_that_never_rests_is_tried_again_by_lambda(write, monkeypatch):
    write()
    monkeypatch.setattr(table, "refuse", lambda *_: None)

    with pytest.raises(record_feedback.RowChangesError):
        handler(mail_event("Complaint", tag()), None)


def test_an_execution_that_cannot_be_stopped_changes_nothing_about_the_record(write):
    write(ExecutionId="arn:aws:states:us-east-1:123456789012:execution:reminders:gone")

    handler(mail_event("Bounce", tag()), None)

    assert kept("Status") == ("CANCELLED",)


def test_a_text_that_did_not_arrive_is_found_by_its_id(write, said):
    write(REPEATED, TextId="t-1", TextOccurrence=2)

    handler(log_event(text_line("t-1", at=LONG_AGO)), None)

    assert (kept("Status"), feedback("sms")["kind"], feedback("sms")["occurrence"]) == (
        ("SCHEDULED",),
        "UNDELIVERED",
        2,
    )
    lines, counted = said()
    assert [(line["message"], line["ReminderId"], line["Occurrence"]) for line in lines] == [
        ("text rejected", "r-1", 2)
    ]
    assert counted == {"TextsRejected": 1}


@pytest.mark.parametrize("line", [text_line("t-2", at=LONG_AGO), text_line("t-1", at=LONG_AGO, status="SUCCESS")])
def test_another_text_changes_and_counts_nothing(line, write, said):
    before = write(REPEATED, TextId="t-1", TextOccurrence=2)

    handler(log_event(line), None)

    assert (table.find("r-1"), said()[1]) == (before, {})


def test_a_text_that_no_row_has_is_logged_without_its_id(write, said):
    write(REPEATED, TextId="t-1", TextOccurrence=2)

    handler(log_event(text_line("t-2", at=LONG_AGO), text_line("t-1", at=LONG_AGO)), None)

    lines, counted = said()
    assert [line["message"] for line in lines] == ["another text was rejected", "text rejected"]
    assert counted == {"TextsRejected": 1}


@pytest.mark.parametrize("now", [{"TextId": "t-2", "TextOccurrence": 3}, None], ids=["a later text", "deleted"])
def test_a_row_that_only_the_index_shows_with_the_text_is_not_changed(now, write, said, reminder_table, monkeypatch):
    """DynamoDB's indexes lag behind the table."""
    before = write(REPEATED, **(now or {}))
    if now is None:
        reminder_table.delete_item(Key={"ReminderId": "r-1"})
    monkeypatch.setattr(table, "with_text", lambda _: "r-1")

    handler(log_event(text_line("t-1", at=LONG_AGO)), None)

    assert table.find("r-1") == (before if now else None)
    assert said()[1] == {}


def test_a_report_about_a_text_may_come_before_the_text_is_recorded(write, monkeypatch):
    write(REPEATED)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        table.refuse(table.find("r-1") or {}, {"TextId": "t-1", "TextOccurrence": 1})

    monkeypatch.setattr(record_feedback.time, "sleep", sleep)
    in_future = datetime.now(UTC) + timedelta(days=1)
    handler(log_event(text_line("t-1", at=in_future)), None)

    assert feedback("sms")["kind"] == "UNDELIVERED"
    assert len(slept) == 1 and 0 < slept[0] <= 10
