"""What becomes of orders when something fails: each that was accepted ends once, and each that was not leaves no trace.

accepted = fulfilled + escalated + parked. The faults are real ones: calls that fail, lose their reply or hang, queues
and tables that are not there, permissions that are denied, executions that die.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.aws import BRIEFLY
from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import Doubled
from tests.support.cloud.faults import (
    FOR_EVER,
    Faulty,
    States,
    changed,
    denied,
    deployed_faulty,
    park_lost_orders,
    start_fails,
    throttled,
    waiting,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")

RECORD, CHECK, CHOOSE = "Update the order table", "Are details Proper", "Put message in Queue"
OUTCOME, PARK = "Record the outcome", "Park the order"
FULFILL, ESCALATE = "Put message in order OrderFulfillment Queue", "Put message in order Escalation Queue"
GOOD = {"Status": 1, "Reasons": []}
ATTEMPTS = 5
"""The first, and four more."""

MARK = "Record that it is parked"
QUIET = {"DUPLICATE", "NO_CLAIM"}
"""Outcomes of executions that change and queue nothing."""

QUEUE_OF = {"FULFILLMENT_QUEUED": "OrderFulfillmentQueue", "ESCALATED": "EscalationQueue", "PARKED": "ParkedQueue"}


@pytest.fixture(scope="module")
def faulty_function(apps: Apps) -> Iterator[str]:
    with deployed_faulty(apps, "faulty") as name:
        yield name


@pytest.fixture
def faulty(faulty_function: str, tmp_path: Path) -> Faulty:
    return Faulty(faulty_function, tmp_path / "attempts")


def the_end_of(apps: Apps, order_id: str) -> tuple[str, dict[str, Any]]:
    """The one queue that an order ended in, and the message there; its row says the same."""
    row = apps.settled(order_id)
    [(queue, message)] = apps.queued(order_id)
    assert queue == QUEUE_OF[row["Status"]["S"]]
    return queue, message


def placed(apps: Apps, order: dict[str, str]) -> dict[str, Any]:
    """The execution of an order that was just accepted, once it is over."""
    assert apps.post_order(order)[0] == 202
    row = apps.row(order["OrderId"])
    assert row
    execution = apps.cloud.engine.execution(apps.places.order_workflow, row["ExecutionName"]["S"])
    assert execution
    return apps.finished(execution)


def place(apps: Apps, order: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Has an order accepted; where it ended, and with which message."""
    placed(apps, order)
    return the_end_of(apps, order["OrderId"])


def execution_id(apps: Apps, name: str) -> str:
    return f"{apps.places.order_workflow.replace(':stateMachine:', ':execution:')}:{name}"


def executions(apps: Apps) -> set[str]:
    pages = apps.cloud.engine.executions().get_paginator("list_executions")
    return {
        execution["executionArn"]
        for page in pages.paginate(stateMachineArn=apps.places.order_workflow)
        for execution in page["executions"]
    }


@pytest.mark.parametrize("action", ["dynamodb:PutItem", "states:StartExecution"])
def test_an_order_that_could_not_be_taken_leaves_no_trace_and_makes_one_execution_when_sent_again(
    apps: Apps, order: dict[str, str], action: str
) -> None:
    before = executions(apps)

    with denied(apps, "PlaceOrder", action):
        status, _, headers = apps.call("POST", "/orders", order)

    assert (status, headers["Retry-After"]) == (503, "1")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert apps.row(order["OrderId"]) is None and executions(apps) == before
    assert place(apps, order)[0] == "OrderFulfillmentQueue"
    assert len(executions(apps) - before) == 1


