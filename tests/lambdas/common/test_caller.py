"""The caller, from the authorizer's claims."""

import pytest

from common.caller import Caller, caller_of, operator_of
from common.http import RequestError
from tests.support.handlers.events import PERSON, signed_in


def test_a_caller_has_the_pools_id_and_the_verified_addresses() -> None:
    claims = {
        "sub": "ada",
        "token_use": "id",
        "email": "ada@example.com",
        "email_verified": "true",
        "phone_number": "+15555550100",
        "phone_number_verified": "true",
    }

    caller = caller_of({"requestContext": {"authorizer": {"claims": claims}}})

    assert caller == Caller(id="ada", email="ada@example.com", phone="+15555550100", is_operator=False)


@pytest.mark.parametrize("verified", ["false", "", "True"])
def test_an_unverified_address_is_left_out(verified: str) -> None:
    caller = caller_of(signed_in({}, email_verified=verified, phone_number_verified=verified))

    assert (caller.email, caller.phone) == (None, None)


@pytest.mark.parametrize("groups", ["operators", "[operators]", "others,operators", "[others operators]"])
def test_an_operator_is_recognised_in_every_form_of_the_groups_claim(groups: str) -> None:
    event = signed_in({}, **{"cognito:groups": groups})

    assert caller_of(event).is_operator
    assert operator_of(event).id == PERSON["sub"]


@pytest.mark.parametrize("groups", [None, "", "[]", "Operators", "xoperators", "operators2", "no-operators"])
def test_a_user_outside_the_group_is_not_an_operator(groups: str | None) -> None:
    event = signed_in({}, **({} if groups is None else {"cognito:groups": groups}))

    assert not caller_of(event).is_operator
    with pytest.raises(RequestError) as refused:
        operator_of(event)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "context",
    [
        None,
        {},
        {"authorizer": None},
        {"authorizer": {"claims": None}},
        {"authorizer": {"claims": {"sub": "ada", "token_use": "access"}}},
        {"authorizer": {"claims": {"sub": "", "token_use": "id"}}},
        {"authorizer": {"claims": {"token_use": "id"}}},
        {"identity": {"userArn": "arn:aws:iam::000000000000:user/ada"}},
    ],
)
def test_an_anonymous_caller_is_refused(context: object) -> None:
    with pytest.raises(RequestError) as refused:
        caller_of({"requestContext": context})

    assert (refused.value.status, refused.value.code) == (401, "NotSignedIn")
