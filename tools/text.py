"""Text of others, made safe to print: on a terminal, and in a log that keeps what was printed."""

import os
import unicodedata

from common.cards import without_cards

_UNSAFE = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
"""Unicode categories that move the cursor, turn the direction of writing, or show nothing at all."""


def printable(value: object) -> str:
    """`value` as one line, without card numbers, control characters and those that nobody sees."""
    return without_cards("".join(_escaped(character) for character in str(value)))


def in_utf8(argument: str) -> str:
    """An argument of the command line whose bytes are UTF-8, also if the locale has another encoding."""
    try:
        return os.fsencode(argument).decode()
    except UnicodeError:
        return argument


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
