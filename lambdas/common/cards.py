"""Card numbers in places where none belong. Pure."""

import re

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


def looks_like_card(text: str) -> bool:
    """Whether `text` holds what may be a card number: 14 to 19 digits, of any script, that begin as card numbers do.

    They count in one run, or in groups as cards print them (4-4-4-4, 4-6-5, 4-6-4). The first digits are 3 to 6 or
    22 to 27 (ISO/IEC 7812 gives the others to other trades). The check digit is not looked at: it would let nine
    in ten of an integrator's own numbers pass and refuse the tenth in production.
    """
    return bool(_CARD.search(_HEXADECIMAL.sub("", _in_ascii_digits(text))))


def masked(text: str) -> str:
    """`text` with each run of 13 digits or more, and each card number as printed, replaced by `#`."""
    return re.sub(f"{_AS_PRINTED}|[0-9]{{13,}}", "#", _in_ascii_digits(text))


def _in_ascii_digits(text: str) -> str:
    return re.sub(r"\d", lambda digit: str(int(digit[0])), text)
