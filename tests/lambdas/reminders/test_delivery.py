"""Each reminder is sent once by each channel, also if calls fail and messages come twice."""

import json
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ReadTimeoutError

from common.times import timestamp
from feedback import stop_reminder
from reminders import executions, mail_tag, signed, stop_link, table
from reminders.due import from_utc_text, utc_text
from reminders.limits import TEXTS
from reminders.reminder import BY_RECIPIENT, LEASE_TIME, execution_arn
from sending import delivery, send_reminder, senders
from sending.messages import read
from sending.pace import Pace
from tests.support.aws_answers import refused
from tests.support.handlers.aws import ENVIRONMENT, client_of
from tests.support.handlers.callers import JO
from tests.support.handlers.faults import KINDS, KilledError, fault
from tests.support.handlers.reminder_rows import DAILY, KEPT, REQUEST, ahead, execution_of, row

OWN = execution_of("r-1")
OTHER = execution_arn(ENVIRONMENT["REMINDER_WORKFLOW"], "r-1-other")
BOTH = ["email", "sms"]
MAILED = {"message": "Feed the cat", "channels": ["email"], "email": "jo@example.com"}
THROTTLED = refused("sesv2", "SendEmail", "TooManyRequestsException", "Maximum sending rate exceeded.")
SPENT = refused("sesv2", "SendEmail", "TooManyRequestsException", "Daily message quota exceeded.")
REJECTED = refused("sesv2", "SendEmail", "MessageRejected", "Email address is not verified: jo@example.com")
DOWN = ReadTimeoutError(endpoint_url="https://email.example.com")

pytestmark = pytest.mark.usefixtures("reminder_table")


class Context:
    """Lambda's context. `seconds` are left of the call."""

    def __init__(self, seconds=60.0):
        self.seconds = seconds

    def get_remaining_time_in_millis(self):
        return int(self.seconds * 1000)


class Sent(list):
    """The channels and the texts that were sent. `fails` has the error that each next attempt raises, or None.

    `marks` has the marks of each attempt.
    """

    def __init__(self):
        self.fails = []
        self.marks = []

    def send(self, channel, reminder, marks):
        self.marks.append(marks)
        error = self.fails.pop(0) if self.fails else None
        if error:
            raise error
        self.append((channel, reminder["message"]))
        return f"id-{len(self)}"


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    found = Sent()
    monkeypatch.setattr(senders, "send", found.send)
    return found


@pytest.fixture(autouse=True)
def no_hold(monkeypatch):
    """The instance of a test would hold back the messages of the next tests."""
    paces = {name: Pace(0) for name in ("email", "sms", "topic")}
    monkeypatch.setattr(send_reminder, "paces", paces)


@pytest.fixture(autouse=True)
def put_back(monkeypatch):
    """The delays in seconds for which messages were put back."""
    delays = []
    monkeypatch.setattr(
        send_reminder.sqs(),
        "change_message_visibility",
        lambda QueueUrl, ReceiptHandle, VisibilityTimeout: delays.append(VisibilityTimeout),  # noqa: N803
    )
    return delays


@pytest.fixture
def write(reminder_table):
    """Writes a row that has just become due."""

    def write_(*, request=MAILED, due=None, **changes):
        made = row(request=request, due=due or ahead(), zone="UTC") | changes
        reminder_table.put_item(Item=made)
        return made

    return write_


def message(channel="email", *, execution=OWN, request=MAILED, waited=None, number=0, receives=1):
    given = {**request, "reminderId": "r-1", "waitUntil": utc_text(waited or ahead())}
    body = {"ExecutionId": execution, "Channel": channel, "Reminder": given}
    return {
        "messageId": f"m-{number}",
        "receiptHandle": "x",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }


def send(*records, context=None):
    """Returns the ids of the messages that failed."""
    answer = send_reminder.handler({"Records": list(records)}, context or Context())
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def stop():
    """The recipient presses the button of the mail's link."""
    token = stop_link.token_of("r-1", kept("StopKey")[0], due=ahead())
    answer = stop_reminder.handler({"httpMethod": "POST", "pathParameters": {"token": token}}, None)
    assert answer["statusCode"] == 200