@pytest.mark.parametrize("fault", ["throttled", "failed", "reply lost"])
def test_an_order_whose_start_failed_ends_once_when_sent_again(apps: Apps, order: dict[str, str], fault: str) -> None:
    """If the reply was lost, an execution runs although its claim was withdrawn. It finds no claim and does nothing."""
    before = executions(apps)

    with start_fails(apps, fault, times=BRIEFLY.retries["total_max_attempts"]):
        status, _, headers = apps.call("POST", "/orders", order)
        again, _ = apps.post_order(order)

    assert (status, headers["Retry-After"]) == (503, "1")
    assert again == 202 or (again, fault) == (200, "reply lost")
    outcomes = outcomes_of(apps, executions(apps) - before)
    assert outcomes.count("FULFILLMENT_QUEUED") == 1
    assert len(outcomes) == 1 or (fault == "reply lost" and set(outcomes) <= {"FULFILLMENT_QUEUED", *QUIET})
    assert the_end_of(apps, order["OrderId"])[0] == "OrderFulfillmentQueue"


def test_a_start_whose_reply_is_lost_is_tried_again_and_makes_one_order(either: Apps, order: dict[str, str]) -> None:
    """A Standard workflow answers the second start with the first one's execution. An Express one runs twice."""
    before = executions(either)

    with start_fails(either, "reply lost", times=1):
        queue, _ = place(either, order)

    outcomes = outcomes_of(either, executions(either) - before)
    assert queue == "OrderFulfillmentQueue"
    assert outcomes == (["DUPLICATE", "FULFILLMENT_QUEUED"] if is_express(either) else ["FULFILLMENT_QUEUED"])


def test_of_two_executions_of_one_name_that_race_one_settles_the_order(apps: Apps, order: dict[str, str]) -> None:
    """An Express workflow starts both. An order that the API claimed, and one that was started by hand."""
    states, before = apps.cloud.engine.client("stepfunctions"), executions(apps)
    racing = [order | {"OrderId": f"{order['OrderId']}-{number}"} for number in range(10)]

    def start(order: dict[str, str]) -> None:
        states.start_execution(
            stateMachineArn=apps.places.order_workflow,
            name=f"of-{order['OrderId']}",
            input=json.dumps({**order, **({"Claimed": True} if order in racing[::2] else {})}),
        )

    for one in racing[::2]:
        put_received(apps, one, at=datetime.now(UTC), taken_up=False)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, [one for one in racing for _ in range(2)]))

    started = executions(apps) - before
    assert outcomes_of(apps, started) == ["DUPLICATE"] * 10 + ["FULFILLMENT_QUEUED"] * 10
    assert all(re.search(":express:[^:]+:of-[^:]+:[0-9a-f-]{36}$", arn) for arn in started)
    for one in racing:
        queue, message = the_end_of(apps, one["OrderId"])
        assert (queue, message["ExecutionId"] in started) == ("OrderFulfillmentQueue", True)


def is_express(apps: Apps) -> bool:
    workflow = apps.cloud.engine.client("stepfunctions").describe_state_machine(
        stateMachineArn=apps.places.order_workflow
    )
    return bool(workflow["type"] == "EXPRESS")


def outcomes_of(apps: Apps, executions: set[str]) -> list[str]:
    """The outcomes of executions, once all have ended, in alphabetical order."""
    return sorted(json.loads(apps.finished(one)["output"])["Outcome"] for one in executions)


def start_late(apps: Apps, order: dict[str, str], *, name: str) -> str:
    """Starts an execution as the API does, for a claim that the API has withdrawn; returns the outcome."""
    execution = apps.cloud.engine.client("stepfunctions").start_execution(
        stateMachineArn=apps.places.order_workflow, name=name, input=json.dumps({**order, "Claimed": True})
    )
    return str(json.loads(apps.finished(execution["executionArn"])["output"])["Outcome"])


def test_a_start_that_comes_after_its_claim_was_taken_back_makes_no_order(either: Apps, order: dict[str, str]) -> None:
    assert start_late(either, order, name=f"{order['OrderId']}-0123456789ab") == "NO_CLAIM"

    assert either.row(order["OrderId"]) is None and either.queued(order["OrderId"]) == []
    assert place(either, order)[0] == "OrderFulfillmentQueue"


