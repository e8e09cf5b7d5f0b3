"""What the templates of a stage say about its costs: memory, logs, and what a month costs without traffic."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costs import prices, quantities, quotas
from costs.quantities import Configured
from stacks.names import CACHE

Templates = Mapping[str, Mapping[str, Any]]
"""The templates of the stacks of a stage, by the stack's construct id."""

WORKFLOW = "AWS::StepFunctions::StateMachine"
SCHEDULE = "rate(5 minutes)"
RUNS_A_MONTH = 12 * prices.HOURS_A_MONTH
DAYS_A_MONTH = prices.HOURS_A_MONTH / 24

FREE_DASHBOARDS = 3
"""An account pays only for the dashboards after these. https://aws.amazon.com/cloudwatch/pricing/"""

QUERIES_OF_A_SWEEP = 6
"""The most queries of a function that looks for what was lost. A query that finds nothing costs at most one read."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A part of the idle cost: `number` of something at `each` US dollars a month."""

    what: str
    number: float
    each: float

    @property
    def usd(self) -> float:
        return self.number * self.each


def synthesise(stage: Any) -> Templates:
    """The templates of a stage, by stack. Raises LayerNotBuiltError."""
    import os
    from tempfile import TemporaryDirectory

    os.environ.setdefault("CDK_VALIDATION", "false")
    import aws_cdk as cdk

    import app

    # Templates only name the layer and the page's files, so nothing has to be copied.
    context = {
        "aws:cdk:enable-path-metadata": True,
        "aws:cdk:disable-asset-staging": True,
        "aws:cdk:bundling-stacks": [],
    }
    with TemporaryDirectory() as folder:
        cdk_app = cdk.App(outdir=folder, context=context)
        app.build(cdk_app, stage=stage)
        return {one.id: one.template for one in cdk_app.synth().stacks}


def resources(templates: Templates, type: str) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """The construct id of each resource of `type`, its properties, and the resources of its stack."""
    for stack, template in templates.items():
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == type:
                path = resource.get("Metadata", {}).get("aws:cdk:path", f"{stack}/{logical_id}")
                name = path.removesuffix("/Resource").rpartition("/")[2]
                yield name, resource.get("Properties", {}), template["Resources"]


def configured(templates: Templates) -> Configured:
    """What the templates say about functions, workflows and logs."""
    functions = list(resources(templates, "AWS::Lambda::Function"))
    levels = {name: one["LoggingConfig"]["SystemLogLevel"] for name, one, _ in functions if "LoggingConfig" in one}
    for name, workflow, _ in resources(templates, WORKFLOW):
        levels[name] = workflow["LoggingConfiguration"]["Level"]
    days = max(one["RetentionInDays"] for _, one, _ in resources(templates, "AWS::Logs::LogGroup"))
    memory = {name: one["MemorySize"] for name, one, _ in functions if "MemorySize" in one}
    traces = max(one["SamplingRule"]["FixedRate"] for _, one, _ in resources(templates, "AWS::XRay::SamplingRule"))
    return Configured(memory=memory, levels=levels, months_of_logs=days / DAYS_A_MONTH, traces=traces)


def is_standard(templates: Templates, workflow: str) -> bool:
    [type] = [one["StateMachineType"] for name, one, _ in resources(templates, WORKFLOW) if name == workflow]
    return bool(type == "STANDARD")


def has_cache(templates: Templates) -> bool:
    return any(resources(templates, "AWS::ElastiCache::ReplicationGroup"))


def without_cache(templates: Templates) -> Templates:
    """The templates as `CACHE=off` would make them, as far as costs are concerned."""
    return {
        stack: {"Resources": {id: one for id, one in template["Resources"].items() if not _writes_cache(one)}}
        for stack, template in templates.items()
        if stack != CACHE
    }


def _writes_cache(resource: Mapping[str, Any]) -> bool:
    """Whether a resource of another stack is there only for the cache."""
    path = resource.get("Metadata", {}).get("aws:cdk:path", "")
    return "/UpdateCache" in path or "/OrderAlarms/Cache" in path


