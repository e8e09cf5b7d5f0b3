"""The header `Idempotency-Key`: it identifies a repeated request. Pure. See decision D038."""

import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from common import codes, http
from reminders.channels import PREFERENCES, channels_of

HEADER = "Idempotency-Key"
LONGEST_KEY = 128

_REMINDERS = uuid.UUID("6e2f7c1a-7d0b-4c53-9f3c-3d1f6c0f5b7e")
"""The UUID namespace of ids that are made from a caller and a key. Its value is arbitrary, but must never change."""


def key_in(event: http.Event) -> str | None:
    """Returns the request's key, or None. Raises RequestError if it is not 1 to 128 visible ASCII characters."""
    keys = http.header_values(event, HEADER)
    if not keys:
        return None
    if len(keys) > 1 or not re.fullmatch(f"[!-~]{{1,{LONGEST_KEY}}}", keys[0]):
        detail = codes.NOT_A_KEY(longest=LONGEST_KEY).of(HEADER)
        raise http.RequestError(400, "InvalidRequest", "A header of the request is invalid.", [detail])
    return keys[0]


def reminder_id(owner: str, key: str) -> str:
    """Returns the id of the reminder that `owner` sets with `key`. Another owner with the same key gets another id."""
    # An owner's id contains no space, so different pairs make different texts.
    return str(uuid.uuid5(_REMINDERS, f"{owner} {key}"))


def digest(request: Mapping[str, Any], key: str) -> str:
    """Returns a keyed digest of the request. Without the key, it reveals no address.

    It is the same whether the request names its channels in `channels` or in `preference`.
    """
    rest = {name: value for name, value in request.items() if name not in ("channels", "preference")}
    text = json.dumps(rest | _named(channels_of(request)), sort_keys=True)
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def digest_of_change(change: Mapping[str, Any], key: str) -> str:
    """Returns a keyed digest of a change. Without the key, it reveals nothing."""
    return hmac.new(key.encode(), json.dumps(change, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _named(channels: list[str]) -> dict[str, Any]:
    """Returns the field that names `channels`: `preference` if possible, so that digests of earlier versions match."""
    words = [word for word, known in PREFERENCES.items() if known == channels]
    return {"preference": words[0]} if words else {"channels": channels}
