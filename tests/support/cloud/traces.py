"""Test card numbers that show where they were planted, and a search for their traces. See decision D032."""

import base64
import hashlib
import html
import re
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

PIECE = 12
"""This many digits of a card number in a row are a trace. The first six and last four digits are not."""

# The first digits of each brand's test cards, and their length.
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
    """A card number, or a part of it, that was found: where it was planted, and its form. It never has the number."""

    plant: str
    form: str


class Plants:
    """Card numbers that pass the checksum. Each place has a different one, which is the same in every run.

    Tests that share a cloud use different `series`, so that their numbers differ.
    """

    def __init__(self, series: str) -> None:
        self._series = series
        self.cards: dict[str, str] = {}
        self._pieces: dict[str, str] = {}

    def card(self, place: str, *, digits: int | None = None) -> str:
        """The card of `place`, the same at each call. A new card has the next brand (with this number of digits)."""
        if place not in self.cards:
            brands = [brand for brand in _BRANDS if digits in (None, brand[1])]
            prefix, length = brands[len(self.cards) % len(brands)]
            seed = int(hashlib.sha256(f"{self._series}: {place}".encode()).hexdigest(), 16)
            body = prefix + str(seed)[-(length - len(prefix) - 1) :]
            self.cards[place] = card = body + _check_digit(body)
            self._pieces.update(dict.fromkeys(_pieces(card), place))
        return self.cards[place]

    def traces(self, written: str | bytes) -> set[Trace]:
        """The traces of planted cards in `written`.

        It finds digits of any script, in a row or with up to two marks between them. They may be plain or escaped for
        JSON, HTML or URLs, and all of this may be encoded in base64, with either alphabet and at any offset.
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
    """`card` in the groups printed on cards: 4-6-5 or 4-6-4 if it has fewer than 16 digits, otherwise fours."""
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
    """The forms in which `text` can be read: plain, without escapes, and decoded from base64."""
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
    """Removes the escapes of JSON, URLs and HTML, including nested escapes."""
    while (plain := html.unescape(unquote(_JSON.sub(lambda escape: chr(int(escape[1], 16)), text)))) != text:
        text = plain
    return text


def _in_ascii_digits(text: str) -> str:
    return text if text.isascii() else text.translate(_ASCII)
