"""What a deletion removes, what it keeps, and what it waits for."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from account import delete_account, document, held, person, rows, stores
from orders import table as order_table_module
from orders.erased import EMPTIED, KEPT, NOTE
from orders.order import FULFILLMENT_QUEUE
from reminders import executions
from reminders import table as reminder_table_module
from stacks import schemas
from tests.support.documents import fits
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import OPERATOR, PERSON, REQUEST_ID, signed_in, status_and_body
from tests.support.handlers.faults import KilledError, fault
from tests.support.handlers.order_rows import ROW
from tests.support.handlers.reminder_rows import REQUEST
from tests.support.queues import Clock

ADA = PERSON["sub"]
SOMEBODY = "6f1c2d3e-0000-4000-8000-00000000000c"
PRIVATE = {"Name", "ItemName", "Price", "CardLast4", "Owner", "OwnPart", "Digest", "Note"}


def delete(*, by: dict[str, str] = PERSON, query: dict[str, str] | None = None, signed_in_at: float | None = None):
    at = str(int(time.time() if signed_in_at is None else signed_in_at))
    event = signed_in({"queryStringParameters": query}, **by, auth_time=at)
    return status_and_body(delete_account.handler(event, None))


def removed(receipt: dict[str, Any]) -> dict[str, int]:
    return {one["store"]: one["count"] for one in receipt["removed"]}


def an_order(order_id: str, **changes: Any) -> dict[str, Any]:
    return {**ROW, "OrderId": order_id, "Name": "Zoë", "Digest": "d", **changes}


@pytest.mark.parametrize("status", ["FULFILLMENT_QUEUED", "ESCALATED", "PARKED", "CLOSED"])
def test_an_order_keeps_its_id_and_loses_its_owner_and_everything_that_they_sent(status, order_table):
    order_table.put_item(Item=an_order("A-1", Status=status, Note="Called Zoë", Todo="x#1", ClosedBy=OPERATOR["sub"]))

    code, receipt = delete()

    assert fits(schemas.load("account/receipt.schema.json"), receipt)
    left = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (code, receipt["complete"], removed(receipt)) == (200, True, {"OrderTable": 1, "Users": 1})
    assert left.keys() <= {*KEPT, *EMPTIED, "Note"}
    assert {left[name] for name in EMPTIED} == {""}
    assert left["Note"] == NOTE
    assert left["ReceivedAt"] == ROW["ReceivedAt"]
    assert "Zoë" not in json.dumps(left, ensure_ascii=False, default=str)


@pytest.mark.parametrize("status", ["ESCALATED", "PARKED"])
def test_an_order_that_waits_for_an_operator_is_closed_and_its_messages_are_out_of_date(status, order_table):
    order_table.put_item(Item=an_order("A-1", Status=status, Todo=f"{status}#1"))

    delete()

    left = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (left["Status"], left["ExecutionId"]) == ("CLOSED", order_table_module.NO_EXECUTION)
    assert "Todo" not in left


def test_a_fulfilled_order_keeps_its_execution_so_that_its_message_stays_valid(order_table):
    order_table.put_item(Item=an_order("A-1"))

    delete()

    left = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (left["Status"], left["ExecutionId"]) == ("FULFILLMENT_QUEUED", ROW["ExecutionId"])


def test_a_parked_order_that_is_in_the_fulfillment_queue_is_still_fulfilled(order_table):
    order_table.put_item(Item=an_order("A-1", Status="PARKED", Queue=FULFILLMENT_QUEUE, Todo="PARKED#1"))

    delete()

    left = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (left["Status"], left["ExecutionId"]) == ("FULFILLMENT_QUEUED", ROW["ExecutionId"])
    assert not left.keys() & {"Todo", "Queue"}


def test_an_order_in_progress_is_waited_for_and_the_user_stays(order_table, pool):
    order_table.put_item(Item=an_order("A-1", Status="RECEIVED"))
    order_table.put_item(Item=an_order("A-2"))

    code, receipt = delete()

    assert (code, receipt["complete"], removed(receipt)) == (200, False, {"OrderTable": 1})
    assert [(one["store"], one["count"]) for one in receipt["waits"]] == [("OrderTable", 1)]
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Owner"] == ADA
    assert ADA in pool.users

    order_table.put_item(Item=an_order("A-1", Status="FULFILLMENT_QUEUED"))
    assert delete()[1]["complete"]
    assert ADA not in pool.users


@pytest.mark.parametrize("status", ["SCHEDULED", "SENDING", "SENT", "PARTLY_SENT", "FAILED", "CANCELLED"])
def test_a_reminder_is_deleted_in_any_status(status, remind, reminder_table):
    remind("r-1", status)

    receipt = delete()[1]

    assert receipt["complete"]
    assert removed(receipt)["ReminderTable"] == 1
    assert "Item" not in reminder_table.get_item(Key={"ReminderId": "r-1"})


def test_an_order_that_is_corrected_meanwhile_is_waited_for(order_table, monkeypatch, pool):
    order_table.put_item(Item=an_order("A-1", Status="ESCALATED"))
    corrected = an_order("A-1", Status="RECEIVED", ExecutionName="another")
    erase = order_table_module.erase

    def correct_and_erase(row: dict[str, Any], **more: Any) -> bool:
        order_table.put_item(Item=corrected)
        return erase(row, **more)

    monkeypatch.setattr(order_table_module, "erase", correct_and_erase)

    receipt = delete()[1]

    assert (receipt["complete"], receipt["removed"]) == (False, [])
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"] == corrected
    assert ADA in pool.users


def test_an_order_that_is_parked_after_the_search_is_waited_for(order_table, held_queues, monkeypatch, pool):
    """Otherwise its message would stay, and its row would no longer say whose it is."""
    order_table.put_item(Item=an_order("A-1", Status="RECEIVED"))
    search = held.messages

    def search_and_park(*who: str, **how: Any) -> held.Found:
        found = search(*who, **how)
        held_queues["ParkedQueue"].put({"OrderId": "A-1", "Name": "Zoë"})
        order_table_module.park(order_table_module.find("A-1"), now=datetime.now(UTC))
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(held, "messages", search_and_park)
        assert not delete()[1]["complete"]

    assert ADA in pool.users
    assert removed(delete()[1])["ParkedQueue"] == 1
    assert held_queues["ParkedQueue"].take() == []


def test_messages_of_the_person_are_removed_and_those_of_others_stay(order_table, remind, held_queues):
    order_table.put_item(Item=an_order("A-1", Status="PARKED"))
    remind("r-1", "FAILED")
    for queue in ("ParkedQueue", "EscalationQueueDeadLetters"):
        held_queues[queue].put({"OrderId": "A-1", "Name": "Zoë"}, {"OrderId": "B-1"}, "not JSON", [1])
    held_queues["ReminderQueuesDeadLetters"].put({"Reminder": {"reminderId": "r-1"}}, {"Reminder": "r-1"})

    receipt = delete()[1]

    assert removed(receipt) == {
        "OrderTable": 1,
        "ReminderTable": 1,
        "ParkedQueue": 1,
        "EscalationQueueDeadLetters": 1,
        "ReminderQueuesDeadLetters": 1,
        "Users": 1,
    }
    for queue in ("ParkedQueue", "EscalationQueueDeadLetters"):
        assert len(held_queues[queue].take()) == 3, "others see these messages again at once"
    assert len(held_queues["ReminderQueuesDeadLetters"].take()) == 1


def test_a_good_order_that_could_not_be_fulfilled_waits_on_and_the_receipt_says_so(order_table, held_queues):
    order_table.put_item(Item=an_order("A-1"))
    held_queues["OrderFulfillmentQueueDeadLetters"].put({"OrderId": "A-1", "Name": "Zoë"})

    receipt = delete()[1]

    assert receipt["complete"]
    assert len(held_queues["OrderFulfillmentQueueDeadLetters"].take()) == 1
    assert "OrderFulfillmentQueueDeadLetters" in {one["store"] for one in receipt["stays"]}


def test_a_queue_that_is_too_long_is_named_in_the_receipt_and_delays_nothing(order_table, held_queues, monkeypatch):
    order_table.put_item(Item=an_order("A-1", Status="PARKED"))
    held_queues["ParkedQueue"].put({"OrderId": "A-1"})
    monkeypatch.setattr(delete_account, "SEARCH_SECONDS", -1)

    held_queues["EscalationQueueDeadLetters"].put({"OrderId": "A-1"})

    receipt = delete()[1]

    assert receipt["complete"]
    assert receipt["stays"][-2:] == [
        stores.unsearched("EscalationQueueDeadLetters"),
        stores.unsearched("ParkedQueue"),
    ]


def test_the_data_of_other_people_stays(order_table, remind, reminder_table, reminder_workflow):
    theirs = an_order("B-1", Owner=SOMEBODY, OwnPart=f"{SOMEBODY}#1")
    order_table.put_item(Item=theirs)
    reminder = remind("r-2", owner=SOMEBODY)

    assert delete()[1]["complete"]
    assert order_table.get_item(Key={"OrderId": "B-1"})["Item"] == theirs
    assert reminder_table.get_item(Key={"ReminderId": "r-2"})["Item"] == reminder
    assert [one["status"] for one in reminder_workflow.executions()] == ["RUNNING"]


def test_many_orders_take_several_calls(order_table, monkeypatch, pool):
    with order_table.batch_writer() as batch:
        for number in range(220):
            batch.put_item(Item=an_order(f"A-{number}"))
    # Only `rows` reads this clock. It runs out after some orders.
    counts = []
    while ADA in pool.users:
        monkeypatch.setattr(rows, "time", Clock(looks=90))
        counts.append(removed(delete()[1])["OrderTable"])

    assert sum(counts) == 220
    assert len(counts) == 3


@pytest.mark.parametrize("kind", ["killed", "killed after", "lost", "refused"])
@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("dynamodb", "PutItem"),
        ("dynamodb", "DeleteItem"),
        ("stepfunctions", "StopExecution"),
        ("cognito-idp", "AdminUserGlobalSignOut"),
        ("cognito-idp", "AdminDeleteUser"),
    ],
)
def test_after_any_failure_the_next_call_goes_on(service, operation, kind, order_table, remind, reminder_table, pool):
    order_table.put_item(Item=an_order("A-1"))
    remind("r-1")
    modules = {"PutItem": order_table_module, "DeleteItem": reminder_table_module, "StopExecution": executions}
    client = client_of(modules.get(operation, person), service)

    with fault(client, operation, kind):
        try:
            delete()
        except KilledError:
            pass

    if ADA in pool.users:
        assert delete()[1]["complete"]
    assert "Owner" not in order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert "Item" not in reminder_table.get_item(Key={"ReminderId": "r-1"})
    assert ADA not in pool.users


def test_a_second_call_finds_nothing_and_says_so(pool):
    assert delete()[1]["complete"]

    code, receipt = delete()

    assert (code, receipt["complete"], receipt["removed"]) == (200, True, [])


def test_what_comes_after_the_deletion_is_removed_with_the_token_that_is_left(order_table, pool):
    delete()
    order_table.put_item(Item=an_order("A-9"))

    assert removed(delete()[1]) == {"OrderTable": 1}


@pytest.mark.parametrize("minutes", [16, 60])
def test_an_old_sign_in_is_refused(minutes, pool):
    code, body = delete(signed_in_at=time.time() - minutes * 60)

    assert (code, body["error"]["code"]) == (403, "SignInAgain")
    assert ADA in pool.users


def test_other_sessions_end_before_anything_is_removed(order_table, pool):
    order_table.put_item(Item=an_order("A-1", Status="RECEIVED"))

    delete()

    assert pool.asked[-1] == "AdminUserGlobalSignOut"


@pytest.mark.parametrize("query", [{"email": "ada@example.com"}, {"id": ADA}])
def test_an_operator_deletes_the_account_of_a_person(query, order_table, pool):
    order_table.put_item(Item=an_order("A-1"))

    code, receipt = delete(by=OPERATOR, query=query)

    assert (code, receipt["complete"], receipt["id"]) == (200, True, ADA)
    assert pool.users.keys() == {OPERATOR["sub"]}


def test_an_operator_removes_what_a_deleted_account_has_left_by_its_id(order_table, pool):
    delete()
    order_table.put_item(Item=an_order("A-9"))

    assert removed(delete(by=OPERATOR, query={"id": ADA})[1]) == {"OrderTable": 1}


def test_a_person_may_not_name_an_account_not_even_their_own(pool):
    for query in ({"email": "ada@example.com"}, {"id": ADA}, {"email": "olga@example.com"}):
        code, body = delete(query=query)

        assert (code, body["error"]["code"]) == (403, "Forbidden")
    assert len(pool.users) == 2


@pytest.mark.parametrize("query", [{"email": "no@example.com"}, {"email": ADA}, {"email": ""}, {"id": "x"}, {"id": ""}])
def test_an_unknown_address_or_id_is_not_found(query):
    code, body = delete(by=OPERATOR, query=query)

    assert (code, body["error"]["code"]) == (404, "NotFound")


@pytest.mark.parametrize(
    "query", [{"e-mail": "ada@example.com"}, {"Email": ""}, {"email": "ada@example.com", "id": ADA}]
)
def test_a_query_that_does_not_say_whom_it_means_deletes_nobody(query, pool):
    """An operator who misspells a parameter must not delete their own account."""
    code, body = delete(by=OPERATOR, query=query)

    assert (code, body["error"]["code"]) == (400, "InvalidRequest")
    assert len(pool.users) == 2


def test_an_operator_may_not_delete_another_operator(pool):
    pool.users[SOMEBODY] = {"sub": SOMEBODY, "email": "oscar@example.com", "cognito:groups": "operators"}

    code, body = delete(by=OPERATOR, query={"email": "oscar@example.com"})

    assert (code, body["error"]["code"]) == (409, "Conflict")
    assert SOMEBODY in pool.users


@pytest.mark.parametrize("by", [OPERATOR, PERSON], ids=["an operator", "a person who may have been one"])
def test_a_receipt_says_that_the_decisions_of_an_operator_stay(by, pool):
    code, receipt = delete(by=by)

    assert (code, receipt["complete"]) == (200, True)
    assert "if the account was an operator's: its id, on orders of other people that it corrected or closed" in [
        one["what"] for one in receipt["stays"]
    ]


def test_the_log_says_who_was_deleted_and_has_no_address(caplog, capsys, order_table):
    order_table.put_item(Item=an_order("A-1"))
    with caplog.at_level("INFO"):
        delete(by=OPERATOR, query={"email": "ada@example.com"})

    said = capsys.readouterr().out
    assert json.loads(said) == {
        "message": "account deleted",
        "Account": ADA,
        "By": OPERATOR["sub"],
        "RequestId": REQUEST_ID,
    }
    assert "ada@" not in caplog.text + said


def test_a_receipt_has_no_data_of_the_person(order_table, remind):
    order_table.put_item(Item=an_order("A-1"))
    remind("r-1")

    text = json.dumps(delete()[1], ensure_ascii=False)

    assert not [secret for secret in ("ada@example.com", "Zoë", "A-1", "r-1", REQUEST["message"]) if secret in text]


def test_every_attribute_of_an_order_is_kept_or_lost_on_purpose():
    """A new attribute of a row that tells something about the owner must not survive."""
    assert not set(KEPT) & PRIVATE
    assert not set(KEPT) & (document.WITHHELD - {"ExecutionId"})
