import json
import logging
from collections.abc import Iterator, Mapping

import pytest
from botocore.stub import Stubber

from common.caller import OPERATORS
from orders import get_contact
from tests.support.aws_answers import add_refusal
from tests.support.handlers.aws import ENVIRONMENT, client_of
from tests.support.handlers.events import OPERATOR, PERSON, signed_in, status_and_body
from tests.support.handlers.faults import fault
from tests.support.handlers.order_rows import ROW

ADA = "ada@example.com"
COGNITO = client_of(get_contact, "cognito-idp")


@pytest.fixture
def users() -> Iterator[Stubber]:
    """Cognito. It refuses every call that a test does not expect."""
    with Stubber(COGNITO) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answer(users: Stubber, attributes: Mapping[str, str] | None) -> None:
    """Makes Cognito answer with this user, or with none, when it is asked for the user with PERSON's `sub`."""
    asked = {"UserPoolId": ENVIRONMENT["USER_POOL"], "Username": PERSON["sub"]}
    if attributes is None:
        add_refusal(users, "AdminGetUser", "UserNotFoundException", **asked)
        return
    found = {
        "Username": PERSON["sub"],
        "UserAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
    }
    users.add_response("admin_get_user", found, asked)


VERIFIED = {"sub": PERSON["sub"], "email": ADA, "email_verified": "true"}


def ask(order_id: str = "A-1", by=OPERATOR):
    return get_contact.handler(signed_in({"pathParameters": {"OrderId": order_id}}, **by), None)


def test_an_operator_gets_the_address_of_an_orders_owner(users, stored, caplog):
    caplog.set_level(logging.DEBUG, logger="orders")
    answer(users, VERIFIED)

    reply = ask()

    assert status_and_body(reply) == (200, {"Email": ADA})
    assert reply["headers"]["Cache-Control"] == "no-store"
    assert ADA not in caplog.text


@pytest.mark.parametrize("claims", [{}, {"cognito:groups": f"not-{OPERATORS}"}])
def test_a_person_gets_no_address_not_even_their_own(claims):
    """There is no table here, so reading it would fail."""
    assert status_and_body(ask(by=PERSON | claims))[0] == 403


@pytest.mark.parametrize("order_id", ["A-2", "", "a b", "x" * 3000, "4242424242424242"])
def test_an_unknown_order_has_no_contact(order_id, users, stored):
    assert status_and_body(ask(order_id)) == status_and_body(ask("A-3"))
    assert ask(order_id)["statusCode"] == 404


@pytest.mark.parametrize("owner", [None, "", 'x" or sub ^= "', "*", "x" * 200])
def test_an_order_without_an_owner_has_no_contact_and_cognito_is_not_asked(owner, users, order_table):
    row = {name: value for name, value in ROW.items() if name not in ("Owner", "OwnPart")}
    order_table.put_item(Item=row | ({} if owner is None else {"Owner": owner}))

    status, body = status_and_body(ask())

    assert (status, body["error"]["code"]) == (404, "NotFound")


@pytest.mark.parametrize(
    "found", [None, {"sub": PERSON["sub"], "email": ADA}, VERIFIED | {"email_verified": "false"}], ids=str
)
def test_an_owner_who_is_gone_or_has_no_verified_address_has_no_contact(found, users, stored):
    """An address that nobody verified may be mistyped, and then it belongs to a stranger."""
    answer(users, found)

    reply = ask()

    assert reply["statusCode"] == 404
    assert ADA not in json.dumps(reply)


def test_if_cognito_fails_the_operator_is_asked_to_try_again(stored):
    with fault(COGNITO, "AdminGetUser", "refused"):
        reply = ask()

    assert (reply["statusCode"], reply["headers"]["Retry-After"]) == (503, "1")
