"""The copy of a person's data: what it has, what it leaves out, and its parts."""

import json
from typing import Any

import pytest

from account import document, get_account
from common.paging import MOST
from reminders import executions
from stacks import schemas
from tests.support.aws_answers import refused
from tests.support.data_model import documented
from tests.support.documents import fits
from tests.support.handlers.aws import states
from tests.support.handlers.events import OPERATOR, PERSON, REQUEST_ID, signed_in, status_and_body
from tests.support.handlers.order_rows import ROW
from tests.support.handlers.reminder_rows import REQUEST, row

ADA = PERSON["sub"]
CARD = "4242424242424242"


def get(*, by: dict[str, str] = PERSON, **query: str) -> tuple[int, Any]:
    return status_and_body(get_account.handler(signed_in({"queryStringParameters": query or None}, **by), None))


def parts() -> list[dict[str, Any]]:
    found = [get()[1]]
    while found[-1]["next"]:
        found.append(get(next=found[-1]["next"])[1])
    return found


def test_a_copy_has_the_account_the_orders_and_the_reminders(order_table, reminder_table):
    order_table.put_item(Item=ROW)
    reminder_table.put_item(Item=row("r-1", owner=ADA) | {"Status": "SENT"})

    code, copy = get()

    assert code == 200
    assert fits(schemas.load("account/data.schema.json"), copy)
    assert (copy["account"]["id"], copy["account"]["attributes"]["email"]) == (ADA, "ada@example.com")
    assert [(one["OrderId"], one["Name"], one["CardLast4"]) for one in copy["orders"]] == [
        (ROW["OrderId"], ROW["Name"], "1111")
    ]
    assert [(one["ReminderId"], one["Message"]) for one in copy["reminders"]] == [("r-1", REQUEST["message"])]
    assert (copy["messages"], copy["next"]) == ([], None)


def test_a_waiting_reminder_has_its_request_with_the_addresses(reminder_table, reminder_workflow):
    reminder_table.put_item(Item=row("r-1", owner=ADA))
    given = json.dumps(REQUEST | {"reminderId": "r-1"})
    states.start_execution(stateMachineArn=reminder_workflow.arn, name="r-1", input=given)

    (reminder,) = get()[1]["reminders"]

    assert reminder["Request"]["email"] == REQUEST["email"]


def test_a_reminder_without_an_execution_has_only_its_row(reminder_table):
    reminder_table.put_item(Item=row("r-1", owner=ADA))

    (reminder,) = get()[1]["reminders"]

    assert "Request" not in reminder


def test_parts_join_to_everything_without_gaps_or_copies(order_table, reminder_table):
    with order_table.batch_writer() as batch:
        for number in range(MOST + 5):
            batch.put_item(Item={**ROW, "OrderId": f"A-{number}"})
    with reminder_table.batch_writer() as batch:
        for number in range(MOST + 1):
            batch.put_item(Item=row(f"r-{number}", owner=ADA) | {"Status": "SENT"})

    found = parts()

    orders = [one["OrderId"] for part in found for one in part["orders"]]
    reminders = [one["ReminderId"] for part in found for one in part["reminders"]]
    assert sorted(orders) == sorted(f"A-{number}" for number in range(MOST + 5))
    assert sorted(reminders) == sorted(f"r-{number}" for number in range(MOST + 1))
    assert len(found) == 3


def test_a_part_ends_early_if_step_functions_throttles(reminder_table, monkeypatch):
    """Otherwise people with many waiting reminders would never get their copy."""
    with reminder_table.batch_writer() as batch:
        for number in range(5):
            batch.put_item(Item=row(f"r-{number}", owner=ADA))
    find, asked = executions.found, []

    def throttled(execution: str) -> Any:
        asked.append(execution)
        if len(asked) == 3:
            raise refused("stepfunctions", "DescribeExecution", "ThrottlingException")
        return find(execution)

    monkeypatch.setattr(executions, "found", throttled)

    found = [[one["ReminderId"] for one in part["reminders"]] for part in parts()]

    assert [len(part) for part in found] == [2, 3]
    assert sorted(sum(found, [])) == [f"r-{number}" for number in range(5)]


