"""Stages are data: whatever differs between laptop, development and production is a field here.

Stacks read fields (`removal_policy=stage.removal_policy`), never the stage's name.

`PROD` is written out, and every other stage is derived from it. So a stage that forgets a field is strict: it keeps its
data. `mistakes` finds what a stage must not inherit. To add a stage, derive it from `PROD`, add it to `ALL_STAGES`, and
run `pytest tests/stacks`: the failures name the other places.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays
from aws_cdk.aws_stepfunctions import StateMachineType

from stacks.names import DEFAULT_STAGE

LAPTOP_ACCOUNT = "000000000000"
"""The laptop cloud's account. It does not exist on AWS."""

_ADDRESS = r"[^@\s<>,;]+@([a-z0-9-]+\.)+[a-z0-9-]+"
_FOR_EXAMPLES = (
    r"(.*[.@])?(example\.(com|net|org)|(home\.)?arpa|alt|example|internal|invalid|local|localhost|onion|test)"
)
"""Domains that nobody can own: https://www.iana.org/assignments/special-use-domain-names, and ICANN's `internal`."""


class InvalidStageError(ValueError):
    """The CDK context names a stage or a setting that does not exist, or a stage of this module has a mistake.

    The message says what to do.
    """


@dataclass(frozen=True, kw_only=True)
class CacheSettings:
    """The Redis cache in front of the order table. `None` in its place means no cache and no VPC at all."""

    node_type: str
    """ElastiCache node type, of which two run: a primary and its replica."""

    encrypted_in_transit: bool
    """TLS, and sign-in by IAM, which ElastiCache offers only over TLS."""

    budget_ms: int = 250
    """Milliseconds that a cache which does not answer may add to a lookup."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One deployment of both apps."""

    name: str

    removal_policy: RemovalPolicy
    """What `cdk destroy` does with the table and the encryption key."""

    deletion_protection: bool
    """Whether the order table refuses to be deleted."""

    log_retention: RetentionDays

    cache: CacheSettings | None

    order_workflow_type: StateMachineType
    """EXPRESS costs about a tenth per order; STANDARD keeps each execution's history for 90 days."""

    card_rule: Literal["length", "luhn"]
    """`length`: 16 digits. `luhn`: the checksum as well."""

    allowed_origin: str
    """The web origin that browsers may call the APIs from. `*` is any: who has no token is refused wherever they are,
    and no browser adds one by itself. The page's own address is known only after the APIs are deployed."""

    allowed_emails: tuple[str, ...]
    """Whom anybody signed in may have reminders mailed to, besides themselves."""

    allowed_phones: tuple[str, ...]
    """The same for texts, in E.164."""

    throttle_rate: int
    """Requests per second that each API accepts, sustained."""

    throttle_burst: int

    sender: str
    """Address that reminder e-mails come from. SES asks its owner to confirm it once, by e-mail, after the deploy."""

    sender_identity: Literal["new", "existing"]
    """`new`: the deployment registers the sender with SES, which it can do only once per account and region.
    `existing`: SES knows the sender, or its domain, already."""

    days_reminders_are_kept: int
    """After they were due; then they leave the list."""

    hours_reminders_may_be_late: int
    """How late a reminder whose execution was lost may still be sent; after that it fails. A day is long enough to
    outlast a fault during one night. A later reminder would mislead."""

    notify_parameter: str
    """Name of the SSM parameter that holds the reminder topic's ARN. It is not generated, because existing scripts look
    for `notifyme`. Stages that may share an account need different names."""

    example_consumer: bool
    """Whether the example of a downstream application empties the fulfillment queue."""

    only_account: str | None
    """The one account that CloudFormation deploys this stage to; None if any will do."""

    outbox: str | None
    """Path on the page's own host under which it reads what was mailed, texted and queued; None if the page does not
    show that. Only the laptop cloud's stage has one, because it shows everybody every mail."""

    @property
    def has_usable_sender(self) -> bool:
        """Whether somebody can confirm the sender to SES. The laptop cloud confirms any."""
        return bool(self.outbox) or is_address(self.sender)


PROD = Stage(
    name="prod",
    removal_policy=RemovalPolicy.RETAIN,
    deletion_protection=True,
    log_retention=RetentionDays.THREE_MONTHS,
    cache=CacheSettings(node_type="cache.t4g.small", encrypted_in_transit=True),
    order_workflow_type=StateMachineType.EXPRESS,
    card_rule="length",
    allowed_origin="*",
    allowed_emails=(),
    allowed_phones=(),
    throttle_rate=500,
    throttle_burst=1000,
    sender="reminders-prod@example.com",
    sender_identity="new",
    days_reminders_are_kept=30,
    hours_reminders_may_be_late=24,
    notify_parameter="notifyme",
    example_consumer=False,
    only_account=None,
    outbox=None,
)

