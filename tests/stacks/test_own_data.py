"""The receipt of a deletion and the copy of one's data name every store of every stage."""

import pytest

from account import elsewhere, stores
from orders.cache_entry import TTL_SECONDS
from orders.retention import MESSAGE_DAYS

KINDS = ("AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::StepFunctions::StateMachine", "AWS::Cognito::UserPool")

NAMED = {
    "Identity/Users": "Users",
    "Orders/OrderTable": "OrderTable",
    "Orders/OrderFulfillmentStateMachine": "executions of orders",
    "Orders/OrderFulfillmentQueue": "OrderFulfillmentQueue",
    "Orders/OrderFulfillmentQueueDeadLetters": "OrderFulfillmentQueueDeadLetters",
    "Orders/EscalationQueue": "EscalationQueue",
    "Orders/EscalationQueueDeadLetters": "EscalationQueueDeadLetters",
    "Orders/ParkedQueue": "ParkedQueue",
    "Orders/LostOrders/OrdersToCheck": "OrdersToCheck and its dead letters",
    "Orders/LostOrders/OrdersToCheckDeadLetters": "OrdersToCheck and its dead letters",
    "Fulfillment/ShipmentTable": "other applications",
    "Fulfillment/IdempotencyTable": "other applications",
    "Reminders/ReminderTable": "ReminderTable",
    "Reminders/ReminderStateMachine": "ReminderStateMachine",
    "Reminders/ReminderQueues/EmailQueue": "EmailQueue, SMSQueue and TopicQueue",
    "Reminders/ReminderQueues/SMSQueue": "EmailQueue, SMSQueue and TopicQueue",
    "Reminders/ReminderQueues/TopicQueue": "EmailQueue, SMSQueue and TopicQueue",
    "Reminders/ReminderQueues/DeadLetters": "ReminderQueuesDeadLetters",
}
"""The name of each store in both documents, by its construct."""

WITHOUT_DATA = {
    "Orders/UpdateCacheFailures": "positions in the stream of changes, and no changes",
    "Reminders/ReminderDelivery": "an Express workflow, of which AWS keeps no history",
}
"""The stores that hold no data of people, and what they hold."""

SETTINGS = elsewhere.Settings(log_days=7, order_days=None, has_cache=True, has_histories=True, has_traces=True)


def test_every_store_is_named_in_both_documents(with_everything):
    found = {path for kind in KINDS for path in with_everything.resources(kind)}

    assert found == NAMED.keys() | WITHOUT_DATA.keys()
    for places in (elsewhere.of_receipt(SETTINGS), elsewhere.of_copy(SETTINGS)):
        assert set(NAMED.values()) <= {one["store"] for one in places} | stores.SEARCHED.keys()


def test_the_times_of_cached_orders_are_those_of_the_cache(with_everything):
    """`UpdateCache` writes no change that is older, and what it or a lookup writes expires."""
    (source,) = (
        one
        for path, one in with_everything.properties("AWS::Lambda::EventSourceMapping").items()
        if path.startswith("Orders/UpdateCache/")
    )
    latest = source["MaximumRecordAgeInSeconds"] + TTL_SECONDS

    (cache,) = (one for one in elsewhere.of_receipt(SETTINGS) if one["store"] == "Redis")
    assert cache["until"] == f"{TTL_SECONDS} seconds, or {latest} if Redis did not answer in the meantime"


@pytest.mark.parametrize("store", sorted(name for name in NAMED.values() if "Queue" in name))
def test_a_message_is_said_to_stay_no_shorter_than_its_queue_keeps_it(with_everything, store):
    days = max(
        queue["MessageRetentionPeriod"] // 86400
        for path, queue in with_everything.properties("AWS::SQS::Queue").items()
        if NAMED.get(path) == store
    )
    said = [one["until"] for one in elsewhere.of_receipt(SETTINGS) if one["store"] == store]
    said = said or [stores.unsearched(store)["until"]]

    assert all(one.startswith(f"{days} days at most") for one in said)
    assert days <= MESSAGE_DAYS
