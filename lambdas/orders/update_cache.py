"""`UpdateCache`: writes each change of the order table to the cache."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from common import calls
from common.logs import event as log_event
from common.logs import logger_of
from orders import cache, cache_entry, rules
from orders.order import request_id_of
from orders.redis_connection import RefusalError, cause

logger = logger_of(__name__)
_deserialize = TypeDeserializer().deserialize


class CacheUpdateError(Exception):
    """The cache did not accept all records. The message has only their number, because a record holds personal data."""


@calls.recorded
def handler(event: Mapping[str, Any], context: object) -> None:
    """Caches each record of a DynamoDB stream (NEW_AND_OLD_IMAGES), in the stream's order.

    - The cache refuses a record: the other records are tried, then this raises CacheUpdateError. Lambda halves the
      batch until only the bad record is left.
    - The cache does not answer: this raises CacheUpdateError at once, because the other records would fail as well.
    - A row is not an order: it is skipped. A retry would not help, and would delay the orders behind it.

    See decision D053.
    """
    records = event["Records"]
    refused = 0
    for record in records:
        try:
            _write_through(record)
        except RefusalError as error:
            logger.error("the cache refused an order: %s", cause(error))
            refused += 1
        except OSError as error:
            raise CacheUpdateError(f"the cache did not answer: {cause(error)}") from None
        except Exception as error:  # a record may be anything
            # Only the class, because the message could quote the row.
            logger.error("a row is not an order: %s", type(error).__name__)
    if refused:
        raise CacheUpdateError(f"{refused} of {len(records)} records were refused")


def _write_through(record: Mapping[str, Any]) -> None:
    change = record["dynamodb"]
    order_id = _deserialize(change["Keys"]["OrderId"])
    if not rules.is_order_id(order_id):
        return  # No lookup reads this entry, and the id may be a card number.
    row = None
    if record["eventName"] != "REMOVE":
        row = {name: _deserialize(value) for name, value in change["NewImage"].items()}
    cache.put(order_id, cache_entry.of_row(row))
    log_event("order cached", OrderId=order_id, RequestId=request_id_of(row or {}))
