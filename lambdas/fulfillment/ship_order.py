"""`ShipOrder`: ships the orders in OrderFulfillmentQueue, each once."""

import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import fastjsonschema
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from common.aws import BRIEFLY
from common.jsontext import NotJsonError, read_leniently
from common.logs import logger_of
from orders import messages

REMEMBERED_SECONDS = 14 * 24 * 60 * 60
"""A message lives no longer, its time in the dead-letter queue included."""

SHIPMENTS = uuid.UUID("5d1b9d2e-6c0f-4f5f-9b1e-3a8c1f0e7a42")
"""The namespace of shipment ids, RFC 9562 version 5."""

logger = logger_of(__name__)

_validate = fastjsonschema.compile(messages.schema("fulfillment"))
# With botocore's default timeouts, one hanging call would use up the function's time and fail the whole batch.
_shipments = boto3.resource("dynamodb", config=BRIEFLY).Table(os.environ["SHIPMENT_TABLE"])
# Where every message of a batch fails, an error of the whole function would be logged with its text and retried alike.
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
# SHA-256 because whoever places orders chooses their ids, and MD5's collisions can be made of letters and digits.
_idempotency = IdempotencyConfig(
    event_key_jmespath="OrderId", expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256"
)


class BadMessageError(ValueError):
    """A message that does not fit its schema; the text says why and repeats none of it."""


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Ships each message's order; the answer names those that failed, and SQS keeps only these.

    A copy of a message whose order is being shipped at this moment fails as well: its next attempt finds it shipped.
    """
    # When this invocation is cut off, the order is free for another attempt from then on.
    _idempotency.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=_process, processor=_processor, context=context)


def order_of(body: str) -> dict[str, Any]:
    """The order in a message. Raises BadMessageError."""
    try:
        order: dict[str, Any] = _validate(read_leniently(body))
    except fastjsonschema.JsonSchemaValueException as error:
        # Not its text, which quotes the value: names are personal data.
        raise BadMessageError(f"{error.name} breaks the rule {error.rule}") from None
    except NotJsonError:
        raise BadMessageError("is not JSON") from None
    return order


def shipment_id(order_id: str) -> str:
    """The same id for the same order, always: what is shipped again is the same shipment."""
    return str(uuid.uuid5(SHIPMENTS, order_id))


def _process(record: SQSRecord) -> None:
    try:
        _ship_once(order=order_of(record.body))
    except BadMessageError as error:
        logger.warning("message %s: %s", record.message_id, error)
        raise
    except Exception as error:
        # The class alone: the text can quote the order.
        logger.warning("message %s was not shipped: %s", record.message_id, type(error).__name__)
        raise


def _ship(order: dict[str, Any]) -> None:
    shipment = {
        "ShipmentId": shipment_id(order["OrderId"]),
        "OrderId": order["OrderId"],
        "ItemName": order["ItemName"],
        "ShippedAt": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    try:
        _shipments.put_item(Item=shipment, ConditionExpression="attribute_not_exists(ShipmentId)")
    except _shipments.meta.client.exceptions.ConditionalCheckFailedException:
        # Shipped by an attempt that was cut off before it could say so, or so long ago that it is forgotten.
        return
    logger.info("order %s is shipment %s", order["OrderId"], shipment["ShipmentId"])


# Nothing is returned, so nothing of the order is kept with the record of the work: a hash, a status and two times.
# The prefix is fixed, as the function's generated name is not: a replaced function still knows what has been shipped.
_ship_once: Callable[..., None] = idempotent_function(
    _ship,
    data_keyword_argument="order",
    config=_idempotency,
    persistence_store=DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"], boto_config=BRIEFLY),
    key_prefix="ship",
)