DEV = replace(
    PROD,
    name="dev",
    removal_policy=RemovalPolicy.DESTROY,
    deletion_protection=False,
    log_retention=RetentionDays.ONE_WEEK,
    cache=CacheSettings(node_type="cache.t4g.micro", encrypted_in_transit=True),
    throttle_rate=50,
    throttle_burst=100,
    sender="reminders-dev@example.com",
    notify_parameter="notifyme-dev",
)

LOCAL = replace(
    PROD,
    name="local",
    removal_policy=RemovalPolicy.DESTROY,
    deletion_protection=False,
    log_retention=RetentionDays.ONE_WEEK,
    cache=CacheSettings(node_type="cache.t4g.micro", encrypted_in_transit=False),
    throttle_rate=1000,
    throttle_burst=2000,
    sender="reminders@example.com",
    # On AWS everybody could read what the outbox shows.
    only_account=LAPTOP_ACCOUNT,
    outbox="/_ministack",
)

ALL_STAGES = (LOCAL, DEV, PROD)
STAGES = {stage.name: stage for stage in ALL_STAGES}


def check_stages(stages: Iterable[Stage]) -> None:
    """Raises InvalidStageError if `mistakes` finds one."""
    if found := [*mistakes(stages)]:
        raise InvalidStageError("\n".join(found))


def mistakes(stages: Iterable[Stage]) -> Iterator[str]:
    """One text for each setting that two stages must not share, or a stage must not inherit. It says what to do."""
    stages = [*stages]
    for one, other in combinations(stages, 2):
        if one.name == other.name:
            yield f"stacks/config.py: two stages have the name {one.name!r}: give one of them another `name`"
        elif _may_share_an_account(one, other):
            yield from _conflicts(one, other)
    for stage in stages:
        if stage.name != LOCAL.name and (stage.outbox or stage.only_account == LAPTOP_ACCOUNT):
            yield (
                f"stacks/config.py: the stage {stage.name} has `outbox` or `only_account` from the stage {LOCAL.name}, "
                "which alone runs on the laptop cloud: set both to None"
            )


def _may_share_an_account(one: Stage, other: Stage) -> bool:
    accounts = {one.only_account, other.only_account}
    # A stage without an account of its own may be deployed to any AWS account, but not to the laptop's.
    return len(accounts) == 1 or (None in accounts and LAPTOP_ACCOUNT not in accounts)


def _conflicts(one: Stage, other: Stage) -> Iterator[str]:
    both = f"stacks/config.py: the stages {one.name} and {other.name} may share an account, and both have"
    if one.notify_parameter == other.notify_parameter:
        yield f"{both} the `notify_parameter` {one.notify_parameter!r}: give one of them another name"
    if one.sender == other.sender and one.sender_identity == other.sender_identity == "new":
        yield f"{both} the `sender` {one.sender!r}, which SES registers only once: give one of them another address"


def is_address(text: str) -> bool:
    """Whether `text` is one e-mail address whose domain somebody can own: not `example.com`, `.test` and so on."""
    return bool(re.fullmatch(_ADDRESS, text, re.IGNORECASE) and not re.fullmatch(_FOR_EXAMPLES, text, re.IGNORECASE))


def stage_from_context(context: Callable[[str], Any]) -> Stage:
    """The stage that CDK context asks for.

    `context` looks a key up and gives None where it is not set. Keys: `stage` (default DEFAULT_STAGE); `sender`, an
    address that replaces the stage's; `identity=existing`, for a sender that SES knows already; `cache=off`, which
    leaves the cache and its VPC out; `consumer=on`, which adds the example consumer.

    Raises InvalidStageError for a stage or a value that does not exist.
    """
    name = context("stage") or DEFAULT_STAGE
    if name not in STAGES:
        raise InvalidStageError(f"unknown stage {name!r}; the stages are {', '.join(STAGES)}")
    stage = STAGES[name]
    if sender := context("sender"):
        stage = replace(stage, sender=sender)
    if _one_of(context, "cache", "on", "off") == "off":
        stage = replace(stage, cache=None)
    if consumer := _one_of(context, "consumer", "on", "off"):
        stage = replace(stage, example_consumer=consumer == "on")
    match _one_of(context, "identity", "new", "existing"):
        case "new" | "existing" as identity:
            stage = replace(stage, sender_identity=identity)
    return stage


def _one_of(context: Callable[[str], Any], key: str, *values: str) -> str | None:
    setting = context(key)
    if setting not in (None, *values):
        raise InvalidStageError(f"unknown {key} setting {setting!r}; it is {' or '.join(values)}")
    return setting
