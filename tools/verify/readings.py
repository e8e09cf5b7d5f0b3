"""What AWS measured in the place of each estimate in costs/estimates.json."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from costs import quantities
from stacks.names import CACHE, ORDERS, REMINDERS
from tools.deployment import Deployment

STACKS = (CACHE, ORDERS, REMINDERS)
DAY = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Reading:
    """An estimate and what AWS measured. `measured` is None if nothing happened in this time."""

    what: str
    estimate: float
    measured: float | None
    of: float = 0
    """How many times it happened."""

    def row(self) -> dict[str, Any]:
        found = self.measured
        return {
            "what": self.what,
            "estimate": f"{self.estimate:g}",
            "measured": "" if found is None else f"{found:.3g}",
            "times": "" if found is None or not self.estimate else f"{found / self.estimate:.2f}",
            "of": f"{self.of:,.0f}" if self.of else "",
        }


class Metrics:
    """CloudWatch's statistics of the last `days` days."""

    def __init__(self, client: Any, *, days: int, now: datetime | None = None) -> None:
        self._client, self._ends = client, now or datetime.now(UTC)
        self._begins = self._ends - timedelta(days=days)

    def sum(self, namespace: str, metric: str, **dimensions: str) -> float:
        return float(sum(point["Sum"] for point in self._points(namespace, metric, "Sum", dimensions)))

    def mean(self, namespace: str, metric: str, **dimensions: str) -> tuple[float | None, float]:
        """The mean of all values, and their number."""
        points = self._points(namespace, metric, "Sum", dimensions, "SampleCount")
        number = sum(point["SampleCount"] for point in points)
        return (sum(point["Sum"] for point in points) / number if number else None), number

    def _points(self, namespace: str, metric: str, statistic: str, dimensions: dict[str, str], *more: str) -> list[Any]:
        answer = self._client.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=self._begins,
            EndTime=self._ends,
            Period=DAY,
            Statistics=[statistic, *more],
        )
        return list(answer["Datapoints"])


def readings(target: Deployment, *, days: int) -> Iterator[Reading]:
    """Each estimate that CloudWatch can measure on the deployed stage."""
    metrics, said = Metrics(target.client("cloudwatch"), days=days), quantities.estimates()
    functions, workflows = (_physical(target, type) for type in ("AWS::Lambda::Function", WORKFLOW))
    for name, physical in functions.items():
        if name not in said["seconds"]:
            continue
        mean, number = metrics.mean("AWS/Lambda", "Duration", FunctionName=physical)
        yield Reading(
            what=f"seconds: {name}",
            estimate=said["seconds"][name]["value"],
            measured=None if mean is None else mean / 1000,
            of=number,
        )
    for name, arn in workflows.items():
        if name not in said["express"]:
            continue
        mean, number = metrics.mean("AWS/States", "ExpressExecutionBilledDuration", StateMachineArn=arn)
        yield Reading(
            what=f"express: {name}",
            estimate=said["express"][name]["value"],
            measured=None if mean is None else mean / 1000,
            of=number,
        )
        memory, _ = metrics.mean("AWS/States", "ExpressExecutionBilledMemory", StateMachineArn=arn)
        yield Reading(what=f"express mb: {name}", estimate=said["express_mb"]["value"], measured=memory, of=number)
    for name, one in said["invocations_of_a_record"].items():
        if name in functions:
            starts = workflows.get(quantities.ORDER_WORKFLOW)
            yield _for_an_order(metrics, name, functions[name], one["value"], starts=starts)


def _for_an_order(metrics: Metrics, name: str, physical: str, estimate: float, *, starts: str | None) -> Reading:
    """Invocations of a function that reads the stream, for each record of an order."""
    orders = metrics.sum("AWS/States", "ExecutionsStarted", StateMachineArn=starts) if starts else 0
    calls = metrics.sum("AWS/Lambda", "Invocations", FunctionName=physical)
    records = quantities.counted()[quantities.ORDER].get("lambda.stream_record", {}).get(name, 0)
    measured = calls / (orders * records) if orders and records else None
    return Reading(what=f"invocations of a record: {name}", estimate=estimate, measured=measured, of=calls)


WORKFLOW = "AWS::StepFunctions::StateMachine"


def _physical(target: Deployment, type: str) -> dict[str, str]:
    """The physical ids of the resources of a type, by their construct ids."""
    known = {*quantities.estimates()["seconds"], *quantities.estimates()["express"]}
    found: dict[str, str] = {}
    for stack in STACKS:
        for logical, physical in target.resources(stack, type).items():
            # CDK puts the ids of the constructs around it before its own id, and a hash after it.
            name = re.sub("[0-9A-F]{8}$", "", logical)
            if names := [one for one in known if name.endswith(one)]:
                found[max(names, key=len)] = physical
    return found
