"""The person that a request about an account means."""

from typing import Any

import pytest

from account import person
from common.events import RequestError
from tests.support.handlers.events import OPERATOR, PERSON, signed_in

ADA, ADDRESS = PERSON["sub"], "ada@example.com"
LONGEST = f"{'a' * 116}@example.com"
"""An address with 128 characters, the most that Cognito accepts."""


def found(*, by: dict[str, str] = OPERATOR, **query: str) -> person.Person:
    return person.person_in(signed_in({"queryStringParameters": query or None}, **by))


@pytest.mark.parametrize("query", [{"email": ADDRESS}, {"id": ADA}, {"email": ADDRESS, "next": "orders.x"}])
def test_an_operator_names_a_person_by_address_or_id(query):
    one = found(**query)

    assert (one.id, one.is_operator, one.record["Username"]) == (ADA, False, ADA)


@pytest.mark.parametrize("by", [PERSON, OPERATOR])
def test_without_a_name_the_request_means_the_caller(by):
    one = found(by=by)

    assert (one.id, one.is_operator) == (by["sub"], by is OPERATOR)


@pytest.mark.parametrize("query", [{"email": ADDRESS}, {"id": ADA}, {"id": "x"}])
def test_a_person_may_name_nobody(query, pool):
    with pytest.raises(RequestError) as refused:
        found(by=PERSON, **query)

    assert (refused.value.status, pool.asked) == (403, [])


@pytest.mark.parametrize(
    "query",
    [
        {"email": ""},
        {"email": "ada"},
        {"email": ADA},
        {"email": "ada@"},
        {"email": "@example.com"},
        {"email": "ada lovelace@example.com"},
        {"email": f"{ADDRESS}@x"},
        {"email": f"{ADDRESS}\n"},
        {"email": f"a{LONGEST}"},
        {"id": ""},
        {"id": ADDRESS},
        {"id": ADA.upper()},
        {"id": f"{ADA}0"},
        {"id": f"{ADA}\n"},
    ],
    ids=str,
)
def test_cognito_is_not_asked_for_a_name_that_no_user_has(query, pool):
    with pytest.raises(RequestError) as refused:
        found(**query)

    assert (refused.value.status, refused.value.code, pool.asked) == (404, "NotFound", [])


def test_the_longest_address_is_looked_up(pool):
    pool.users[ADA] = {**PERSON, "email": LONGEST}

    assert found(email=LONGEST).id == ADA
    with pytest.raises(RequestError, match="no such account"):
        found(email=f"b{LONGEST[1:]}")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"e-mail": ADDRESS}, "e-mail"),
        ({"Email": ADDRESS, "Address": ADDRESS}, "Address"),
        ({"email": ADDRESS, "id": ADA}, "id"),
    ],
)
def test_a_query_that_may_mean_somebody_else_is_refused(query, field, pool):
    """An operator who misspells a parameter must not get or delete their own account."""
    with pytest.raises(RequestError) as refused:
        found(**query)

    (detail,) = refused.value.details
    assert (refused.value.status, detail["field"], pool.asked) == (400, field, [])
    assert detail.get("values", {}).get("fields", ["id", "email"]) == ["id", "email"]


def test_a_deleted_user_is_found_by_the_id_but_has_no_record(pool):
    del pool.users[ADA]

    for one in (found(id=ADA), found(by=PERSON)):
        assert (one.id, one.record, person.shown(one)) == (ADA, None, None)
        person.sign_out(one)
        assert not person.delete(one)
    assert set(pool.asked) == {"AdminGetUser"}


def test_a_user_whom_another_call_deletes_meanwhile_counts_once(pool):
    first, second = found(id=ADA), found(id=ADA)

    assert [person.delete(one) for one in (first, second)] == [True, False]


def test_the_record_is_shown_without_the_fields_that_only_aws_needs():
    shown: Any = person.shown(found(by=OPERATOR))

    assert shown == {
        "id": OPERATOR["sub"],
        "attributes": {"sub": OPERATOR["sub"], "email": "olga@example.com"},
        "groups": ["operators"],
        "status": "CONFIRMED",
        "isEnabled": True,
        "secondFactors": [],
        "createdAt": "2026-11-20T09:00:00.000Z",
        "updatedAt": "2026-11-20T09:00:00.000Z",
    }
