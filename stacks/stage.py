"""What a stage is: the settings that differ between laptop, development and production. Pure data.

Stacks read fields (`removal_policy=stage.removal_policy`), never the stage's name. `stacks/config.py` has the stages.

See decision D098.
"""

import re
from dataclasses import dataclass
from math import ceil
from typing import Literal

from aws_cdk import RemovalPolicy
from aws_cdk.aws_lambda import ApplicationLogLevel, SystemLogLevel
from aws_cdk.aws_logs import RetentionDays
from aws_cdk.aws_stepfunctions import LogLevel, StateMachineType

from stacks.alarm_settings import AlarmSettings

LAPTOP_ACCOUNT = "000000000000"
"""The laptop cloud's account. It does not exist on AWS."""

ADDRESS = r"[^@\s<>,;]+@([a-z0-9-]+\.)+[a-z0-9-]+"
_FOR_EXAMPLES = (
    r"(.*[.@])?(example\.(com|net|org)|(home\.)?arpa|alt|example|internal|invalid|local|localhost|onion|test)"
)
"""Domains that nobody can own: https://www.iana.org/assignments/special-use-domain-names, and ICANN's `internal`."""

DAYS = {RetentionDays.ONE_WEEK: 7, RetentionDays.THREE_MONTHS: 90}
"""The days of each retention that a stage uses for its logs."""


WRITES_OF_AN_ORDER = 3
"""The writes to the row of a good order: the claim, the take-up by the workflow, and the outcome."""


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
class PersonLimits:
    """What one person may do with reminders. An API refuses more with 429. Days are in UTC.

    Somebody who starts the workflow by hand, with AWS credentials, has no limit. See decision D235.
    """

    reminders_waiting: int
    """Reminders that wait at once. A repeated one counts once, and may send every five minutes."""

    reminders_a_day: int
    """Reminders that a person sets or changes on one day."""

    texts_a_day: int
    """Text messages that the reminders of a person send on one day. Above it, reminders by SMS fail. 0 allows none."""


@dataclass(frozen=True, kw_only=True)
class Gradual:
    """How a deployment moves callers to a new version of a workflow, or of a function that workflows call.

    First `percent` of the new executions, or calls, get the new version. After `minutes` without an alarm all get it.
    If an alarm goes off before, all get the version before, and CloudFormation rolls the stack back.
    """

    percent: int
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One deployment of both apps."""

    name: str

    removal_policy: RemovalPolicy
    """Whether `cdk destroy` keeps the tables, the keys, the user pool and the Lambda layers."""

    deletion_protection: bool
    """Whether AWS refuses to delete the tables and the user pool."""

    termination_protection: bool
    """Whether CloudFormation refuses to delete the stacks."""

    log_retention: RetentionDays

    workflow_log_level: LogLevel
    """`ERROR`: the order workflow logs only failures. A good order writes nothing. `ALL`: it logs each step.
    The reminder workflow logs at `FATAL` in every stage.
    See decision D136."""

    system_log_level: SystemLogLevel
    """`WARN`: Lambda itself logs only failed and timed-out calls. `INFO`: also the start, time and memory of each call.
    What a function logs is the same at each level."""

    log_level: ApplicationLogLevel
    """`INFO`: functions log each business event. The stories of orders and reminders, the saved queries and the
    dashboards read these lines. `WARN`: they log only what somebody should look at, and lose the events and the
    metrics, so alarms see nothing.
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

    limits: PersonLimits
    """The limits of one person."""

    sender: str
    """The address that reminder e-mails come from. SES sends a mail to it once, after the deployment, and its owner has
    to confirm it."""

    sender_identity: Literal["new", "existing"]
    """`new`: the deployment registers the sender with SES, which is possible only once per account and region.
    `existing`: SES already knows the sender or its domain."""

    seconds_watched_at_once: int
    """`WatchOrders` reads the changes of orders of so many seconds at once, at most 300. Its log lines and metrics come
    up to a minute later than that. More seconds mean fewer calls, and fewer orders that it must look at again.
    See decision D139."""

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

    gradual: Gradual | None
    """None: a deployment moves all callers to new versions at once. The laptop cloud's engine knows no other way.
    See decision D223."""

    only_account: str | None
    """The only account that CloudFormation deploys this stage to. None allows any account."""

    outbox: str | None
    """Path on the page's host where the page reads mails, text messages and queues for its outbox. None turns the
    outbox off. Only the laptop cloud's stage has one, because every visitor can read every mail in it."""

    demo_users: str | None
    """Path on the page's host of a file with the demo users and their passwords, for which the sign-in shows buttons.
    Only the laptop cloud's stage has one.
    See decision D188."""

    figures_key: str | None
    """Access key with which the page reads the dashboards' figures for operators. The page does not sign its calls of
    CloudWatch, and only the laptop cloud's engine accepts them. None: the page shows no figures.
    See decision D207."""

    behind_the_scenes: bool
    """Whether the page shows learners what is behind an order: the API's answer, the cache, and the code.
    See decision D189."""

    source_url: str | None
    """Where browsers read the code, for the links in this panel: an address such as
    `https://github.com/OWNER/NAME/blob/main`, or on the laptop cloud a path on the page's host, where `laptop up`
    publishes the code. None: the panel shows paths as text.
    See decision D194."""

    @property
    def log_days(self) -> int:
        """How long logs are kept."""
        return DAYS[self.log_retention]

    @property
    def has_usable_sender(self) -> bool:
        """Whether the sender's owner can confirm it to SES. The laptop cloud accepts any sender."""
        return bool(self.outbox) or is_address(self.sender)


def is_address(text: str) -> bool:
    """Whether `text` is one e-mail address, in a domain that somebody can own. Nobody owns `example.com` or `.test`."""
    return bool(re.fullmatch(ADDRESS, text, re.IGNORECASE) and not re.fullmatch(_FOR_EXAMPLES, text, re.IGNORECASE))
