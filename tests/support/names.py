"""Names that no other test uses."""

import random
import string

_RANDOM = random.SystemRandom()


def unique(start: str = "", *, length: int = 12) -> str:
    """Returns `start` and `length` random letters.

    Digits are left out: 1 in 10,000 random hexadecimal texts of 32 digits contains the digits of a card number.
    The apps refuse these texts.
    """
    return start + "".join(_RANDOM.choices(string.ascii_lowercase, k=length))
