"""The person whom a request is about, and their record in the user pool."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from common import codes
from common.aws import BRIEFLY
from common.caller import OPERATORS, caller_of, operator_of
from common.events import Event, RequestError
from common.paging import Query, query_of, refused
from common.texts import shown_name
from common.times import timestamp

LONGEST_NAME = 128
"""In characters, for a user's name in Cognito."""

_pool = boto3.client("cognito-idp", config=BRIEFLY)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person who has, or had, an account."""

    id: str
    """The user pool's `sub`."""

    record: Mapping[str, Any] | None = None
    """The user pool's answer to AdminGetUser. None if the pool has no such user any more."""

    groups: tuple[str, ...] = ()

    @property
    def is_operator(self) -> bool:
        return OPERATORS in self.groups


def person_in(event: Event) -> Person:
    """Returns the caller. With `?email=` or `?id=`, which are for operators, returns that person.

    An `id` may belong to a deleted user: their data may have come later than the deletion. Raises RequestError if the
    caller is not an operator, if no user has this address, or if it is unclear whom the query means.
    """
    caller, query = caller_of(event), query_of(event)
    _check_names(query)
    if not {"email", "id"} & query.keys():
        return _find(caller.id) or Person(id=caller.id)
    operator_of(event)
    if "email" in query:
        email = query["email"]
        found = _find(email) if re.fullmatch(r"[^\s@]+@[^\s@]+", email) and len(email) <= LONGEST_NAME else None
    else:
        id = query["id"]
        found = (_find(id) or Person(id=id)) if re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", id) else None
    if found is None:
        raise RequestError(404, "NotFound", "There is no such account.")
    return found


def _check_names(query: Query) -> None:
    """Raises RequestError if the query has an unknown parameter, or both parameters that name a person.

    Otherwise an operator who misspells `email` would delete their own account.
    """
    if unknown := query.keys() - {"email", "id", "next"}:
        raise refused(shown_name(min(unknown)), codes.UNKNOWN_FIELD())
    if {"email", "id"} <= query.keys():
        raise refused("id", codes.EITHER_OF(fields=["id", "email"]))


def sign_out(person: Person) -> None:
    """Ends the person's sessions on every device. ID tokens stay valid until they expire, for up to an hour."""
    if person.record:
        _pool.admin_user_global_sign_out(**_named(person))


def delete(person: Person) -> bool:
    """Deletes the user. Returns False if another call was faster."""
    if not person.record:
        return False
    try:
        _pool.admin_delete_user(**_named(person))
    except _pool.exceptions.UserNotFoundException:
        return False
    return True


def shown(person: Person) -> dict[str, Any] | None:
    """The record without secrets, which Cognito does not give out: passwords, and the keys of authenticators."""
    if (record := person.record) is None:
        return None
    return {
        "id": person.id,
        "attributes": {one["Name"]: one["Value"] for one in record["UserAttributes"]},
        "groups": list(person.groups),
        "status": record["UserStatus"],
        "isEnabled": record["Enabled"],
        "secondFactors": record.get("UserMFASettingList", []),
        "createdAt": timestamp(record["UserCreateDate"]),
        "updatedAt": timestamp(record["UserLastModifiedDate"]),
    }


def _find(name: str) -> Person | None:
    """The user with this address or `sub`, or None."""
    try:
        record = _pool.admin_get_user(UserPoolId=os.environ["USER_POOL"], Username=name)
        groups = _pool.admin_list_groups_for_user(UserPoolId=os.environ["USER_POOL"], Username=record["Username"])
    except _pool.exceptions.UserNotFoundException:
        return None
    (id,) = (one["Value"] for one in record["UserAttributes"] if one["Name"] == "sub")
    return Person(id=id, record=record, groups=tuple(group["GroupName"] for group in groups["Groups"]))


def _named(person: Person) -> dict[str, str]:
    assert person.record
    return {"UserPoolId": os.environ["USER_POOL"], "Username": person.record["Username"]}
