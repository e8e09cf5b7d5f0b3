"""Checks the characters of texts that people read. Pure."""

import re
import unicodedata

HIDDEN = "#"

_LONGEST_NAME = 64

_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159")
"""Letters and symbols that show nothing: Hangul fillers, the blank Braille pattern and a note without a head."""

_INVISIBLE_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"))
"""Controls, format characters, marks that need a letter to stand on, and blanks."""

_UNASSIGNED_AND_IGNORED = (range(0x2065, 0x2066), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), without those in _INVISIBLE_CATEGORIES."""


def is_visible(text: str) -> bool:
    """Returns whether `text` contains a character that people can see.

    Blanks, format characters and lone accents are invisible. Other text may contain them: Persian, emoji of several
    people and text from right to left need them.
    """
    return any(_is_visible(one) for one in text)


def is_broken(text: str) -> bool:
    """Returns whether `text` contains U+FFFD, which stands for unreadable bytes, or half of a surrogate pair.

    See decision D060.
    """
    return any(one == "\ufffd" or "\ud800" <= one <= "\udfff" for one in text)


def has_noncharacter(text: str) -> bool:
    """Returns whether `text` contains a code point that Unicode never assigns to a character, such as U+1FFFE."""
    return any(ord(one) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(one) <= 0xFDEF for one in text)


def shown_name(name: str) -> str:
    """Returns a field's name in the form that an answer may repeat: shortened, with `#` for each digit.

    The caller may have sent a card number as a name. People's names and addresses, and their base64, are mostly longer
    than a field's name or have other characters. Then each letter is a `#`, too.
    """
    is_a_field = re.fullmatch(r"[\w.-]{1,20}", name) is not None
    return "".join(
        HIDDEN if one.isnumeric() or (one.isalpha() and not is_a_field) else one if one.isprintable() else "?"
        for one in name[:_LONGEST_NAME]
    )


def _is_visible(one: str) -> bool:
    if one.isascii():
        return one.isprintable() and one != " "
    return (
        unicodedata.category(one) not in _INVISIBLE_CATEGORIES
        and one not in _BLANK_LETTERS
        and not any(ord(one) in ignored for ignored in _UNASSIGNED_AND_IGNORED)
        and not has_noncharacter(one)
    )
