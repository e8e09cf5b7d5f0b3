"""Card numbers in places where none belong. Pure."""

import re
from collections.abc import Iterator

CARD_LIKE = "looks like a card number, which belongs into CC alone"

# How identifiers are written (UUID and digests without dashes), which hold long runs of digits now and then.
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{32,64}(?![0-9A-Za-z])")
_IN_ONE = r"(?<![0-9])(?:[3-6][0-9]|2[2-7])[0-9]{12,17}(?![0-9])"
_SEPARATOR = r"[^0-9A-Za-z]{1,2}"
_AS_PRINTED = (
    r"(?<![0-9A-Za-z])(?:[3-6][0-9]|2[2-7])[0-9]{2}"
    rf"(?:(?:{_SEPARATOR}[0-9]{{4}}){{3}}(?:{_SEPARATOR}[0-9]{{1,3}})?|{_SEPARATOR}[0-9]{{6}}{_SEPARATOR}[0-9]{{4,5}})"
    r"(?![0-9A-Za-z])"
)
_CARD = re.compile(f"{_IN_ONE}|{_AS_PRINTED}")
_LONG = re.compile(f"{_AS_PRINTED}|[0-9]{{13,}}")


def looks_like_card(text: str) -> bool:
    """Whether `text` holds what may be a card number: 14 to 19 digits, of any script, that begin as card numbers do.

    They count in one run, or in groups as cards print them (4-4-4-4, 4-6-5, 4-6-4). The first digits are 3 to 6 or
    22 to 27 (ISO/IEC 7812 gives the others to other trades). The check digit is not looked at: it would let nine
    in ten of an integrator's own numbers pass and refuse the tenth in production.
    """
    return bool(_CARD.search(_searchable(text)))


def without_cards(text: str) -> str:
    """`text` with what looks_like_card sees replaced by `#`: for people, who need to read other numbers."""
    return _hidden(text, _CARD.finditer(_searchable(text)))


def masked(text: str) -> str:
    """`text` with every run of 13 digits or more, and what looks_like_card sees, replaced by `#`: for logs.

    There a card number may stand among the digits of something else, and a number too many hidden costs little.
    """
    return _hidden(text, _LONG.finditer(_in_ascii_digits(text)))


def _hidden(text: str, places: Iterator[re.Match[str]]) -> str:
    kept, end = "", 0
    for place in places:
        kept += text[end : place.start()] + "#"
        end = place.end()
    return kept + text[end:]


def _searchable(text: str) -> str:
    """The same text, letter for letter, without the digits of identifiers."""
    return _HEXADECIMAL.sub(lambda identifier: "x" * len(identifier[0]), _in_ascii_digits(text))


def _in_ascii_digits(text: str) -> str:
    """The same text, letter for letter, with the digits of other scripts as 0 to 9."""
    return re.sub(r"\d", lambda digit: str(int(digit[0])), text)
