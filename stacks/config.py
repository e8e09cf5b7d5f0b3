"""Stages are data: whatever differs between laptop, development and production is a field here.

Stacks read fields (`removal_policy=stage.removal_policy`), never the stage's name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays
from aws_cdk.aws_stepfunctions import StateMachineType

_ADDRESS = r"[^@\s<>,;]+@([a-z0-9-]+\.)+[a-z0-9-]+"
_FOR_EXAMPLES = (
    r"(.*[.@])?(example\.(com|net|org)|(home\.)?arpa|alt|example|internal|invalid|local|localhost|onion|test)"
)
"""Domains that nobody can own: https://www.iana.org/assignments/special-use-domain-names, and ICANN's `internal`."""


class InvalidStageError(ValueError):
    """The CDK context names a stage or a setting that does not exist; the message lists those that do."""


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


LOCAL = Stage(
    name="local",
    removal_policy=RemovalPolicy.DESTROY,
    deletion_protection=False,
    log_retention=RetentionDays.ONE_WEEK,
    cache=CacheSettings(node_type="cache.t4g.micro", encrypted_in_transit=False),
    order_workflow_type=StateMachineType.EXPRESS,
    card_rule="length",
    allowed_origin="*",
    allowed_emails=(),
    allowed_phones=(),
    throttle_rate=1000,
    throttle_burst=2000,
    sender="reminders@example.com",
    sender_identity="new",
    days_reminders_are_kept=30,
    hours_reminders_may_be_late=24,
    notify_parameter="notifyme",
    example_consumer=False,
    # The laptop cloud's account, which does not exist on AWS. There, everybody could read what the outbox shows.
    only_account="000000000000",
    outbox="/_ministack",
)

DEV = replace(
    LOCAL,
    name="dev",
    sender="reminders-dev@example.com",
    notify_parameter="notifyme-dev",
    only_account=None,
    outbox=None,
    cache=CacheSettings(node_type="cache.t4g.micro", encrypted_in_transit=True),
    throttle_rate=50,
    throttle_burst=100,
)

PROD = replace(
    DEV,
    name="prod",
    removal_policy=RemovalPolicy.RETAIN,
    deletion_protection=True,
    log_retention=RetentionDays.THREE_MONTHS,
    cache=CacheSettings(node_type="cache.t4g.small", encrypted_in_transit=True),
    sender="reminders-prod@example.com",
    notify_parameter="notifyme",
    throttle_rate=500,
    throttle_burst=1000,
)

STAGES = {stage.name: stage for stage in (LOCAL, DEV, PROD)}


def is_address(text: str) -> bool:
    """Whether `text` is one e-mail address whose domain somebody can own: not `example.com`, `.test` and so on."""
    return bool(re.fullmatch(_ADDRESS, text, re.IGNORECASE) and not re.fullmatch(_FOR_EXAMPLES, text, re.IGNORECASE))


def stage_from_context(context: Callable[[str], Any]) -> Stage:
    """The stage that CDK context asks for.

    `context` looks a key up and gives None where it is not set. Keys: `stage` (default `dev`); `sender`, an address
    that replaces the stage's; `identity=existing`, for a sender that SES knows already; `cache=off`, which leaves the
    cache and its VPC out; `consumer=on`, which adds the example consumer.

    Raises InvalidStageError for a stage or a value that does not exist.
    """
    name = context("stage") or "dev"
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
