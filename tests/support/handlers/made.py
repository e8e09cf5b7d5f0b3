"""Makes what most tests of functions begin with, directly in the memory of moto, the simulated AWS.

A call of the API would make the same, but takes about twenty times as long, and there would be one before each test.
"""

import copy
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlparse

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.support.handlers.aws import ENVIRONMENT, dynamodb, sqs
from tests.support.queues import Queue

SQS = urlparse("https://sqs.us-east-1.amazonaws.com")


def table(name: str, definition: Mapping[str, Any]) -> Any:
    """An empty table. `definition` has the arguments of CreateTable, and the table is billed by request."""
    # The memory keeps what it is given.
    given = copy.deepcopy(dict(definition))
    memory("dynamodb").create_table(
        name,
        schema=given.pop("KeySchema"),
        attr=given.pop("AttributeDefinitions"),
        global_indexes=given.pop("GlobalSecondaryIndexes", []),
        billing_mode=given.pop("BillingMode"),
        **dict.fromkeys(("throughput", "indexes", "streams", "sse_specification", "warm_throughput")),
        tags=[],
        deletion_protection_enabled=False,
    )
    assert not given.keys() - {"TableName"}, f"this table needs an API call: {given.keys()}"
    return dynamodb.Table(name)


def queue(name: str) -> Queue:
    """An empty queue."""
    return Queue(sqs, memory("sqs").create_queue(name).url(SQS))


def secret(name: str, text: str) -> None:
    others = ("secret_binary", "kms_key_id", "client_request_token")
    memory("secretsmanager").create_secret(
        name,
        secret_string=text,
        **dict.fromkeys(others),
        description="",
        tags=[],
        replica_regions=[],
        force_overwrite=False,
    )


def memory(service: str) -> Any:
    """What moto has of a service, in the account and region of the tests."""
    return get_backend(service)[DEFAULT_ACCOUNT_ID][ENVIRONMENT["AWS_DEFAULT_REGION"]]
