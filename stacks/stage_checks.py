"""Finds settings that two stages must not share, that a stage must not inherit, or that cannot work."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from aws_cdk.aws_lambda import ApplicationLogLevel

from orders.retention import MESSAGE_DAYS
from stacks.names import LAPTOP_STAGE
from stacks.stage import LAPTOP_ACCOUNT, Stage

SLOWEST_RATE, FASTEST_RATE = 0.1, 1_000
"""Messages per second. A slower pause would not fit into one call of `SendReminder`. A faster rate would need more
instances of the function than a new account may run."""

LONGEST_WINDOW = 300
"""Seconds. https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"""

GRADUAL = {"percent": 99, "minutes": 2100}
"""The most that CloudFormation accepts for an alias of a workflow. CodeDeploy accepts more minutes.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-stepfunctions-statemachinealias-deploymentpreference.html"""

FEWEST_DAYS = 30
"""The shortest time that orders can be kept: more than twice the time of a message."""


class InvalidStageError(ValueError):
    """The CDK context has an unknown stage or setting, or a stage has a mistake.

    The message says what to do.
    """


def check_stages(stages: Iterable[Stage]) -> None:
    """Raises InvalidStageError if `mistakes` finds one."""
    if found := [*mistakes(stages)]:
        raise InvalidStageError("\n".join(found))


def mistakes(stages: Iterable[Stage]) -> Iterator[str]:
    """One message for each setting that two stages must not share, that a stage must not inherit, or that cannot work.

    Each message says what to do.
    """
    stages = [*stages]
    for one, other in combinations(stages, 2):
        if one.name == other.name:
            yield f"stacks/config.py: two stages have the name {one.name!r}: give one of them another `name`"
        elif _may_share_an_account(one, other):
            yield from _conflicts(one, other)
    for stage in stages:
        if stage.throttle_rate < stage.load.requests_per_second:
            yield (
                f"stacks/config.py: with its `load` the stage {stage.name} needs a `throttle_rate` of "
                f"{stage.load.requests_per_second} or more, and has {stage.throttle_rate}: raise it, or lower the load"
            )
    for stage in stages:
        if stage.name != LAPTOP_STAGE and _of_the_laptop(stage):
            yield (
                f"stacks/config.py: the stage {stage.name} has `outbox`, `demo_users`, `figures_key`, `source_url` "
                f"or `only_account` from the stage {LAPTOP_STAGE}. These work only on the laptop cloud: set all "
                "five to None"
            )
        yield from _impossible_rates(stage)
        yield from _impossible_logs(stage)
        yield from _impossible_limits(stage)
        yield from _impossible_rollout(stage)
        if not 1 <= (seconds := stage.seconds_watched_at_once) <= LONGEST_WINDOW:
            yield (
                f"stacks/config.py: the stage {stage.name} has seconds_watched_at_once={seconds}: set it to a number "
                f"from 1 to {LONGEST_WINDOW}, the longest batching window of Lambda"
            )
        if (days := stage.days_orders_are_kept) is not None and days < FEWEST_DAYS:
            yield (
                f"stacks/config.py: the stage {stage.name} has days_orders_are_kept={days}: set it to {FEWEST_DAYS} or "
                f"more, because messages about an order may wait for {MESSAGE_DAYS} days, or to None"
            )


def _of_the_laptop(stage: Stage) -> bool:
    has_a_path = bool(stage.source_url and stage.source_url.startswith("/"))
    for_the_page = stage.outbox or stage.demo_users or stage.figures_key or has_a_path
    return bool(for_the_page or stage.only_account == LAPTOP_ACCOUNT)


def _impossible_rates(stage: Stage) -> Iterator[str]:
    for name in ("mails_per_second", "texts_per_second", "publishes_per_second"):
        if not SLOWEST_RATE <= getattr(stage, name) <= FASTEST_RATE:
            yield (
                f"stacks/config.py: the stage {stage.name} has {name}={getattr(stage, name)}: set it to a number from "
                f"{SLOWEST_RATE} to {FASTEST_RATE}"
            )


def _impossible_logs(stage: Stage) -> Iterator[str]:
    for name in ("debug_sample", "traces_sampled"):
        if not 0 <= getattr(stage, name) <= 1:
            yield (
                f"stacks/config.py: the stage {stage.name} has {name}={getattr(stage, name)}: set it to a share, "
                "from 0 to 1"
            )
    if stage.log_level in (ApplicationLogLevel.TRACE, ApplicationLogLevel.DEBUG):
        yield (
            f"stacks/config.py: the stage {stage.name} has log_level={stage.log_level.value}, with which libraries log "
            "the bodies of their calls: set it to INFO, and `debug_sample` to 1"
        )


def _impossible_limits(stage: Stage) -> Iterator[str]:
    for field, least in (("reminders_waiting", 1), ("reminders_a_day", 1), ("texts_a_day", 0)):
        limit = getattr(stage.limits, field)
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < least:
            yield (
                f"stacks/config.py: the stage {stage.name} has limits.{field}={limit}: set it to a whole number, "
                f"{least} or more"
            )


def _impossible_rollout(stage: Stage) -> Iterator[str]:
    if not stage.gradual:
        return
    if stage.name == LAPTOP_STAGE:
        yield (
            f"stacks/config.py: the stage {stage.name} has `gradual`, and the engine of the laptop cloud has no "
            "CodeDeploy: set `gradual` to None"
        )
    for field, most in GRADUAL.items():
        value = getattr(stage.gradual, field)
        if type(value) is not int or not 1 <= value <= most:
            yield (
                f"stacks/config.py: the stage {stage.name} has gradual.{field}={value}: set it to a whole number from "
                f"1 to {most}, or `gradual` to None"
            )


def _may_share_an_account(one: Stage, other: Stage) -> bool:
    accounts = {one.only_account, other.only_account}
    # A stage without `only_account` may be deployed to any AWS account, but not to the laptop cloud.
    return len(accounts) == 1 or (None in accounts and LAPTOP_ACCOUNT not in accounts)


def _conflicts(one: Stage, other: Stage) -> Iterator[str]:
    both = f"stacks/config.py: the stages {one.name} and {other.name} may share an account, and both have"
    if one.notify_parameter == other.notify_parameter:
        yield f"{both} the `notify_parameter` {one.notify_parameter!r}: give one of them another name"
    if one.sender == other.sender and one.sender_identity == other.sender_identity == "new":
        yield f"{both} the `sender` {one.sender!r}, which SES registers only once: give one of them another address"