def test_a_part_without_any_reminder_is_an_error_if_step_functions_throttles(reminder_table, monkeypatch):
    reminder_table.put_item(Item=row("r-1", owner=ADA))

    def throttled(execution: str) -> Any:
        raise refused("stepfunctions", "DescribeExecution", "ThrottlingException")

    monkeypatch.setattr(executions, "found", throttled)

    assert get()[0] == 503


@pytest.mark.parametrize("status", ["SENT", "PARTLY_SENT", "FAILED", "CANCELLED"])
def test_a_reminder_that_does_not_wait_has_no_request(status, reminder_table, monkeypatch):
    """Its execution is not asked for, because Step Functions limits the number of these calls."""
    reminder_table.put_item(Item=row("r-1", owner=ADA) | {"Status": status})
    monkeypatch.setattr(executions, "found", None)

    (reminder,) = get()[1]["reminders"]

    assert "Request" not in reminder


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING"])
def test_a_reminder_whose_next_execution_has_not_started_has_the_request_of_the_one_before(
    status, reminder_table, reminder_workflow
):
    before = states.start_execution(
        stateMachineArn=reminder_workflow.arn, name="before", input=json.dumps(REQUEST | {"reminderId": "r-1"})
    )
    changes = {"Status": status, "After": before["executionArn"]}
    reminder_table.put_item(Item=row("r-1", owner=ADA) | changes)

    (reminder,) = get()[1]["reminders"]

    assert reminder["Request"]["email"] == REQUEST["email"]


def test_a_request_that_somebody_started_by_hand_with_odd_json_is_left_out(reminder_table, monkeypatch):
    reminder_table.put_item(Item=row("r-1", owner=ADA))
    monkeypatch.setattr(executions, "found", lambda execution: {"input": "{"})

    (reminder,) = get()[1]["reminders"]

    assert "Request" not in reminder


def test_any_other_error_of_step_functions_ends_no_part_early(reminder_table, monkeypatch):
    """The copy would lack the reminders that follow, if the error stays."""
    for number in range(2):
        reminder_table.put_item(Item=row(f"r-{number}", owner=ADA))
    answers = iter([None, refused("stepfunctions", "DescribeExecution", "ValidationException")])

    def found(execution: str) -> Any:
        if answer := next(answers):
            raise answer
        return answer

    monkeypatch.setattr(executions, "found", found)

    assert get()[0] >= 500


@pytest.mark.parametrize(
    "token",
    ["", "orders", "orders.", "orders.x", "messages.WyJhIiwgImIiXQ==", "WyJhIiwgImIiXQ==", "orders.WyJhIiwgImIiXQ==\n"],
)
def test_an_unknown_next_is_refused(token):
    code, body = get(next=token)

    assert (code, body["error"]["details"][0]["code"]) == (400, "NotANext")


def test_messages_are_listed_and_stay_and_card_numbers_in_them_are_hidden(order_table, held_queues):
    order_table.put_item(Item=ROW)
    held_queues["ParkedQueue"].put({"OrderId": ROW["OrderId"], "Name": f"pay {CARD}"}, {"OrderId": "B-1"})

    copy = get()[1]

    assert copy["messages"] == [{"queue": "ParkedQueue", "body": {"OrderId": ROW["OrderId"], "Name": "pay #"}}]
    assert len(held_queues["ParkedQueue"].take()) == 2


@pytest.mark.parametrize(("odd", "text"), [("NaN", "nan"), ("-Infinity", "-inf"), ("1" * 40, "1" * 40)])
def test_a_message_by_hand_with_an_odd_number_does_not_spoil_the_copy(odd, text, order_table, held_queues):
    order_table.put_item(Item=ROW)
    held_queues["ParkedQueue"].put(f'{{"OrderId": "{ROW["OrderId"]}", "Odd": {odd}, "Price": 12.5}}')

    (message,) = get()[1]["messages"]

    assert message["body"] == {"OrderId": ROW["OrderId"], "Odd": text, "Price": 12.5}


