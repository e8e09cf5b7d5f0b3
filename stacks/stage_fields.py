"""Which values each field of a stage can have. A field of a part of the stage has a path, such as `cache.node_type`.

A value must also fit the other fields: `stage_checks.py` has the pairs.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from aws_cdk import RemovalPolicy
from aws_cdk.aws_lambda import ApplicationLogLevel, SystemLogLevel
from aws_cdk.aws_stepfunctions import LogLevel, StateMachineType

from orders.retention import MESSAGE_DAYS
from stacks.alarm_settings import AlarmSettings
from stacks.stage import ADDRESS, DAYS, CacheSettings, Gradual, Load, PersonLimits, Stage

SLOWEST_RATE, FASTEST_RATE = 0.1, 1_000
"""Messages per second. A slower pause would not fit into one call of `SendReminder`. A faster rate would need more
instances of the function than a new account may run."""

LONGEST_WINDOW = 300
"""Seconds. https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"""

FEWEST_DAYS = 30
"""The shortest time that orders can be kept: more than twice the time of a message."""

MOST_DAYS = 36_525
"""A century. Times later than the year 9999 could not be written."""

A_WEEK = 7 * 24
"""The hours after which SQS deletes a message of an order."""

MOST_REQUESTS = 100_000
"""Requests per second. AWS gives an account 10,000, and more on request."""

MOST_OF_A_PERSON = 10_000_000
"""Reminders or texts. Nobody reaches it, so it means no limit."""

MOST_PERCENT, MOST_MINUTES = 99, 2100
"""What CloudFormation accepts for an alias of a workflow. CodeDeploy accepts more minutes.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-stepfunctions-statemachinealias-deploymentpreference.html"""

LONGEST_NAME = 13
"""Together with `-reminders-workflow`, the name of a sampling rule of X-Ray has at most 32 characters:
https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html"""


class Rule(NamedTuple):
    fits: Callable[[Any], bool]
    wanted: str
    """What to set the field to, such as "a number from 1 to 300"."""


def _whole(least: int, most: int) -> Rule:
    # True and False are numbers in Python.
    return Rule(lambda value: type(value) is int and least <= value <= most, f"a whole number from {least} to {most}")


def _number(least: float, most: float) -> Rule:
    # NaN is not between any two numbers.
    return Rule(
        lambda value: type(value) in (int, float) and least <= value <= most,
        f"a number from {least} to {most}",
    )


def _text(pattern: str, wanted: str, *, longest: int = 256) -> Rule:
    return Rule(
        lambda value: isinstance(value, str) and len(value) <= longest and bool(re.fullmatch(pattern, value)), wanted
    )


def _one_of(*values: Any) -> Rule:
    names = " or ".join(str(getattr(value, "name", repr(value))) for value in values)
    return Rule(lambda value: any(value is one or (type(value) is str and value == one) for one in values), names)


def _or_none(rule: Rule) -> Rule:
    return Rule(lambda value: value is None or rule.fits(value), f"{rule.wanted}, or to None")


def _each(rule: Rule, wanted: str) -> Rule:
    return Rule(lambda value: isinstance(value, tuple) and all(map(rule.fits, value)), wanted)


def _part(type: type) -> Rule:
    return Rule(lambda value: isinstance(value, type), f"a value of {type.__name__}")


SWITCH = _one_of(True, False)
SHARE = Rule(_number(0, 1).fits, "a share, from 0 to 1")
RATE = _number(SLOWEST_RATE, FASTEST_RATE)
PER_SECOND = _whole(1, MOST_REQUESTS)
PATH = _or_none(_text(r"/[^\s?#]+", "a path on the page's host, such as /outbox"))
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
TAG = _text(r"(?=.*\S)[\w .:/=+@-]+", "a text of letters, digits, spaces and . : / = + @ - _")

RULES: dict[str, Rule] = {
    "name": _text(
        "[a-z][a-z0-9]*(-[a-z0-9]+)*",
        f"at most {LONGEST_NAME} small letters, digits and single hyphens, a letter first",
        longest=LONGEST_NAME,
    ),
    # SNAPSHOT is for other types of resources.
    "removal_policy": _one_of(RemovalPolicy.RETAIN, RemovalPolicy.DESTROY),
    "deletion_protection": SWITCH,
    "termination_protection": SWITCH,
    "log_retention": _one_of(*DAYS),
    "workflow_log_level": _one_of(*LogLevel),
    "system_log_level": _one_of(*SystemLogLevel),
    "log_level": Rule(
        _one_of(
            ApplicationLogLevel.INFO, ApplicationLogLevel.WARN, ApplicationLogLevel.ERROR, ApplicationLogLevel.FATAL
        ).fits,
        "INFO, and `debug_sample` to 1, because with DEBUG libraries log the bodies of their calls",
    ),
    "debug_sample": SHARE,
    "traces_sampled": SHARE,
    "cache": _or_none(_part(CacheSettings)),
    "cache.node_type": _text(r"cache\.[a-z0-9]+\.[a-z0-9]+", "a node type of ElastiCache, such as cache.t4g.small"),
    "cache.encrypted_in_transit": SWITCH,
    # A lookup must end before API Gateway gives up after 29 seconds.
    "cache.budget_ms": _whole(1, 10_000),
    "order_workflow_type": _one_of(StateMachineType.EXPRESS, StateMachineType.STANDARD),
    "card_rule": _one_of("length", "luhn"),
    "allowed_origin": _text(r"\*|https?://[^\s/'\"]+", "* or an origin such as https://our-cats.org, without a path"),
    "allowed_emails": _each(_text(f"(?i:{ADDRESS})", ""), "a tuple of e-mail addresses"),
    "allowed_phones": _each(_text(r"\+[1-9][0-9]{6,14}", ""), "a tuple of phone numbers such as +491701234567"),
    "load": _part(Load),
    "load.orders_per_second": PER_SECOND,
    "load.lookups_per_second": PER_SECOND,
    "load.reminders_per_second": PER_SECOND,
    "load.peak": _number(1, 100),
    "load.prepared": SWITCH,
    "throttle_rate": PER_SECOND,
    "throttle_burst": PER_SECOND,
    "limits": _part(PersonLimits),
    "limits.reminders_waiting": _whole(1, MOST_OF_A_PERSON),
    "limits.reminders_a_day": _whole(1, MOST_OF_A_PERSON),
    "limits.texts_a_day": _whole(0, MOST_OF_A_PERSON),
    # Whether somebody can confirm it is checked while deploying, because the stages come with an example.
    "sender": _text(f"(?i:{ADDRESS})", "an e-mail address", longest=320),
    "sender_identity": _one_of("new", "existing"),
    "seconds_watched_at_once": _whole(1, LONGEST_WINDOW),
    "days_orders_are_kept": Rule(
        _or_none(_whole(FEWEST_DAYS, MOST_DAYS)).fits,
        f"{FEWEST_DAYS} or more, because messages about an order may wait for {MESSAGE_DAYS} days, or to None",
    ),
    "days_reminders_are_kept": _whole(1, MOST_DAYS),
    "hours_reminders_may_be_late": _whole(1, 24 * MOST_DAYS),
    "mails_per_second": RATE,
    "texts_per_second": RATE,
    "publishes_per_second": RATE,
    "alarms": _part(AlarmSettings),
    "alarms.least_requests": _whole(1, 60 * MOST_REQUESTS),
    "alarms.least_late": _whole(1, 60 * MOST_REQUESTS),
    "alarms.requests_expected": _or_none(_whole(1, 60 * MOST_REQUESTS)),
    "alarms.hours_until_fulfilled": _whole(1, A_WEEK),
    "alarms.hours_until_operator": _whole(1, A_WEEK),
    "alarms.minutes_until_sent": _whole(1, 60 * A_WEEK),
    "alarms.sms_limit_usd": _number(0.01, 1_000_000),
    # The description of an alarm has at most 1,024 characters.
    "runbook_url": _text(r"\S+", "an address of at most 200 characters without spaces", longest=200),
    "budget_usd": _number(0.01, 100_000_000),
    "owner": TAG,
    "cost_center": TAG,
    # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    "notify_parameter": _text(
        r"(?!(?i:aws|ssm))[\w.-]+|(/(?!(?i:aws|ssm)\b)[\w.-]+)+",
        "a name of letters, digits and . _ - that does not begin with aws or ssm, such as notifyme-dev",
    ),
    "example_consumer": SWITCH,
    "gradual": _or_none(_part(Gradual)),
    "gradual.percent": _whole(1, MOST_PERCENT),
    "gradual.minutes": _whole(1, MOST_MINUTES),
    "only_account": _or_none(_text("[0-9]{12}", "the 12 digits of an account")),
    "outbox": PATH,
    "demo_users": PATH,
    "figures_key": _or_none(_text(r"[A-Za-z0-9]+", "an access key")),
    "behind_the_scenes": SWITCH,
    "source_url": _or_none(_text(r"(https?:/)?/[^\s\"'<>]+", "an address of the code", longest=2000)),
}
"""The rule of each field. A test names a field that has none."""


def wrong_fields(stage: Stage) -> Iterator[str]:
    """One message for each field whose value is impossible, with the field's name and what to do."""
    for path, value in values_of(stage):
        rule = RULES.get(path)
        if rule and not rule.fits(value):
            shown = getattr(value, "name", None) or repr(value)
            yield f"stacks/config.py: the stage {stage.name} has {path}={shown}: set it to {rule.wanted}"


def values_of(settings: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The value of each field, by its path. A field that has fields of its own comes before them."""
    for field in fields(settings):  # type: ignore[arg-type]  # a dataclass
        value = getattr(settings, field.name)
        yield f"{prefix}{field.name}", value
        if is_dataclass(value):
            yield from values_of(value, f"{prefix}{field.name}.")