def test_a_start_that_comes_after_the_order_was_sent_again_changes_nothing(either: Apps, order: dict[str, str]) -> None:
    put_received(either, order, at=datetime.now(UTC), taken_up=False)
    claim = either.row(order["OrderId"])

    assert start_late(either, order, name=f"{order['OrderId']}-0123456789ab") == "NO_CLAIM"

    assert either.row(order["OrderId"]) == claim and either.queued(order["OrderId"]) == []


def test_a_correction_that_starts_after_it_was_taken_back_changes_nothing(apps: Apps, order: dict[str, str]) -> None:
    place(apps, order | {"Price": "0"})
    row = apps.row(order["OrderId"])

    assert start_late(apps, order, name=f"{order['OrderId']}-0123456789ab") == "NO_CLAIM"

    assert apps.row(order["OrderId"]) == row and len(apps.queued(order["OrderId"])) == 1


def test_a_claim_that_was_parked_is_not_taken_up_by_a_late_start(apps: Apps, order: dict[str, str]) -> None:
    put_received(apps, order, at=datetime.now(UTC) - timedelta(minutes=11), taken_up=False)
    park_lost_orders(apps, {})

    assert start_late(apps, order, name=f"of-{order['OrderId']}") == "DUPLICATE"

    assert the_end_of(apps, order["OrderId"])[0] == "ParkedQueue"


def refusing(states: States) -> None:
    """Makes the first state refuse an order that the API accepted, as a state of another version may."""
    failure = {"State": "Is it an order", "Error": "FieldLengthError"}
    rule = {"Condition": "{% true %}", "Assign": {"failure": failure}, "Next": "Not an order"}
    states["Is it an order"]["Choices"].insert(0, rule)


def test_an_order_that_the_api_took_and_the_workflow_refuses_is_parked_once_and_corrected_at_once(
    either: Apps, order: dict[str, str]
) -> None:
    operator = either.as_operator()

    with changed(either, refusing):
        queue, message = place(either, order)

    assert (queue, message["State"], message["Order"]) == ("ParkedQueue", "Is it an order", None)
    assert operator.put_order(order)[0] == 202
    row = either.settled(order["OrderId"])
    assert row["Status"]["S"] == "FULFILLMENT_QUEUED"
    assert sorted(queue for queue, _ in either.queued(order["OrderId"])) == ["OrderFulfillmentQueue", "ParkedQueue"]


def test_an_order_whose_claim_was_left_behind_is_fulfilled_when_sent_again(apps: Apps, order: dict[str, str]) -> None:
    put_received(apps, order, at=datetime.now(UTC), taken_up=False)

    status, answer = apps.post_order(order)

    assert (status, answer["Status"]) == (200, "RECEIVED")
    assert the_end_of(apps, order["OrderId"])[0] == "OrderFulfillmentQueue"


@pytest.mark.parametrize(
    ("state", "failures"), [(RECORD, 1), (RECORD, ATTEMPTS - 1), (FULFILL, ATTEMPTS - 1), (OUTCOME, ATTEMPTS - 1)]
)
def test_a_call_that_fails_until_the_last_attempt_does_no_harm(
    apps: Apps, order: dict[str, str], faulty: Faulty, state: str, failures: int
) -> None:
    with changed(apps, lambda states: faulty.calls(states[state], failures=failures)):
        queue, _ = place(apps, order)

    assert (queue, faulty.attempts) == ("OrderFulfillmentQueue", failures + 1)


@pytest.mark.parametrize(("state", "price"), [(RECORD, "1"), (FULFILL, "1"), (ESCALATE, "0")])
def test_an_order_whose_call_fails_for_ever_is_parked_alone(
    apps: Apps, order: dict[str, str], faulty: Faulty, state: str, price: str
) -> None:
    with changed(apps, lambda states: faulty.calls(states[state], failures=FOR_EVER)):
        queue, message = place(apps, order | {"Price": price})

    assert (queue, message["State"], faulty.attempts) == ("ParkedQueue", state, ATTEMPTS)


