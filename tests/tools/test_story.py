"""`orders story` and `remindme story`: a row, an execution and recorded answers of Logs Insights become one list."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from reminders.reminder import NOBODY
from terminal.errors import CommandError
from tools.deployment import Deployment
from tools.show import Output
from tools.story import logs, order, reminder
from tools.story.story import Story, show

CARD = "4242424242424242"
REQUEST = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
EARLIER = "3f2a9c1e-7b4d-4e8f-9a6b-c0d1e2f3a4b5"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

ROW = {
    "OrderId": "A-17",
    "Owner": "somebody",
    "Digest": "2c26",
    "Status": "FULFILLMENT_QUEUED",
    "Reasons": [],
    "ReceivedAt": "2026-11-20T12:00:00.000Z",
    "StartedAt": "2026-11-20T12:00:00.300Z",
    "CheckedAt": "2026-11-20T12:00:00.550Z",
    "QueuedAt": "2026-11-20T12:00:00.900Z",
    "UpdatedAt": "2026-11-20T12:00:01.250Z",
    "RequestId": REQUEST,
    "ExecutionId": "arn:aws:states:eu-central-1:123456789012:express:Flow:A-17-0:5f",
}
EVENTS = [
    {"timestamp": NOON, "type": "ExecutionStarted"},
    {"timestamp": NOON, "type": "ChoiceStateEntered", "stateEnteredEventDetails": {"name": "Is it an order"}},
    {"timestamp": NOON + timedelta(seconds=2), "type": "ChoiceStateExited", "stateExitedEventDetails": {}},
    {
        "timestamp": NOON + timedelta(seconds=2),
        "type": "TaskStateEntered",
        "stateEnteredEventDetails": {"name": "Update the order table"},
    },
    {
        "timestamp": NOON + timedelta(seconds=3),
        "type": "TaskFailed",
        "taskFailedEventDetails": {"error": "DynamoDB.Throttled", "cause": "a text"},
    },
]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "POLL_SECONDS", 0)


class Aws(Deployment):
    """A stage on AWS with a few rows and log groups. Logs Insights answers with `lines`, one page for each query."""

    def __init__(self, *lines: Sequence[list[dict[str, str]]], history: Sequence[Mapping[str, Any]] = ()) -> None:
        self._history = list(history)
        self.logs = boto3.client("logs", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
        self.stub = Stubber(self.logs)
        for page in lines:
            self.stub.add_response("start_query", {"queryId": "1"}, self.asked)
            self.stub.add_response("get_query_results", {"status": "Running", "results": []}, {"queryId": "1"})
            self.stub.add_response("get_query_results", answer(page), {"queryId": "1"})
        self.stub.activate()

    asked: Mapping[str, Any] = {
        "logGroupNames": ["api", "flow", "place", "watch"],
        "startTime": ANY,
        "endTime": ANY,
        "queryString": ANY,
    }

    @property
    def is_laptop(self) -> bool:
        return False

    def client(self, service: str) -> Any:
        assert service == "logs"
        return self.logs

    def log_groups(self, stack: str) -> dict[str, str]:
        return {
            "api": "OrdersApi",
            "flow": "OrderFulfillmentStateMachine",
            "place": "PlaceOrder",
            "watch": "WatchOrders",
        }

    def history(self, execution: str) -> list[dict[str, Any]]:
        return [dict(event) for event in self._history]

    def history_of(self, workflow: str, name: str) -> list[dict[str, Any]]:
        return self.history(name) if workflow == order.WORKFLOW else []

    def output(self, stack: str, name: str) -> str:
        return name


def answer(lines: Sequence[list[dict[str, str]]], status: str = "Complete") -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html"""
    statistics = {"recordsMatched": float(len(lines)), "recordsScanned": 900.0, "bytesScanned": 2_500_000.0}
    return {"status": status, "results": list(lines), "statistics": statistics}


