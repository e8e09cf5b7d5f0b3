"""Each code of a detail has a request that is refused with it, and no detail repeats a part of the request."""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.cards import looks_like_card
from common.codes import CODES
from local.settings import PROJECT
from orders import close_order, correct_order, list_orders, place_order
from reminders import create_reminder, list_reminders
from tests.corpora.cards import Cards
from tests.support.documents import operation
from tests.support.handlers.account import Account, asked
from tests.support.handlers.aws import ENVIRONMENT
from tests.support.handlers.events import OPERATOR, post, signed_in, status_and_body
from tests.support.orders import an_order

pytestmark = pytest.mark.usefixtures("account", "order_table", "order_workflow", "reminder_table", "reminder_workflow")

CARD = "4242424242424242"
ORDER = an_order(CC=CARD)
REMINDER = {"message": "Feed the cat", "preference": "email", "waitSeconds": 60}
AT = {"message": "Feed the cat", "preference": "email", "timeZone": "Europe/Paris"}
LOCAL = {"message": "Feed the cat", "preference": "email", "timestamp": "2027-01-27 09:00"}
ADDRESS = "mallory@example.net"
NUMBER = "+4915112345678"

Handler = Callable[[Any, Any], Any]
PLACE, CORRECT, CLOSE = place_order.handler, correct_order.handler, close_order.handler
REMIND = create_reminder.handler


class Refused(NamedTuple):
    """A request, and one detail of its answer."""

    handler: Handler
    event: Mapping[str, Any]
    field: str
    values: Mapping[str, Any] = {}
    claims: Mapping[str, str] = OPERATOR
    account: Mapping[str, Any] = {}
    """Answers of SES and SNS about an incomplete setup, by operation."""

    verified: Set[str] | None = None
    """The only identities that are verified in SES."""


@pytest.fixture
def account() -> Iterator[Account]:
    with asked() as account:
        yield account


def order(field: str, value: Any, values: Mapping[str, Any] = {}) -> Refused:
    return Refused(PLACE, post(ORDER | {field: value}), field, values)


def reminder(field: str, value: Any, values: Mapping[str, Any] = {}) -> Refused:
    return Refused(REMIND, post(REMINDER | {field: value}), field, values)


def at(timestamp: str, values: Mapping[str, Any] = {}) -> Refused:
    return Refused(REMIND, post(AT | {"timestamp": timestamp}), "timestamp", values)


def repeat(field: str, values: Mapping[str, Any] = {}, **rule: Any) -> Refused:
    return Refused(REMIND, post(REMINDER | {"repeat": {"every": "1d", **rule}}), field, values)


def query(handler: Handler, field: str, value: str, values: Mapping[str, Any] = {}) -> Refused:
    return Refused(handler, {"queryStringParameters": {field: value}}, field, values)


SANDBOX = {"SendingEnabled": True, "ProductionAccessEnabled": False}
SENDER = ENVIRONMENT["SENDER"]
LONG_PRICE = json.dumps(ORDER).replace('"12.50"', "0." + "12" * 20)
BY_SMS = post(REMINDER | {"preference": "sms"})