def kept(*names):
    found = table.find("r-1")
    return tuple(found.get(name) for name in names) if names else found


def test_a_reminder_is_sent_and_its_row_says_so(write, sent):
    before = write()

    assert send(message()) == []

    assert sent == [("email", "Feed the cat")]
    assert kept() == before | {"Status": "SENT", "Reason": "", "UpdatedAt": kept("UpdatedAt")[0]}
    assert kept("UpdatedAt")[0] > before["UpdatedAt"]


def test_an_occurrence_is_due_when_its_first_message_claims_it(write, sent, capsys):
    write(request=REQUEST)
    sent.fails = [DOWN]

    for channel in ("email", "email", "sms"):
        send(both(channel))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["RemindersDue"] for line in lines if "RemindersDue" in line] == [1]


@pytest.mark.parametrize("copies", [[0, 0], [0, 1]], ids=["one batch", "a copy"])
def test_a_copy_of_a_message_sends_nothing(copies, write, sent):
    write()

    assert [send(*(message(number=number) for number in copies)), send(message())] == [[], []]

    assert len(sent) == 1
    assert kept("Status") == ("SENT",)


@pytest.mark.parametrize("status", ["CANCELLED", "SENT", "PARTLY_SENT", "FAILED"])
def test_a_reminder_that_is_over_is_not_sent(status, write, sent):
    before = write(Status=status)

    assert send(message()) == []
    assert (sent, kept()) == ([], before)


def test_a_message_of_another_execution_sends_nothing(write, sent):
    """Somebody may start an execution by hand with the id of another reminder."""
    before = write()

    assert send(message(execution=OTHER)) == []
    assert (sent, kept()) == ([], before)


def test_a_message_without_a_row_sends_nothing(sent):
    assert send(message()) == []
    assert sent == []


def test_a_refused_reminder_fails_with_the_reason_and_is_logged_without_addresses(write, sent, caplog):
    write()
    sent.fails = [REJECTED]

    assert send(message()) == []

    assert kept("Status", "Reason") == ("FAILED", "the e-mail was not sent: MessageRejected")
    assert [record.failed for record in caplog.records if hasattr(record, "failed")] == [1]
    lines = [vars(record) for record in caplog.records]
    assert any("not verified: j…@example.com" in one.get("Said", "") for one in lines)
    assert "jo@" not in str(lines)


@pytest.mark.parametrize(("receives", "least", "most"), [(1, 1, 1), (3, 2, 4), (20, 15, 30)])
def test_a_throttled_reminder_goes_back_and_can_be_cancelled_meanwhile(receives, least, most, write, sent, put_back):
    before = write()
    sent.fails = [THROTTLED]

    assert send(message(receives=receives)) == ["m-0"]

    assert kept() == before | {name: kept(name)[0] for name in ("UpdatedAt", "ClaimedAt")}
    assert least <= put_back[0] <= most
    assert table.cancel("r-1", owner=JO, now=timestamp(datetime.now(UTC)))
    assert (send(message()), sent) == ([], [])


def test_a_throttled_reminder_is_sent_by_the_next_attempt(write, sent):
    write()
    sent.fails = [THROTTLED, THROTTLED]

    assert [send(message()) for _ in range(3)] == [["m-0"], ["m-0"], []]
    assert (sent, kept("Status")) == ([("email", "Feed the cat")], ("SENT",))


def test_a_reminder_whose_answer_was_lost_stays_sending_until_the_next_attempt(write, sent, put_back):
    """It may arrive, so it cannot be cancelled."""
    write()
    sent.fails = [DOWN]

    assert send(message()) == ["m-0"]
    assert kept("Status", "EmailLease") == ("SENDING", None)
    assert send(message()) == []
    assert kept("Status") == ("SENT",)


@pytest.mark.parametrize("error", [THROTTLED, DOWN], ids=["not sent", "perhaps sent"])
def test_a_reminder_that_its_recipient_stops_between_two_attempts_is_not_sent(error, write, sent):
    request = MAILED | {"repeat": DAILY}
    write(request=request)
    sent.fails = [error]
    send(message(request=request))
    stop()

    assert send(message(request=request)) == []

    assert (sent, kept("Status")) == ([], ("CANCELLED",))


