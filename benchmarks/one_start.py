"""Starts one function in this process, with `--call` calls it, and prints the CPU seconds of each step as JSON.

`imports.py` runs this script in new processes. The answers of AWS are made in the process, so that only the function's
own work counts: no network, no TLS. A variable of the environment that is not set has the value 1.
"""

import importlib
import io
import json
import os
import re
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CALLS = 50
POWERTOOLS = """\
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.parser import BaseModel, event_parser
logger, metrics = Logger(service="orders"), Metrics(namespace="orders", service="orders")
tracer = Tracer(service="orders")
class Order(BaseModel):
    OrderId: str
    Name: str
    ItemName: str
    Price: str
    CC: str
"""
BARE = "import boto3; boto3.client('dynamodb')"

ORDER = {"OrderId": "A-1", "Name": "Ada Lovelace", "ItemName": "Lamp", "Price": "12.50", "CC": "4242424242424242"}
REMINDER = {"channels": ["email"], "message": "Drink some water", "email": "ada@example.com", "waitSeconds": 3600}
NOW = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
NAME = "11111111-1111-4111-8111-111111111111"
ARN = f"arn:aws:states:us-east-1:123456789012:execution:reminders:{NAME}"
ROWS: Mapping[str, Mapping[str, Any]] = {
    "orders": {
        **{name: {"S": ORDER[name]} for name in ("OrderId", "Name", "ItemName", "Price")},
        **{name: {"S": "1111"} for name in ("CardLast4", "ExecutionName", "ExecutionId")},
        **{name: {"S": NOW} for name in ("ReceivedAt", "UpdatedAt")},
        "Owner": {"S": "1"},
        "Status": {"S": "FULFILLMENT_QUEUED"},
        "Reasons": {"L": []},
    },
    "reminders": {
        **{name: {"S": NOW} for name in ("DueAt", "FirstDueAt", "CreatedAt", "UpdatedAt")},
        **{"ReminderId": {"S": NAME}, "ExecutionId": {"S": ARN}, "Owner": {"S": "1"}, "Status": {"S": "SENDING"}},
        **{"Message": {"S": "Drink some water"}, "TimeZone": {"S": "UTC"}, "Occurrence": {"N": "1"}},
        **{"Channels": {"L": [{"S": "email"}]}, "Preference": {"S": "email"}, "Email": {"S": "a***@example.com"}},
    },
}


def event_for_the_api(body: object = None, **path: str) -> dict[str, Any]:
    claims = {"sub": "1", "token_use": "id", "email": "ada@example.com", "email_verified": "true"}
    return {
        "headers": {"Content-Type": "application/json"},
        "requestContext": {"authorizer": {"claims": claims}},
        "pathParameters": path,
        "body": json.dumps(body),
    }


def message(body: object) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "1"}
    record = {"messageId": "1", "receiptHandle": "1", "body": json.dumps(body), "attributes": attributes}
    return {"Records": [{**record, "eventSource": "aws:sqs"}]}


def change(status: str) -> dict[str, Any]:
    image = {**ROWS["orders"], "Status": {"S": status}}
    change = {"Keys": {"OrderId": {"S": "A-1"}}, "NewImage": image, "OldImage": image, "SequenceNumber": "1"}
    return {"Records": [{"eventName": "MODIFY", "eventID": "1", "dynamodb": change}]}


