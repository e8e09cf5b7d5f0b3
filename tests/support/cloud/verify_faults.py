"""A fault for each check of `make verify`: a wrong answer that the check has to notice, and what it then says.

The faults are planted between the check and the stage, so that the shared cloud stays whole.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from botocore.awsrequest import HeadersDict

from stacks.names import REMINDERS
from tools.verify.run import Run
from tools.verify.web import Reply

Plant: TypeAlias = Callable[[Run], AbstractContextManager[None]]
Change: TypeAlias = Callable[[Reply], Reply]


@dataclass(frozen=True)
class Fault:
    plant: Plant
    found: str
    """Words of the failed check."""
    verdict: str = "failed"


def web(asked: str, change: Change) -> Plant:
    """Changes each answer to a request whose method and path fit the regular expression `asked`."""

    @contextmanager
    def plant(run: Run) -> Iterator[None]:
        send = run.web.send

        def changed(*arguments: Any, **options: Any) -> Reply:
            reply = send(*arguments, **options)
            return change(reply) if re.fullmatch(asked, reply.asked) else reply

        run.web.send = changed  # type: ignore[method-assign]  # a fault
        try:
            yield
        finally:
            run.web.send = send  # type: ignore[method-assign]  # a fault

    return plant


def status(now: int, instead: int) -> Change:
    return lambda reply: replace(reply, status=instead) if reply.status == now else reply


def body(**fields: Any) -> Change:
    """Changes fields of each JSON object that has all of them. A function gets the old value."""

    def change(reply: Reply) -> Reply:
        found = reply.body
        if not fields.keys() <= found.keys():
            return reply
        new = {name: value(found[name]) if callable(value) else value for name, value in fields.items()}
        return replace(reply, text=json.dumps(found | new))

    return change


def text(old: str, new: str) -> Change:
    return lambda reply: replace(reply, text=reply.text.replace(old, new))


def header(name: str, value: str | None) -> Change:
    def change(reply: Reply) -> Reply:
        others = {key: text for key, text in reply.headers.items() if key.lower() != name.lower()}
        return replace(reply, headers=HeadersDict(others | ({name: value} if value else {})))

    return change


def aws(service: str, operation: str, change: Callable[[Run, dict[str, Any]], None], *, event: str) -> Plant:
    """Changes each answer of an operation (`after-call`), or its parameters (`provide-client-params`)."""
    name = f"{event}.{service}.{operation}"

    @contextmanager
    def plant(run: Run) -> Iterator[None]:
        def handler(**given: Any) -> None:
            change(run, given["params" if event == PARAMETERS else "parsed"])

        events = run.deployment.client(service).meta.events
        events.register(name, handler)
        try:
            yield
        finally:
            events.unregister(name, handler)

    return plant


PARAMETERS, ANSWER = "provide-client-params", "after-call"


def nothing(run: Run) -> AbstractContextManager[None]:
    """The engine itself has the fault."""
    return nullcontext()


def without_an_alarm(run: Run, answer: dict[str, Any]) -> None:
    answer["MetricAlarms"] = answer["MetricAlarms"][1:]


def the_right_password(run: Run, parameters: dict[str, Any]) -> None:
    if "PASSWORD" in parameters.get("AuthParameters", {}):
        parameters["AuthParameters"]["PASSWORD"] = run.person.user.password


def without_number(run: Run, parameters: dict[str, Any]) -> None:
    parameters["UserAttributes"] = [one for one in parameters["UserAttributes"] if one["Name"] == "email"]


def an_id_token(run: Run, answer: dict[str, Any]) -> None:
    answer["AuthenticationResult"]["AccessToken"] = answer["AuthenticationResult"]["IdToken"]


def messages_with(**fields: str) -> Callable[[Run, dict[str, Any]], None]:
    def change(run: Run, answer: dict[str, Any]) -> None:
        for message in answer.get("Messages", []):
            message["Body"] = json.dumps(json.loads(message["Body"]) | fields)

    return change


def log_lines_with_the_name(run: Run, answer: dict[str, Any]) -> None:
    for field in (field for row in answer["results"] for field in row if field["field"] == "@message"):
        field["value"] = json.dumps(json.loads(field["value"]) | {"Name": f"Grace {run.mark}"})


def an_error_in_the_log(run: Run, answer: dict[str, Any]) -> None:
    groups = run.deployment.log_groups(REMINDERS)
    [group] = [name for name, source in groups.items() if source.endswith("SettleLostReminders")]
    line = {"level": "ERROR", "message": "planted", "timestamp": "2026-01-02T03:04:05Z"}
    row = {"@message": json.dumps(line), "@timestamp": "2026-01-02 03:04:05.000", "@log": f"000000000000:{group}"}
    answer["results"].append([{"field": name, "value": value} for name, value in row.items()])


def failed_call(run: Run, answer: dict[str, Any]) -> None:
    answer["FunctionError"] = "Unhandled"


def another_id(run: Run) -> AbstractContextManager[None]:
    """Each answer to a new reminder has an id of its own."""
    number = iter("ab")
    return web("POST /reminders", lambda reply: body(reminderId=lambda id: f"{id}{next(number)}")(reply))(run)


@contextmanager
def nothing_is_deleted(run: Run) -> Iterator[None]:
    send = run.web.send

    def pretended(method: str, url: str, **options: Any) -> Reply:
        if method == "DELETE" and url.endswith("/account"):
            return Reply("DELETE /account", 200, {}, '{"complete": true}')
        return send(method, url, **options)

    run.web.send = pretended  # type: ignore[method-assign]  # a fault
    try:
        yield
    finally:
        run.web.send = send  # type: ignore[method-assign]  # a fault


@contextmanager
def no_page(run: Run) -> Iterator[None]:
    """Nothing answers at the page's address."""
    site = run.site
    run.site = "http://127.0.0.1:9/"
    try:
        yield
    finally:
        run.site = site


