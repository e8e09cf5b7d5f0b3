"""What a check of a deployed stage is, and its outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tools.verify.run import Run

Verdict: TypeAlias = Literal["ok", "failed", "differs", "left out"]
"""`differs`: the laptop cloud does not do what AWS does, and docs/local.md says so."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that a deployed stage has to do."""

    name: str

    says: str
    """What holds, in one sentence."""

    advice: str
    """What to do if the check fails."""

    look: Callable[[Run], str]
    """Looks, and returns what it found. Raises FailedError, LeftOutError, or an error of AWS."""

    uses: Mapping[str, float] = field(default_factory=dict)
    """How often it takes each path of costs/budgets.json, or uses each unit of costs/prices.json."""

    seconds: float = 3
    """How long it takes on AWS, estimated."""

    differs: str = ""
    """The test that a row of docs/local.md names, if the laptop cloud fails this check."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a check found."""

    check: Check
    verdict: Verdict
    found: str
    seconds: float