EVENTS: Mapping[str, Any] = {
    "orders.place_order": event_for_the_api(ORDER),
    "orders.get_order": event_for_the_api(OrderId="A-1"),
    "orders.list_orders": event_for_the_api(),
    "orders.verify_cc_and_price": ORDER,
    "orders.update_cache": change("FULFILLMENT_QUEUED"),
    "reminders.create_reminder": event_for_the_api(REMINDER),
    "reminders.list_reminders": event_for_the_api(),
    "reminders.schedule_reminder": {"Input": REMINDER, "ExecutionId": ARN},
    "sending.send_reminder": message(
        {"ExecutionId": ARN, "Channel": "email", "Reminder": {**REMINDER, "reminderId": NAME, "waitUntil": NOW}}
    ),
}
"""What each of the functions that run most is called with."""


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class Answer(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.getvalue()


def answer_for(request: Any, app: str) -> tuple[str, bytes]:
    """The content type and the body of an answer that the function understands."""
    operation = _text(request.headers.get("X-Amz-Target")).rpartition(".")[2]
    if not operation:
        action = dict(part.split("=", 1) for part in _text(request.body).split("&") if "=" in part)
        if name := action.get("Action"):
            verified = "<VerificationAttributes><entry><key>1</key><value><VerificationStatus>Success"
            verified += "</VerificationStatus></value></entry></VerificationAttributes><MessageId>1</MessageId>"
            return "text/xml", f"<{name}Response><{name}Result>{verified}</{name}Result></{name}Response>".encode()
        return "application/json", b'{"SendingEnabled": true, "ProductionAccessEnabled": true, "MessageId": "1"}'
    row = ROWS["orders" if app == "orders" else "reminders"]
    answers: dict[str, Any] = {
        "GetItem": {"Item": row},
        "Query": {"Items": [row] * 10, "Count": 10},
        "BatchGetItem": {"Responses": {"1": [row]}},
        "UpdateItem": {"Attributes": row},
        "StartExecution": {"executionArn": ARN, "startDate": 1},
        "GetSecretValue": {"SecretString": "a key"},
    }
    return "application/x-amz-json-1.0", json.dumps(answers.get(operation, {})).encode()


def _text(value: str | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def answer_here(app: str) -> None:
    """Makes botocore ask `answer_for` and not the network, and the cache accept everything."""
    from botocore.awsrequest import AWSResponse
    from botocore.httpsession import URLLib3Session

    def send(_: Any, request: Any) -> Any:
        kind, body = answer_for(request, app)
        return AWSResponse(request.url, 200, {"content-type": kind, "x-amzn-requestid": "1"}, Answer(body))

    URLLib3Session.send = send
    if client := sys.modules.get("orders.redis_client"):
        client.talk = lambda *commands, seconds: [b"OK"] * len(commands)  # type: ignore[attr-defined]


def most_megabytes() -> float:
    """The most memory that this process has had."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux `getrusage` would count the memory of the process that started this one.
        return int(re.findall(r"^VmHWM:\s*([0-9]+)", status.read_text(), re.MULTILINE)[0]) / 1024
    # In bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


def main(what: str, *, calls: bool) -> dict[str, Any]:
    used = time.process_time
    began = used()
    if what in ("bare", "powertools"):
        exec(f"{POWERTOOLS if what == 'powertools' else ''}\n{BARE}")
        return {"start": used() - began}
    handler = importlib.import_module(what).handler
    result: dict[str, Any] = {"start": used() - began}
    if calls and (event := EVENTS.get(what)):
        if "boto3" in sys.modules:
            answer_here(what.partition(".")[0])
        began = used()
        said = handler(event, Context())
        result["first"] = used() - began
        assert said is None or said.get("statusCode", 200) < 300, said
        assert said is None or not said.get("batchItemFailures"), said
        began = used()
        for _ in range(CALLS):
            handler(event, Context())
        result["call"] = (used() - began) / CALLS
    result["megabytes"] = most_megabytes()
    return result


class Environment(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "1"


if __name__ == "__main__":
    set_by_hand = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_DEFAULT_REGION": "us-east-1"}
    # `SendReminder` would leave this many seconds between two sends.
    set_by_hand |= {f"{channel}_PAUSE": "0" for channel in ("EMAIL", "SMS", "TOPIC")}
    os.environ.update(set_by_hand)
    os.environ = Environment(os.environ)  # type: ignore[assignment]  # noqa: B003 - nothing reads the real one
    print(json.dumps(main(sys.argv[1], calls="--call" in sys.argv)))