def a_line(at: str, group: str, **fields: Any) -> list[dict[str, str]]:
    """A result as Logs Insights returns it."""
    return [
        {"field": "@timestamp", "value": f"2026-11-20 {at}"},
        {"field": "@message", "value": json.dumps(fields)},
        {"field": "@log", "value": f"123456789012:{group}"},
        {"field": "@ptr", "value": "CmEKJgoiMTIz"},
    ]


def told(story: Story) -> list[tuple[str, str, float | None]]:
    """Each moment: its time of day, what happened, and how long it took."""
    return [(f"{one.at:%H:%M:%S.%f}"[:-3], one.what, one.seconds) for one in story.in_order]


def test_the_story_of_an_order_has_its_request_its_states_and_its_outcome() -> None:
    lines = [
        a_line("12:00:00.050", "place", message="order received", OrderId="A-17", RequestId=REQUEST),
        a_line("12:00:00.060", "api", httpMethod="POST", resourcePath="/orders", status="202", responseLatency="58"),
        a_line("12:00:02.000", "place", message="order cached", OrderId="A-17", RequestId=REQUEST),
        a_line(
            "12:05:00.000", "watch", message="order settled", OrderId="A-17", RequestId=REQUEST, Outcome=ROW["Status"]
        ),
    ]

    story = order.of(Aws(lines), ROW, whole=False)

    assert told(story) == [
        ("12:00:00.000", "the API received it", None),
        ("12:00:00.060", "POST /orders was answered 202", 0.058),
        ("12:00:00.300", "its execution began", 0.3),
        ("12:00:00.550", "state: Are details Proper", 0.35),
        ("12:00:00.900", "a message to OrderFulfillmentQueue", 0.35),
        ("12:00:01.250", "settled: FULFILLMENT_QUEUED", 1.25),
        ("12:00:02.000", "the cache has it", None),
    ]
    assert story.in_order[0].details == {"RequestId": REQUEST}


def test_an_express_workflow_that_logs_only_failures_is_explained() -> None:
    story = order.of(Aws([]), ROW, whole=False)

    (note,) = story.notes
    assert "`workflow_log_level` with the value ALL shows each state" in note


def test_the_log_of_a_workflow_at_the_level_all_has_the_states() -> None:
    flow = {"execution_arn": ROW["ExecutionId"], "redrive_count": "0"}
    milliseconds = int(NOON.timestamp() * 1000)
    lines = [
        a_line(
            "12:00:09.000",
            "flow",
            **flow,
            id=str(number),
            type=type,
            details={"name": "Is it an order"},
            event_timestamp=str(milliseconds + 40 * number),
        )
        for number, type in enumerate(["ChoiceStateEntered", "ChoiceStateExited"])
    ]

    story = order.of(Aws(lines), ROW, whole=False)

    assert ("12:00:00.000", "state: Is it an order", 0.04) in told(story)
    assert not story.notes


def test_a_standard_execution_has_a_history_with_its_states_and_errors() -> None:
    row = {name: value for name, value in ROW.items() if name not in ("StartedAt", "CheckedAt", "QueuedAt")}

    story = order.of(Aws([], history=EVENTS), {**row, "Status": "RECEIVED"}, whole=False)

    assert told(story)[1:] == [
        ("12:00:00.000", "its execution began", 0.0),
        ("12:00:00.000", "state: Is it an order", 2.0),
        ("12:00:02.000", "state: Update the order table", None),
    ]
    assert story.in_order[-1].details == {"Error": "DynamoDB.Throttled"}
    assert "a text" not in str(story)


def test_the_outcome_comes_after_the_state_that_wrote_it() -> None:
    row = {**ROW, "UpdatedAt": "2026-11-20T12:00:01.999Z"}

    story = order.of(Aws([], history=EVENTS), row, whole=False)

    assert told(story)[-2:] == [
        ("12:00:02.000", "state: Update the order table", None),
        ("12:00:02.000", "settled: FULFILLMENT_QUEUED", 1.999),
    ]


