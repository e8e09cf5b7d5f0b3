"""The stages, as data: each difference between laptop, development and production is a field here.

Stacks read fields (`removal_policy=stage.removal_policy`), never the stage's name.

`PROD` sets every field, and the other stages are derived from it. So a stage that leaves out a field is as strict as
production: it keeps its data. `mistakes` finds values that a stage must not inherit. To add a stage, derive it from
`PROD`, add it to `ALL_STAGES`, and run `pytest tests/stacks`. The failures name the other places to change.

See decision D098.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import ceil
from typing import Any, Literal

from aws_cdk import RemovalPolicy
from aws_cdk.aws_lambda import ApplicationLogLevel, SystemLogLevel
from aws_cdk.aws_logs import RetentionDays
from aws_cdk.aws_stepfunctions import LogLevel, StateMachineType

from orders.retention import MESSAGE_DAYS
from stacks.alarm_settings import AlarmSettings
from stacks.names import DEFAULT_STAGE

LAPTOP_ACCOUNT = "000000000000"
"""The laptop cloud's account. It does not exist on AWS."""

SLOWEST_RATE, FASTEST_RATE = 0.1, 1_000
"""Messages per second. A slower pause would not fit into one call of `SendReminder`. A faster rate would need more
instances of the function than a new account may run."""

NEVER = 7 * 24
"""The hours after which SQS deletes a message, so no message waits longer."""

FEWEST_DAYS = 30
"""The shortest time that orders can be kept: more than twice the time of a message."""

_ADDRESS = r"[^@\s<>,;]+@([a-z0-9-]+\.)+[a-z0-9-]+"
_FOR_EXAMPLES = (
    r"(.*[.@])?(example\.(com|net|org)|(home\.)?arpa|alt|example|internal|invalid|local|localhost|onion|test)"
)
"""Domains that nobody can own: https://www.iana.org/assignments/special-use-domain-names, and ICANN's `internal`."""


class InvalidStageError(ValueError):
    """The CDK context has an unknown stage or setting, or a stage in this module has a mistake.

    The message says what to do.
    """


DAYS = {RetentionDays.ONE_WEEK: 7, RetentionDays.THREE_MONTHS: 90}
"""The days of each retention that a stage uses for its logs."""


