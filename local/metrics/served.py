"""The metrics of AWS's services that our alarms and dashboards use, from what the engine serves.

The engine counts only direct calls of functions (`services/lambda_svc.py:3166`). Like the meter (`local/meter`), this
module wraps the functions of the engine that serve calls.
"""

import functools
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.services import apigateway_v1, dynamodb, lambda_svc, sqs, stepfunctions

from local.engine_patches.workers import FunctionProcess
from local.meter import counter, database
from local.meter.workflows import billed_megabytes, billed_milliseconds
from local.metrics.store import STORE

Handler = Callable[..., Awaitable[Any]]

FROM_METER = {
    "dynamodb.write": ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName"),
    "dynamodb.read": ("AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName"),
    "sns.publish": ("AWS/SNS", "NumberOfMessagesPublished", "TopicName"),
}
"""The metric of a unit that the meter counts, and the name of its dimension."""

STATUSES = {"SUCCEEDED": "ExecutionsSucceeded", "FAILED": "ExecutionsFailed", "TIMED_OUT": "ExecutionsTimedOut"}


def apply() -> None:
    """Measures what the engine serves. Needs the meter."""
    counter.add = measuring_units(counter.add)
    FunctionProcess.invoke = measuring_calls(FunctionProcess.invoke)  # type: ignore[method-assign]
    lambda_svc._emit_lambda_metrics = _add_throttled
    app._handle_execute_api_request = measuring_requests(app._handle_execute_api_request)
    stepfunctions._run_execution = measuring_executions(stepfunctions._run_execution)
    stepfunctions._stop_execution = measuring_stops(stepfunctions._stop_execution)
    for name in database.COUNTS:
        setattr(dynamodb, name, measuring_latency(getattr(dynamodb, name), name))


def sample() -> None:
    """Adds the levels of this moment: how many messages each queue holds, and how old the oldest one is."""
    now = time.time()
    for queue in sqs._queues.all_values():
        messages = [one for one in list(queue["messages"]) if one.get("receive_count") or one["visible_at"] <= now]
        visible = sum(one["visible_at"] <= now for one in messages)
        age = max((now - one.get("sent_at", now) for one in messages), default=0)
        dimensions = {"QueueName": queue["name"]}
        for name, value, unit in (
            ("ApproximateNumberOfMessagesVisible", visible, "Count"),
            ("ApproximateNumberOfMessagesNotVisible", len(messages) - visible, "Count"),
            ("ApproximateNumberOfMessagesDelayed", len(queue["messages"]) - len(messages), "Count"),
            ("ApproximateAgeOfOldestMessage", int(age), "Seconds"),
        ):
            STORE.set("AWS/SQS", name, value, unit=unit, dimensions=dimensions)