def test_a_corrected_order_keeps_the_life_before_the_correction() -> None:
    row = {
        **ROW,
        "CorrectedAt": "2026-11-20T13:00:00.000Z",
        "CorrectedBy": "an operator",
        "StartedAt": "2026-11-20T13:00:00.100Z",
        "CheckedAt": "2026-11-20T13:00:00.200Z",
        "QueuedAt": "2026-11-20T13:00:00.300Z",
        "UpdatedAt": "2026-11-20T13:00:00.400Z",
    }
    ids = {"OrderId": "A-17", "RequestId": EARLIER}
    first = [
        a_line("12:00:00.050", "place", message="order received", **ids),
        a_line("12:05:00.000", "watch", message="order settled", Outcome="ESCALATED", Reasons=["X"], Seconds=1, **ids),
    ]
    second = [
        a_line("13:00:00.010", "place", message="order corrected", By="operator", OrderId="A-17", RequestId=REQUEST)
    ]

    story = order.of(Aws(first, second), row, whole=False)

    assert [what for _, what, _ in told(story)] == [
        "the API received it",
        "settled",
        "an operator corrected it",
        "its execution began",
        "state: Are details Proper",
        "a message to OrderFulfillmentQueue",
        "settled: FULFILLMENT_QUEUED",
    ]
    received, earlier = story.in_order[:2]
    assert received.details == {"RequestId": EARLIER}
    assert earlier.details == {"Outcome": "ESCALATED", "Reasons": ["X"], "RequestId": EARLIER}
    assert earlier.seconds == 1


def test_a_closed_order_keeps_its_states_and_its_outcome_in_their_place() -> None:
    """Closing empties the row's ExecutionId, and WatchOrders writes the outcome minutes later."""
    row = {**ROW, "Status": "CLOSED", "ExecutionId": "", "ExecutionName": "A-17-0", "UpdatedAt": "2026-11-20T12:01:00Z"}
    outcome = {"message": "order settled", "Outcome": "ESCALATED", "Seconds": 3, "RequestId": REQUEST}

    story = order.of(Aws([a_line("12:05:00.000", "watch", **outcome)], history=EVENTS[:3]), row, whole=False)

    assert told(story)[-2:] == [("12:00:03.000", "settled", 3), ("12:01:00.000", "an operator closed it", None)]
    assert ("12:00:00.000", "state: Is it an order", 2.0) in told(story) and not story.notes


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"Status": "PARKED", "Queue": "EscalationQueue"}, "parked: it waits for an operator"),
        ({"Status": "CLOSED"}, "an operator closed it"),
        ({"Status": "ESCALATED", "Reasons": ["PRICE_NOT_POSITIVE"]}, "settled: ESCALATED"),
    ],
)
def test_each_end_of_an_order_has_words(changes: dict[str, Any], end: str) -> None:
    story = order.of(Aws([]), {**ROW, **changes}, whole=False)

    assert story.in_order[-1].what == end


def test_an_order_that_waits_for_its_execution_has_only_its_request() -> None:
    row = {name: ROW[name] for name in ("OrderId", "Digest", "ReceivedAt", "UpdatedAt")}

    story = order.of(Aws([]), {**row, "Status": "RECEIVED"}, whole=False)

    assert told(story) == [("12:00:00.000", "the API received it", None)]


def test_an_order_that_was_started_by_hand_begins_with_its_execution() -> None:
    """Its first time is the state's that writes the row."""
    row = {name: value for name, value in ROW.items() if name not in ("Digest", "RequestId")}

    story = order.of(Aws([]), {**row, "ReceivedAt": "2026-11-20T12:00:00.305Z"}, whole=False)

    assert told(story)[:2] == [
        ("12:00:00.300", "somebody started it by hand", None),
        ("12:00:00.550", "state: Are details Proper", 0.35),
    ]


def test_text_in_place_of_a_requests_id_gets_into_no_query(monkeypatch: pytest.MonkeyPatch) -> None:
    query = r"fields @timestamp, @message, @log | filter @message like /A\-17/ | sort @timestamp | limit 1000"
    monkeypatch.setattr(Aws, "asked", {**Aws.asked, "queryString": query})
    deployment = Aws([])

    order.of(deployment, {**ROW, "RequestId": CARD}, whole=False)

    deployment.stub.assert_no_pending_responses()


