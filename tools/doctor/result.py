"""The answer of a check."""

from typing import Literal, NamedTuple, TypeAlias

State: TypeAlias = Literal["ok", "limited", "problem", "unknown"]


class Result(NamedTuple):
    """The answer of a check. `limited` means that it works within limits; `unknown` means that AWS does not say."""

    state: State
    found: str
    advice: str = ""
    """What to do."""
