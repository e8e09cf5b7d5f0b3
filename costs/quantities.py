"""How much of each unit one request uses, from three files of data.

- `budgets.json`: what the laptop cloud counted while it ran each path. A test compares it with a new count.
- `estimates.json`: what only AWS can measure, such as the time that functions take there.
- `original.json`: the original design, for comparison.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from costs import prices
from costs.units import Counts

FOLDER = Path(__file__).parent

ORDER, LOOKUP, REMINDER = "order", "lookup", "reminder by e-mail"
"""The paths that the original design has, too. Ours has several for a lookup."""

ORDER_WORKFLOW = "OrderFulfillmentStateMachine"

HIT, MISS = "lookup hit", "lookup miss"

EXPRESS_STEP = 0.1
"""Seconds. Step Functions rounds the time of an Express execution up."""

LAPTOP_TIME = ("lambda.gb_second", "lambda.init_gb_second", "lambda.cold_start", "states.express_gb_second")
"""Counts that depend on the speed of this machine. Estimates for AWS replace them."""


LEVELLED = ("logs.platform_byte", "logs.workflow_byte")
"""Counts that have a resource for each log level."""

SMALLEST = 128
"""Megabytes, the least that Lambda gives a function."""


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What the templates of a stage say about functions and workflows, by their construct ids."""

    memory: Mapping[str, float]
    """Megabytes of each function."""

    levels: Mapping[str, str] = field(default_factory=dict)
    """The system log level of each function, and the log level of each workflow."""

    months_of_logs: float = 1

    traces: float = 0
    """The share of requests that X-Ray traces."""


@cache
def _file(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def estimates() -> Any:
    return _file("estimates.json")


def original() -> Any:
    return _file("original.json")


def counted() -> dict[str, Counts]:
    """The counts of each path, as the laptop cloud counted them."""
    found: dict[str, Counts] = _file("budgets.json")["paths"]
    return found


def on_aws(path: str, counts: Counts, configured: Configured) -> Counts:
    """What AWS bills for a path on a stage, with AWS's times in place of this machine's.

    A count that has a resource for each log level, such as `PlaceOrder/WARN`, keeps the level of the stage.
    """
    said = estimates()
    found: Counts = {}
    for unit, of in counts.items():
        if unit in LAPTOP_TIME or unit not in prices.table():
            continue
        found[unit] = dict(_of_the_stage(of, configured)) if unit in LEVELLED else dict(of)
    requests = found.setdefault("lambda.request", {})
    for name, records in counts.get("lambda.stream_record", {}).items():
        requests[name] = records * said["invocations_of_a_record"][name]["value"]
        if metrics := said["metric_bytes_of_a_batch"].get(name):
            found.setdefault("logs.metric_byte", {})[name] = requests[name] * metrics["value"]
    found["lambda.gb_second"] = {
        name: number * seconds(name, path) * configured.memory.get(name, SMALLEST) / 1024
        for name, number in requests.items()
    }
    if executions := found.get("states.express_request"):
        gigabytes = said["express_mb"]["value"] / 1024
        found["states.express_gb_second"] = {
            name: number * gigabytes * _rounded(_of(said["express"], name, "express_of_others"))
            for name, number in executions.items()
        }
    calls = said["kms_calls_of_an_order"]["value"] * (executions or {}).get(ORDER_WORKFLOW, 0)
    if calls:
        found["kms.request"] = {"OrderWorkflowKey": calls}
    if configured.traces and (traced := _traced(counts)):
        found["xray.trace"] = {"trace": configured.traces * traced}
    if sent := sum(sum(of.values()) for unit, of in found.items() if unit.startswith("logs.")):
        kept = sent * configured.months_of_logs * said["log_compression"]["value"]
        found["logs.stored_byte_month"] = {"logs": kept}
    return {unit: of for unit, of in found.items() if of}


def _traced(counts: Counts) -> float:
    """How many traces a path would have if all were traced: one for each execution that anybody starts."""
    return float("states.entered" in counts)


def _of_the_stage(of: Mapping[str, float], configured: Configured) -> Iterator[tuple[str, float]]:
    for resource, number in of.items():
        name, _, level = resource.partition("/")
        if not level or level == configured.levels.get(name):
            yield name, number


def seconds(function: str, path: str) -> float:
    """How long a function takes on AWS, on a path."""
    said = estimates()["seconds"]
    return _of(said, f"{function}/{path}" if f"{function}/{path}" in said else function, "seconds_of_others")


def _of(said: Mapping[str, Any], name: str, otherwise: str) -> float:
    return float((said.get(name) or estimates()[otherwise])["value"])


def _rounded(seconds: float) -> float:
    return -(-round(seconds, 6) // EXPRESS_STEP) * EXPRESS_STEP
