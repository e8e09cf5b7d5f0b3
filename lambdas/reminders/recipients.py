"""Whom a reminder may go to: whoever asks for it, and whom the stage lists. Pure."""

from collections.abc import Mapping, Set
from typing import Any

from common import codes
from common.caller import Caller
from common.http import RequestError
from reminders.channels import ADDRESSES, CHANNEL_OF
from reminders.errors import InvalidReminderError, Problems


def addressed(asked: Mapping[str, Any], caller: Caller, *, listed: Set[str]) -> dict[str, Any]:
    """The request with every address that its preference sends to: the caller's own verified one where it names none.

    `listed` are addresses and numbers that anybody may send to, in small letters. Raises InvalidReminderError for any
    other than these, and RequestError where the preference is for operators.
    """
    preference = asked["preference"]
    if preference == "topic" and not caller.is_operator:
        # Its subscribers are not the caller's to write to.
        raise RequestError(403, "Forbidden", "Only operators may remind by topic: choose email, sms or both.")
    own = {"email": caller.email, "phone": caller.phone}
    addresses = {name: asked.get(name) or own[name] for name in ADDRESSES[preference]}
    problems = Problems()
    for name, address in addresses.items():
        with problems.collected():
            if address is None:
                raise InvalidReminderError(name, codes.NONE_VERIFIED_FOR_CHANNEL(channel=CHANNEL_OF[name]))
            if not _same(address, own[name]) and address.lower() not in listed:
                raise InvalidReminderError(name, codes.NOT_YOUR_ADDRESS())
    problems.refuse()
    return {**asked, **addresses}


def _same(address: str, own: str | None) -> bool:
    return own is not None and address.lower() == own.lower()
