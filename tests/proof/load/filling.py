"""Fills the tables of a laptop cloud with many rows, which belong to many people."""

import http.client
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from local.engine import CREDENTIALS
from local.settings import REGION
from orders.order import ESCALATED, FULFILLMENT_QUEUED, OWN_SHARDS, SHARDS, own_part, todo
from reminders.due import Due
from reminders.reminder import row_of
from tests.support.cloud.apps import Apps

OWN = 200
"""The orders, and the reminders, of the person who lists, in the small tables and in the large ones."""
WAITING = 100
"""The orders that wait for an operator, in both sizes."""
OTHERS = 9_973
"""The number of other people, a prime."""
AT_ONCE = 4
BATCH = 25
"""The most rows that one call writes."""

Row = dict[str, Any]

_typed = TypeSerializer().serialize


def orders(numbers: range, *, owner: str, corrector: str, chance: random.Random) -> Iterator[Row]:
    """Rows of orders with these numbers. The first OWN belong to `owner`.

    The next WAITING were corrected by `corrector`, and wait for an operator again.
    """
    for number in numbers:
        received = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(20 * 86_400))
        when = received.strftime("%Y-%m-%dT%H:%M:%S.") + f"{number % 1000:03}Z"
        whose = owner if number < OWN else f"other-{chance.randrange(OTHERS)}"
        waits = OWN <= number < OWN + WAITING
        yield {
            "OrderId": order_id(number),
            "Name": "Ada Lovelace",
            "ItemName": "Reading lamp, brass",
            "Price": "80",
            "CardLast4": "4242",
            "OrderDigest": "d" * 64,
            "Owner": whose,
            "OwnPart": own_part(whose, number % OWN_SHARDS),
            "Status": ESCALATED if waits else FULFILLMENT_QUEUED,
            "Reasons": ["PRICE_NOT_POSITIVE"] if waits else [],
            "ReceivedAt": when,
            "UpdatedAt": when,
            "ExecutionId": "e" * 120,
            "ExecutionName": order_id(number),
            **(
                {"Todo": todo(ESCALATED, number % SHARDS), "CorrectedBy": corrector, "CorrectedAt": when}
                if waits
                else {}
            ),
        }


def reminders(numbers: range, *, owner: str, chance: random.Random) -> Iterator[Row]:
    """Rows of reminders with these numbers: one half is sent, the other is due in some months."""
    now = datetime.now(UTC).replace(microsecond=0)
    for number in numbers:
        ahead = number % 2 == 0
        due = now + timedelta(minutes=chance.randrange(100_000)) + timedelta(days=60 if ahead else -90)
        row = row_of(
            {"message": "Feed the cat", "preference": "email", "email": "jo@example.com"},
            Due(due, "UTC"),
            reminder_id=reminder_id(number),
            execution="e" * 120,
            owner=owner if number < OWN else f"other-{chance.randrange(OTHERS)}",
            stop_key="0123456789abcdef" * 2,
            now=now,
            kept=timedelta(days=365),
        )
        yield row | ({} if ahead else {"Status": "SENT"})


def order_id(number: int) -> str:
    """The OrderId of the row with this number."""
    return f"L-{_letters(number)}"


def reminder_id(number: int) -> str:
    """The id of the reminder with this number."""
    return f"l-{_letters(number)}"


def _letters(number: int) -> str:
    """Five letters for each number. Digits could look like a card number."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(4, -1, -1))


def fill(apps: Apps, table: str, rows: Iterable[Row]) -> None:
    """Writes the rows. Raises AssertionError if the engine refuses some."""
    left = iter(rows)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # Some batches at a time. Otherwise the pool would first make all rows.
        while some := list(islice(left, 10 * AT_ONCE * BATCH)):
            batches = [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
            list(pool.map(lambda batch: _put(apps, table, batch), batches))


def _put(apps: Apps, table: str, rows: Sequence[Row]) -> None:
    """One BatchWriteItem, without botocore: it would take longer than the engine."""
    items = [{"PutRequest": {"Item": {name: _typed(value) for name, value in row.items()}}} for row in rows]
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem"}
    body = json.dumps({"RequestItems": {table: items}})
    request = AWSRequest("POST", apps.cloud.settings.endpoint, data=body, headers=headers)
    SigV4Auth(CREDENTIALS, "dynamodb", REGION).add_auth(request)
    prepared = request.prepare()
    connection = http.client.HTTPConnection("127.0.0.1", apps.cloud.settings.port, timeout=60)
    connection.request("POST", "/", prepared.body, dict(prepared.headers))
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    assert answer.status == 200 and not json.loads(text).get("UnprocessedItems"), text


@contextmanager
def streams_off(apps: Apps) -> Iterator[None]:
    """Stops the readers of the tables' streams inside the block: a row that fills a table needs none."""
    client = apps.cloud.engine.client("lambda")
    found = client.list_event_source_mappings()["EventSourceMappings"]
    readers = [one["UUID"] for one in found if ":dynamodb:" in one["EventSourceArn"]]
    for reader in readers:
        client.update_event_source_mapping(UUID=reader, Enabled=False)
    try:
        yield
    finally:
        for reader in readers:
            client.update_event_source_mapping(UUID=reader, Enabled=True)
