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

from common import calls
from common.aws import BRIEFLY
from common.cards import is_identifier
from common.jsontext import NotJsonError, read_leniently
from common.logs import event as log_event
from common.logs import logger_of
from orders import messages, retention

REMEMBERED_SECONDS = retention.MESSAGE_DAYS * 24 * 60 * 60

SHIPMENTS = uuid.UUID("5d1b9d2e-6c0f-4f5f-9b1e-3a8c1f0e7a42")
"""The namespace of shipment ids, RFC 9562 version 5."""

logger = logger_of(__name__)

_validate = fastjsonschema.compile(messages.schema("fulfillment"))
# With botocore's default timeouts, one hanging call would use up the function's time and fail the whole batch.
_dynamodb = boto3.client("dynamodb", config=BRIEFLY)
# If all messages of a batch fail, Powertools would raise an error. Lambda would log its text and retry the same batch.
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
# SHA-256, because callers choose their OrderIds, and MD5 has collisions that consist of letters and digits.
_idempotency = IdempotencyConfig(
    event_key_jmespath="OrderId", expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256"
)


class BadMessageError(ValueError):
    """A message that does not fit its schema. The text says why, without quoting the message."""


@calls.recorded
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Ships the order of each message. Returns the messages that failed, and SQS keeps only these.

    A copy of a message fails if its order is being shipped at this moment. Its next attempt finds the order shipped.
    """
    # If this invocation times out, another one may ship the order from then on.
    _idempotency.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=_process, processor=_processor, context=context)


def order_of(body: str) -> dict[str, Any]:
    """The order in a message. Raises BadMessageError if the message does not fit its schema."""
    try:
        order: dict[str, Any] = _validate(read_leniently(body))
    except fastjsonschema.JsonSchemaValueException as error:
        # The error's own text quotes the value, and names are personal data.
        raise BadMessageError(f"{error.name} breaks the rule {error.rule}") from None
    except NotJsonError:
        raise BadMessageError("is not JSON") from None
    return order


def shipment_id(order_id: str) -> str:
    """The id of an order's shipment. It is always the same, so a second attempt writes the same shipment.

    See decision D021.
    """
    return str(uuid.uuid5(SHIPMENTS, order_id))


def _process(record: SQSRecord) -> None:
    try:
        _ship_once(order=order_of(record.body))
    except BadMessageError as error:
        logger.info("message %s: %s", record.message_id, error)
        raise
    except Exception as error:
        # Only the class, because the text can quote the order.
        # SQS delivers the message again. After the last attempt an alarm goes off.
        logger.info("message %s was not shipped: %s", record.message_id, type(error).__name__)
        raise


def _ship(order: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    shipment = {
        "ShipmentId": shipment_id(order["OrderId"]),
        "OrderId": order["OrderId"],
        "ItemName": order["ItemName"],
        "ShippedAt": now.isoformat(timespec="milliseconds"),
    }
    expiry = retention.expiry(now, days=os.environ["SHIPMENT_DAYS"])
    try:
        # DynamoDB deletes a shipment some days after it has expired. Until then a new order may have its OrderId.
        _dynamodb.put_item(
            TableName=os.environ["SHIPMENT_TABLE"],
            Item={
                **{name: {"S": text} for name, text in shipment.items()},
                **{name: {"N": str(seconds)} for name, seconds in expiry.items()},
            },
            ConditionExpression="attribute_not_exists(ShipmentId) OR ExpiresAt < :now",
            ExpressionAttributeValues={":now": {"N": str(int(now.timestamp()))}},
        )
    except _dynamodb.exceptions.ConditionalCheckFailedException:
        # An earlier attempt shipped the order. It timed out before it recorded this, or the record has expired.
        return
    log_event(
        "order shipped",
        OrderId=order["OrderId"],
        ShipmentId=shipment["ShipmentId"],
        RequestId=order.get("RequestId") if is_identifier(order.get("RequestId") or "") else None,
    )


# _ship returns nothing, so the idempotency record holds nothing of the order: only a hash, a status and two times.
# The prefix is fixed, because a replaced function has another generated name but must know which orders were shipped.
_ship_once: Callable[..., None] = idempotent_function(
    _ship,
    data_keyword_argument="order",
    config=_idempotency,
    persistence_store=DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"], boto3_client=_dynamodb),
    key_prefix="ship",
)