def test_warnings_errors_and_debug_lines_name_who_wrote_them() -> None:
    debug = {"level": "DEBUG", "timestamp": "2026-11-20T12:00:00.020Z", "Call": "DynamoDB.PutItem", "Milliseconds": 3.2}
    lines = [
        a_line("12:00:07.000", "place", message="call", **debug),
        a_line("12:00:08.000", "place", level="WARNING", message="the cache did not answer: timeout"),
        a_line("12:00:09.000", "place", level="ERROR", errorType="OddError", errorMessage="on purpose"),
        a_line("12:00:10.000", "place", _aws={"Timestamp": 1}, CacheHits=1),
    ]

    story = order.of(Aws(lines), ROW, whole=False)

    assert ("12:00:00.020", "call", 0.0032) in told(story)
    assert told(story)[-2:] == [
        ("12:00:08.000", "PlaceOrder: the cache did not answer: timeout", None),
        ("12:00:09.000", "PlaceOrder: on purpose", None),
    ]


def test_the_logs_are_read_only_around_the_times_of_the_row() -> None:
    times = [NOON, NOON + timedelta(minutes=20), NOON + timedelta(days=3)]
    now = NOON + timedelta(days=5)

    around, later = logs.spans(times, now=now, whole=False)

    assert around == (NOON - logs.AROUND, NOON + timedelta(minutes=20) + logs.AROUND)
    assert later == (NOON + timedelta(days=3) - logs.AROUND, NOON + timedelta(days=3) + logs.AROUND)
    assert logs.spans(times, now=now, whole=True) == [(NOON - logs.AROUND, now)]
    assert logs.spans([NOON], now=NOON, whole=False) == [(NOON - logs.AROUND, NOON)]
    assert logs.spans([NOON + timedelta(days=300)], now=NOON, whole=False) == [], "a reminder that is not due"
    assert logs.spans([], now=NOON, whole=True) == []


def test_a_query_asks_for_both_ids_and_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    query = (
        rf"fields @timestamp, @message, @log | filter @message like /a\/b\.c|{REQUEST}/ "
        "| sort @timestamp | limit 1000"
    ).replace("-", r"\-")
    begin = int((NOON - logs.AROUND).timestamp())
    end = int((NOON + timedelta(seconds=1.25) + logs.AROUND).timestamp()) + 1
    monkeypatch.setattr(Aws, "asked", {**Aws.asked, "queryString": query, "startTime": begin, "endTime": end})
    deployment = Aws([])

    order.of(deployment, {**ROW, "OrderId": "a/b.c"}, whole=False)

    deployment.stub.assert_no_pending_responses()


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout"])
def test_a_query_that_does_not_end_well_says_what_to_do(status: str) -> None:
    deployment = Aws()
    deployment.stub.add_response("start_query", {"queryId": "1"}, Aws.asked)
    deployment.stub.add_response("get_query_results", answer([], status), {"queryId": "1"})

    with pytest.raises(CommandError, match=f"ended the query as {status}: run the command again"):
        order.of(deployment, ROW, whole=False)


REMINDER = {
    "ReminderId": EARLIER,
    "Owner": "somebody",
    "Status": "SENT",
    "CreatedAt": "2026-11-20T12:00:00.000Z",
    "DueAt": "2026-11-20T12:10:00Z",
    "ClaimedAt": "2026-11-20T12:10:00.400Z",
    "UpdatedAt": "2026-11-20T12:10:01.000Z",
    "RequestId": REQUEST,
}


