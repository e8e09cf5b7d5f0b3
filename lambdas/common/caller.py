"""Who calls an API: the one place that knows how people sign in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from common.events import Event, RequestError

OPERATORS = "operators"
"""The group of the user pool whose members see everybody's orders and work on those that need a person."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A person who has signed in."""

    id: str
    """The user pool's `sub`: of nobody else, and the same for ever."""

    email: str | None
    """None where it is not verified."""

    phone: str | None
    """In E.164; None where there is none, or it is not verified."""

    is_operator: bool


def caller_of(event: Event) -> Caller:
    """The person whose ID token the API's Cognito authorizer has checked. Raises RequestError where there is none."""
    claims = ((event.get("requestContext") or {}).get("authorizer") or {}).get("claims") or {}
    # An access token says nothing of addresses. AWS's authorizer lets none through; the laptop's does.
    if claims.get("token_use") != "id" or not claims.get("sub"):
        raise RequestError(401, "NotSignedIn", "Sign in, and send the ID token.")
    return Caller(
        id=claims["sub"],
        email=_verified(claims, "email"),
        phone=_verified(claims, "phone_number"),
        is_operator=OPERATORS in _listed(claims.get("cognito:groups", "")),
    )


def operator_of(event: Event) -> Caller:
    """The same for what operators alone may do. Raises RequestError for anybody else."""
    caller = caller_of(event)
    if not caller.is_operator:
        raise RequestError(403, "Forbidden", "Only operators may do this.")
    return caller


def _verified(claims: Mapping[str, str], name: str) -> str | None:
    return claims.get(name) if claims.get(f"{name}_verified") == "true" else None


def _listed(text: str) -> list[str]:
    """A list as API Gateway writes it, every claim being text: `a,b`, or `[a b]`."""
    return re.split(r"[ ,]+", text.removeprefix("[").removesuffix("]"))
