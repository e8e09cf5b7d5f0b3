"""Invented people whose names, e-mail addresses and phone numbers can be found again in any text."""

import random
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.corpora.encodings import in_base64, json_escaped, percent
from tests.support.cloud.traces import Plants, views

NAME, ADDRESS, NUMBER = "name", "address", "number"
MARKS = {"n": NAME, "a": ADDRESS}
_FIRST = ["Ada", "Zoë", "Łukasz", "José", "Siobhán", "Jürgen", "Anna-Lena", "D'Arcy"]
_MARK = re.compile("qz([na])([a-z]{10})", re.IGNORECASE)

FORMS: Mapping[str, Callable[[str], str]] = {
    "raw": str,
    "in capitals": str.upper,
    "in a sentence": "call {} today".format,
    "percent-encoded": percent,
    "JSON-escaped": json_escaped,
    "HTML": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "base64": in_base64,
    "as JSON": '{{"who": "{}"}}'.format,
}


@dataclass(frozen=True)
class Person:
    name: str
    address: str
    number: str
    """In E.164. The country is followed by a range that no timestamp begins with."""


class People:
    """Makes people, and finds their data in texts. The same seed makes the same people."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self._marks: dict[tuple[str, str], str] = {}
        # All 12 digits of a number are one piece.
        self._numbers = Plants(seed, piece=12)
        self.count = 0

    def new(self) -> Person:
        random = self.random
        self.count += 1
        name, address = ("".join(random.choices(string.ascii_lowercase, k=10)) for _ in range(2))
        first = random.choice(_FIRST)
        person = Person(
            f"{first} Qzn{name}",
            f"qza{address}@example.com",
            f"+44770{random.randrange(10**7):07}",
        )
        self._marks[NAME, name] = self._marks[ADDRESS, address] = person.address
        self._numbers.plant(person.address, person.number[1:])
        return person

    def traces(self, written: str | bytes) -> set[tuple[str, str]]:
        """The people in `written`, by their addresses, and what there is of each: NAME, ADDRESS or NUMBER."""
        return {found for _, view in views(written) for found in self.in_view(view)}

    def in_view(self, view: str) -> Iterator[tuple[str, str]]:
        for mark in _MARK.finditer(view):
            what = MARKS[mark[1].lower()]
            if owner := self._marks.get((what, mark[2].lower())):
                yield owner, what
        yield from ((owner, NUMBER) for owner in self._numbers.plants_in(view))
