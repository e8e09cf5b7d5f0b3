"""What is planted behind the APIs, in which forms, and where each of these plants may be."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import ClientError, ParamValidationError

from tests.corpora.encodings import ENCODED
from tests.proof.leaks import inside
from tests.proof.leaks.cards import Planting
from tests.proof.leaks.forms import FORMS, HIDDEN, PLAIN, SCRIPTED
from tests.proof.leaks.places import GIVEN
from tests.support.cloud.apps import Apps
from tests.support.cloud.written import Piece
from tests.support.names import unique

ODD = ("pairs of digits", "in halves")
"""The forms that do not count in an OrderId or in an e-mail address. See decision D028."""
UNREAD = {**SCRIPTED, **ENCODED, **HIDDEN}
"""The forms that the order workflow does not read: docs/card-numbers.md, "The same rules in the workflow"."""


def start_orders(apps: Apps, planting: Planting, *, each: int) -> None:
    """Starts the order workflow by hand. A card that it finds is only in the execution's input."""
    inputs = []
    for place, make in inside.ORDERS_BY_HAND.items():
        forms = planting.random.sample(list(FORMS), each)
        for form in ["raw", "printed groups, '-'", *forms]:
            plant, text = planting.card(place, form, kind=GIVEN)
            planting.counts[place] += 1
            if place.startswith(inside.ORDER_FIELDS) and (form in UNREAD or _is_odd(place, form)):
                planting.passes.add(plant)
            inputs.append((apps.places.order_workflow, make(text)))
    inside.start(apps, inputs)


def _is_odd(place: str, form: str) -> bool:
    return place.startswith("OrderId") and form in ODD


def start_reminders(apps: Apps, planting: Planting, *, each: int) -> None:
    """Starts the reminder workflow by hand. It fails with a card number, whose execution keeps its input."""
    inputs = []
    for place, make in inside.REMINDERS_BY_HAND.items():
        for form in ["raw", *planting.random.sample(list(FORMS), each)]:
            # A number of 14 digits may be a phone number.
            plant, text = planting.card(place, form, kind=GIVEN, digits=16)
            planting.counts[place] += 1
            planting.started.add(plant)
            if form in HIDDEN:
                planting.passes.add(plant)
            inputs.append((apps.places.reminder_workflow, make(text)))
    inside.start(apps, inputs)


def sign_up(apps: Apps, planting: Planting) -> None:
    """Signs up with addresses that have a card number, and signs in with card numbers as the name and the password."""
    pool, app = apps.cloud.engine.client("cognito-idp"), apps.places.web_client
    for form in FORMS:
        plant, text = planting.card("address at sign-up", form)
        planting.counts["the user pool"] += 1
        if form in HIDDEN or form in ODD:
            planting.passes.add(plant)
        address = f"{text}@example.com"
        with contextlib.suppress(ClientError, ParamValidationError):
            attributes = [{"Name": "email", "Value": address}]
            pool.sign_up(ClientId=app, Username=address, Password=f"aA1-{unique()}", UserAttributes=attributes)
        _, text = planting.card("name at sign-in", form)
        planting.counts["the user pool"] += 1
        with contextlib.suppress(ClientError, ParamValidationError):
            given = {"USERNAME": text, "PASSWORD": text}
            pool.initiate_auth(ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)


def call_functions(apps: Apps, planting: Planting) -> list[Piece]:
    """Calls each function with each event, each with a card of its own."""
    calls = []
    for function in inside.functions(apps):
        for event, make in inside.EVENTS.items():
            plant, text = planting.card(
                f"{event} for {function.rsplit('-', 1)[0]}", planting.random.choice(list(PLAIN))
            )
            planting.counts["events of functions"] += 1
            if "CheckSignUp" in function:
                planting.given.add(plant)
            calls.append((plant, function, make(text)))
    return list(inside.invoke(apps, calls))


def run_commands(apps: Apps, planting: Planting, folder: Path, *, each: int) -> Iterator[Piece]:
    """Runs each command, and then reads what the tools have written into their folder of caches."""
    for command in inside.COMMANDS:
        for form in ["raw", *planting.random.sample(list(FORMS), each)]:
            kind = GIVEN if command == "orders submit, CC" else ""
            plant, text = planting.card(command, form, kind=kind)
            planting.counts["command lines"] += 1
            if form in HIDDEN:
                planting.passes.add(plant)
            yield inside.run_command(apps, command, text, folder)
    for file in folder.rglob("*"):
        if file.is_file():
            yield "cache of the command lines", file.read_bytes()


def send_messages(apps: Apps, planting: Planting) -> None:
    """Puts messages into the queue of parked orders by hand. Operators see them, without card numbers."""
    sqs = apps.cloud.engine.client("sqs")
    for form in FORMS:
        plant, text = planting.card("a message by hand", form)
        planting.counts["messages by hand"] += 1
        planting.in_queue.add(plant)
        if form in HIDDEN:
            planting.passes.add(plant)
        parked = {
            "Reason": text,
            "FailedState": text,
            "Order": {"OrderId": unique("L-"), "Name": text, "ItemName": text, "Price": text},
            "ExecutionId": text,
            "CC": text,
        }
        sqs.send_message(QueueUrl=apps.places.parked_queue, MessageBody=json.dumps(parked))
