"""Plants texts behind the APIs: in workflows, functions and queues, and in the input of command lines."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.proof.leaks.places import order, reminder
from tests.support.cloud.apps import Apps
from tests.support.cloud.written import Piece
from tests.support.names import unique
from tools.account.__main__ import main as account
from tools.orders.__main__ import main as orders
from tools.remindme.__main__ import main as remindme
from tools.sign_in.__main__ import main as sign_in

ORDER_FIELDS = ("OrderId", "Name", "ItemName", "Price")

Make = Callable[[str], Any]


def _order_with(name: str) -> Make:
    return lambda text: order(unique("L-"), **{name: text})


ORDERS_BY_HAND: dict[str, Make] = {
    **{f"{name} by hand": _order_with(name) for name in ORDER_FIELDS},
    "CC by hand": lambda text: order(unique("L-"), CC=text),
    "CC by hand, in a list": lambda text: order(unique("L-"), CC=[text]),
    "an unknown field by hand": lambda text: order(unique("L-"), CVV=text),
    "the name of a field by hand": lambda text: order(unique("L-"), **{text: "1"}),
    "only an OrderId by hand": lambda text: {"OrderId": text},
    "a text by hand": lambda text: text,
    "a list by hand": lambda text: [text, {"CC": text}],
}


def _due(**fields: Any) -> dict[str, Any]:
    return reminder(**fields, waitSeconds=0)


REMINDERS_BY_HAND: dict[str, Make] = {
    "message by hand": lambda text: _due(message=text),
    "subject by hand": lambda text: _due(subject=text),
    "address by hand": lambda text: _due(preference="email", email=text),
    "number by hand": lambda text: _due(preference="sms", phone=text),
    "timestamp by hand": lambda text: {"message": "x", "timestamp": text},
    "an unknown field of a reminder by hand": lambda text: _due(CVV=text),
    "a text as a reminder by hand": lambda text: text,
}

EVENTS: dict[str, Make] = {
    "an event": lambda text: {"card": text, text: 1},
    "an event that is a text": lambda text: text,
    "a message": lambda text: {"Records": [_record(text)]},
    "a message of JSON": lambda text: {"Records": [_record(json.dumps({"OrderId": text, "Channel": text}))]},
    "a change of a row": lambda text: {"Records": [_change(text)]},
    "an event of EventBridge": lambda text: {"detail-type": text, "detail": {"executionArn": text, "input": text}},
    "a report about a mail": lambda text: {
        "detail-type": "Email Bounced",
        "detail": {
            "eventType": "Bounce",
            "mail": {"destination": [text], "tags": {"reminder": [text]}, "commonHeaders": {"subject": text}},
            "bounce": {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [{"emailAddress": text, "diagnosticCode": text}],
            },
        },
    },
    "a request": lambda text: {
        "httpMethod": "POST",
        "path": f"/{text}",
        "headers": {"Content-Type": text},
        "body": text,
        "pathParameters": {"OrderId": text, "token": text, "reminderId": text},
        "requestContext": {"authorizer": {"claims": {"sub": text, "email": text}}},
    },
    "a resource of CloudFormation": lambda text: {
        "RequestType": "Create",
        "ResponseURL": "http://127.0.0.1:1",
        "ResourceProperties": {"Secret": text},
    },
    "a sign-up": lambda text: {
        "triggerSource": "PreSignUp_SignUp",
        "request": {"userAttributes": {"phone_number": text, "email": text}},
    },
}
"""Events that no function of the apps should get, or that are damaged."""


def _record(body: str) -> dict[str, Any]:
    return {
        "messageId": unique(),
        "receiptHandle": "x",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:x",
    }


def _change(text: str) -> dict[str, Any]:
    row = {"OrderId": {"S": text}, "Status": {"S": text}, "Name": {"S": text}}
    return {
        "eventID": "1",
        "eventName": "MODIFY",
        "dynamodb": {"Keys": {"OrderId": {"S": text}}, "OldImage": row, "NewImage": row, "SequenceNumber": "1"},
    }


def start(apps: Apps, inputs: Sequence[tuple[str, Any]]) -> None:
    """Starts executions by hand, each with the ARN of a workflow and an input, and waits until they have ended."""

    def run(one: tuple[str, Any]) -> None:
        apps.finished(apps.start(*one))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, inputs))


def invoke(apps: Apps, events: Sequence[tuple[str, str, Any]]) -> Iterator[Piece]:
    """Calls functions, each with a plant's name, the function's name and the event. Yields what they return.

    The error of a function is left out: only the caller sees it, who has sent the text. The log must not have it.
    """
    client = apps.cloud.engine.client("lambda")

    def call(one: tuple[str, str, Any]) -> Piece:
        plant, function, event = one
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = answer["Payload"].read().decode()
        return f"answer of a function to {plant}", "" if "FunctionError" in answer else payload

    with ThreadPoolExecutor(4) as pool:
        yield from pool.map(call, events)


def functions(apps: Apps) -> list[str]:
    """The names of the apps' functions."""
    pages = apps.cloud.engine.client("lambda").get_paginator("list_functions").paginate()
    return [one for one in pages.search("Functions[].FunctionName") if one.startswith("local-")]


