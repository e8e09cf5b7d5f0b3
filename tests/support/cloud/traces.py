"""Test card numbers that show where they were planted, and a search for their traces. See decision D032."""

import base64
import functools
import hashlib
import html
import itertools
import re
import sys
import unicodedata
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
_DIGITS = re.compile(r"[0-9](?:(?:[^0-9A-Za-z]{0,3}|\s{4,20})[0-9]){11,}")
_JSON = re.compile(r"\\+u([0-9A-Fa-f]{4})")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_ASCII = {
    code: str(int(number))
    for code in range(128, sys.maxunicode + 1)
    if unicodedata.category(chr(code)) in ("Nd", "No") and (number := unicodedata.numeric(chr(code))) in range(10)
}
"""The digits of other scripts and styles, such as `٤` and `④`."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile("(?:3[0-9]){12,}")
_NO_DIGITS = bytes(byte for byte in range(256) if not 48 <= byte <= 57)


class Trace(NamedTuple):
    """A card number, or a part of it, that was found: where it was planted, and its form. It never has the number."""

    plant: str
    form: str


class Plants:
    """Card numbers that pass the checksum. Each place has a different one, which is the same in every run.

    Tests that share a cloud use different `series`, so that their numbers differ. `piece` digits in a row are a trace.
    With very many cards it should be more than PIECE: otherwise ids and times match a piece by chance.
    """

    def __init__(self, series: str, *, piece: int = PIECE) -> None:
        self._series = series
        self._piece = piece
        self.cards: dict[str, str] = {}
        self._pieces: dict[str, str] = {}

    def card(self, place: str, *, digits: int | None = None) -> str:
        """The card of `place`, the same at each call. A new card has the next brand (with this number of digits)."""
        if place not in self.cards:
            brands = [brand for brand in _BRANDS if digits in (None, brand[1])]
            prefix, length = brands[len(self.cards) % len(brands)]
            for attempt in itertools.count():
                series = f"{self._series} {attempt}" if attempt else self._series
                seed = int(hashlib.sha256(f"{series}: {place}".encode()).hexdigest(), 16)
                body = prefix + str(seed)[-(length - len(prefix) - 1) :]
                if self.plant(place, body + _check_digit(body)):
                    break
        return self.cards[place]

    def plant(self, place: str, card: str) -> bool:
        """Makes `card` the number of `place`. Returns False if another place has a number with the same piece."""
        pieces = list(self._pieces_of(card))
        if any(piece in self._pieces for piece in pieces):
            return False
        self.cards[place] = card
        self._pieces.update(dict.fromkeys(pieces, place))
        return True

    def traces(self, written: str | bytes) -> set[Trace]:
        """The traces of planted cards in `written`.

        It finds digits of any script and style, in a row, or with up to three marks or 20 blanks between them. They may
        be plain or escaped for JSON, HTML or URLs, or be written in hexadecimal. All of this may be encoded in base64,
        once or more often, with either alphabet and at any offset.
        """
        forms: dict[str, str] = {}
        for form, view in views(written):
            for plant in self.plants_in(view):
                forms.setdefault(plant, form)
        return {Trace(plant, form) for plant, form in forms.items()}

    def plants_in(self, view: str) -> Iterator[str]:
        """The plants in one view of a text. See `views`."""
        for run in _DIGITS.finditer(view if view.isascii() else view.translate(_ASCII)):
            for piece in self._pieces_of(re.sub("[^0-9]", "", run[0])):
                if piece in self._pieces:
                    yield self._pieces[piece]

    def _pieces_of(self, digits: str) -> Iterable[str]:
        return (digits[start : start + self._piece] for start in range(len(digits) - self._piece + 1))


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


def views(written: str | bytes) -> Iterator[tuple[str, str]]:
    """The forms in which data can be read: plain, without escapes, and decoded from hexadecimal or base64."""
    text = written if isinstance(written, str) else written.decode("utf-8", errors="replace")
    yield "plain", text
    plain = unescaped(text)
    if plain != text:
        yield "escaped", plain
    for run in _HEX.findall(plain):
        yield "hexadecimal", bytes.fromhex(run).decode()
    for run in _BASE64.findall(plain):
        yield from (("base64", decoded) for decoded in _decoded(run))


@functools.lru_cache(maxsize=100_000)
def _decoded(run: str) -> tuple[str, ...]:
    """What a run of base64 may mean, at each of its four offsets. Without enough digits or letters it is left out."""
    standard, found = run.replace("-", "+").replace("_", "/"), []
    for start in range(4):
        # A single last character encodes nothing.
        whole = standard[start:] if (len(standard) - start) % 4 != 1 else standard[start:-1]
        decoded = base64.b64decode(whole + "=" * (-len(whole) % 4))
        text = decoded.decode("utf-8", errors="replace")
        # Either the digits of a card number, or mostly text.
        if len(decoded.translate(None, _NO_DIGITS)) >= PIECE or text.count("\ufffd") * 4 <= len(text):
            found.append(plain := unescaped(text))
            # A part of the run is shorter, so this ends.
            found += [inner for part in _BASE64.findall(plain) for inner in _decoded(part)]
    return tuple(found)


def unescaped(text: str) -> str:
    """Removes the escapes of JSON, URLs and HTML, including nested escapes."""
    while (plain := html.unescape(unquote(_without_json(text)))) != text:
        text = plain
    return text


def _without_json(text: str) -> str:
    """Removes the escapes of JSON, which writes some characters as two escapes."""
    read = _JSON.sub(lambda escape: chr(int(escape[1], 16)), text)
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), read)
