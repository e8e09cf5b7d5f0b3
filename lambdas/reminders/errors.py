"""The problems of an invalid reminder. Pure."""

import contextlib
from collections.abc import Iterator

from common.codes import Detail, Problem


class InvalidReminderError(ValueError):
    """A reminder with an invalid field. `field` is its name. The message says what is wrong, without the value.

    `others` are further problems of the same reminder.
    """

    def __init__(self, field: str, problem: Problem, *, others: "tuple[InvalidReminderError, ...]" = ()) -> None:
        super().__init__(problem.sentence)
        self.field = field
        self.problem = problem
        self.others = others

    @property
    def details(self) -> list[Detail]:
        """The details of the refusal, one for each problem."""
        return [one.problem.of(one.field) for one in (self, *self.others)]


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
            raise InvalidReminderError(first.field, first.problem, others=tuple(others))
