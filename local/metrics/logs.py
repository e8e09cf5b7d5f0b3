"""Makes metrics of the log lines that the engine stores: embedded metrics, metric filters, and the number of bytes."""

import logging
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs

from local.metrics import embedded, filters
from local.metrics.store import STORE

logger = logging.getLogger(__name__)


def apply() -> None:
    cloudwatch_logs._fanout_to_subscription_filters = counting(cloudwatch_logs._fanout_to_subscription_filters)


def counting(forward: Callable[..., None]) -> Callable[..., None]:
    """Returns the engine's function that gets every line of a log group, changed to count first."""

    def counted(group: str, stream: str, events: list[dict[str, Any]]) -> None:
        counting_filters = [one for one in cloudwatch_logs._metric_filters.values() if one["logGroupName"] == group]
        for event in events:
            line = str(event["message"])
            size = len(line.encode())
            STORE.add("AWS/Logs", "IncomingBytes", size, unit="Bytes", dimensions={"LogGroupName": group})
            try:
                _add_embedded(line)
                for definition in counting_filters:
                    _add_filtered(definition, line)
            except (embedded.NoDocumentError, filters.UnknownPatternError) as error:
                logger.warning("%s: %s: %s", group, type(error).__name__, error)
        forward(group, stream, events)

    return counted


def _add_embedded(line: str) -> None:
    for one in embedded.measured(line):
        for value in one.values:
            STORE.add(one.namespace, one.name, value, unit=one.unit, dimensions=one.dimensions, at=one.at)


def _add_filtered(definition: dict[str, Any], line: str) -> None:
    value = filters.counted(definition, line)
    if value is not None:
        to = definition["metricTransformations"][0]
        unit = to.get("unit", "None")
        STORE.add(to["metricNamespace"], to["metricName"], value, unit=unit, dimensions={})
