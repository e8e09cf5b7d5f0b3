"""Which messages belong to a person, and what is said about the queues that could not be searched."""

from typing import Any

import pytest

from account import held
from orders import table as order_table_module
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import PERSON
from tests.support.handlers.order_rows import ROW
from tests.support.waiting import PATIENCE_SECONDS

ADA = PERSON["sub"]
SOMEBODY = "6f1c2d3e-0000-4000-8000-00000000000c"
OF_ORDERS = ["ParkedQueue", "EscalationQueueDeadLetters", "OrderFulfillmentQueueDeadLetters"]


def search(*, remove: bool, seconds: float = PATIENCE_SECONDS) -> held.Found:
    return held.messages(ADA, seconds=seconds, remove=remove)


@pytest.fixture
def orders(order_table: Any) -> None:
    """An order of ADA, and one of somebody else."""
    order_table.put_item(Item=ROW)
    order_table.put_item(Item={**ROW, "OrderId": "B-1", "Owner": SOMEBODY, "OwnPart": f"{SOMEBODY}#1"})


ODD = ["not JSON", [1], {"OrderId": [ROW["OrderId"]]}, {"OrderId": ""}, {"OrderId": None}, {"Reminder": "r-1"}]
"""Messages that somebody sent by hand."""


@pytest.mark.parametrize("queue", OF_ORDERS)
def test_the_messages_about_orders_of_the_person_are_found_and_stay(queue, orders, held_queues):
    own = {"OrderId": ROW["OrderId"], "Name": "Zoë"}
    held_queues[queue].put(own, {"OrderId": "B-1"}, {"OrderId": "unknown"}, *ODD)

    found = search(remove=False)

    assert {name: bodies for name, bodies in found.bodies.items() if bodies} == {queue: [own]}
    assert found.unsearched == set()
    assert len(held_queues[queue].take()) == 3 + len(ODD)


def test_the_messages_about_reminders_of_the_person_are_found(remind, held_queues):
    remind("r-1", starts=False)
    remind("r-2", owner=SOMEBODY, starts=False)
    own = {"Reminder": {"reminderId": "r-1"}}
    held_queues["ReminderQueuesDeadLetters"].put(own, {"Reminder": {"reminderId": "r-2"}}, {"Reminder": {}}, *ODD)

    assert search(remove=False).bodies["ReminderQueuesDeadLetters"] == [own]


def test_a_deletion_removes_the_messages_of_the_person_and_leaves_good_orders(orders, held_queues):
    for queue in OF_ORDERS:
        held_queues[queue].put({"OrderId": ROW["OrderId"]}, {"OrderId": "B-1"})

    found = search(remove=True)

    assert {name: len(bodies) for name, bodies in found.bodies.items()} == {
        "ParkedQueue": 1,
        "EscalationQueueDeadLetters": 1,
    }
    assert [len(held_queues[queue].take()) for queue in OF_ORDERS] == [1, 1, 2]


def test_no_message_is_hidden_from_operators_for_a_person_without_rows(held_queues, monkeypatch):
    held_queues["ParkedQueue"].put({"OrderId": "A-9"})
    monkeypatch.setattr(held, "Hold", None)

    assert search(remove=True).bodies == {}


def test_an_empty_queue_is_not_read(orders, monkeypatch):
    monkeypatch.setattr(held, "Hold", None)

    assert search(remove=True) == held.Found()


def test_a_message_comes_back_by_itself_if_the_function_dies(orders, held_queues, monkeypatch):
    client, asked = client_of(held, "sqs"), []
    receive = client.receive_message
    monkeypatch.setattr(client, "receive_message", lambda **given: receive(**given, **asked.append(given) or {}))
    held_queues["ParkedQueue"].put({"OrderId": ROW["OrderId"]})

    search(remove=False)

    assert {one["VisibilityTimeout"] for one in asked} == {held.HELD_SECONDS}


def test_a_queue_for_which_there_was_no_time_is_named(orders, held_queues):
    held_queues["ParkedQueue"].put({"OrderId": ROW["OrderId"]})

    assert search(remove=False, seconds=-1).unsearched == {"ParkedQueue"}


@pytest.mark.parametrize("remove", [True, False])
def test_a_queue_in_which_another_reader_hides_a_message_is_named(remove, orders, held_queues):
    held_queues["ParkedQueue"].put({"OrderId": ROW["OrderId"]})
    held_queues["ParkedQueue"].messages()

    assert search(remove=remove).unsearched == {"ParkedQueue"}


def test_a_queue_in_which_a_message_could_not_be_deleted_is_named(orders, held_queues, monkeypatch):
    held_queues["ParkedQueue"].put({"OrderId": ROW["OrderId"]})
    kept = {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    monkeypatch.setattr(client_of(held, "sqs"), "delete_message_batch", lambda **_: kept)

    assert search(remove=True).unsearched == {"ParkedQueue"}


def test_a_search_does_not_read_all_orders_of_the_person(order_table, held_queues, monkeypatch):
    """A person with very many orders could never delete their account."""
    with order_table.batch_writer() as batch:
        for number in range(3 * order_table_module.BATCH):
            batch.put_item(Item={**ROW, "OrderId": f"A-{number}"})
    held_queues["ParkedQueue"].put({"OrderId": "A-299"}, {"OrderId": "B-1"}, {"OrderId": "x" * 3000}, {"OrderId": ""})
    find_all, read = order_table_module.find_all, []
    monkeypatch.setattr(order_table_module, "find_all", lambda ids: find_all(read.extend(given := [*ids]) or given))

    found = search(remove=True)

    assert found.bodies["ParkedQueue"] == [{"OrderId": "A-299"}]
    assert len(read) <= order_table_module.BATCH + 2
