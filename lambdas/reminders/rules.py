"""The rules of a reminder. Pure: no clock, no environment, no AWS."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from common.cards import is_split_card, looks_like_card

WITHOUT_CARD = "leave it out, or write only its last four digits"

ADDRESSES = {"email": ("email",), "sms": ("phone",), "both": ("email", "phone"), "topic": ()}
"""The fields that each preference sends to."""


class InvalidReminderError(ValueError):
    """A reminder that cannot be kept. `field` names what is wrong; the message says why without repeating it.

    `others` are further problems of the same reminder.
    """

    def __init__(self, field: str, problem: str, *, others: "tuple[InvalidReminderError, ...]" = ()) -> None:
        super().__init__(problem)
        self.field = field
        self.others = others

    @property
    def details(self) -> list[dict[str, str]]:
        """Each problem as `{"field": name, "problem": what to say after the name}`."""
        return [{"field": one.field, "problem": str(one)} for one in (self, *self.others)]


class Problems:
    """Collects the problems that several checks of one reminder find, so that one refusal names all of them."""

    def __init__(self) -> None:
        self.found: list[InvalidReminderError] = []

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        """Collects the InvalidReminderError of a check."""
        try:
            yield
        except InvalidReminderError as error:
            self.found += [error, *error.others]

    def refuse(self) -> None:
        """Raises InvalidReminderError, with all problems, if there is one."""
        if self.found:
            first, *others = self.found
            raise InvalidReminderError(first.field, str(first), others=tuple(others))


def check_texts(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError if a text of the reminder, or its address, holds what looks like a card number.

    `phone` needs no search: its form, a plus and at most 15 digits, is a phone number's.
    """
    problems = Problems()
    for field in ("message", "subject", "email"):
        with problems.collected():
            if looks_like_card(request.get(field, ""), odd_groups=field != "email"):
                raise InvalidReminderError(field, f"looks like a card number: {WITHOUT_CARD}")
    with problems.collected():
        message, subject = request["message"], request.get("subject", "")
        if is_split_card(message, subject) or is_split_card(subject, message):
            raise InvalidReminderError("subject", f"makes a card number together with the message: {WITHOUT_CARD}")
    problems.refuse()


def check_addresses(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError where the preferred channel has no address to send to."""
    problems = Problems()
    for field in ADDRESSES[request["preference"]]:
        with problems.collected():
            if field not in request:
                raise InvalidReminderError(field, f"is needed for the preference {request['preference']}")
    problems.refuse()
