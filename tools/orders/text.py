"""Text of others, made safe to print: on a terminal, and in a log that keeps what was printed."""

import re
import unicodedata

HIDDEN = "…"
# Digits of every script: to a reader they are digits.
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_UNSAFE = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
"""Unicode categories that move the cursor, turn the direction of writing, or show nothing at all."""


def printable(value: object) -> str:
    """`value` as one line: control and invisible characters escaped, of each card number the last four digits alone."""
    return without_cards("".join(_escaped(character) for character in str(value)))


def without_cards(text: str) -> str:
    """`text` with each number that could be a card's (13 to 19 digits and a right check digit) cut to its last four."""
    return _CARD.sub(lambda found: HIDDEN + found[0][-4:] if _passes_luhn(found[0]) else found[0], text)


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number) if digit not in " -"]
    return (sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0