def test_no_queue_is_read_if_the_person_has_nothing_in_it(held_queues, monkeypatch):
    from account import held

    held_queues["ParkedQueue"].put({"OrderId": "B-1"})
    monkeypatch.setattr(held, "Hold", None)

    assert get()[0] == 200


def test_good_orders_that_could_not_be_fulfilled_are_in_the_copy(order_table, held_queues):
    order_table.put_item(Item=ROW)
    held_queues["OrderFulfillmentQueueDeadLetters"].put(body := {"OrderId": ROW["OrderId"], "Name": "Zoë"})

    copy = get()[1]

    assert copy["messages"] == [{"queue": "OrderFulfillmentQueueDeadLetters", "body": body}]
    assert "OrderFulfillmentQueueDeadLetters" not in {one["store"] for one in copy["elsewhere"]}


def test_every_queue_for_which_there_was_no_time_is_named_in_a_fixed_sequence(
    order_table, reminder_table, held_queues, monkeypatch
):
    order_table.put_item(Item=ROW)
    reminder_table.put_item(Item=row("r-1", owner=ADA) | {"Status": "SENT"})
    for queue in held_queues.values():
        queue.put("x")
    monkeypatch.setattr(get_account, "SEARCH_SECONDS", -1)

    named = [one["store"] for one in get()[1]["elsewhere"] if one["store"] in held_queues]

    assert named == sorted(held_queues)


def test_the_log_says_once_that_a_copy_was_made(order_table, capsys):
    with order_table.batch_writer() as batch:
        for number in range(MOST + 1):
            batch.put_item(Item={**ROW, "OrderId": f"A-{number}"})

    first = get()[1]
    said_before = capsys.readouterr().out
    get(next=first["next"])

    assert said_before == ""
    assert json.loads(capsys.readouterr().out) == {
        "message": "account exported",
        "Account": ADA,
        "RequestId": REQUEST_ID,
    }


def test_the_data_of_other_people_is_left_out(order_table, reminder_table):
    order_table.put_item(Item={**ROW, "OrderId": "B-1", "Owner": "other", "OwnPart": "other#1"})
    reminder_table.put_item(Item=row("r-2", owner="other"))

    copy = get()[1]

    assert (copy["orders"], copy["reminders"]) == ([], [])


@pytest.mark.parametrize(
    "heading",
    [("A row of OrderTable", "The statuses of an order"), ("A row of ReminderTable", "The statuses of a reminder")],
)
def test_a_copy_leaves_out_only_attributes_with_a_reason(heading):
    """It has every other attribute of docs/data-model.md, also a new one."""
    row_, statuses = heading
    attributes = {name for name, _ in documented(row=row_, statuses=statuses).attributes}

    shown = document.shown(dict.fromkeys(attributes, "x"))

    assert shown.keys() == attributes - document.WITHHELD
    secrets = {"Digest", "RequestDigest", "Claim", "StopKey"}
    of_others = {"ClosedBy", "CorrectedBy"}
    numbers_of_aws = {"ExecutionId", "After"}
    again = {"Owner", "OwnPart", "Todo"}
    assert not shown.keys() & (secrets | of_others | numbers_of_aws | again)


def test_every_withheld_attribute_exists():
    known = {
        name
        for heading in (
            ("A row of OrderTable", "The statuses of an order"),
            ("A row of ReminderTable", "The statuses of a reminder"),
        )
        for name, _ in documented(row=heading[0], statuses=heading[1]).attributes
    }

    assert document.WITHHELD <= known


@pytest.mark.parametrize("query", [{"email": "ada@example.com"}, {"id": ADA}])
def test_an_operator_gets_the_copy_of_a_person(query, order_table):
    order_table.put_item(Item=ROW)

    code, copy = get(by=OPERATOR, **query)

    assert (code, copy["account"]["id"], len(copy["orders"])) == (200, ADA, 1)


def test_a_person_gets_only_their_own_copy():
    code, body = get(email="olga@example.com")

    assert (code, body["error"]["code"]) == (403, "Forbidden")


def test_a_deleted_account_has_no_record(pool):
    del pool.users[ADA]

    assert get()[1]["account"] is None
