"""What a user has allowed by name: `make deploy ALLOW=Orders/OrderTable,bootstrap`."""

import re
from collections.abc import Collection, Sequence

from terminal.errors import CommandError


def names_in(text: str | None) -> list[str]:
    """The names in the text of ALLOW, which has commas between them."""
    return [name for part in (text or "").split(",") if (name := part.strip())]


def name_of_check(check: str) -> str:
    """The name that allows a problem of a check of the doctor: `sender-in-ses` for "sender in SES"."""
    return re.sub("[^a-z0-9]+", "-", check.lower().replace("'", ""))


def require_known(allowed: Sequence[str], known: Collection[str]) -> None:
    """Raises CommandError if a name allows nothing. It may be mistyped, or be left over from an earlier deployment."""
    if unknown := [name for name in allowed if name not in known]:
        names = " and ".join(unknown)
        raise CommandError(f"ALLOW names {names}, but this deployment would not be refused because of it: leave it out")
