"""Names that no other test uses."""

import random
import string

_RANDOM = random.SystemRandom()


def unique(start: str = "", *, length: int = 12) -> str:
    """Returns `start` and `length` random letters.

    Letters only: 1 in 10,000 random hexadecimal texts of 32 digits contains the digits of a card number,
    and the apps refuse it.
    """
    return start + "".join(_RANDOM.choices(string.ascii_lowercase, k=length))