REFUSED: dict[str, list[Refused]] = {
    "AtMostOneOf": [
        repeat("repeat", {"fields": ["until", "times"]}, until="2099-01-01T00:00:00Z", times=2),
        Refused(
            list_orders.handler,
            {"queryStringParameters": {"corrected": "true", "status": "PARKED"}},
            "status",
            {"fields": ["status", "corrected"]},
        ),
        Refused(REMIND, post(REMINDER | {"channels": ["email"]}), "preference", {"fields": ["preference", "channels"]}),
    ],
    "BeforeFirst": [repeat("repeat.until", until="2019-01-01T00:00:00Z")],
    "BeforeFrom": [
        Refused(list_orders.handler, {"queryStringParameters": {"from": "2027-01-02", "to": "2027-01-01"}}, "to")
    ],
    "BrokenCharacters": [order("Name", "Zo\ufffd")],
    "ControlCharacters": [reminder("message", "a\x07b")],
    "DiffersFromChannels": [Refused(REMIND, post(REMINDER | {"channels": ["sms"]}), "preference")],
    "DiffersFromPath": [Refused(CORRECT, post(ORDER) | {"pathParameters": {"OrderId": "A-2"}}, "OrderId")],
    "EmailNotVerified": [Refused(REMIND, post(REMINDER), "email", account={"GetAccount": SANDBOX}, verified={SENDER})],
    "EmailPaused": [
        Refused(REMIND, post(REMINDER), "preference", account={"GetAccount": {"SendingEnabled": False}}),
    ],
    "Empty": [order("Name", ""), reminder("message", "")],
    "ExactlyOneOf": [Refused(REMIND, post(LOCAL | REMINDER), "waitSeconds", {"fields": ["waitSeconds", "timestamp"]})],
    "HappensTwice": [
        at("2027-10-31 02:30", {"zone": "Europe/Paris", "offsets": ["+02:00", "+01:00"]}),
    ],
    "HasPassed": [at("2019-01-01 09:00")],
    "IntervalTooLong": [repeat("repeat.every", {"count": 52, "unit": "w"}, every="53w")],
    "IntervalTooShort": [repeat("repeat.every", {"count": 5, "unit": "m"}, every="4m")],
    "LooksLikeCard": [order("Name", CARD), reminder("message", CARD), Refused(CLOSE, post({"note": CARD}), "note")],
    "MakesCardWith": [
        Refused(REMIND, post(REMINDER | {"message": CARD[:8], "subject": CARD[8:]}), "subject", {"fields": ["message"]})
    ],
    "Missing": [Refused(PLACE, post({}), "OrderId"), Refused(REMIND, post({}), "message")],
    "MoreUnknownFields": [Refused(PLACE, post(ORDER | {"x" * n: 1 for n in range(1, 13)}), "(body)", {"count": 2})],
    "NeededForChannel": [
        Refused(REMIND, BY_SMS, "phone", {"channel": "sms"}, claims={"phone_number_verified": "false"}),
    ],
    "NeedsTimeZone": [Refused(REMIND, post(LOCAL), "timeZone", {"fields": ["timestamp"]})],
    "NoSuchTime": [at("2027-02-30 09:00")],
    "NotAKey": [
        Refused(
            REMIND,
            post(REMINDER) | {"headers": {"Content-Type": "application/json", "Idempotency-Key": ""}},
            "Idempotency-Key",
            {"longest": 128},
        )
    ],
    "NotChannels": [reminder("channels", ["email", "email"], {"allowed": ["email", "sms", "topic"]})],
    "NotANext": [query(list_orders.handler, "next", CARD), query(list_reminders.handler, "next", CARD)],
    "NotAPhoneNumber": [reminder("phone", NUMBER.replace("+", "00"))],
    "NotATime": [at("tomorrow"), query(list_orders.handler, "from", "tomorrow")],
    "NotAnEmailAddress": [reminder("email", f"Mallory <{ADDRESS}>")],
    "NotAnInterval": [repeat("repeat.every", every="daily")],
    "NotAnOrderId": [order("OrderId", "A 1", {"longest": 64})],
    "NotOneLine": [order("Name", "a\nb"), reminder("subject", "a\nb"), Refused(CLOSE, post({"note": "a\nb"}), "note")],
    "NotWholeNumber": [
        reminder("waitSeconds", 1.5, {"smallest": 0, "largest": 31_536_000}),
        reminder("waitSeconds", 31_536_001, {"smallest": 0, "largest": 31_536_000}),
        query(list_orders.handler, "limit", "101", {"smallest": 1, "largest": 100}),
    ],
    "NotYourAddress": [reminder("email", ADDRESS)],
    "NothingVisible": [order("Name", " \u200b"), reminder("message", "\u2800")],
    "OnlyForLocalTime": [reminder("fold", 0)],
    "OnlyForOwn": [
        Refused(list_orders.handler, {"queryStringParameters": {"status": "ESCALATED", "text": "lamp"}}, "text")
    ],
    "OptedOut": [Refused(REMIND, BY_SMS, "phone", account={"CheckIfPhoneNumberIsOptedOut": {"isOptedOut": True}})],
    "PhoneNotVerified": [
        Refused(REMIND, BY_SMS, "phone", account={"GetSMSSandboxAccountStatus": {"IsInSandbox": True}}),
    ],
    "SenderNotVerified": [Refused(REMIND, post(REMINDER), "preference", verified={OPERATOR["email"]})],
    "SkippedByClocks": [
        at("2027-03-28 02:30", {"zone": "Europe/Paris", "before": "2027-03-28 02:00", "after": "2027-03-28 03:00"}),
    ],
    "TooBig": [repeat("repeat.times", {"largest": 1000}, times=1001)],
    "TooFarAhead": [at("2999-01-01 09:00", {"days": 365})],
    "TooLong": [order("Name", "x" * 201, {"longest": 200}), reminder("subject", "x" * 101, {"longest": 100})],
    "TooLongForSms": [
        Refused(
            REMIND,
            post(REMINDER | {"preference": "sms", "message": "ж" * 631}),
            "message",
            {"size": 631, "longest": 630, "longestInGsm": 1530},
        ),
    ],
    "TooManyDigits": [Refused(PLACE, post(LONG_PRICE), "Price", {"longest": 32})],
    "TooSmall": [repeat("repeat.times", {"smallest": 1}, times=0)],
    "UnknownField": [order("CVV", "123"), repeat("repeat.often", often=True)],
    "UnknownTimeZone": [reminder("timeZone", "Mars/Olympus")],
    "UnknownValue": [
        reminder("fold", 2, {"allowed": [0, 1]}),
        query(list_reminders.handler, "when", "now", {"allowed": ["upcoming", "past"]}),
    ],
    "WrongType": [
        order("Price", None, {"types": ["string", "number"]}),
        Refused(PLACE, post([]), "(body)", {"types": ["object"]}),
    ],
}
OF_NO_FIELD = {"BreaksRule", "TooShort"}
"""Codes for rules that no schema uses yet. tests/lambdas/common/test_shape.py has schemas with them."""


