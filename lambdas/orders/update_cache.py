"""`UpdateCache`: writes what changes in the order table through to the cache."""

from collections.abc import Mapping
from typing import Any

import redis
from boto3.dynamodb.types import TypeDeserializer

from common.logs import logger_of
from orders import cache, cache_entry, rules

logger = logger_of(__name__)
_deserialize = TypeDeserializer().deserialize


class CacheUpdateError(Exception):
    """Records that the cache did not take. Names their number, never what they hold."""


def handler(event: Mapping[str, Any], context: object) -> None:
    """Caches each record of a DynamoDB stream (NEW_AND_OLD_IMAGES), in the stream's order.

    Raises CacheUpdateError, after the others were tried, where the cache refuses a record, so that Lambda halves the
    batch until the bad one is alone; at once where the cache does not answer, which it then would not for the others
    either. A row that is no order is passed over: tried again it would be none, too, and hold up the orders behind it.
    """
    records = event["Records"]
    refused = 0
    for record in records:
        try:
            _write_through(record)
        except redis.ResponseError as error:
            logger.error("the cache refused an order: %s", type(error).__name__)
            refused += 1
        except (redis.RedisError, OSError) as error:
            raise CacheUpdateError(f"the cache did not answer: {type(error).__name__}") from None
        except Exception as error:  # a record may be anything
            # The class alone: a message could quote the row.
            logger.error("a row is no order: %s", type(error).__name__)
    if refused:
        raise CacheUpdateError(f"{refused} of {len(records)} records were refused")


def _write_through(record: Mapping[str, Any]) -> None:
    change = record["dynamodb"]
    order_id = _deserialize(change["Keys"]["OrderId"])
    if not rules.is_order_id(order_id):
        return  # No lookup asks for it, and it might be a card number.
    row = None
    if record["eventName"] != "REMOVE":
        row = {name: _deserialize(value) for name, value in change["NewImage"].items()}
    cache.put(order_id, cache_entry.of_row(row))
