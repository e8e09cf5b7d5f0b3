"""Evaluates the alarms of the engine, every few seconds, and lets stacks have composite alarms and alarms with math.

The engine evaluates an alarm only when somebody puts a metric. It then looks at the metric's values of all dimensions
together, and not at `DatapointsToAlarm` or missing values (`services/cloudwatch.py:297`). It changes the alarm's state,
publishes to its topics and evaluates composite alarms by itself.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from local.engine_patches import lines
from local.metrics import alarms, reading

EVERY_SECONDS = 5

BEGAN = time.time()
"""When this engine started. It has no values of the time before."""

SETTABLE = '        "cloudtrail._recording_enabled",\n'
"""In `_handle_admin_config_request`, where it lists what may be set."""

logger = logging.getLogger(__name__)


def apply(sample: Callable[[], None]) -> None:
    """Evaluates alarms. Calls `sample` before each evaluation."""
    cloudwatch.SECONDS_AHEAD = 0
    lines.replace(app, "_handle_admin_config_request", SETTABLE, f'        "cloudwatch.SECONDS_AHEAD",\n{SETTABLE}')
    cloudwatch._evaluate_alarm = evaluate
    provisioners._cw_metric_alarm_record = with_math(provisioners._cw_metric_alarm_record)
    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = {
        "create": create_composite,
        "update": update_composite,
        "delete": lambda physical_id, _: cloudwatch._composite_alarms.pop(physical_id, None),
    }
    threading.Thread(target=_evaluate_for_ever, args=(sample,), name="alarms", daemon=True).start()


def evaluate(alarm: dict[str, Any]) -> None:
    """Gives the alarm its state as of now, or of SECONDS_AHEAD from now, and does what its template says."""
    queries = alarm.get("Metrics") or [_query(alarm)]
    now = time.time() + cloudwatch.SECONDS_AHEAD
    periods = alarms.evaluation_range(alarm, period=reading.period_of(queries), now=now)
    found = reading.series_of(queries, start=periods.start, end=periods.stop)
    [result] = [one["Id"] for one in queries if one.get("ReturnData", True) in (True, "true")]
    before = alarm["StateValue"]
    after = alarms.state(alarm, found[result], periods, before=before)
    if after == before:
        return
    if after == "ALARM" and alarms.is_about_time_before(alarm, found[result], periods, began=BEGAN):
        return
    values = ", ".join(f"{found[result][at]:g}" for at in periods if at in found[result]) or "no value"
    reason = f"{values}: {alarm['ComparisonOperator']} {alarm['Threshold']:g}"
    alarm |= {"StateValue": after, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())}
    cloudwatch._record_history(alarm["AlarmName"], before, after, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, after, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def with_math(record: Callable[[str, Any], dict[str, Any]]) -> Callable[[str, Any], dict[str, Any]]:
    """Returns the engine's `record`, which makes an alarm of a template's properties, changed to accept `Metrics`."""

    def made(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        if not (metrics := properties.get("Metrics")):
            return record(name, properties)
        alarm = record(name, {**properties, "Metrics": None, "MetricName": "-", "Namespace": "-"})
        unused = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period")
        return {**{key: value for key, value in alarm.items() if key not in unused}, "Metrics": metrics}

    return made


def create_composite(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
    name = properties.get("AlarmName") or provisioners._physical_name(stack, logical_id, max_len=255)
    request = {**properties, "AlarmName": name}
    status, _, body = cloudwatch._put_composite_alarm({}, request, is_cbor=False, is_json=True)
    if status >= 400:
        raise ValueError(f"AWS::CloudWatch::CompositeAlarm failed: {body!r}")
    return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}


def update_composite(name: str, _: Any, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
    return create_composite(name, {"AlarmName": name, **properties}, stack)


def _query(alarm: dict[str, Any]) -> dict[str, Any]:
    metric = {name: alarm.get(name) for name in ("Namespace", "MetricName", "Dimensions")}
    stat = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    return {"Id": "metric", "MetricStat": {"Metric": metric, "Period": alarm["Period"], "Stat": stat}}


def _evaluate_for_ever(sample: Callable[[], None]) -> None:
    while True:
        time.sleep(EVERY_SECONDS)
        sample()
        for alarm in cloudwatch._alarms.values():
            try:
                evaluate(alarm)
            except Exception:
                logger.exception("alarm %s", alarm.get("AlarmName"))