def measuring_units(add: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(add)
    def measured(unit: str, resource: str, quantity: float = 1) -> None:
        add(unit, resource, quantity)
        if unit == "states.transition":
            of_account = {"ServiceMetric": "StateTransition"}
            STORE.add("AWS/States", "ConsumedCapacity", quantity, unit="Count", dimensions=of_account)
        if (of := FROM_METER.get(unit)) and quantity:
            namespace, name, dimension = of
            first, _, index = resource.partition("/")
            dimensions = {dimension: first, **({"GlobalSecondaryIndexName": index} if index else {})}
            STORE.add(namespace, name, quantity, unit="Count", dimensions=dimensions)

    return measured


def measuring_calls(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Needs the meter, which times each call without the import of the function, like AWS's Duration."""

    @functools.wraps(invoke)
    def measured(self: Any, event: Any, *arguments: Any, **more: Any) -> Any:
        dimensions = {"FunctionName": self.config["FunctionName"]}
        if (age := _iterator_age(event)) is not None:
            STORE.add("AWS/Lambda", "IteratorAge", age, unit="Milliseconds", dimensions=dimensions)
        result = invoke(self, event, *arguments, **more)
        milliseconds = round(1000 * (self.seconds or [0.0])[-1], 2)
        # Without a dimension, a metric is of all functions of the account.
        for of in (dimensions, {}):
            STORE.add("AWS/Lambda", "Invocations", 1, unit="Count", dimensions=of)
            STORE.add("AWS/Lambda", "Throttles", 0, unit="Count", dimensions=of)
            STORE.add("AWS/Lambda", "Errors", int(result["status"] == "error"), unit="Count", dimensions=of)
            STORE.add("AWS/Lambda", "Duration", milliseconds, unit="Milliseconds", dimensions=of)
        return result

    return measured


def _iterator_age(event: Any) -> float | None:
    """How old the last record of a stream is, in milliseconds. None if the event is not from a stream."""
    records = event.get("Records") if isinstance(event, dict) else None
    last = records[-1] if isinstance(records, list) and records else None
    if not isinstance(last, dict) or last.get("eventSource") != "aws:dynamodb":
        return None
    # AWS rounds the time of a record down to the second.
    return max(0.0, round(1000 * (time.time() - float(last["dynamodb"]["ApproximateCreationDateTime"]))))


def _add_throttled(function: str, duration_ms: float, error: bool, throttle: bool) -> None:
    for of in ({"FunctionName": function}, {}) if throttle else ():
        STORE.add("AWS/Lambda", "Throttles", 1, unit="Count", dimensions=of)


def measuring_requests(handle: Handler) -> Handler:
    @functools.wraps(handle)
    async def measured(host: str, path: str, *rest: Any, **more: Any) -> Any:
        began = time.perf_counter()
        answer = await handle(host, path, *rest, **more)
        found = app._parse_execute_api_url(host, path)
        api = apigateway_v1._rest_apis.get(found[0]) if answer is not None and found else None
        if api:
            status, milliseconds = answer[0], round(1000 * (time.perf_counter() - began), 1)
            for dimensions in ({"ApiName": api["name"]}, {"ApiName": api["name"], "Stage": found[1]}):
                for name, value, unit in (
                    ("Count", 1, "Count"),
                    ("4XXError", int(400 <= status < 500), "Count"),
                    ("5XXError", int(status >= 500), "Count"),
                    ("Latency", milliseconds, "Milliseconds"),
                ):
                    STORE.add("AWS/ApiGateway", name, value, unit=unit, dimensions=dimensions)
        return answer

    return measured


def measuring_executions(run: Callable[[str], None]) -> Callable[[str], None]:
    @functools.wraps(run)
    def measured(arn: str) -> None:
        execution = stepfunctions._executions.get(arn) or {}
        workflow = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
        dimensions = {"StateMachineArn": str(execution.get("stateMachineArn"))}
        STORE.add("AWS/States", "ExecutionsStarted", 1, unit="Count", dimensions=dimensions)
        began = time.perf_counter()
        run(arn)
        seconds = time.perf_counter() - began
        # An aborted execution counts when somebody stops it. Its thread may end much later.
        if metric := STATUSES.get(str(execution.get("status"))):
            STORE.add("AWS/States", metric, 1, unit="Count", dimensions=dimensions)
            milliseconds = round(1000 * seconds)
            STORE.add("AWS/States", "ExecutionTime", milliseconds, unit="Milliseconds", dimensions=dimensions)
        if workflow.get("type") == "EXPRESS":
            for name, value, unit in (
                ("ExpressExecutionBilledDuration", billed_milliseconds(seconds), "Milliseconds"),
                ("ExpressExecutionBilledMemory", billed_megabytes(workflow, execution), "Megabytes"),
            ):
                STORE.add("AWS/States", name, value, unit=unit, dimensions=dimensions)

    return measured


def measuring_stops(stop: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    @functools.wraps(stop)
    def measured(data: dict[str, Any]) -> Any:
        running = (stepfunctions._executions.get(data.get("executionArn")) or {}).get("status") == "RUNNING"
        answer = stop(data)
        if answer[0] < 400 and running:
            dimensions = {"StateMachineArn": stepfunctions._executions[data["executionArn"]]["stateMachineArn"]}
            STORE.add("AWS/States", "ExecutionsAborted", 1, unit="Count", dimensions=dimensions)
        return answer

    return measured


def measuring_latency(handler: Callable[[Any], Any], function: str) -> Callable[[Any], Any]:
    operation = "".join(word.capitalize() for word in function.strip("_").split("_"))

    @functools.wraps(handler)
    def measured(data: Any) -> Any:
        began = time.perf_counter()
        answer = handler(data)
        if answer[0] < 400 and isinstance(data.get("TableName"), str):
            dimensions = {"TableName": dynamodb._normalize_table_name(data["TableName"]), "Operation": operation}
            milliseconds = round(1000 * (time.perf_counter() - began), 1)
            name = "SuccessfulRequestLatency"
            STORE.add("AWS/DynamoDB", name, milliseconds, unit="Milliseconds", dimensions=dimensions)
        return answer

    return measured