def test_every_code_has_an_example_request_here():
    assert REFUSED.keys() == CODES.keys() - OF_NO_FIELD, "add a request to REFUSED for each new code"


@pytest.mark.parametrize(
    ("code", "refused"), [pytest.param(code, one, id=code) for code, several in REFUSED.items() for one in several]
)
def test_a_refused_request_is_answered_with_its_code_and_values(code, refused, account: Account):
    account.answers |= refused.account
    account.verified = refused.verified

    status, body = status_and_body(refused.handler(signed_in(refused.event, **refused.claims), None))

    assert status == 400
    details = [(one["field"], one["code"], one["values"]) for one in body["error"]["details"]]
    assert (refused.field, code, refused.values) in details


def test_the_api_answers_the_example_of_the_documentation(account: Account):
    (example,) = re.findall("^```json\n(.*?)^```", (PROJECT / "docs" / "errors.md").read_text(), re.M | re.S)

    status, body = status_and_body(REMIND(signed_in(post(AT | {"timestamp": "2027-10-31 02:30"})), None))

    assert (status, body) == (400, json.loads(example))


VALUES = [
    *(CARD, ADDRESS, NUMBER, int(CARD), float(CARD), [CARD], {CARD: CARD}, {ADDRESS: NUMBER}, {"every": CARD}),
    *({"every": "1d", "until": CARD}, {"every": "1d", "times": int(CARD)}, {"every": "1d", CARD: ADDRESS}),
    *("2027-10-31 02:30", "2027-03-28 02:30", "Europe/Paris", "1d", "60", "", "\u200b", True, None, [], {}),
    *list(Cards(7).texts(1))[::7],
]
ANYTHING = st.sampled_from(VALUES) | st.text(max_size=20) | st.text(CARD + "-. :TZ+", max_size=30) | st.integers()
BODIES: dict[str, tuple[Handler, list[dict[str, Any]]]] = {
    "PlaceOrder": (PLACE, [ORDER]),
    "CorrectOrder": (CORRECT, [ORDER]),
    "CloseOrder": (CLOSE, [{"note": "Called the customer"}]),
    "CreateReminder": (REMIND, [REMINDER, AT | {"timestamp": "2027-01-27 09:00"}]),
}
"""Each operation with a body, and bodies that it accepts. With one hostile value they reach the later checks, too."""


def check_that_nothing_is_repeated(id: str, body: Any) -> None:
    event = post(body) | {"pathParameters": {"OrderId": "A-1"}}
    handler, _ = BODIES[id]

    # Every error is checked against the schema and the list of codes: see conftest.py.
    status, answer = status_and_body(handler(signed_in(event, **OPERATOR), None))

    for detail in answer["error"]["details"] if status >= 400 else []:
        said = json.dumps(detail["values"], ensure_ascii=False)
        assert not looks_like_card(said) and CARD[:8] not in said, detail
        assert ADDRESS not in said and NUMBER[3:] not in said, detail
        assert CARD[:4] not in detail["field"], detail


def names_of(id: str) -> list[str]:
    return [*operation(id).body_schema()["properties"], CARD, ADDRESS]


@pytest.mark.parametrize("id", BODIES)
def test_the_answer_to_a_hostile_field_has_codes_and_repeats_nothing(id, account: Account):
    for body, name, value in itertools.product([{}, *BODIES[id][1]], names_of(id), VALUES):
        check_that_nothing_is_repeated(id, body | {name: value})


@pytest.mark.parametrize("id", BODIES)
def test_the_answer_to_a_hostile_body_has_codes_and_repeats_nothing(id, account: Account):
    bodies = st.sampled_from([{}, *BODIES[id][1]])

    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(bodies, st.dictionaries(st.sampled_from(names_of(id)), ANYTHING, max_size=4))
    def check(body: dict[str, Any], changes: dict[str, Any]) -> None:
        check_that_nothing_is_repeated(id, body | changes)

    check()
