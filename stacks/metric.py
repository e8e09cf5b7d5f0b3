"""A statistic of a metric, as data. Alarms and dashboards are made of these.

This module does not import CDK: each metric that CDK makes is a call of its Node process.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Metric:
    """A statistic of a metric, of AWS or our own.

    `dimensions` maps names of dimensions to keys of the stack's resources. The stack puts in the generated names.
    """

    namespace: str
    name: str
    statistic: str
    dimensions: Mapping[str, str]

    def properties(self, resources: Mapping[str, str]) -> dict[str, Any]:
        dimensions = [{"Name": name, "Value": resources.get(key, key)} for name, key in self.dimensions.items()]
        return {
            "Namespace": resources.get(self.namespace, self.namespace),
            "MetricName": self.name,
            **({"Dimensions": dimensions} if dimensions else {}),
        }


def messages(queue: str) -> Metric:
    """The messages that wait in a queue."""
    return Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", {"QueueName": queue})


def age(queue: str) -> Metric:
    """The seconds for which the oldest message of a queue has waited."""
    return Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", {"QueueName": queue})


def of_function(function: str, name: str, statistic: str = "Sum") -> Metric:
    return Metric("AWS/Lambda", name, statistic, {"FunctionName": function})


def of_workflow(workflow: str, name: str, statistic: str = "Sum") -> Metric:
    """A metric of all executions, also of those that an alias started. They count once more with the alias's name.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    """
    return Metric("AWS/States", name, statistic, {"StateMachineArn": workflow})


def of_api(name: str, statistic: str) -> Metric:
    return Metric("AWS/ApiGateway", name, statistic, {"ApiName": "Api", "Stage": "ApiStage"})


def of_app(namespace: str, name: str, statistic: str) -> Metric:
    """A metric that our functions write into their logs."""
    return Metric(namespace, name, statistic, {"Stage": "Stage"})


def of_table(name: str, index: str = "") -> Metric:
    """The calls of a table, or of one of its indexes, whose name is not generated."""
    dimensions = {"TableName": "Table"} | ({"GlobalSecondaryIndexName": index} if index else {})
    return Metric("AWS/DynamoDB", name, "Sum", dimensions)
