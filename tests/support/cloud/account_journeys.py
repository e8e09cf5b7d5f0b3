"""The journeys of people who take a copy of their data or delete their account."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta

from orders.order import own_part
from tests.support.cloud.journeys import Journey, Journeys, Subject, parked, parked_message, put_received, scheduled


def somebody(subject: Subject) -> None:
    """Makes a new person with an escalated order and a reminder that waits."""
    subject.apps = subject.apps.as_new_person()
    claims = subject.apps.token.split(".")[1]
    sub = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    subject.found |= {"account": sub, "email": subject.apps.user.email}
    put_received(subject, age=timedelta(), Status="ESCALATED", Owner=sub, OwnPart=own_part(sub, 0))
    scheduled(subject)


def somebody_parked(subject: Subject) -> None:
    """Makes a new person whose order is parked, and another parked order, whose message the function must release."""
    parked(Subject(subject.apps))
    somebody(subject)
    sub = subject.found["account"]
    parked_message(
        subject, put_received(subject, age=timedelta(), Status="PARKED", Owner=sub, OwnPart=own_part(sub, 0))
    )


def of_account(method: str) -> Callable[[Subject], int]:
    return lambda subject: subject.apps.call_account(method)[0]


def journeys(name: str, function: str, method: str, then: frozenset[int]) -> tuple[Journey, Journey]:
    """One for the calls that name the person or their things, and one for the calls of SQS, which do not."""
    functions, go = frozenset({function}), of_account(method)
    return (
        Journey(name, functions, go, begin=somebody, then=then),
        Journey(
            f"{name} with a parked order",
            functions,
            go,
            begin=somebody_parked,
            then=then,
            alone=True,
            early=True,
            only="sqs:",
        ),
    )


COPY = journeys("taking a copy of one's data", "GetAccount", "GET", frozenset({200}))
DELETION = journeys("deleting an account", "DeleteAccount", "DELETE", frozenset({200, 404}))
# Both search the same queue, which hides the messages that one of them has found.
ACCOUNTS = Journeys(main=[COPY[0], DELETION[0]], alone=[[COPY[1], DELETION[1]]], fresh=[])
