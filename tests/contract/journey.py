"""A small journey through both APIs with the generated Python clients. PYTHONPATH must contain the clients."""

import os
import time
import uuid
from http import HTTPStatus

from orders_client import AuthenticatedClient as OrdersClient
from orders_client.api.operators import close_order, list_dead_letters, list_parked
from orders_client.api.orders import get_order, list_orders, place_order
from orders_client.models import (
    AcceptedOrder,
    Closing,
    DeadLetters,
    ListOrdersStatus,
    Order,
    OrderList,
    OrderState,
    OrderStatus,
    ParkedList,
)
from orders_client.models import ErrorAnswer as OrdersError
from reminders_client import AuthenticatedClient as RemindersClient
from reminders_client.api.reminders import cancel_reminder, create_reminder, get_reminder, list_reminders
from reminders_client.models import ErrorAnswer as RemindersError
from reminders_client.models import (
    Preference,
    Reminder,
    ReminderList,
    ReminderState,
    ReminderStatus,
    Repeat,
    ScheduledReminder,
)

GIVE_UP_SECONDS = 60


def order(price: str) -> Order:
    return Order(
        order_id=f"journey-{uuid.uuid4().hex[:12]}", name="Ada", item_name="Lamp", price=price, cc="4242424242424242"
    )


def settled(client: OrdersClient, order_id: str) -> OrderState:
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        found = get_order.sync(order_id, client=client)
        assert isinstance(found, OrderState), found
        if found.status is not OrderStatus.RECEIVED:
            return found
    raise AssertionError("the order was not settled within a minute")


def orders(person: OrdersClient, operator: OrdersClient) -> None:
    good, bad = order("12.50"), order("-1")
    for one in (good, bad):
        placed = place_order.sync_detailed(client=person, body=one)
        assert placed.status_code == HTTPStatus.ACCEPTED, placed
        assert isinstance(placed.parsed, AcceptedOrder)
    assert settled(person, good.order_id).status is OrderStatus.FULFILLMENT_QUEUED
    assert settled(person, bad.order_id).reasons

    first = list_orders.sync(client=person, limit=1)
    assert isinstance(first, OrderList) and isinstance(first.next_, str), first
    second = list_orders.sync(client=person, limit=1, next_=first.next_)
    assert isinstance(second, OrderList), second
    # An order in a list has the same type as a single order.
    assert {one.order_id for one in first.orders + second.orders} == {good.order_id, bad.order_id}

    wrong = place_order.sync_detailed(client=person, body=Order.from_dict({**good.to_dict(), "Name": "x" * 201}))
    assert wrong.status_code == HTTPStatus.BAD_REQUEST, wrong
    assert isinstance(wrong.parsed, OrdersError)
    (detail,) = wrong.parsed.error.details
    assert (detail.field, detail.code, detail.values.longest) == ("Name", "TooLong", 200), detail

    forbidden = list_orders.sync(client=person, status=ListOrdersStatus.ESCALATED)
    assert isinstance(forbidden, OrdersError) and forbidden.error.code == "Forbidden", forbidden
    escalated = list_orders.sync(client=operator, status=ListOrdersStatus.ESCALATED, limit=100)
    assert isinstance(escalated, OrderList), escalated
    assert bad.order_id in {one.order_id for one in escalated.orders}
    closed = close_order.sync(bad.order_id, client=operator, body=Closing(note="The customer gave up."))
    assert isinstance(closed, OrderState) and closed.status is OrderStatus.CLOSED, closed
    assert isinstance(list_parked.sync(client=operator), ParkedList)
    assert isinstance(list_dead_letters.sync(client=operator), DeadLetters)


def reminders(person: RemindersClient) -> None:
    reminder = Reminder(
        message="Water the plants",
        preference=Preference.EMAIL,
        wait_seconds=3600,
        repeat=Repeat(every="1d", times=3),
    )
    key = str(uuid.uuid4())
    scheduled = create_reminder.sync(client=person, body=reminder, idempotency_key=key)
    assert isinstance(scheduled, ScheduledReminder), scheduled
    again = create_reminder.sync(client=person, body=reminder, idempotency_key=key)
    assert isinstance(again, ScheduledReminder) and again.reminder_id == scheduled.reminder_id, again

    found = get_reminder.sync(scheduled.reminder_id, client=person)
    assert isinstance(found, ReminderState) and found.repeat == reminder.repeat, found
    listed = list_reminders.sync(client=person)
    assert isinstance(listed, ReminderList) and found in listed.reminders, listed

    cancelled = cancel_reminder.sync(scheduled.reminder_id, client=person)
    assert isinstance(cancelled, ReminderState) and cancelled.status is ReminderStatus.CANCELLED, cancelled
    twice = cancel_reminder.sync_detailed(scheduled.reminder_id, client=person)
    assert twice.status_code == HTTPStatus.CONFLICT and isinstance(twice.parsed, RemindersError), twice
    neither = create_reminder.sync_detailed(
        client=person, body=Reminder(message="Water the plants", preference=Preference.EMAIL)
    )
    assert neither.status_code == HTTPStatus.BAD_REQUEST and isinstance(neither.parsed, RemindersError), neither


if __name__ == "__main__":
    person, operator = os.environ["CONTRACT_PERSON"], os.environ["CONTRACT_OPERATOR"]
    orders_api, reminders_api = os.environ["CONTRACT_ORDERS"], os.environ["CONTRACT_REMINDERS"]
    orders(OrdersClient(base_url=orders_api, token=person), OrdersClient(base_url=orders_api, token=operator))
    reminders(RemindersClient(base_url=reminders_api, token=person))
    print("the journey ended as it should")