@dataclass(frozen=True, kw_only=True)
class CacheSettings:
    """The settings of the Redis cache in front of the order table."""

    node_type: str
    """ElastiCache node type. Two nodes run: a primary and its replica."""

    encrypted_in_transit: bool
    """Whether clients use TLS and sign in with IAM. ElastiCache offers IAM sign-in only over TLS."""

    budget_ms: int = 250
    """The most milliseconds that an unresponsive cache may add to a lookup."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What comes in within one second at the busiest time of the year.

    The APIs accept this load, and `make doctor` compares it with the quotas of the account. Nothing else depends on it.
    See decision D156.
    """

    orders_per_second: int

    lookups_per_second: int

    reminders_per_second: int
    """Reminders that people set. How many are sent in a second is another setting, such as `mails_per_second`."""

    peak: float = 1.1
    """The busiest second of this time, as a multiple of the numbers above."""

    prepared: bool = False
    """Whether the order table takes all orders from its first minute on. Otherwise a new table takes some 1,300 orders
    a second, and twice its earlier peak half an hour later. Preparing costs about 6 US dollars once for 4,000 orders a
    second, and cannot be undone."""

    @property
    def busiest_orders(self) -> int:
        """The orders in the busiest second."""
        return ceil(round(self.peak * self.orders_per_second, 6))

    @property
    def requests_per_second(self) -> int:
        """The requests in the busiest second to the busiest method of an API. API Gateway throttles each method."""
        most = max(self.orders_per_second, self.lookups_per_second, self.reminders_per_second)
        return ceil(round(self.peak * most, 6))


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One deployment of both apps."""

    name: str

    removal_policy: RemovalPolicy
    """Whether `cdk destroy` keeps the tables, the keys, the user pool and the Lambda layers."""

    deletion_protection: bool
    """Whether AWS refuses to delete the tables and the user pool."""

    log_retention: RetentionDays

    workflow_log_level: LogLevel
    """`ERROR`: the order workflow logs only failures. A good order writes nothing. `ALL`: it logs each step.
    The reminder workflow logs at `FATAL` in every stage.
    See decision D136."""

    system_log_level: SystemLogLevel
    """`WARN`: Lambda itself logs only failed and timed-out calls. `INFO`: also the start, time and memory of each call.
    What a function logs is the same at each level."""

    log_level: ApplicationLogLevel
    """`INFO`: functions log each business event. `orders story`, the saved queries and the dashboards read these lines.
    `WARN`: they log only what somebody should look at, and lose the events and the metrics, so alarms see nothing.
    DEBUG is refused, because libraries would log the bodies of their calls: use `debug_sample`."""

    debug_sample: float
    """The share of calls, from 0 to 1, whose functions also log each call of AWS and of the cache, with its duration.
    1 is for finding a fault in a development stage: it multiplies the log.
    See decision D208."""

    traces_sampled: float
    """The share of new orders and reminders, from 0 to 1, that X-Ray traces through the API, the functions and the
    workflows. 0 switches tracing off. A million traces cost 5 US dollars.
    See decision D210."""

    cache: CacheSettings | None
    """None leaves out the cache and its VPC."""

    order_workflow_type: StateMachineType
    """EXPRESS costs about a tenth of STANDARD per order. STANDARD keeps each execution's history for 90 days.

    See decision D004.
    """

    card_rule: Literal["length", "luhn"]
    """`length`: a card number has 16 digits. `luhn`: its Luhn check digit must be right, too."""

    allowed_origin: str
    """The web origin whose pages may call the APIs; `*` allows any. That is safe: each request needs a token, and
    browsers never add one by themselves. The page's own address is known only after the APIs are deployed.
    See decision D064."""

    allowed_emails: tuple[str, ...]
    """Further addresses that every signed-in user may send reminders to."""

    allowed_phones: tuple[str, ...]
    """The same for SMS: phone numbers in E.164."""

    load: Load
    """What the stage is made for."""

    throttle_rate: int
    """Requests per second that each method of an API accepts, sustained. Not less than `load` needs, and not much more:
    it also limits what somebody with a stolen token could cost.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html"""

    throttle_burst: int
    """Requests that a method accepts at once. The account's own limit for all APIs is 5,000."""

    sender: str
    """The address that reminder e-mails come from. SES sends a mail to it once, after the deployment, and its owner has
    to confirm it."""

    sender_identity: Literal["new", "existing"]
    """`new`: the deployment registers the sender with SES, which is possible only once per account and region.
    `existing`: SES already knows the sender or its domain."""

    days_orders_are_kept: int | None
    """Days until DynamoDB deletes an order. They count from when the order is placed, and again from when it is
    corrected or closed. An order that waits for an operator is not deleted. None keeps all orders for ever.
    See decision D181."""

    days_reminders_are_kept: int
    """Days from a reminder's due time until DynamoDB deletes its row. Then lists no longer have the reminder."""

    hours_reminders_may_be_late: int
    """How late a lost reminder may still be sent. After that it fails, because it would mislead. A day is long enough
    to outlast a fault during one night.
    See decision D041."""

    mails_per_second: float
    """The most reminder e-mails per second. More reminders that are due together wait in a queue. It must not be above
    the account's rate: 14 in a new production account, 1 in the sandbox.
    See decision D148."""

    texts_per_second: float
    """The same for text messages. SNS sends 20 per second: https://docs.aws.amazon.com/general/latest/gr/sns.html"""

    publishes_per_second: float
    """The same for reminders to the topic. SNS switches an e-mail subscription off if more than 10 messages per second
    go to it: https://repost.aws/knowledge-center/sns-email-subscription-disabled"""

    alarms: AlarmSettings
    """The numbers of the alarms that depend on the stage's traffic and on its operators."""

    runbook_url: str
    """Where operators read the runbook. The message of each alarm has this address, with the alarm's section."""

    budget_usd: float
    """What the stage may cost in a month. AWS Budgets tells the alarms' topic when it will cost more."""

    owner: str
    """The team that owns the stage, for the tag `owner`."""

    cost_center: str
    """The account that pays for the stage, for the tag `cost-center`."""

    notify_parameter: str
    """Name of the SSM parameter that holds the reminder topic's ARN. The name is not generated, because existing
    scripts look for `notifyme`. Stages that may share an account need different names.
    See decision D100."""

    example_consumer: bool
    """Whether to deploy the example of a downstream application, which empties the fulfillment queue."""

    only_account: str | None
    """The only account that CloudFormation deploys this stage to. None allows any account."""

    outbox: str | None
    """Path on the page's host where the page reads mails, text messages and queues for its outbox. None turns the
    outbox off. Only the laptop cloud's stage has one, because every visitor can read every mail in it."""

    demo_users: str | None
    """Path on the page's host of a file with the demo users and their passwords, for which the sign-in shows buttons.
    Only the laptop cloud's stage has one.
    See decision D188."""

    behind_the_scenes: bool
    """Whether the page shows learners what is behind an order: the API's answer, the cache, and the code.
    See decision D189."""

    source_url: str | None
    """Address at which browsers read the files of this repository, such as
    `https://github.com/OWNER/NAME/blob/main`. The page links to their lines. None: the page shows paths as text."""

    @property
    def log_days(self) -> int:
        """How long logs are kept."""
        return DAYS[self.log_retention]

    @property
    def has_usable_sender(self) -> bool:
        """Whether the sender's owner can confirm it to SES. The laptop cloud accepts any sender."""
        return bool(self.outbox) or is_address(self.sender)


