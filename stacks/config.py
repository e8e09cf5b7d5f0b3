"""The stages, as data: each difference between laptop, development and production is a field here.

`PROD` sets every field, and the other stages are derived from it. So a stage that leaves out a field is as strict as
production: it keeps its data. `stage_checks.mistakes` finds values that a stage must not inherit. To add a stage,
derive it from `PROD`, add it to `ALL_STAGES`, and run `pytest tests/stacks`. The failures name the other places to
change.

See decision D098.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk.aws_lambda import ApplicationLogLevel, SystemLogLevel
from aws_cdk.aws_logs import RetentionDays
from aws_cdk.aws_stepfunctions import LogLevel, StateMachineType

from stacks.alarm_settings import AlarmSettings
from stacks.names import DEFAULT_STAGE
from stacks.stage import LAPTOP_ACCOUNT, CacheSettings, Gradual, Load, PersonLimits, Stage
from stacks.stage_checks import InvalidStageError

NEVER = 7 * 24
"""The hours after which SQS deletes a message, so no message waits longer."""

_SOURCE = r"https?://[^\s\"'<>]+[^\s\"'<>/]"

PROD = Stage(
    name="prod",
    removal_policy=RemovalPolicy.RETAIN,
    deletion_protection=True,
    termination_protection=True,
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
    limits=PersonLimits(reminders_waiting=100, reminders_a_day=100, texts_a_day=20),
    sender="reminders-prod@example.com",
    sender_identity="new",
    # Ten years.
    seconds_watched_at_once=300,
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
    gradual=Gradual(percent=10, minutes=5),
    only_account=None,
    outbox=None,
    demo_users=None,
    figures_key=None,
    behind_the_scenes=False,
    source_url=None,
)

DEV = replace(
    PROD,
    name="dev",
    removal_policy=RemovalPolicy.DESTROY,
    deletion_protection=False,
    termination_protection=False,
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
    gradual=None,
)

LOCAL = replace(
    PROD,
    name="local",
    removal_policy=RemovalPolicy.DESTROY,
    deletion_protection=False,
    termination_protection=False,
    log_retention=RetentionDays.ONE_WEEK,
    workflow_log_level=LogLevel.ALL,
    system_log_level=SystemLogLevel.INFO,
    # Debug lines would make the counted costs of a path vary.
    debug_sample=0,
    # A busy laptop answers later than ElastiCache.
    cache=CacheSettings(node_type="cache.t4g.micro", encrypted_in_transit=False, budget_ms=2000),
    load=Load(orders_per_second=500, lookups_per_second=500, reminders_per_second=100),
    throttle_rate=1000,
    throttle_burst=2000,
    # A few demo users set all reminders of tests and benchmarks.
    limits=PersonLimits(reminders_waiting=100_000, reminders_a_day=100_000, texts_a_day=100_000),
    sender="reminders@example.com",
    # `laptop top` shows the figures of an order soon.
    seconds_watched_at_once=10,
    days_orders_are_kept=30,
    # Nobody empties the queues, and a few requests show how an alarm goes off.
    alarms=replace(PROD.alarms, least_requests=5, hours_until_fulfilled=NEVER, hours_until_operator=NEVER),
    budget_usd=50,
    gradual=None,
    # On AWS every visitor of the page could read the outbox.
    only_account=LAPTOP_ACCOUNT,
    outbox="/_ministack",
    demo_users="/demo-users.json",
    figures_key="test",
    behind_the_scenes=True,
    source_url="/code",
)

ALL_STAGES = (LOCAL, DEV, PROD)
STAGES = {stage.name: stage for stage in ALL_STAGES}


def stage_from_context(context: Callable[[str], Any]) -> Stage:
    """Returns the stage that the CDK context selects, with the changes that the context asks for.

    `context` returns the value of a key, or None if the key is not set. The keys are:

    - `stage`: the name; DEFAULT_STAGE if it is not set
    - `sender`: replaces the stage's sender
    - `identity=existing`: SES already knows the sender
    - `cache=off`: leaves out the cache and its VPC
    - `consumer=on`: adds the example consumer
    - `gradual=off`: the stage moves callers to new versions at once
    - `source`: shows learners the panel "Behind the scenes", with links to the code at this address

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
    if _one_of(context, "gradual", "on", "off") == "off":
        stage = replace(stage, gradual=None)
    if consumer := _one_of(context, "consumer", "on", "off"):
        stage = replace(stage, example_consumer=consumer == "on")
    if source := context("source"):
        if not re.fullmatch(_SOURCE, source):
            raise InvalidStageError(
                f"{source!r} is not the address of the code: use one such as https://github.com/OWNER/NAME/blob/main"
            )
        stage = replace(stage, behind_the_scenes=True, source_url=source)
    match _one_of(context, "identity", "new", "existing"):
        case "new" | "existing" as identity:
            stage = replace(stage, sender_identity=identity)
    return stage


def _one_of(context: Callable[[str], Any], key: str, *values: str) -> str | None:
    setting = context(key)
    if setting not in (None, *values):
        raise InvalidStageError(f"unknown {key} setting {setting!r}; use {' or '.join(values)}")
    return setting
