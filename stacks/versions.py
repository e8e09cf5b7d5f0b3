"""Versions of workflows and functions, and the alias that callers use.

See decisions D221, D222 and D223.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from aws_cdk import CfnDeletionPolicy, CfnResource

from stacks.alarm import Alarm
from stacks.alarms import alarm_name
from stacks.stage import Gradual, Stage

LIVE = "live"
"""The name of the alias."""


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """How aliases of a stack move to new versions.

    `gradual` is None if they move at once. Otherwise they go back if one of `alarms`, which are names, goes off.
    """

    gradual: Gradual | None
    alarms: Sequence[str]

    @classmethod
    def of(cls, stage: Stage, *, stack: str, alarms: Iterable[Alarm]) -> Self:
        """The rollout of the stack with the id `stack`, which has `alarms`.

        The names of alarms are known, so aliases need no reference to alarms that need a reference to the workflows.
        """
        names = [alarm_name(stage, stack, alarm) for alarm in alarms if alarm.rolls_back]
        return cls(gradual=stage.gradual, alarms=names)


AT_ONCE = Rollout(gradual=None, alarms=())


def keep_older_versions(version: CfnResource) -> None:
    """Keeps the version that a later one replaces, so that the alias can go back to it.

    Versions are deleted together with their workflow or function.
    """
    version.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
    version.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
