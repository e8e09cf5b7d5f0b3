"""`WatchOrders`: makes ParkLostOrders look at each order that does not get an outcome soon.

See decision D139.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common import calls
from orders import looks
from orders.order import RECEIVED


@calls.recorded
def handler(event: Mapping[str, Any], context: object) -> dict[str, int]:
    """Reads records of the table's stream. Returns the number of orders to look at again, as `{"Open": 2}`.

    An order is open if it is RECEIVED in the last of its records. Most orders get their outcome within a second, and so
    within the same batch of records. Raises the errors of `looks.at_orders`. Lambda then sends the same records again.
    """
    opened: dict[str, object] = {}
    for record in event["Records"]:
        change = record["dynamodb"]
        order_id = change["Keys"]["OrderId"]["S"]
        row = change.get("NewImage", {})
        if row.get("Status", {}).get("S") == RECEIVED:
            opened[order_id] = row.get("UpdatedAt", {}).get("S")
        else:
            opened.pop(order_id, None)
    looks.at_orders(opened, now=datetime.now(UTC))
    return {"Open": len(opened)}
