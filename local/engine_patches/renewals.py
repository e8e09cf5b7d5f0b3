"""Refuses a refresh token that has expired. The engine accepts it for ever (`services/cognito.py:4772`)."""

import time
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito

from local.engine_patches import lines

CLIENT = '    if claims.get("client_id") != cid:\n'
EXPIRED = "    if has_expired(claims):\n        return None, refusal_of_expired()\n"


def apply() -> None:
    cognito.has_expired, cognito.refusal_of_expired = has_expired, refusal
    lines.replace(cognito, "_refresh_auth_user", CLIENT, EXPIRED + CLIENT)


def has_expired(claims: dict[str, Any]) -> bool:
    """Whether a token's `exp`, in seconds since 1970, has passed."""
    return float(claims.get("exp", 0)) <= time.time()


def refusal() -> Any:
    return error_response_json("NotAuthorizedException", "Refresh Token has expired", 400)