PROD = Stage(
    name="prod",
    removal_policy=RemovalPolicy.RETAIN,
    deletion_protection=True,
    log_retention=RetentionDays.THREE_MONTHS,
    workflow_log_level=LogLevel.ERROR,
    system_log_level=SystemLogLevel.WARN,
    log_level=ApplicationLogLevel.INFO,
    debug_sample=0.001,
    traces_sampled=0.001,
    cache=CacheSettings(node_type="cache.t4g.small", encrypted_in_transit=True),
    order_workflow_type=StateMachineType.EXPRESS,
    card_rule="length",
    allowed_origin="*",
    allowed_emails=(),
    allowed_phones=(),
    # At AWS's default quotas Lambda runs 10,000 calls a second, and each order needs two.
    load=Load(orders_per_second=4000, lookups_per_second=800, reminders_per_second=50, prepared=True),
    throttle_rate=4400,
    throttle_burst=5000,
    sender="reminders-prod@example.com",
    sender_identity="new",
    # Ten years.
    days_orders_are_kept=3653,
    days_reminders_are_kept=30,
    hours_reminders_may_be_late=24,
    mails_per_second=14,
    texts_per_second=20,
    publishes_per_second=8,
    alarms=AlarmSettings(
        least_requests=20,
        least_late=5,
        requests_expected=None,
        hours_until_fulfilled=1,
        hours_until_operator=24,
        minutes_until_sent=15,
        sms_limit_usd=1,
    ),
    runbook_url="docs/runbook.md",
    budget_usd=200,
    owner="orders-and-reminders",
    cost_center="orders-and-reminders",
    notify_parameter="notifyme",
    example_consumer=False,
    only_account=None,
    outbox=None,
    demo_users=None,
    behind_the_scenes=False,
    source_url=None,
)

