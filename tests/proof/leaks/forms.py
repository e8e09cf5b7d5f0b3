"""The forms in which a card number is written into a text."""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from urllib.parse import quote

from tests.corpora.cards import SCRIPTS, SEPARATORS, STYLES
from tests.corpora.encodings import ENCODED, in_base64, in_script, json_escaped, percent, printed

Form = Callable[[str], str]

WORDS = "zero one two three four five six seven eight nine".split()


def in_style(style: str, card: str) -> str:
    return "".join(style[int(one)] for one in card)


PLAIN: Mapping[str, Form] = {
    "raw": str,
    "among letters": "x{}aaaa".format,
    "in a sentence": "my card is {}, thanks".format,
    "beside other numbers": "3 lamps, card {} exp".format,
    **{f"printed groups, {ascii(one)}": partial(printed, separator=one) for one in SEPARATORS},
    **{f"digit by digit, {ascii(one)}": one.join for one in SEPARATORS if one not in (", ", "\u200b")},
    "digit by digit, ', '": ", ".join,
    "pairs of digits": lambda card: " ".join(card[at : at + 2] for at in range(0, len(card), 2)),
    "in halves": lambda card: f"{card[:8]} - {card[8:]}",
}
"""Digits from 0 to 9. They count wherever somebody writes free text."""

SCRIPTED: Mapping[str, Form] = {
    **{f"{name} digits": partial(in_script, zero) for name, zero in SCRIPTS.items()},
    **{f"{style[2]} digits": partial(in_style, style) for style in STYLES},
    "full-width groups": lambda card: printed(in_script(0xFF10, card)),
    "keycaps": lambda card: "".join(f"{one}\ufe0f\u20e3" for one in card),
    "invisible marks": lambda card: "\u2060".join(card),
}
"""Digits of other scripts and styles."""

REVERSED = "reversed"

HIDDEN: Mapping[str, Form] = {
    "in words": lambda card: " ".join(WORDS[int(one)] for one in card),
    "letters between the digits": "a".join,
    "within a longer number": lambda card: f"1{card}{card[::-1]}77",
    "groups with different separators": lambda card: f"{card[:5]} {card[5:9]}-{card[9:]}",
    REVERSED: lambda card: card[::-1],
}
"""A card number that somebody has hidden by hand. These forms do not count: docs/card-numbers.md, decision D252."""

_IN_WORDS = re.compile(f"(?:{'|'.join(WORDS)})(?: (?:{'|'.join(WORDS)})){{12,}}")
_WITH_LETTERS = re.compile("[0-9](?:a[0-9]){12,}")


def revealed(text: str) -> Iterator[str]:
    """The digits that `text` has in words, or with letters between them."""
    for run in _IN_WORDS.findall(text):
        yield "".join(str(WORDS.index(word)) for word in run.split(" "))
    for run in _WITH_LETTERS.findall(text):
        yield run.replace("a", "")


FORMS: Mapping[str, Form] = {**PLAIN, **SCRIPTED, **ENCODED, **HIDDEN}

LEAKS: Mapping[str, Form] = {
    "raw": str,
    "spaced": printed,
    "dashed": partial(printed, separator="-"),
    "digit by digit": " ".join,
    "full-width": partial(in_script, 0xFF10),
    "base64": in_base64,
    "base64 of a text": lambda card: in_base64(f'x{{"CC": "{card}"}}'),
    "percent-encoded": percent,
    "percent-encoded full-width": lambda card: quote(in_script(0xFF10, card)),
    "JSON-escaped": json_escaped,
    "HTML": lambda card: html.escape("".join(f"&#{ord(one)};" for one in card)),
    "cut off": lambda card: card[:13],
}
"""The forms of the leaks that test the search itself."""
