"""Turns the words and options of a reminder into a request of the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reminders.channels import CHANNELS
from terminal import zones
from tools.remindme import fields, when
from tools.remindme.when import When


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """How times in words are read: in the time zone `zone`, or else this machine's, and with `fold`."""

    zone: str | None = None
    fold: int | None = None

    def understand(self, text: str, *, at: datetime) -> When:
        """The time that `text` means at the moment `at`. Raises CommandError if it is not understood."""
        zone = zones.zone_named(zones.local_zone() if self.zone is None else self.zone)
        return when.understand(text, zone=zone, now=at, fold=self.fold)


@dataclass(frozen=True, kw_only=True)
class Repeat:
    every: str | None = None
    times: int | None = None
    until: str | None = None

    def fields(self, clocks: Clocks, *, at: datetime) -> dict[str, Any]:
        """The field `repeat`; empty if the reminder does not repeat. Raises CommandError if it is not understood."""
        if self.every is None:
            return {}
        repeat: dict[str, Any] = {"every": fields.every(self.every)}
        if self.times is not None:
            repeat["times"] = self.times
        if self.until is not None:
            repeat["until"] = clocks.understand(self.until, at=at).timestamp()
        return {"repeat": repeat}


def texts(**given: str | None) -> dict[str, str]:
    """The fields that were given."""
    return {name: text for name, text in given.items() if text is not None}


def addresses(*, email: str | None, sms: str | None) -> dict[str, str | None]:
    """The addresses that were given, by their fields; None stands for the caller's own.

    Raises CommandError if one is invalid.
    """
    given: tuple[tuple[str, Callable[[str], str | None], str | None], ...] = (
        ("email", fields.email, email),
        ("phone", fields.phone, sms),
    )
    return {field: read(text) for field, read, text in given if text is not None}


def changed_channels(own: Mapping[str, Any], *, email: str | None, sms: str | None, topic: bool) -> dict[str, Any]:
    """The new channels and addresses of a reminder; empty if they stay. `own` are the claims of the caller's ID token.

    Raises CommandError if an address is invalid.
    """
    if email is sms is None and not topic:
        return {}
    fields = channels(email=email, sms=sms, topic=topic)
    # Without an address, the API would keep the earlier one.
    for field, claim in {"email": "email", "phone": "phone_number"}.items():
        if addresses(email=email, sms=sms).get(field, "") is None and claim in own:
            fields[field] = own[claim]
    return fields


def channels(*, email: str | None = None, sms: str | None = None, topic: bool = False) -> dict[str, Any]:
    """The channels and addresses of a reminder. Without any, it is an e-mail to the caller's own address.

    Raises CommandError if an address is invalid. See decision D176.
    """
    named = addresses(email=email, sms=sms)
    if not named and not topic:
        named = {"email": None}
    chosen = [name for name, channel in CHANNELS.items() if channel.address in named or (name == "topic" and topic)]
    # If an address is missing, the API uses the caller's own.
    return {"channels": chosen, **{field: address for field, address in named.items() if address is not None}}
