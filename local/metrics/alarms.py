"""Decides whether an alarm goes off, from its template's settings and the values of its metric. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

import operator
from collections.abc import Mapping
from typing import Any, Literal

from local.metrics.maths import Series

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

COMPARISONS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

MORE_PERIODS = 2
"""An alarm also looks at some periods before its own ones if a value is missing. AWS does not say how many; in its
examples there are two."""


def evaluation_range(alarm: Mapping[str, Any], *, period: int, now: float) -> range:
    """The beginnings of the periods that the alarm looks at, the oldest first. The last of them has ended.

    An alarm is evaluated at the end of each minute, also if its period is longer.
    """
    end = int(now) // 60 * 60
    return range(end - period * (int(alarm["EvaluationPeriods"]) + MORE_PERIODS), end, period)


def is_about_time_before(alarm: Mapping[str, Any], values: Series, periods: range, *, began: float) -> bool:
    """Whether the alarm's own periods have no value, and some of them ended before the engine `began`.

    On AWS nothing is missing while an application restarts. Otherwise each start would set off the alarms about
    silence.
    """
    own = periods[-int(alarm["EvaluationPeriods"]) :]
    return own.start < began and not any(at in values for at in own)


def state(alarm: Mapping[str, Any], values: Series, periods: range, *, before: State) -> State:
    """The state of the alarm with these values in its `evaluation_range`. `before` is its state until now.

    An alarm has the properties of an `AWS::CloudWatch::Alarm`.
    """
    compare = COMPARISONS[alarm["ComparisonOperator"]]
    wanted = int(alarm["EvaluationPeriods"])
    enough = int(alarm.get("DatapointsToAlarm") or wanted)
    found = [bool(compare(values[at], float(alarm["Threshold"]))) for at in periods if at in values]
    missing = max(0, wanted - len(found))
    treated = alarm.get("TreatMissingData") or "missing"
    breaching = sum(found[-wanted:]) + (missing if treated == "breaching" else 0)
    if breaching >= enough:
        return "ALARM"
    if not missing or treated in ("breaching", "notBreaching") or not all(found):
        return "OK"
    if treated == "ignore":
        return before
    return "ALARM" if found else "INSUFFICIENT_DATA"