def test_the_story_of_a_reminder_has_its_wait_and_how_late_it_was_sent() -> None:
    ids = {"ReminderId": EARLIER, "RequestId": REQUEST}
    lines = [
        a_line("12:00:00.010", "place", message="reminder scheduled", DueAt="2026-11-20T12:10:00Z", **ids),
        a_line("12:05:00.000", "place", message="reminder changed", Fields="message", RequestId="b"),
        a_line("12:10:00.900", "watch", message="reminder sent", SecondsLate=0.9, Status="SENT", Occurrence=1, **ids),
        a_line("12:11:00.000", "watch", message="mail bounced", Kind="bounce", ReminderId=EARLIER),
    ]

    story = reminder.of(Aws(lines), REMINDER, whole=False)

    assert told(story) == [
        ("12:00:00.000", "the API received it", None),
        ("12:05:00.000", "its owner changed it", None),
        ("12:10:00.000", "due", None),
        ("12:10:00.400", "claimed by its sender", 0.4),
        ("12:10:00.900", "sent, late by", 0.9),
        ("12:11:00.000", "mail bounced", None),
    ]


def test_a_reminder_that_failed_says_why() -> None:
    failed = {"level": "ERROR", "message": "reminder failed", "Reason": "e-mail: MessageRejected", "failed": 1}

    story = reminder.of(Aws([a_line("12:10:00.900", "watch", **failed)]), {**REMINDER, "Status": "FAILED"}, whole=False)

    assert told(story)[-1] == ("12:10:00.900", "failed", None)
    assert story.in_order[-1].details == {"Reason": "e-mail: MessageRejected"}


def test_a_reminder_that_was_started_by_hand_says_so() -> None:
    row = {**REMINDER, "Owner": NOBODY, "CreatedAt": "2026-11-20T12:00:00.400Z"}

    story = reminder.of(Aws([], history=EVENTS), row, whole=False)

    assert told(story)[0] == ("12:00:00.000", "somebody started it by hand", None)


def test_a_reminder_that_was_cancelled_in_time_was_never_due() -> None:
    row = {name: value for name, value in REMINDER.items() if name != "ClaimedAt"}

    story = reminder.of(Aws([]), {**row, "Status": "CANCELLED", "UpdatedAt": "2026-11-20T12:01:00.000Z"}, whole=False)

    assert [what for _, what, _ in told(story)] == ["the API received it", "cancelled"]


def test_a_reminder_without_lines_is_told_from_its_row() -> None:
    feedback = json.dumps({"kind": "complaint", "at": "2026-11-20T12:30:00Z", "occurrence": 1})
    row = {**REMINDER, "Status": "CANCELLED", "RefusedAt": "2026-11-20T12:12:00Z", "EmailFeedback": feedback}

    story = reminder.of(Aws([]), row, whole=False)

    assert [what for _, what, _ in told(story)][3:] == [
        "cancelled",
        "its recipient stopped it",
        "SES reported about the mail",
    ]


def test_a_story_fits_80_columns_and_says_what_the_logs_cost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    long = a_line("12:00:08.000", "place", level="WARNING", message=f"the cache did not answer {CARD}: " + "x " * 60)

    show(order.of(Aws([long]), ROW, whole=False), Output(as_json=False), is_free=False)

    printed = capsys.readouterr().out
    table, note = printed.split("The log of the workflow")
    assert max(map(len, table.splitlines())) <= 80
    assert "0.350 s" in table and CARD not in printed
    assert "Logs Insights read 2.5 MB around these times, for 0.0000 US dollars. --whole reads the whole time." in note


def test_json_has_times_in_full_and_no_card_number(capsys: pytest.CaptureFixture[str]) -> None:
    line = a_line("12:00:08.000", "place", level="ERROR", message=f"it failed {CARD}")

    show(order.of(Aws([line]), ROW, whole=False), Output(as_json=True), is_free=False)

    found = json.loads(capsys.readouterr().out)
    assert (found["id"], found["status"], found["bytesScanned"]) == ("A-17", "FULFILLMENT_QUEUED", 2_500_000)
    assert found["events"][0] == {
        "at": "2026-11-20T12:00:00.000Z",
        "what": "the API received it",
        "seconds": None,
        "details": {"RequestId": REQUEST},
    }
    assert CARD not in json.dumps(found)


def test_a_query_that_was_cut_off_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST", 1)

    story = order.of(Aws([a_line("12:00:08.000", "place", message="order cached")]), ROW, whole=False)
    show(story, Output(as_json=False), is_free=True)

    assert "The logs have more lines about it than one query returns." in capsys.readouterr().out