Command = Callable[[str, Path], tuple[Callable[..., int], list[str], str]]
"""Makes from a text and a file: the program, its arguments, and the content of the file."""


def _submitting(name: str) -> Command:
    return lambda text, file: (orders, ["submit", str(file)], json.dumps(order(unique("L-"), **{name: text})))


def _reminding(option: str) -> Command:
    return lambda text, file: (remindme, ["Feed", "in 2 days at 9am", "--zone", "UTC", option, text], "")


COMMANDS: dict[str, Command] = {
    "orders show": lambda text, file: (orders, ["show", text], ""),
    "orders story": lambda text, file: (orders, ["story", text], ""),
    "orders contact": lambda text, file: (orders, ["contact", text], ""),
    "orders close": lambda text, file: (orders, ["close", "L-unknown", "--note", text], ""),
    "orders mine --text": lambda text, file: (orders, ["mine", "--text", text], ""),
    "orders mine --status": lambda text, file: (orders, ["mine", "--status", text], ""),
    "orders mine --from": lambda text, file: (orders, ["mine", "--from", text], ""),
    "orders parked --done": lambda text, file: (orders, ["parked", "--done", text], ""),
    "orders redrive --queue": lambda text, file: (orders, ["redrive", "--queue", text], ""),
    "an unknown command": lambda text, file: (orders, [text], ""),
    "an unknown option": lambda text, file: (orders, [f"--{text}"], ""),
    "orders submit, the file's name": lambda text, file: (orders, ["submit", text.replace("/", "_")], ""),
    **{f"orders submit, {name}": _submitting(name) for name in (*ORDER_FIELDS, "CVV")},
    "orders submit, CC": lambda text, file: (orders, ["submit", str(file)], json.dumps(order(unique("L-"), CC=text))),
    "orders submit, the name of a field": lambda text, file: (
        orders,
        ["submit", str(file)],
        json.dumps([{**order(unique("L-")), text: "1"}]),
    ),
    "orders submit, broken JSON": lambda text, file: (orders, ["submit", str(file)], f'[{{"CC": "{text}" "'),
    "orders submit, a text": lambda text, file: (orders, ["submit", str(file)], text),
    "orders submit, an order as the file": lambda text, file: (orders, ["submit", f'{{"CC": "{text}"}}'], ""),
    "orders correct, CC": lambda text, file: (orders, ["correct", str(file)], json.dumps(order("L-unknown", CC=text))),
    "orders resubmit, CC": lambda text, file: (
        orders,
        ["resubmit", str(file)],
        json.dumps(order("L-unknown", CC=text)),
    ),
    "remindme, the message": lambda text, file: (remindme, [text, "in 2 days at 9am", "--zone", "UTC"], ""),
    "remindme, the time": lambda text, file: (remindme, ["Feed the cat", text, "--zone", "UTC"], ""),
    "remindme --subject": lambda text, file: (
        remindme,
        ["Feed the cat", "in 2 days at 9am", "--zone", "UTC", "--subject", text],
        "",
    ),
    "remindme --email": _reminding("--email"),
    "remindme --sms": _reminding("--sms"),
    "remindme --zone": lambda text, file: (remindme, ["Feed", "in 2 days at 9am", "--zone", text], ""),
    "remindme show": lambda text, file: (remindme, ["show", text], ""),
    "remindme cancel": lambda text, file: (remindme, ["cancel", text], ""),
    "account export": lambda text, file: (account, ["export", text], ""),
    "sign-in --user": lambda text, file: (sign_in, ["--user", text], ""),
}
"""The command lines that get a text."""


def run_command(apps: Apps, command: str, text: str, folder: Path) -> Piece:
    """Runs a command inside this process. Returns its exit status and what it printed.

    `folder` becomes the folder of caches, which the tools may write to.
    """
    file = folder / "orders.json"
    main, arguments, content = COMMANDS[command](text, file)
    file.write_text(content, encoding="utf-8", errors="surrogatepass")
    place = ["--stage", "local", "--home", str(apps.cloud.settings.home)]
    settings = {"XDG_CACHE_HOME": str(folder / "cache"), "COLUMNS": "1000", "SIGN_IN_PASSWORD": "x"}
    out = io.StringIO()
    with (
        patch.dict(os.environ, settings),
        patch.object(sys, "stdin", io.StringIO()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        try:
            status = main([*place, *arguments])
        except SystemExit as end:
            status = int(end.code or 0)
    file.unlink()
    return f"output of {command}, exit status {status}", out.getvalue()