def test_the_channels_that_are_left_send_nothing_after_the_recipient_stopped_the_reminder(write, sent):
    request = {**MAILED, "channels": BOTH, "phone": "+15555550100"}
    write(request=request)
    send(message(request=request))
    stop()

    assert send(message("sms", request=request)) == []

    assert [channel for channel, _ in sent] == ["email"]
    assert kept("Status", "Reason") == ("CANCELLED", BY_RECIPIENT)


def test_a_change_of_the_owner_does_not_undo_the_stop(write, sent):
    """Their call read the row before the recipient stopped the reminder, and wrote it after that."""
    before = write(Status="SENT")
    stop()
    table.change(before, {"Status": "SCHEDULED"}, execution=OTHER, after=OWN, without=["Stopped"])

    assert send(message(execution=OTHER)) == []

    assert (sent, kept("Status")) == ([], ("CANCELLED",))


@pytest.mark.parametrize(
    ("late", "status", "reason"),
    [
        (timedelta(hours=24, seconds=1), "FAILED", delivery.TOO_LATE),
        (timedelta(hours=23, minutes=55), "SENT", ""),
    ],
)
def test_a_reminder_that_is_later_than_the_stage_allows_fails(late, status, reason, write, sent):
    write(due=ahead() - late)

    assert send(message()) == []
    assert (len(sent), kept("Status", "Reason")) == (1 if status == "SENT" else 0, (status, reason))


@pytest.mark.parametrize(
    ("error", "levels"),
    [(THROTTLED, []), (DOWN, []), (SPENT, ["WARNING"]), (REJECTED, ["WARNING", "ERROR"])],
    ids=["throttled", "down", "spent", "rejected"],
)
def test_the_log_warns_only_about_a_failure_that_somebody_must_know(error, levels, write, sent, caplog):
    write()
    sent.fails = [error]

    send(message())

    assert [one.levelname for one in caplog.records if one.levelno > logging.INFO] == levels


@pytest.mark.parametrize(
    ("error", "hold"), [(THROTTLED, 1.0), (SPENT, 300.0), (DOWN, 0)], ids=["throttled", "spent", "down"]
)
def test_an_instance_holds_its_messages_after_a_refusal(error, hold, write, sent):
    write()
    sent.fails = [error]

    with pytest.raises(delivery.PostponedError) as caught:
        delivery.deliver(read(message()["body"], receives=1))

    assert (caught.value.hold, str(caught.value)[:23]) == (hold, "the e-mail was not sent")


def test_a_cancellation_by_the_recipient_is_logged(write, capsys):
    before = write(RefusedAt="2026-11-21T04:00:00.000Z", UpdatedAt="2026-11-21T04:00:00.000Z")

    assert send(message()) == []

    assert kept("UpdatedAt")[0] > before["UpdatedAt"]

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [one for one in lines if one.get("message") == "reminder cancelled"]
    assert (line["ReminderId"], line["Status"]) == ("r-1", "CANCELLED")
    assert kept("Status", "Reason", "EmailLease", "ClaimedAt") == ("CANCELLED", BY_RECIPIENT, None, None)


TEXTED = {"message": "Feed the cat", "channels": ["sms"], "phone": "+4915112345678"}
TEXT_REJECTED = refused("sns", "Publish", "InvalidParameter", "Invalid parameter: PhoneNumber")


def texts_counted():
    found = table.resource().get_item(Key={"ReminderId": TEXTS.format(JO)}).get("Item")
    return found and int(found["Number"])


@pytest.mark.parametrize(
    ("error", "counted"), [(None, 1), (TEXT_REJECTED, 0), (DOWN, 1)], ids=["sent", "rejected", "perhaps sent"]
)
def test_a_text_counts_unless_it_was_certainly_not_sent(error, counted, write, sent):
    write(request=TEXTED)
    sent.fails = [error]

    send(message("sms", request=TEXTED))

    assert texts_counted() == counted


