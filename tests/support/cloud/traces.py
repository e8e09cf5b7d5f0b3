"""Test cards that tell where they were planted, and the search for what is left of them."""

import base64
import hashlib
import html
import re
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

PIECE = 12
"""Digits: so many of a card number in a row are a trace of it, and its first six and last four are not."""

# Test cards of each brand begin like this, and have so many digits.
_BRANDS = [
    ("424242", 16),
    ("555555", 16),
    ("378282", 15),
    ("601111", 16),
    ("305693", 14),
    ("356600", 16),
    ("222300", 16),
    ("620000", 19),
]
_DIGITS = re.compile(r"[0-9](?:[^0-9A-Za-z]{0,2}[0-9])+")
_JSON = re.compile(r"\\+u([0-9A-Fa-f]{4})")
_ASCII = {code: str(int(chr(code))) for code in range(128, sys.maxunicode + 1) if chr(code).isdecimal()}
"""The digits of other scripts."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")


class Trace(NamedTuple):
    """A card number, or a part of one, that was found: from which plant and in which form. Never the number itself."""

    plant: str
    form: str


class Plants:
    """Card numbers that pass the checksum, another one for each place, the same in every run.

    `series` tells the numbers of one test from those of another in the same cloud.
    """

    def __init__(self, series: str) -> None:
        self._series = series
        self.cards: dict[str, str] = {}
        self._pieces: dict[str, str] = {}

    def card(self, place: str, *, digits: int | None = None) -> str:
        """The card of `place`, of the next brand, or of the next with so many digits; the same whenever asked for."""
        if place not in self.cards:
            brands = [brand for brand in _BRANDS if digits in (None, brand[1])]
            prefix, length = brands[len(self.cards) % len(brands)]
            seed = int(hashlib.sha256(f"{self._series}: {place}".encode()).hexdigest(), 16)
            body = prefix + str(seed)[-(length - len(prefix) - 1) :]
            self.cards[place] = card = body + _check_digit(body)
            self._pieces.update(dict.fromkeys(_pieces(card), place))
        return self.cards[place]

    def traces(self, written: str | bytes) -> set[Trace]:
        """What `written` holds of the planted cards.

        Found are digits in a row or in groups with up to two marks between them, of any script, plain or escaped as
        JSON, HTML and URLs do, and all that in base64 of either alphabet, wherever in it they begin.
        """
        text = written if isinstance(written, str) else written.decode("utf-8", errors="replace")
        forms: dict[str, str] = {}
        for form, view in _views(text):
            for plant in self._plants_in(view):
                forms.setdefault(plant, form)
        return {Trace(plant, form) for plant, form in forms.items()}

    def _plants_in(self, text: str) -> Iterator[str]:
        for run in _DIGITS.finditer(text):
            for piece in _pieces(re.sub("[^0-9]", "", run[0])):
                if piece in self._pieces:
                    yield self._pieces[piece]


def grouped(card: str, mark: str = " ") -> str:
    """`card` as it is printed: 4-6-5 or 4-6-4 digits on the shorter ones, groups of four on the others."""
    ends = [4, 10, len(card)] if len(card) < 16 else [*range(4, len(card), 4), len(card)]
    return mark.join(card[start:end] for start, end in zip([0, *ends], ends, strict=False))


def full_width(card: str) -> str:
    return card.translate({ord("0") + n: 0xFF10 + n for n in range(10)})


def json_escaped(card: str) -> str:
    return "".join(f"\\u{ord(digit):04x}" for digit in card)


def _check_digit(body: str) -> str:
    doubled = (int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(reversed(body)))
    return str(-sum(n - 9 if n > 9 else n for n in doubled) % 10)


def _pieces(digits: str) -> Iterable[str]:
    return (digits[start : start + PIECE] for start in range(len(digits) - PIECE + 1))


def _views(text: str) -> Iterator[tuple[str, str]]:
    """`text` in each form in which it may be read."""
    yield "plain", _in_ascii_digits(text)
    plain = _unescaped(text)
    if plain != text:
        yield "escaped", _in_ascii_digits(plain)
    for run in _BASE64.findall(plain):
        standard = run.replace("-", "+").replace("_", "/")
        for start in range(4):
            whole = standard[start : len(standard) - (len(standard) - start) % 4]
            decoded = base64.b64decode(whole).decode("utf-8", errors="replace")
            yield "base64", _in_ascii_digits(_unescaped(decoded))


def _unescaped(text: str) -> str:
    """`text` without the escapes of JSON, URLs and HTML, also where they are escaped in turn."""
    while (plain := html.unescape(unquote(_JSON.sub(lambda escape: chr(int(escape[1], 16)), text)))) != text:
        text = plain
    return text


def _in_ascii_digits(text: str) -> str:
    return text if text.isascii() else text.translate(_ASCII)
