"""Finds settings that two stages must not share, that a stage must not inherit, or that cannot work."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from aws_cdk import RemovalPolicy

from stacks.names import LAPTOP_STAGE
from stacks.stage import LAPTOP_ACCOUNT, WRITES_OF_AN_ORDER, Stage
from stacks.stage_fields import wrong_fields

MOST_WRITES = 40_000
"""Write units per second that DynamoDB gives a table, and more on request:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"""


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
        wrong = [*wrong_fields(stage)]
        # A wrong value cannot be compared with others.
        yield from wrong or _wrong_together(stage)


def _wrong_together(stage: Stage) -> Iterator[str]:
    """Settings of which each can work, but not together."""
    here = f"stacks/config.py: the stage {stage.name} has"
    if stage.throttle_rate < stage.load.requests_per_second:
        yield (
            f"stacks/config.py: with its `load` the stage {stage.name} needs a `throttle_rate` of "
            f"{stage.load.requests_per_second} or more, and has {stage.throttle_rate}: raise it, or lower the load"
        )
    if _of_the_laptop(stage) and (stage.name, stage.only_account) != (LAPTOP_STAGE, LAPTOP_ACCOUNT):
        yield (
            f"{here} `outbox`, `demo_users`, `figures_key`, `source_url` or `only_account` from the stage "
            f"{LAPTOP_STAGE}. These work only on the laptop cloud: set all five to None, or for {LAPTOP_STAGE} "
            "`only_account` to the laptop's"
        )
    if stage.cache and not stage.cache.encrypted_in_transit and stage.only_account != LAPTOP_ACCOUNT:
        yield (
            f"{here} cache.encrypted_in_transit=False, but only the laptop's cache works without TLS: set it to True"
        )
    if stage.deletion_protection and stage.removal_policy == RemovalPolicy.DESTROY:
        yield (
            f"{here} deletion_protection=True and removal_policy=DESTROY, so AWS would refuse to delete what "
            "CloudFormation deletes: set the policy to RETAIN, or the protection to False"
        )
    if stage.gradual and stage.name == LAPTOP_STAGE:
        yield f"{here} `gradual`, and the engine of the laptop cloud has no CodeDeploy: set `gradual` to None"
    yield from _impossible_times(stage, here)
    yield from _impossible_numbers(stage, here)


def _impossible_times(stage: Stage, here: str) -> Iterator[str]:
    if (hours := stage.hours_reminders_may_be_late) > 24 * (days := stage.days_reminders_are_kept):
        yield (
            f"{here} hours_reminders_may_be_late={hours}, but DynamoDB deletes a reminder after "
            f"days_reminders_are_kept={days}: lower the hours to {24 * days} or less, or raise the days"
        )
    if (minutes := stage.alarms.minutes_until_sent) > 60 * hours:
        yield (
            f"{here} alarms.minutes_until_sent={minutes}, but after hours_reminders_may_be_late={hours} a reminder is "
            f"no longer sent: lower the minutes to {60 * hours} or less"
        )


def _impossible_numbers(stage: Stage, here: str) -> Iterator[str]:
    most = 60 * stage.throttle_rate
    for name in ("least_requests", "requests_expected"):
        number = getattr(stage.alarms, name)
        if number is not None and number > most:
            yield (
                f"{here} alarms.{name}={number}, but its `throttle_rate` lets in at most {most} requests a minute: "
                "lower it, or raise the rate"
            )
    if stage.load.prepared and (writes := WRITES_OF_AN_ORDER * stage.load.busiest_orders) > MOST_WRITES:
        yield (
            f"{here} load.prepared=True, which needs {writes} write units a second for its orders, and a table has at "
            f"most {MOST_WRITES}: set it to False, or lower load.orders_per_second"
        )


def _of_the_laptop(stage: Stage) -> bool:
    has_a_path = bool(stage.source_url and stage.source_url.startswith("/"))
    for_the_page = stage.outbox or stage.demo_users or stage.figures_key or has_a_path
    return bool(for_the_page or stage.only_account == LAPTOP_ACCOUNT)


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