@pytest.mark.parametrize(("error", "counted"), [(None, None), (REJECTED, None)])
def test_a_mail_does_not_count_as_a_text(error, counted, write, sent):
    write()
    sent.fails = [error]

    send(message())

    assert texts_counted() == counted


def test_a_mail_that_is_refused_does_not_give_back_the_text_of_its_reminder(write, sent):
    write(request=REQUEST)
    send(both("sms"))
    sent.fails = [REJECTED]

    send(both("email"))

    assert (kept("Status"), texts_counted()) == (("PARTLY_SENT",), 1)


@pytest.mark.parametrize("repeat", [{}, {"repeat": DAILY}], ids=["once", "repeated"])
def test_the_row_has_the_id_of_its_last_text_and_the_occurrence_that_it_was_for(repeat, write, reminder_workflow):
    write(request=TEXTED | repeat)

    send(message("sms", request=TEXTED | repeat))

    assert kept("TextId", "TextOccurrence") == ("id-1", 1)
    assert kept("Occurrence", "Status") == ((2, "SCHEDULED") if repeat else (1, "SENT"))


def test_the_row_has_the_id_of_a_text_even_if_its_next_occurrence_is_unknown(write, sent):
    request = TEXTED | {"repeat": DAILY}
    write(request=request, TimeZone="nowhere")

    send(message("sms", request=request))

    assert kept("Status", "Reason", "TextId") == ("FAILED", delivery.DAMAGED, "id-1")


def test_the_id_of_a_mail_is_not_kept(write):
    write()

    send(message())

    assert kept("Status", "TextId", "TextOccurrence") == ("SENT", None, None)


def test_a_copy_that_comes_during_an_attempt_waits_until_its_lease_is_over(write, sent, put_back):
    write(Status="SENDING", EmailLease=timestamp(datetime.now(UTC) + timedelta(seconds=30)))

    assert send(message()) == ["m-0"]
    assert sent == []
    assert 29 <= put_back[0] <= 31


def test_a_copy_that_finds_the_reminder_being_sent_without_a_lease_comes_back_at_once(write, sent, put_back):
    write(Status="SENDING", due=ahead(hours=1))

    assert send(message()) == ["m-0"]
    assert (sent, put_back) == ([], [1])


def test_a_mail_has_a_link_that_stops_its_reminder_and_a_tag_that_names_its_occurrence(write, sent):
    before = write(RequestId="a request", Occurrence=3)

    send(message())

    (marks,) = sent.marks
    url, _, token = marks.stop_url.rpartition("/")
    link, tag = signed.read(token), signed.read(marks.tag)
    assert (url, marks.request_id) == (ENVIRONMENT["STOP_URL"], "a request")
    assert (link.reminder_id, link.number) == ("r-1", int((from_utc_text(before["DueAt"]) + KEPT).timestamp()))
    assert (tag.reminder_id, tag.number) == ("r-1", 3)
    assert stop_link.is_valid(link, before["StopKey"], now=ahead()) and mail_tag.is_valid(tag, before["StopKey"])


@pytest.mark.parametrize(
    ("known", "marks"),
    [({}, senders.NO_MARKS), ({"RequestId": "a request"}, senders.Marks(request_id="a request"))],
    ids=["neither", "an id"],
)
def test_a_row_of_an_earlier_version_has_no_key_for_a_link(known, marks, write, sent, reminder_table):
    old = write(**known)
    del old["StopKey"]
    reminder_table.put_item(Item=old)

    assert send(message()) == []
    assert sent.marks == [marks]


def test_a_reminder_whose_function_died_is_sent_when_the_lease_is_over(write, sent):
    write()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(senders, "send", lambda *_: (_ for _ in ()).throw(KilledError))
        with pytest.raises(KilledError):
            send(message())
    (lease,) = kept("EmailLease")
    assert LEASE_TIME - timedelta(seconds=10) < datetime.fromisoformat(lease) - datetime.now(UTC) <= LEASE_TIME
    assert (send(message()), sent) == (["m-0"], [])
    write(Status="SENDING", EmailLease="2020-01-01T00:00:00.000Z")

    assert send(message()) == []
    assert (len(sent), kept("Status")) == (1, ("SENT",))