ORDER, REMINDER = "GET /orders/.*", "GET /reminders/.*"
NOT_SENT = web(REMINDER, body(status=lambda status: "FAILED" if status == "SENT" else status))
FAILED = "the reminder is FAILED, not SENT"

FAULTS = {
    "alarms": Fault(aws("cloudwatch", "DescribeAlarms", without_an_alarm, event=ANSWER), "missing: "),
    "sign-in": Fault(
        aws("cognito-idp", "InitiateAuth", the_right_password, event=PARAMETERS), "accepted a wrong password"
    ),
    "sign-up with a number": Fault(
        aws("cognito-idp", "SignUp", without_number, event=PARAMETERS), "accepted a sign-up with a phone number"
    ),
    "no token": Fault(web("GET /account", status(401, 200)), "GET /account answered 200 NotSignedIn, not 401"),
    "access token": Fault(
        aws("cognito-idp", "InitiateAuth", an_id_token, event=ANSWER), "GET /orders answered 200, not 401 NotSignedIn"
    ),
    "operators only": Fault(web("GET /dead-letters", status(403, 200)), "GET /dead-letters answered 200"),
    "invalid input": Fault(web("POST /orders", status(413, 400)), "answered 400 TooLarge, not 413 TooLarge"),
    "card number in a text": Fault(web("POST /orders", text("invalid", "4242424242424242")), "repeats the card number"),
    "order fulfilled": Fault(web(ORDER, body(Card={"Last4": "0000"})), "shows the card as"),
    "order with a bad card": Fault(web(ORDER, body(Reasons=["PRICE_NOT_POSITIVE"])), "its reasons are"),
    "order with a bad price": Fault(
        aws("sqs", "ReceiveMessage", messages_with(CC="0"), event=ANSWER), "the message in the queue has the card"
    ),
    "order with an odd price": Fault(
        aws("sqs", "ReceiveMessage", messages_with(Name="Eve"), event=ANSWER),
        "queue has Eve as Name",
    ),
    "order repeated": Fault(web("POST /orders", status(409, 200)), "POST /orders answered 200 Conflict"),
    "order corrected": Fault(web(ORDER, text("FULFILLMENT_QUEUED", "PARKED")), "the order is PARKED"),
    "order closed": Fault(
        web(ORDER, text('"CLOSED"', '"PARKED"')), "the order is PARKED PRICE_NOT_POSITIVE, not CLOSED"
    ),
    "order parked": Fault(web("GET /parked", text('"Is it an order"', '"Another"')), "the message names the state"),
    "own orders": Fault(web(ORDER, status(404, 200)), "answered 200 NotFound, not 404 NotFound"),
    "cache": Fault(web(ORDER, header("X-Cache", None)), "X-Cache is missing"),
    "compressed body": Fault(nothing, "POST /orders answered 415", "differs"),
    "reminder by e-mail": Fault(NOT_SENT, FAILED),
    "reminder by SMS": Fault(NOT_SENT, FAILED),
    "reminder by both": Fault(web(REMINDER, text('"SENT"', '"PARTLY_SENT"')), "the reminder is PARTLY_SENT, not SENT"),
    "reminder to the topic": Fault(web("POST /reminders", status(403, 202)), "answered 202 Forbidden"),
    "reminder at a time": Fault(web("POST /reminders", text("+09:00", "+01:00")), "its local time is"),
    "reminder repeated": Fault(web(REMINDER, text('"SCHEDULED"', '"SENT"')), "at occurrence"),
    "reminder changed": Fault(web(REMINDER, body(message="before")), "the text from before the change"),
    "reminder cancelled": Fault(web(REMINDER, text('"CANCELLED"', '"SCHEDULED"')), "cancelled reminder is SCHEDULED"),
    "reminder set twice": Fault(another_id, "a repeated request set a second reminder"),
    "own reminders": Fault(web("DELETE /reminders/.*", status(404, 200)), "answered 200 NotFound"),
    "own data": Fault(web("GET /account", body(account={"id": "another"})), "the copy is about another account"),
    "page": Fault(web("GET /config.json", body(clientId="another")), "config.json names another client"),
    "headers of the page": Fault(web("GET /.*", header("Content-Security-Policy", None)), "no Content-Security-Policy"),
    "CORS": Fault(
        web("GET /reminders", header("Access-Control-Allow-Origin", "https://x.example")), "Reminders allows"
    ),
    "HTTPS": Fault(nothing, "not a redirect to HTTPS", "differs"),
    "compression": Fault(nothing, "not gzip", "differs"),
    "page in a browser": Fault(no_page, "ERR_"),
    "requests in the logs": Fault(
        aws("logs", "GetQueryResults", log_lines_with_the_name, event=ANSWER), "the log has the person's name"
    ),
    "sweep of orders": Fault(aws("lambda", "Invoke", failed_call, event=ANSWER), "it failed with"),
    "sweep of reminders": Fault(aws("logs", "GetQueryResults", an_error_in_the_log, event=ANSWER), "its log has"),
    "account deleted": Fault(nothing_is_deleted, "the user still exists"),
}

NEVER_FAIL = {"estimates": "an estimate is only about costs"}
"""The checks without a fault, and why."""
