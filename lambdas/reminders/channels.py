"""The channels that a reminder goes out by. Pure.

A request names them in `channels`. `preference`, the field of the original apps, has names for four sets of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reminders import mask, sms


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One way to send a reminder."""

    address: str | None = None
    """The field of a request that holds the address to send to; None if the channel needs none."""

    hide: Callable[[str], str] = lambda _: mask.HIDDEN
    """An address as lists and rows show it: not whole."""

    check_message: Callable[[str], None] = lambda _: None
    """Raises InvalidReminderError for a message that the channel would refuse."""

    is_for_operators: bool = False


CHANNELS: Mapping[str, Channel] = {
    "email": Channel(address="email", hide=mask.email),
    "sms": Channel(address="phone", hide=mask.phone, check_message=sms.check),
    # Its subscribers are not the caller's to write to.
    "topic": Channel(is_for_operators=True),
}
"""By name. A list of channels has this order."""

PREFERENCES: Mapping[str, list[str]] = {
    "email": ["email"],
    "sms": ["sms"],
    "both": ["email", "sms"],
    "topic": ["topic"],
}
"""The channels that each `preference` stands for. A further channel needs a value here that stands for it only."""

HIDDEN = {channel.address: channel.hide for channel in CHANNELS.values() if channel.address}
"""How each address is shown in lists and kept in the table."""


def channels_of(request: Mapping[str, Any]) -> list[str]:
    """The channels that `request` names, in `channels` or in `preference`. It must name known ones."""
    named = request.get("channels") or PREFERENCES[request["preference"]]
    return [channel for channel in CHANNELS if channel in named]


def preference_of(channels: Iterable[str]) -> str:
    """The `preference` that stands for `channels`, or for as many of them as one value can.

    It is the first of them in CHANNELS. The topic is last there, so beside another channel it is left out.
    """
    known = [channel for channel in CHANNELS if channel in channels]
    return "both" if {"email", "sms"} <= set(known) else known[0]


def addresses_of(channels: Iterable[str]) -> dict[str, str]:
    """The channel of each address that `channels` need, by the field that holds the address."""
    return {address: channel for channel in channels if (address := CHANNELS[channel].address)}


def field_of(request: Mapping[str, Any]) -> str:
    """The field in which `request` names its channels."""
    return "channels" if "channels" in request else "preference"