def both(channel, **more):
    return message(channel, request=REQUEST, number=BOTH.index(channel), **more)


@pytest.mark.parametrize("order", [["email", "sms"], ["sms", "email"]])
@pytest.mark.parametrize(
    ("fails", "status", "reasons"),
    [
        ([], "SENT", set()),
        ([REJECTED], "PARTLY_SENT", {"was not sent"}),
        ([REJECTED, REJECTED], "FAILED", {"the e-mail was not sent", "the text was not sent"}),
    ],
)
def test_the_last_channel_settles_the_status(fails, status, reasons, order, write, sent):
    write(request=REQUEST)
    sent.fails = list(fails)

    assert send(both(order[0])) == []
    assert kept("Status") == ("SENDING",)
    assert send(both(order[1])) == []

    assert kept("Status") == (status,)
    assert all(reason in kept("Reason")[0] for reason in reasons)
    assert not [name for name in kept() if name.endswith(("Lease", "Result"))]


def test_a_copy_of_one_channels_message_does_not_send_it_again(write, sent):
    write(request=REQUEST)

    assert [send(both("email")), send(both("email")), send(both("sms"))] == [[], [], []]
    assert [channel for channel, _ in sent] == ["email", "sms"]


def test_the_last_result_is_settled_even_if_the_function_died_after_it_was_recorded(write, sent):
    write(request=REQUEST, Status="SENDING", EmailResult="", SmsResult="the text was not sent: x")

    assert send(both("sms")) == []
    assert (sent, kept("Status", "Reason")) == ([], ("PARTLY_SENT", "the text was not sent: x"))


def test_a_reminder_that_was_settled_meanwhile_gets_no_result(write, sent, monkeypatch):
    write(request=REQUEST)

    def send_late(*_):
        assert table.settle(kept(), {"Status": "FAILED", "Reason": "lost"})

    monkeypatch.setattr(senders, "send", send_late)

    assert send(both("email")) == []
    assert kept("Status", "Reason", "EmailResult") == ("FAILED", "lost", None)


def test_a_mail_to_an_address_that_accepts_none_is_not_sent(write, sent):
    report = json.dumps({"kind": "BOUNCED", "at": "2026-11-21T04:00:00.000Z", "occurrence": 1})
    write(request=REQUEST, EmailFeedback=report)

    assert [send(both("email")), send(both("sms"))] == [[], []]

    assert [channel for channel, _ in sent] == ["sms"]
    assert kept("Status", "Reason") == ("PARTLY_SENT", delivery.BOUNCES)


def test_a_throttled_channel_of_several_does_not_hold_back_the_other(write, sent):
    write(request=REQUEST)
    sent.fails = [THROTTLED]

    assert send(both("email"), both("sms")) == ["m-0"]
    assert kept("Status") == ("SENDING",)
    assert send(both("email")) == []
    assert ([channel for channel, _ in sent], kept("Status")) == (["sms", "email"], ("SENT",))


REPEATED = MAILED | {"repeat": DAILY}


def started(workflow):
    return [(one["executionArn"], json.loads(one["input"])) for one in workflow.executions()]


@pytest.mark.parametrize("wait", [{}, {"waitSeconds": 0}], ids=["at a time", "in seconds"])
def test_one_write_ends_an_occurrence_and_schedules_the_next(wait, write, sent, reminder_workflow):
    """The seconds of the request lead to the first occurrence only."""
    before = write(request=REPEATED)

    assert send(message(request=REPEATED | wait)) == []

    ((execution, given),) = started(reminder_workflow)
    assert kept("Status", "Reason", "Occurrence") == ("SCHEDULED", "", 2)
    assert kept("ExecutionId", "After") == (execution, OWN)
    assert kept("DueAt")[0] == utc_text(datetime.fromisoformat(before["DueAt"]) + timedelta(days=1))
    assert kept("ExpiresAt")[0] == (datetime.fromisoformat(kept("DueAt")[0]) + KEPT).timestamp()
    assert given == {**REPEATED, "reminderId": "r-1", "waitUntil": kept("DueAt")[0]}