@pytest.mark.parametrize("state", [RECORD, OUTCOME])
def test_a_write_whose_reply_is_lost_is_made_once(
    apps: Apps, order: dict[str, str], faulty: Faulty, state: str
) -> None:
    with changed(apps, lambda states: faulty.calls(states[state], failures=1, fault="reply lost")):
        queue, _ = place(apps, order)

    assert (queue, faulty.attempts) == ("OrderFulfillmentQueue", 2)


def test_a_message_whose_reply_is_lost_is_sent_again_into_the_same_queue(
    apps: Apps, order: dict[str, str], faulty: Faulty, balanced: Doubled
) -> None:
    """Downstream applications are told to tell copies by their OrderId."""
    balanced.orders.add(order["OrderId"])
    with changed(apps, lambda states: faulty.calls(states[FULFILL], failures=1, fault="reply lost")):
        placed(apps, order)

    row = apps.settled(order["OrderId"])
    copy, again = apps.queued(order["OrderId"])
    assert copy == again and copy[0] == QUEUE_OF[row["Status"]["S"]] == "OrderFulfillmentQueue"


def test_an_order_whose_outcome_cannot_be_written_is_fulfilled_once_and_parked_for_its_row(
    apps: Apps, order: dict[str, str], faulty: Faulty
) -> None:
    with changed(apps, lambda states: faulty.calls(states[OUTCOME], failures=FOR_EVER)):
        placed(apps, order)

    row = apps.settled(order["OrderId"])
    (queue, _), (_, parked) = apps.queued(order["OrderId"])
    assert (queue, row["Status"]["S"], parked["State"]) == ("OrderFulfillmentQueue", "PARKED", OUTCOME)
    assert row["Queue"]["S"] == parked["Queue"] == queue


def without_the_outcomes_table(states: States) -> None:
    states[OUTCOME]["Arguments"]["TableName"] = "nobody-deployed-this"


@pytest.mark.parametrize(
    ("price", "queue", "answer"), [("1", "OrderFulfillmentQueue", 409), ("0", "EscalationQueue", 202)]
)
def test_an_order_that_is_parked_and_in_its_queue_says_so_and_is_not_fulfilled_twice(
    apps: Apps, order: dict[str, str], price: str, queue: str, answer: int
) -> None:
    operator = apps.as_operator()
    with changed(apps, without_the_outcomes_table):
        placed(apps, order | {"Price": price})

    assert apps.settled(order["OrderId"])["Status"]["S"] == "PARKED"
    shown = eventually(lambda: operator.get_order(order["OrderId"])[1], until=lambda order: order["Status"] == "PARKED")
    [item] = [one for one in operator.call("GET", "/parked")[1]["items"] if one["OrderId"] == order["OrderId"]]
    assert (shown["Queue"], item["Queue"], item["Error"]) == (queue, queue, "DynamoDB.ResourceNotFoundException")
    assert operator.put_order(order)[0] == answer
    eventually(lambda: dict(apps.queued(order["OrderId"])), until=lambda found: "OrderFulfillmentQueue" in found)
    assert [name for name, _ in apps.queued(order["OrderId"])].count("OrderFulfillmentQueue") == 1


def test_an_order_whose_row_cannot_be_marked_is_parked_once_by_the_workflow_and_from_outside(
    apps: Apps, order: dict[str, str], faulty: Faulty
) -> None:
    def without_queue_or_mark(states: States) -> None:
        states[FULFILL]["Arguments"]["QueueUrl"] += "-gone"
        faulty.calls(states[MARK], failures=FOR_EVER)

    operator = apps.as_operator()
    with changed(apps, without_queue_or_mark):
        placed(apps, order)
    assert (faulty.attempts, (apps.row(order["OrderId"]) or {})["Status"]["S"]) == (ATTEMPTS, "RECEIVED")
    aged(apps, order["OrderId"])
    park_lost_orders(apps, {})

    [item] = [one for one in operator.call("GET", "/parked")[1]["items"] if one["OrderId"] == order["OrderId"]]
    assert (item["State"], item["Copies"], item["Status"]) == (FULFILL, 2, "PARKED")
    assert operator.put_order(order)[0] == 202
    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"
    assert operator.call("DELETE", f"/parked/{item['MessageId']}")[:2] == (200, {"removed": 2})
    assert [name for name, _ in apps.queued(order["OrderId"])] == ["OrderFulfillmentQueue"]


