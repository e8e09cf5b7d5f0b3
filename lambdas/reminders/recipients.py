"""The recipients of a reminder: the caller, and addresses that the stage lists. Pure. See decision D071."""

from collections.abc import Mapping, Set
from typing import Any

from common import codes
from common.caller import Caller
from common.http import RequestError
from reminders.channels import CHANNELS, addresses_of, channels_of
from reminders.errors import InvalidReminderError, Problems


def addressed(request: Mapping[str, Any], caller: Caller, *, listed: Set[str]) -> dict[str, Any]:
    """Returns the request with every address that its channels need. The default is the caller's own verified address.

    `listed` are addresses and numbers, in lower case, that every user may send to. Raises InvalidReminderError for
    any other address, and RequestError if a channel is only for operators.
    """
    channels = channels_of(request)
    if not caller.is_operator and any(CHANNELS[channel].is_for_operators for channel in channels):
        raise RequestError(403, "Forbidden", "Only operators may use the topic. Choose email, sms or both.")
    own = {"email": caller.email, "phone": caller.phone}
    addresses: dict[str, str] = {}
    problems = Problems()
    for field, channel in addresses_of(channels).items():
        with problems.collected():
            addresses[field] = _allowed(request.get(field), own.get(field), field, channel, listed)
    problems.refuse()
    return {**request, **addresses}


def _allowed(address: str | None, own: str | None, field: str, channel: str, listed: Set[str]) -> str:
    """Returns `address`, or by default the caller's `own`. Raises InvalidReminderError if the caller may not use it."""
    address = address or own
    if address is None:
        raise InvalidReminderError(field, codes.NONE_VERIFIED_FOR_CHANNEL(channel=channel))
    if not _same(address, own) and address.lower() not in listed:
        raise InvalidReminderError(field, codes.NOT_YOUR_ADDRESS())
    return address


def _same(address: str, own: str | None) -> bool:
    return own is not None and address.lower() == own.lower()
