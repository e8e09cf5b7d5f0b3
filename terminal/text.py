"""Texts for a terminal or a log: text from outside that is safe to print, and counts in words."""

import os
import unicodedata

from common.cards import without_cards

_UNSAFE = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
"""Unicode categories that move the cursor, change the direction of writing, or are invisible."""


def printable(value: object) -> str:
    """`value` on one line, without card numbers. Control characters and invisible characters are escaped."""
    return without_cards("".join(_escaped(character) for character in str(value)))


def counted(number: int, one: str) -> str:
    """`1 order`, `2 orders`."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def in_utf8(argument: str) -> str:
    """An argument of the command line, decoded as UTF-8 even if the locale has another encoding."""
    try:
        return os.fsencode(argument).decode()
    except UnicodeError:
        return argument


def as_path(argument: str) -> str:
    """The name of a file in an argument that `in_utf8` has decoded, as this locale writes it."""
    return os.fsdecode(argument.encode(errors="surrogateescape"))


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
