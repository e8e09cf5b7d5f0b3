"""`UpdateCache`: writes what changes in the order table through to the cache."""

from collections.abc import Mapping
from typing import Any

import redis
from boto3.dynamodb.types import TypeDeserializer

from common.logs import logger_of
from orders import cache, entry, rules

logger = logger_of(__name__)
_deserialize = TypeDeserializer().deserialize


class CacheUpdateError(Exception):
    """Records that could not be written through. Names their number, never what they hold."""


def handler(event: Mapping[str, Any], context: object) -> None:
    """Caches each record of a DynamoDB stream (NEW_AND_OLD_IMAGES), in the stream's order.

    Raises CacheUpdateError after the others were tried, so that Lambda halves the batch until the bad record is
    alone; at once where Redis does not answer, which it then would not for the others either.
    """
    records = event["Records"]
    failed = 0
    for record in records:
        try:
            _write_through(record)
        except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
            raise CacheUpdateError(f"the cache did not answer: {type(error).__name__}") from None
        except Exception as error:  # a record may be anything, and must not keep the others from the cache
            # The class alone: a message could quote the row.
            logger.error("a record was not written through: %s", type(error).__name__)
            failed += 1
    if failed:
        raise CacheUpdateError(f"{failed} of {len(records)} records were not written through")


def _write_through(record: Mapping[str, Any]) -> None:
    change = record["dynamodb"]
    order_id = _deserialize(change["Keys"]["OrderId"])
    if not rules.is_order_id(order_id):
        return  # No lookup asks for it, and it might be a card number.
    row = None
    if record["eventName"] != "REMOVE":
        row = {name: _deserialize(value) for name, value in change["NewImage"].items()}
    cache.put(order_id, entry.of_row(row))
