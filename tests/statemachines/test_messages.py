"""The order workflow's messages fit their schemas exactly. Consumers accept additional fields."""

import fastjsonschema
import pytest

from orders import messages
from orders.rules import reasons_to_escalate
from tests.support.workflows.asl import load, states

STATES = dict(states(load("order_fulfillment.asl.json")))
GOOD_CARD = "4242424242424242"
SENDING = {
    "fulfillment": "Put message in order OrderFulfillment Queue",
    "escalation": "Put message in order Escalation Queue",
    "parked": "Park the order",
}
FIRST_FIELDS = {
    "fulfillment": {"OrderId", "Name", "ItemName", "Price", "ExecutionId"},
    "escalation": {"OrderId", "Name", "ItemName", "Price", "Reasons", "ExecutionId"},
    "parked": {"OrderId", "State", "Error", "ExecutionId", "Order"},
}
"""The fields of the first version of each message. Messages that lack later ones may still be in their queue, so no
later one may be required."""

AS_SENT = [
    "fulfillment",
    "escalation",
    "parked",
]


def test_every_message_has_its_schema():
    sent = {name for name, state in STATES.items() if "sqs" in state.get("Resource", "")}

    assert sent == set(SENDING.values())


@pytest.mark.parametrize("queue", AS_SENT)
def test_the_workflow_sends_the_fields_of_the_schema_and_no_others(queue):
    schema = messages.schema(queue)
    sent = STATES[SENDING[queue]]["Arguments"]["MessageBody"]

    assert sent.keys() == schema["properties"].keys()
    assert set(schema["required"]) == FIRST_FIELDS[queue]


@pytest.mark.parametrize("queue", SENDING)
def test_todays_consumers_can_read_messages_with_new_fields(queue):
    assert "additionalProperties" not in str(messages.schema(queue))


@pytest.mark.parametrize("queue", SENDING)
def test_no_message_has_a_field_for_a_card(queue):
    text = str(messages.schema(queue)["properties"].keys())

    assert "CC" not in text and "Card" not in text


@pytest.mark.parametrize(
    "price", ["80000", "12.50", "0.0001", "999999999999.9999", "0", "-1", "1e3", "", "٣", "5\n", "1.23456", " 5"]
)
def test_a_valid_price_fits_the_schema_and_a_text_that_is_not_a_number_does_not(price):
    fits = fastjsonschema.compile(messages.schema("fulfillment")["properties"]["Price"])
    reasons = reasons_to_escalate({"CC": GOOD_CARD, "Price": price}, card_rule="luhn")

    if not reasons:
        assert fits(price) == price
    elif "PRICE_NOT_A_DECIMAL" in reasons:
        with pytest.raises(fastjsonschema.JsonSchemaException):
            fits(price)