def aged(apps: Apps, order_id: str) -> None:
    """Makes a row look as old as that of a lost order."""
    apps.cloud.engine.client("dynamodb").update_item(
        TableName=apps.places.order_table,
        Key={"OrderId": {"S": order_id}},
        UpdateExpression="SET UpdatedAt = :old",
        ExpressionAttributeValues={":old": {"S": "2026-01-01T00:00:00.000Z"}},
    )


@pytest.mark.parametrize("fault", ["raise", "exit", "hang"])
def test_a_check_that_fails_once_is_made_again(apps: Apps, order: dict[str, str], faulty: Faulty, fault: str) -> None:
    """`hang` ends in the function's own time-out."""
    with changed(apps, lambda states: faulty.answers(states[CHECK], GOOD, failures=1, fault=fault)):
        queue, _ = place(apps, order)

    assert (queue, faulty.attempts) == ("OrderFulfillmentQueue", 2)


def test_a_check_that_outlasts_the_states_time_is_made_again(apps: Apps, order: dict[str, str], faulty: Faulty) -> None:
    def slow(states: States) -> None:
        faulty.answers(states[CHECK], GOOD, failures=1, fault="hang")
        states[CHECK]["TimeoutSeconds"] = 1

    with changed(apps, slow):
        queue, _ = place(apps, order)

    assert (queue, faulty.attempts) == ("OrderFulfillmentQueue", 2)


def test_an_order_whose_check_fails_for_ever_is_parked(either: Apps, order: dict[str, str], faulty: Faulty) -> None:
    with changed(either, lambda states: faulty.answers(states[CHECK], GOOD, failures=FOR_EVER)):
        queue, message = place(either, order)

    assert (queue, message["State"], faulty.attempts) == ("ParkedQueue", CHECK, ATTEMPTS)


def test_an_order_whose_check_is_not_there_is_parked(apps: Apps, order: dict[str, str]) -> None:
    with changed(apps, lambda states: states[CHECK]["Arguments"].update(FunctionName="nobody-deployed-this")):
        queue, message = place(apps, order)

    assert (queue, message["State"]) == ("ParkedQueue", CHECK)
    assert message["Error"] == "Lambda.ResourceNotFoundException"