@pytest.mark.parametrize(
    ("zone", "first", "due", "every", "following"),
    [
        ("Europe/Paris", "2099-03-28T08:00:00Z", "2099-03-28T08:00:00Z", "1d", "2099-03-29T07:00:00Z"),
        ("Europe/Paris", "2099-10-24T07:00:00Z", "2099-10-24T07:00:00Z", "1d", "2099-10-25T08:00:00Z"),
        ("Europe/Paris", "2099-03-28T08:00:00Z", "2099-03-28T08:00:00Z", "24h", "2099-03-29T08:00:00Z"),
        ("UTC", "2099-01-31T09:00:00Z", "2099-02-28T09:00:00Z", "1M", "2099-03-31T09:00:00Z"),
    ],
)
def test_the_next_occurrence_is_counted_from_the_first_by_the_clocks_of_its_zone(
    zone, first, due, every, following, write, reminder_workflow
):
    request = MAILED | {"repeat": {"every": every}}
    number = 1 if first == due else 2
    write(request=request, due=datetime.fromisoformat(due), FirstDueAt=first, TimeZone=zone, Occurrence=number)

    assert send(message(request=request, waited=datetime.fromisoformat(due))) == []
    assert kept("DueAt", "Occurrence", "Status") == (following, number + 1, "SCHEDULED")


def test_a_repeated_reminder_goes_on_after_a_failure_and_keeps_its_reason(write, sent, reminder_workflow):
    write(request=REPEATED)
    sent.fails = [REJECTED]

    assert send(message(request=REPEATED)) == []
    assert kept("Status", "Reason") == ("SCHEDULED", "the e-mail was not sent: MessageRejected")


@pytest.mark.parametrize(
    ("repeat", "changes", "status", "reason"),
    [
        ({"every": "1d", "times": 3}, {"Occurrence": 3}, "SENT", ""),
        ({"every": "1d", "until": utc_text(ahead(hours=23))}, {}, "SENT", ""),
        (DAILY, {"Stopped": True}, "SENT", ""),
        (DAILY, {"TimeZone": "nowhere"}, "FAILED", delivery.DAMAGED),
        (DAILY, {"Repeat": "{}"}, "FAILED", delivery.DAMAGED),
    ],
    ids=["last time", "after its end", "stopped", "damaged zone", "damaged rule"],
)
def test_a_reminder_ends_after_its_last_occurrence(repeat, changes, status, reason, write, sent, reminder_workflow):
    request = MAILED | {"repeat": repeat}
    before = write(request=request, **changes)

    assert send(message(request=request)) == []
    assert kept("Reason", "EmailLease") == (reason, None) and kept("UpdatedAt")[0] > before["UpdatedAt"]
    assert (kept("Status"), len(sent), started(reminder_workflow)) == ((status,), 1, [])


def test_a_reminder_that_is_stopped_while_it_is_sent_does_not_go_on(write, monkeypatch, reminder_workflow):
    write(request=REPEATED)

    def send_and_stop(*_):
        assert table.stop_repeating("r-1", owner=JO, now="2026-11-21T04:00:00.000Z")

    monkeypatch.setattr(senders, "send", send_and_stop)

    assert send(message(request=REPEATED)) == []
    assert (kept("Status"), started(reminder_workflow)) == (("SENT",), [])


def test_a_reminder_that_is_due_later_than_its_execution_could_wait_goes_on_waiting(write, sent, reminder_workflow):
    """The clock does not matter, because tests on a laptop cloud skip waits."""
    write(due=ahead(days=400))
    waited = ahead(days=363)

    assert send(message(waited=waited)) == []

    ((execution, given),) = started(reminder_workflow)
    assert (sent, kept("Status", "ExecutionId", "After")) == ([], ("SCHEDULED", execution, OWN))
    assert given["waitUntil"] == kept("DueAt")[0]
    assert send(message(waited=ahead(days=400), execution=execution)) == []
    assert (len(sent), kept("Status")) == (1, ("SENT",))


