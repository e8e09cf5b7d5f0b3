"""The messages in the queues fit their schemas, and have no further fields."""

from typing import Any

import fastjsonschema
import pytest

from orders import messages
from tests.support.cloud.apps import Apps


def assert_fits(apps: Apps, order_id: str, *, queue: str, schema: dict[str, Any]) -> None:
    [(name, message)] = apps.queued(order_id)
    assert name == queue
    fastjsonschema.validate(schema, message)
    assert message.keys() == schema["properties"].keys()


@pytest.mark.parametrize("price", ["12.50", 12.5, 80000])
def test_the_message_of_a_fulfilled_order_fits_its_schema(apps: Apps, order: dict[str, str], price: object) -> None:
    apps.post_order({**order, "Price": price})
    apps.settled(order["OrderId"])

    assert_fits(apps, order["OrderId"], queue="OrderFulfillmentQueue", schema=messages.schema("fulfillment"))


@pytest.mark.parametrize("wrong", [{"Price": "-1"}, {"Price": "much"}, {"Price": "", "CC": ""}])
def test_the_message_of_an_escalated_order_fits_its_schema(
    apps: Apps, order: dict[str, str], wrong: dict[str, str]
) -> None:
    apps.post_order({**order, **wrong})
    apps.settled(order["OrderId"])

    assert_fits(apps, order["OrderId"], queue="EscalationQueue", schema=messages.schema("escalation"))


@pytest.mark.usefixtures("skipped_waits")
def test_the_message_of_a_parked_order_fits_its_schema(apps: Apps, order: dict[str, str]) -> None:
    del order["Name"]
    apps.finished(apps.start(apps.places.order_workflow, order))

    assert_fits(apps, order["OrderId"], queue="ParkedQueue", schema=messages.schema("parked"))