DEV = replace(
    PROD,
    name="dev",
    removal_policy=RemovalPolicy.DESTROY,
    deletion_protection=False,
    log_retention=RetentionDays.ONE_WEEK,
    workflow_log_level=LogLevel.ALL,
    system_log_level=SystemLogLevel.INFO,
    debug_sample=1,
    traces_sampled=1,
    cache=CacheSettings(node_type="cache.t4g.micro", encrypted_in_transit=True),
    load=Load(orders_per_second=40, lookups_per_second=40, reminders_per_second=10),
    throttle_rate=50,
    throttle_burst=100,
    sender="reminders-dev@example.com",
    days_orders_are_kept=90,
    # Nobody empties the queues of a stage that is for trying things out.
    alarms=replace(PROD.alarms, hours_until_fulfilled=NEVER, hours_until_operator=NEVER),
    budget_usd=50,
    notify_parameter="notifyme-dev",
)

LOCAL = replace(
    PROD,
    name="local",
    removal_policy=RemovalPolicy.DESTROY,
    deletion_protection=False,
    log_retention=RetentionDays.ONE_WEEK,
    workflow_log_level=LogLevel.ALL,
    system_log_level=SystemLogLevel.INFO,
    # Debug lines would make the counted costs of a path vary.
    debug_sample=0,
    cache=CacheSettings(node_type="cache.t4g.micro", encrypted_in_transit=False),
    load=Load(orders_per_second=500, lookups_per_second=500, reminders_per_second=100),
    throttle_rate=1000,
    throttle_burst=2000,
    sender="reminders@example.com",
    days_orders_are_kept=30,
    # Nobody empties the queues, and a few requests show how an alarm goes off.
    alarms=replace(PROD.alarms, least_requests=5, hours_until_fulfilled=NEVER, hours_until_operator=NEVER),
    budget_usd=50,
    # On AWS every visitor of the page could read the outbox.
    only_account=LAPTOP_ACCOUNT,
    outbox="/_ministack",
    demo_users="/demo-users.json",
    behind_the_scenes=True,
)

ALL_STAGES = (LOCAL, DEV, PROD)
STAGES = {stage.name: stage for stage in ALL_STAGES}


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
        if stage.name != LOCAL.name and (stage.outbox or stage.demo_users or stage.only_account == LAPTOP_ACCOUNT):
            yield (
                f"stacks/config.py: the stage {stage.name} has `outbox`, `demo_users` or `only_account` from the stage "
                f"{LOCAL.name}. These work only on the laptop cloud: set all three to None"
            )
        yield from _impossible_rates(stage)
        yield from _impossible_logs(stage)
        if (days := stage.days_orders_are_kept) is not None and days < FEWEST_DAYS:
            yield (
                f"stacks/config.py: the stage {stage.name} has days_orders_are_kept={days}: set it to {FEWEST_DAYS} or "
                f"more, because messages about an order may wait for {MESSAGE_DAYS} days, or to None"
            )


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


def is_address(text: str) -> bool:
    """Whether `text` is one e-mail address, in a domain that somebody can own. Nobody owns `example.com` or `.test`."""
    return bool(re.fullmatch(_ADDRESS, text, re.IGNORECASE) and not re.fullmatch(_FOR_EXAMPLES, text, re.IGNORECASE))


def stage_from_context(context: Callable[[str], Any]) -> Stage:
    """Returns the stage that the CDK context selects, with the changes that the context asks for.

    `context` returns the value of a key, or None if the key is not set. The keys are:

    - `stage`: the name; DEFAULT_STAGE if it is not set
    - `sender`: replaces the stage's sender
    - `identity=existing`: SES already knows the sender
    - `cache=off`: leaves out the cache and its VPC
    - `consumer=on`: adds the example consumer

    Raises InvalidStageError if the stage or a value is unknown.
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
        raise InvalidStageError(f"unknown {key} setting {setting!r}; use {' or '.join(values)}")
    return setting
