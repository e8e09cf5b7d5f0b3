"""The channels that send reminders. Pure.

A request names them in `channels`. `preference`, the field of the original apps, names one of four sets of channels.

See decision D034.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reminders import mask, sms


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One way to send a reminder."""

    address: str | None = None
    """The field of a request that contains the address. None if the channel needs no address."""

    hide: Callable[[str], str] = lambda _: mask.HIDDEN
    """Shortens an address for lists and rows."""

    check_message: Callable[[str], None] = lambda _: None
    """Raises InvalidReminderError if the channel would refuse the message."""

    is_for_operators: bool = False


CHANNELS: Mapping[str, Channel] = {
    "email": Channel(address="email", hide=mask.email),
    "sms": Channel(address="phone", hide=mask.phone, check_message=sms.check),
    # Other people have subscribed to the topic, so not every user may write to it.
    "topic": Channel(is_for_operators=True),
}
"""By name. Lists of channels have this order."""

PREFERENCES: Mapping[str, list[str]] = {
    "email": ["email"],
    "sms": ["sms"],
    "both": ["email", "sms"],
    "topic": ["topic"],
}
"""The channels of each `preference`. Each channel needs one value that means only that channel."""

HIDDEN = {channel.address: channel.hide for channel in CHANNELS.values() if channel.address}
"""The function that shortens each address, by the field of the address."""


def channels_of(request: Mapping[str, Any]) -> list[str]:
    """Returns the channels that `request` names, in `channels` or in `preference`. They must be known."""
    named = request.get("channels") or PREFERENCES[request["preference"]]
    return [channel for channel in CHANNELS if channel in named]


def preference_of(channels: Iterable[str]) -> str:
    """Returns the `preference` for `channels`, or for as many of them as one value can name.

    Without `both`, one value names only the first channel in the order of CHANNELS. The topic is last, so it is left
    out if there is another channel.
    """
    known = [channel for channel in CHANNELS if channel in channels]
    return "both" if {"email", "sms"} <= set(known) else known[0]


def addresses_of(channels: Iterable[str]) -> dict[str, str]:
    """Returns the fields of the addresses that `channels` need, each with its channel."""
    return {address: channel for channel in channels if (address := CHANNELS[channel].address)}


def field_of(request: Mapping[str, Any]) -> str:
    """Returns the name of the field in which `request` names its channels."""
    return "channels" if "channels" in request else "preference"