VERDICTS: dict[str, tuple[Any, str]] = {
    "null": (None, CHECK),
    "a text": ("not JSON", CHECK),
    "a list": ([1], CHECK),
    "nothing": ({}, CHECK),
    "an error": ({"errorMessage": "x", "errorType": "y"}, CHECK),
    "no list of reasons": ({"Status": 1}, CHECK),
    "true as 1": ({"Status": True, "Reasons": []}, CHOOSE),
    "false as 0": ({"Status": False, "Reasons": ["PRICE_NOT_POSITIVE"]}, CHOOSE),
    "neither 0 nor 1": ({"Status": 2, "Reasons": []}, CHOOSE),
    "good, with reasons": ({"Status": 1, "Reasons": ["PRICE_NOT_POSITIVE"]}, CHOOSE),
    "bad, without a reason": ({"Status": 0, "Reasons": []}, CHOOSE),
    "reasons that are no texts": ({"Status": 0, "Reasons": [{}]}, CHOOSE),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_that_is_none_is_not_guessed_at(
    apps: Apps, order: dict[str, str], faulty: Faulty, verdict: str
) -> None:
    answer, state = VERDICTS[verdict]

    with changed(apps, lambda states: faulty.answers(states[CHECK], answer)):
        queue, message = place(apps, order)

    assert (queue, message["State"]) == ("ParkedQueue", state)
    assert message["Error"] == ("States.QueryEvaluationError" if state == CHECK else "UnexpectedVerdictError")


def test_a_verdict_of_two_megabytes_is_parked(apps: Apps, order: dict[str, str], faulty: Faulty) -> None:
    """AWS fails the check that gives it; the engine passes it on to SQS, which refuses it."""
    with changed(apps, lambda states: faulty.answers(states[CHECK], {"Status": 0, "Reasons": ["x" * 2_000_000]})):
        queue, _ = place(apps, order)

    assert queue == "ParkedQueue"


@pytest.mark.parametrize(("state", "price"), [(FULFILL, "1"), (ESCALATE, "0")])
def test_an_order_whose_queue_is_gone_is_parked_and_in_no_other(
    either: Apps, order: dict[str, str], state: str, price: str
) -> None:
    gone = f"{either.places.escalation_queue}-gone"

    with changed(either, lambda states: states[state]["Arguments"].update(QueueUrl=gone)):
        queue, message = place(either, order | {"Price": price})

    assert (queue, message["State"]) == ("ParkedQueue", state)
    assert message["Error"].startswith("SQS.")


def without_a_table(states: States) -> None:
    states[RECORD]["Arguments"]["TableName"] = "nobody-deployed-this"


def test_an_order_whose_table_is_gone_is_parked_and_its_claim_says_so(either: Apps, order: dict[str, str]) -> None:
    with changed(either, without_a_table):
        queue, message = place(either, order)

    assert (queue, message["State"]) == ("ParkedQueue", RECORD)
    assert message["Error"] == "DynamoDB.ResourceNotFoundException"


def test_an_order_started_by_hand_whose_table_is_gone_is_parked_without_a_row(
    apps: Apps, order: dict[str, str]
) -> None:
    with changed(apps, without_a_table):
        execution = apps.finished(apps.start(apps.places.order_workflow, order))

    assert json.loads(execution["output"]) == {"Outcome": "PARKED"}
    [(queue, message)] = apps.queued(order["OrderId"])
    assert (queue, message["State"]) == ("ParkedQueue", RECORD)
    assert apps.row(order["OrderId"]) is None


def without_queues(states: States) -> None:
    for state in (FULFILL, PARK):
        states[state]["Arguments"]["QueueUrl"] += "-gone"


def without_the_next_state(states: States) -> None:
    states[CHECK]["Next"] = "Nowhere"


@pytest.mark.parametrize("fault", [without_queues, without_the_next_state])
def test_an_order_whose_execution_dies_is_parked_from_outside(
    standard_apps: Apps, order: dict[str, str], fault: Callable[[States], None]
) -> None:
    with changed(standard_apps, fault):
        execution = placed(standard_apps, order)

    queue, message = the_end_of(standard_apps, order["OrderId"])
    assert (execution["status"], message["ExecutionId"]) == ("FAILED", execution["executionArn"])
    assert (queue, message["State"], message["Error"]) == ("ParkedQueue", None, "Execution.FAILED")


@pytest.fixture
def real_waits(apps: Apps, skipped_waits: None) -> None:
    apps.cloud.engine.skip_waits(False)


@pytest.mark.usefixtures("real_waits")
def test_an_order_whose_execution_is_stopped_is_parked_from_outside(standard_apps: Apps, order: dict[str, str]) -> None:
    with changed(standard_apps, waiting):
        standard_apps.post_order(order)
        execution = eventually(lambda: (standard_apps.row(order["OrderId"]) or {}).get("ExecutionId"))["S"]
    standard_apps.cloud.engine.client("stepfunctions").stop_execution(executionArn=execution)

    queue, message = the_end_of(standard_apps, order["OrderId"])

    assert (queue, message["State"], message["Error"]) == ("ParkedQueue", None, "Execution.ABORTED")
    assert message["ExecutionId"] == execution


def test_an_order_whose_execution_timed_out_is_parked_from_outside(standard_apps: Apps, order: dict[str, str]) -> None:
    """Told as the rule tells it: the engine itself knows no workflow's time limit."""
    put_received(standard_apps, order, at=datetime.now(UTC))
    execution = execution_id(standard_apps, f"of-{order['OrderId']}")

    park_lost_orders(standard_apps, {"ExecutionId": execution, "Status": "TIMED_OUT"})

    queue, message = the_end_of(standard_apps, order["OrderId"])
    assert (queue, message["Error"], message["ExecutionId"]) == ("ParkedQueue", "Execution.TIMED_OUT", execution)


def test_an_order_without_an_outcome_is_parked_once_and_one_on_its_way_left_alone(
    either: Apps, order: dict[str, str]
) -> None:
    """This is how an Express execution that timed out is found, of which no event tells."""
    now, table = datetime.now(UTC), either.cloud.engine.client("dynamodb")
    old, young = f"{order['OrderId']}-old", f"{order['OrderId']}-young"
    for order_id, age in ((old, timedelta(minutes=11)), (young, timedelta(minutes=5))):
        put_received(either, order | {"OrderId": order_id}, at=now - age)

    park_lost_orders(either, {})
    park_lost_orders(either, {})

    queue, message = the_end_of(either, old)
    assert (queue, message["Error"]) == ("ParkedQueue", "NoOutcomeError")
    assert either.queued(young) == [] and (either.row(young) or {})["Status"]["S"] == "RECEIVED"
    table.delete_item(TableName=either.places.order_table, Key={"OrderId": {"S": young}})


def put_received(apps: Apps, order: dict[str, str], *, at: datetime, taken_up: bool = True) -> None:
    """Writes the row of an order that was claimed and, unless told otherwise, taken up by its execution."""
    moment, name = at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), f"of-{order['OrderId']}"
    texts = {name: order[name] for name in ("OrderId", "Name", "ItemName", "Price")} | {
        "Owner": "somebody",
        "CardLast4": order["CC"][-4:],
        "Status": "RECEIVED",
        "ReceivedAt": moment,
        "UpdatedAt": moment,
        "ExecutionName": name,
        **({"ExecutionId": execution_id(apps, name)} if taken_up else {}),
    }
    row = {name: {"S": text} for name, text in texts.items()} | {"Reasons": {"L": []}}
    apps.cloud.engine.client("dynamodb").put_item(TableName=apps.places.order_table, Item=row)