def test_a_copy_that_finds_a_due_reminder_released_again_starts_no_execution(
    write, sent, monkeypatch, reminder_workflow
):
    """Another attempt held the reminder during the claim. Its message is still in the queue."""
    before = write(due=ahead())
    monkeypatch.setattr(table, "claim", lambda *_, **__: None)

    assert send(message(waited=from_utc_text(before["DueAt"]))) == []
    assert (sent, started(reminder_workflow), kept()) == ([], [], before)


TABLE, STATES = client_of(table, "dynamodb"), client_of(executions, "stepfunctions")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("client", "operation"), [(TABLE, "UpdateItem"), (STATES, "StartExecution")])
def test_after_a_fault_the_message_schedules_one_next_occurrence(
    client, operation, kind, write, sent, reminder_workflow, reminder_table
):
    write(request=REPEATED)
    with fault(client, operation, kind), suppress(KilledError):
        send(message(request=REPEATED))
    if kept("Status") == ("SENDING",):
        # The claim was written, and its answer lost. Time passes.
        reminder_table.put_item(Item=kept() | {"EmailLease": "2020-01-01T00:00:00.000Z"})

    assert send(message(request=REPEATED)) == []

    assert (len(sent), kept("Status", "Occurrence")) == (1, ("SCHEDULED", 2))
    (found,) = {execution for execution, _ in started(reminder_workflow)}
    assert kept("ExecutionId") == (found,)


def test_a_claim_that_boto3_repeats_sends_the_reminder(write, sent, monkeypatch):
    """The answer to the first attempt is lost, and the second attempt finds its own lease."""
    once = TABLE.update_item

    def twice(**given):
        if ":EmailLease" in given["ExpressionAttributeValues"]:
            once(**given)
        return once(**given)

    monkeypatch.setattr(TABLE, "update_item", twice)
    write()

    assert send(message()) == []
    assert (len(sent), kept("Status")) == (1, ("SENT",))


def test_a_write_that_boto3_repeats_starts_the_next_occurrence(write, sent, monkeypatch, reminder_workflow):
    """The answer to the first attempt is lost, and the condition of the second attempt does not hold any more."""
    once, conditions = TABLE.update_item, []

    def twice(**given):
        conditions.append(given)
        answer = once(**given)
        return once(**given) if "After" in str(given) else answer

    monkeypatch.setattr(TABLE, "update_item", twice)
    write(request=REPEATED)

    assert send(message(request=REPEATED)) == []

    ((execution, _),) = started(reminder_workflow)
    assert kept("Status", "ExecutionId") == ("SCHEDULED", execution)


def test_a_failing_table_puts_the_message_back(write, sent, put_back, reminder_table):
    reminder_table.delete()

    assert send(message()) == ["m-0"]
    assert (sent, len(put_back)) == ([], 1)


def test_a_late_release_does_not_end_the_lease_of_the_next_attempt(write):
    """boto3 repeats a write whose answer was lost."""
    due, now = write()["DueAt"], datetime.now(UTC)

    def claim(at):
        return table.claim("r-1", execution=OWN, channel="email", waited_until=due, now=at, lease=LEASE_TIME)

    first = claim(now)
    table.release(first, "email", now=now, is_unsent=True)
    second = claim(now + timedelta(seconds=1))

    assert table.release(first, "email", now=now, is_unsent=True) is None
    assert kept() == second


@pytest.mark.parametrize("damage", [{"DueAt": "?"}, {"Preference": "fax", "Channels": []}], ids=["due", "channels"])
def test_a_damaged_row_does_not_keep_the_next_message_from_being_sent(damage, write, sent, caplog):
    write()
    write(ReminderId="r-2", ExecutionId=OTHER, **damage)
    other = message(execution=OTHER, number=2)
    other["body"] = other["body"].replace('"r-1"', '"r-2"')

    assert send(other, message()) == ["m-2"]

    assert sent == [("email", "Feed the cat")]
    assert kept("Status") == ("SENT",)
    assert [one.failed for one in caplog.records] == [1]
