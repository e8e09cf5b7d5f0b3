"""Card numbers in places where none belong. Pure."""

import re
from collections.abc import Iterator

CARD_LIKE = "looks like a card number, which belongs into CC alone"

_BEGINNING = "(?:[3-6][0-9]|2[2-7])"
_SEPARATOR = r"[^0-9A-Za-z]{1,2}"
_IN_ONE = rf"(?<![0-9]){_BEGINNING}[0-9]{{12,17}}(?![0-9])"
_AS_PRINTED = (
    rf"(?<![0-9A-Za-z]){_BEGINNING}[0-9]{{2}}"
    rf"(?:(?:{_SEPARATOR}[0-9]{{4}}){{3}}(?:{_SEPARATOR}[0-9]{{1,3}})?|{_SEPARATOR}[0-9]{{6}}{_SEPARATOR}[0-9]{{4,5}})"
    r"(?![0-9A-Za-z])"
)
_CARD = re.compile(f"{_IN_ONE}|{_AS_PRINTED}")
_ANYHOW = [re.compile(rf"[0-9](?:[^0-9A-Za-z]{{0,{most}}}[0-9]){{13,}}") for most in (3, 2, 1)]
"""Digits with other characters between them. Further digits with wider gaps do not hide a card number."""
_APART = re.compile("[0-9](?:[^0-9A-Za-z]{1,3}[0-9]){13,}")
_LENGTHS = range(14, 20)
_MOST_APART = 20
"""The most separated digits that are searched for a card number. The workflow has five seconds for its whole search."""
_LONG = re.compile(rf"{_ANYHOW[0].pattern}|[0-9]{{13,}}")
_IDENTIFIER = re.compile(r"(?=.*[A-Fa-f])(?:[0-9A-Fa-f]{32,64}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})")


def looks_like_card(text: str) -> bool:
    """Whether `text` holds what may be a card number: 14 to 19 digits, of any script, that begin as card numbers do.

    In one run, or in groups as cards print them (4-4-4-4, 4-6-5, 4-6-4), they count with any check digit: a rule that
    lets nine in ten of an integrator's own numbers pass refuses the tenth in production. Grouped in any other way, as
    dates and lists of numbers are, they count only if the check digit of the whole is right. If each digit stands
    alone, the number may begin and end at any digit, and more than 20 such digits always count.
    The first digits are 3 to 6 or 22 to 27; ISO/IEC 7812 gives the others to other trades.
    """
    return bool(_places(text))


def is_identifier(text: str) -> bool:
    """Whether `text` is a UUID or a digest in hexadecimal, which hold long runs of digits now and then."""
    return bool(_IDENTIFIER.fullmatch(text))


def without_cards(text: str) -> str:
    """`text` with what looks_like_card sees replaced by `#`: for people, who need to read other numbers."""
    return text if is_identifier(text) else _hidden(text, iter(_places(text)))


def masked(text: str) -> str:
    """`text` with every run of 13 digits or more, broken up or not, replaced by `#`: for logs.

    In a log a card number may stand among other digits, and hiding one number too many costs little.
    """
    return _hidden(text, (found.span() for found in _LONG.finditer(_in_ascii_digits(text))))


def _places(text: str) -> list[tuple[int, int]]:
    """Where card numbers begin and end, in order and apart."""
    found: list[tuple[int, int]] = []
    # The original text too: a whole card number in 0 to 9 may stand next to digits of another script.
    for written in {text, _in_ascii_digits(text)}:
        found += [place.span() for place in _CARD.finditer(written)]
        found += [
            place.span() for anyhow in _ANYHOW for place in anyhow.finditer(written) if _is_card(_digits(place[0]))
        ]
        found += _apart(written)
    apart: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if apart and begin < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((begin, end))
    return apart


def _apart(text: str) -> list[tuple[int, int]]:
    """Where digits stand alone in a row, as many as a card has; also where there are more than _MOST_APART."""
    found: list[tuple[int, int]] = []
    for run in _APART.finditer(text):
        places = [run.start() + digit.start() for digit in re.finditer("[0-9]", run[0])]
        if len(places) > _MOST_APART:
            found.append(run.span())
            continue
        for length in _LENGTHS:
            parts = [(places[at], places[at + length - 1] + 1) for at in range(len(places) - length + 1)]
            found += [(begin, end) for begin, end in parts if _is_card(_digits(text[begin:end]))]
    return found


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _is_card(digits: str) -> bool:
    return bool(re.fullmatch(f"{_BEGINNING}[0-9]{{12,17}}", digits)) and passes_luhn(digits)


def passes_luhn(digits: str) -> bool:
    """Whether the last of `digits` is their check digit. ISO/IEC 7812-1 annex B; zeros alone pass, too."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _hidden(text: str, places: Iterator[tuple[int, int]]) -> str:
    kept, last = "", 0
    for begin, end in places:
        kept += text[last:begin] + "#"
        last = end
    return kept + text[last:]


def _in_ascii_digits(text: str) -> str:
    """The same text, letter for letter, with the digits of other scripts as 0 to 9."""
    return re.sub(r"\d", lambda digit: str(int(digit[0])), text)