def test_a_lookup_needs_no_table_while_it_is_cached(apps: Apps, order: dict[str, str]) -> None:
    place(apps, order)
    eventually(lambda: apps.get_order(order["OrderId"])[1], until=lambda order: order["Status"] == "FULFILLMENT_QUEUED")
    eventually(lambda: apps.get_order(order["OrderId"]), until=lambda answer: answer[2] == "HIT")

    with denied(apps, "GetOrder", "dynamodb:GetItem"):
        warm = apps.get_order(order["OrderId"])
        status, _, headers = apps.call("GET", f"/orders/{order['OrderId']}-cold")

    assert (warm[0], warm[1]["Status"], warm[2]) == (200, "FULFILLMENT_QUEUED", "HIT")
    assert (status, headers["Retry-After"]) == (503, "1")


def test_of_a_burst_above_the_throttle_the_excess_is_refused_and_the_rest_comes_to_an_end(
    apps: Apps, order: dict[str, str]
) -> None:
    orders = [order | {"OrderId": f"{order['OrderId']}-{number}", "Price": str(number % 3)} for number in range(15)]
    before = executions(apps)

    with throttled(apps, apps.places.orders_api, rate=1, burst=5), ThreadPoolExecutor(15) as pool:
        answers = [status for status, _ in pool.map(apps.post_order, orders)]

    taken = [order for order, status in zip(orders, answers, strict=True) if status == 202]
    refused = [order for order, status in zip(orders, answers, strict=True) if status == 429]
    assert len(taken) + len(refused) == 15 and len(taken) >= 5 and refused
    ends = Counter(the_end_of(apps, order["OrderId"])[0] for order in taken)
    assert ends["EscalationQueue"] == sum(order["Price"] == "0" for order in taken)
    assert ends["OrderFulfillmentQueue"] == len(taken) - ends["EscalationQueue"]
    assert not any(apps.row(order["OrderId"]) or apps.queued(order["OrderId"]) for order in refused)
    assert len(executions(apps) - before) == len(taken)
