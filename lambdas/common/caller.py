"""The caller of an API. Only this module knows how users sign in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from common.events import Event, RequestError

RECENTLY_SECONDS = 15 * 60
"""How long ago a caller may have signed in for a request that cannot be undone."""

OPERATORS = "operators"
"""The user pool's group of operators. They see all orders, and handle the escalated and parked ones."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The signed-in user who makes a request."""

    id: str
    """The user pool's `sub`. It is unique and never changes."""

    email: str | None
    """None if it is not verified."""

    phone: str | None
    """In E.164. None if it is missing or not verified."""

    is_operator: bool


def caller_of(event: Event) -> Caller:
    """Returns the caller, from the ID token that the API's Cognito authorizer has checked.

    Raises RequestError if the request has no ID token.

    See decision D072.
    """
    claims = ((event.get("requestContext") or {}).get("authorizer") or {}).get("claims") or {}
    # An access token has no addresses. AWS's authorizer refuses access tokens, but the engine's lets them through.
    if claims.get("token_use") != "id" or not claims.get("sub"):
        raise RequestError(401, "NotSignedIn", "Sign in, and send the ID token.")
    return Caller(
        id=claims["sub"],
        email=_verified(claims, "email"),
        phone=_verified(claims, "phone_number"),
        is_operator=OPERATORS in _listed(claims.get("cognito:groups", "")),
    )


def operator_of(event: Event) -> Caller:
    """Returns the caller if they are an operator. Raises RequestError if not, or if the request has no ID token."""
    caller = caller_of(event)
    if not caller.is_operator:
        raise RequestError(403, "Forbidden", "Only operators may do this.")
    return caller


def require_recent_sign_in(event: Event, *, now: datetime) -> None:
    """Raises RequestError if the caller signed in more than RECENTLY_SECONDS ago.

    A token that was renewed with a refresh token has the time of the sign-in. So a stolen refresh token is not enough.
    """
    signed_in = event["requestContext"]["authorizer"]["claims"].get("auth_time", "")
    if not re.fullmatch("[0-9]{1,12}", signed_in) or now.timestamp() - int(signed_in) > RECENTLY_SECONDS:
        raise RequestError(
            403, "SignInAgain", f"Sign in again, and repeat this request within {RECENTLY_SECONDS // 60} minutes."
        )


def _verified(claims: Mapping[str, str], name: str) -> str | None:
    return claims.get(name) if claims.get(f"{name}_verified") == "true" else None


def _listed(text: str) -> list[str]:
    """Splits a claim that is a list. API Gateway passes every claim as text: `a,b` or `[a b]`."""
    return re.split(r"[ ,]+", text.removeprefix("[").removesuffix("]"))
