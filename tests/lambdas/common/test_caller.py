"""The caller, from the authorizer's claims."""

from datetime import UTC, datetime

import pytest

from common.caller import Caller, caller_of, operator_of, require_recent_sign_in
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


NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = 60


@pytest.mark.parametrize("seconds", [0, 14 * MINUTE, 15 * MINUTE])
def test_a_caller_who_has_just_signed_in_may_do_what_cannot_be_undone(seconds: int) -> None:
    event = signed_in({}, auth_time=str(int(NOW.timestamp()) - seconds))

    require_recent_sign_in(event, now=NOW)


@pytest.mark.parametrize(
    "signed_in_at",
    [str(int(NOW.timestamp()) - 15 * MINUTE - 1), "0", "", "-1", "x", f"{NOW.timestamp():.0f}\n", "9" * 13],
)
def test_a_caller_must_sign_in_again_after_15_minutes_or_without_a_valid_time(signed_in_at: str) -> None:
    with pytest.raises(RequestError, match="Sign in again, and repeat this request within 15 minutes.") as refused:
        require_recent_sign_in(signed_in({}, auth_time=signed_in_at), now=NOW)

    assert (refused.value.status, refused.value.code) == (403, "SignInAgain")


def test_a_token_without_the_time_of_the_sign_in_is_refused() -> None:
    event = signed_in({})
    event["requestContext"]["authorizer"]["claims"].pop("auth_time", None)

    with pytest.raises(RequestError):
        require_recent_sign_in(event, now=NOW)