def idle(templates: Templates) -> list[Line]:
    """What a month costs without traffic. Everything that is not here costs nothing."""
    found = []
    for _, group, _ in resources(templates, "AWS::ElastiCache::ReplicationGroup"):
        hour = prices.usd(f"idle.{group['CacheNodeType']}_hour", 1)
        what = f"cache nodes {group['CacheNodeType']}"
        found.append(Line(what=what, number=group["NumCacheClusters"], each=hour * prices.HOURS_A_MONTH))
    for type, what, unit in (
        ("AWS::KMS::Key", "keys", "idle.key_month"),
        ("AWS::SecretsManager::Secret", "secrets", "idle.secret_month"),
        ("AWS::CloudWatch::CompositeAlarm", "composite alarms", "idle.composite_alarm_month"),
    ):
        if number := len(list(resources(templates, type))):
            found.append(Line(what=what, number=number, each=prices.usd(unit, 1)))
    if number := sum(_metrics(alarm) for _, alarm, _ in resources(templates, "AWS::CloudWatch::Alarm")):
        found.append(Line(what="metrics in alarms", number=number, each=prices.usd("idle.alarm_month", 1)))
    if (number := len(list(resources(templates, "AWS::CloudWatch::Dashboard"))) - FREE_DASHBOARDS) > 0:
        found.append(Line(what="dashboards", number=number, each=prices.usd("idle.dashboard_month", 1)))
    if number := _polled_queues(templates):
        polls = quantities.estimates()["empty_polls_a_month"]["value"]
        found.append(Line(what="queues that a function waits for", number=number, each=prices.usd("sqs.poll", polls)))
    if swept := list(_swept(templates)):
        each = sum(map(_sweep, swept)) / len(swept)
        found.append(Line(what="functions every five minutes", number=len(swept), each=each))
    return found


def once(templates: Templates) -> list[Line]:
    """What is paid once: tables that are prepared for more writes than a new table takes."""
    found = []
    new = quotas.value("dynamodb.new_writes")
    for name, table, _ in resources(templates, "AWS::DynamoDB::Table"):
        indexes = {f"{name}/{index['IndexName']}": index for index in table.get("GlobalSecondaryIndexes", [])}
        for place, one in {name: table, **indexes}.items():
            if (writes := one.get("WarmThroughput", {}).get("WriteUnitsPerSecond", 0)) > new:
                what = f"{place}, prepared for {writes:,} write units a second"
                found.append(Line(what=what, number=1, each=prices.usd("dynamodb.warm_write", writes - new)))
    return found


def _metrics(alarm: Mapping[str, Any]) -> int:
    """The metrics that an alarm reads. AWS bills each of them, and no expression."""
    return sum("MetricStat" in query for query in alarm.get("Metrics", [])) or 1


def _polled_queues(templates: Templates) -> int:
    """How many queues start a function. Lambda asks each of them all the time."""
    return sum(_is_queue(one["EventSourceArn"], near) for _, one, near in _mappings(templates))


def _mappings(templates: Templates) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    return resources(templates, "AWS::Lambda::EventSourceMapping")


def _is_queue(arn: Any, near: Mapping[str, Any]) -> bool:
    """Whether the ARN of an event source belongs to a queue. A queue of another stack is imported by its export."""
    match arn:
        case {"Fn::GetAtt": [name, _]}:
            return bool(near[name]["Type"] == "AWS::SQS::Queue")
        case {"Fn::ImportValue": name}:
            return "Queue" in str(name)
        case _:
            return False


def _swept(templates: Templates) -> Iterator[Mapping[str, Any]]:
    """The functions that a schedule starts every five minutes."""
    for _, rule, near in resources(templates, "AWS::Events::Rule"):
        if rule.get("ScheduleExpression") == SCHEDULE:
            for target in rule["Targets"]:
                yield near[target["Arn"]["Fn::GetAtt"][0]]["Properties"]


def _sweep(function: Mapping[str, Any]) -> float:
    seconds = quantities.estimates()["seconds_of_a_sweep"]["value"]
    run = (
        prices.usd("lambda.request", 1)
        + prices.usd("lambda.gb_second", seconds * function["MemorySize"] / 1024)
        + prices.usd("dynamodb.read", QUERIES_OF_A_SWEEP)
    )
    return RUNS_A_MONTH * run
