"""Checks the balance of what several tests have done, and names the tests of an order or reminder without one end."""

import re

import pytest

from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import AllowedCopies, Mark


class Checked:
    """The clouds whose balance is checked later, and what may be sent twice."""

    def __init__(self) -> None:
        self.allowed = AllowedCopies()
        self._marks: dict[Apps, Mark] = {}
        self._tests: list[tuple[str, int]] = []
        """Each test, with the number of answers before it."""

    def begin(self, request: pytest.FixtureRequest) -> None:
        """Counts what the test does from now on. A test that uses the Standard workflow has a second cloud."""
        clouds = [request.getfixturevalue("apps")]
        if "standard_apps" in request.fixturenames or (
            "either" in request.fixturenames and "STANDARD" in request.node.name
        ):
            clouds.append(request.getfixturevalue("standard_apps"))
        for one in clouds:
            if one not in self._marks:
                self._marks[one] = balance.mark(one.cloud, one.places)
        self._tests.append((request.node.name, len(balance.ANSWERS)))

    def check(self) -> None:
        try:
            for apps, mark in self._marks.items():
                balance.orders(apps.cloud, apps.places, since=mark, copies=self.allowed.orders)
            for apps, mark in list(self._marks.items())[:1]:
                balance.reminders(apps.cloud, apps.places, since=mark, doubtful=self.allowed.reminders)
        except AssertionError as error:
            raise AssertionError(f"{error}\nThe tests that sent them: {self._senders(str(error))}") from None

    def _senders(self, problem: str) -> list[str]:
        """The tests whose requests and answers have an id that is in the problem."""
        ends = [*(first for _, first in self._tests[1:]), len(balance.ANSWERS)]
        sent = [
            (name, [f"{one.body} {one.answer}" for one in balance.ANSWERS[first:end]])
            for (name, first), end in zip(self._tests, ends, strict=True)
        ]
        ids = set(re.findall(r"T-[a-z]{12}|[0-9a-f]{8}-[0-9a-f-]{27}", problem))
        return [name for name, texts in sent if any(id in text for id in ids for text in texts)]
