"""The metrics of the laptop cloud: how they are kept, read and calculated, and when an alarm goes off."""

import inspect
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from ministack.services import cloudwatch, stepfunctions
from ministack.services.cloudformation import provisioners

from local.metrics import alarms, embedded, filters, maths, reading
from local.metrics.store import MINUTES, Key, Points, Store

KEY: Key = ("Orders", "OrdersReceived", "Stage=local")
STAGE = {"Stage": "local"}
HOUR = 3600
NOW = 1_795_737_600


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    return Store()


def add(store: Store, value: float, *, at: float = NOW, times: float = 1) -> None:
    store.add("Orders", "OrdersReceived", value, unit="Count", dimensions=STAGE, at=at, times=times)


def test_values_are_kept_by_the_minute(store: Store) -> None:
    for at in (NOW, NOW + 59, NOW + 60):
        add(store, 2, at=at)

    assert store.values(KEY, start=NOW, end=NOW + 120, period=60) == {NOW: {2: 2}, NOW + 60: {2: 1}}
    assert store.values(KEY, start=NOW, end=NOW + 60, period=60) == {NOW: {2: 2}}
    assert store.values(KEY, start=NOW - 60, end=NOW + 120, period=180) == {NOW - 60: {2: 3}}
    assert store.values(("Orders", "OrdersReceived", ""), start=NOW, end=NOW + 60, period=60) == {}


def test_values_of_the_last_day_are_kept(store: Store) -> None:
    add(store, 1, at=NOW - MINUTES * 60)
    add(store, 1, at=NOW - (MINUTES + 1) * 60)
    assert len([*store.points(KEY)]) == 1

    add(store, 1, at=NOW)
    assert len([*store.points(KEY)]) == 2


def test_the_oldest_minutes_make_room_for_new_values(store: Store) -> None:
    small = Store(most_values=10)

    for minute in range(4):
        for value in range(4):
            add(small, value, at=NOW + minute * 60)

    assert {point["Timestamp"] for point in small.points(KEY)} == {NOW + 120, NOW + 180}


def test_many_different_values_of_a_minute_are_rounded_to_two_digits(store: Store) -> None:
    for value in range(1, 1001):
        add(store, value)

    [values] = store.values(KEY, start=NOW, end=NOW + 60, period=60).values()
    assert len(values) < 200
    assert sum(values.values()) == 1000
    assert reading.statistic(values, "Sum") == pytest.approx(500_500, rel=0.01)
    assert reading.statistic(values, "p99") == pytest.approx(990, rel=0.05)


def test_a_level_counts_once_a_minute(store: Store) -> None:
    for value in (3, 3, 4, 3):
        store.set("AWS/SQS", "Depth", value, unit="Count", dimensions={"QueueName": "q"})

    assert [point["Value"] for point in store.points(("AWS/SQS", "Depth", "QueueName=q"))] == [3, 4]


@pytest.mark.parametrize(
    ("statistics", "values"),
    [
        ({"SampleCount": 1, "Sum": 5, "Minimum": 5, "Maximum": 5}, [5]),
        ({"SampleCount": 2, "Sum": 6, "Minimum": 1, "Maximum": 5}, [3, 3]),
        ({"SampleCount": 4, "Sum": 12, "Minimum": 1, "Maximum": 5}, [1, 3, 3, 5]),
        ({"SampleCount": 0, "Sum": 0, "Minimum": 0, "Maximum": 0}, []),
    ],
)
def test_a_set_of_statistics_keeps_its_number_and_sum(
    store: Store, statistics: dict[str, float], values: list[float]
) -> None:
    point = {"Timestamp": float(NOW), "Unit": "Count", "Dimensions": STAGE, "Value": 0, "_stat": statistics}

    Points(store, KEY).append(point)

    found = [point["Value"] for point in (store.points(KEY) if values else ()) for _ in range(int(point["Count"]))]
    assert sorted(found) == values


@pytest.mark.parametrize(
    ("name", "value"), [("Sum", 16), ("SampleCount", 5), ("Average", 3.2), ("Minimum", 1), ("Maximum", 10), ("p50", 2)]
)
def test_statistics_are_of_all_values(name: str, value: float) -> None:
    assert reading.statistic({1: 2, 2: 2, 10: 1}, name) == value
    assert reading.statistic({}, name) is None


def test_an_unknown_statistic_is_refused() -> None:
    with pytest.raises(maths.UnknownMathError):
        reading.statistic({1: 1}, "tm99")


def a_query(id: str, metric: str, *, stat: str = "Sum") -> dict[str, Any]:
    dimensions = [{"Name": "Stage", "Value": "local"}]
    metric_stat = {"Namespace": "Orders", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": id, "MetricStat": {"Metric": metric_stat, "Period": 60, "Stat": stat}}


def test_an_expression_may_use_another_one_that_stands_after_it(store: Store) -> None:
    store.add("Orders", "Late", 1, dimensions=STAGE, at=NOW)
    store.add("Orders", "All", 1, dimensions=STAGE, at=NOW, times=4)
    queries = [
        {"Id": "percent", "Expression": "100 * share"},
        {"Id": "share", "Expression": "late / all"},
        a_query("late", "Late"),
        a_query("all", "All"),
    ]

    found = reading.series_of(queries, start=NOW, end=NOW + 60, store=store)

    assert found["percent"] == {NOW: 25}
    with pytest.raises(maths.UnknownMathError):
        reading.series_of([{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}], start=0, end=60)


SERIES: Mapping[str, maths.Series] = {"a": {0: 6.0, 60: 2.0}, "b": {0: 3.0, 120: 1.0}, "zero": {0: 0.0}}


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("a / b", {0: 2, 120: 0}),
        ("a + b", {0: 9, 60: 2, 120: 1}),
        ("a < b", {0: 0, 60: 0, 120: 1}),
        ("a / zero", {}),
        ("FILL(a, 0) + FILL(b, 0)", {0: 9, 60: 2, 120: 1}),
        ("IF(a > 5, 1, 0)", {0: 1, 60: 0}),
        ("1 + 1", {0: 2, 60: 2, 120: 2}),
        ("IF(a > 5 AND b >= 3, a, 0)", {0: 6, 60: 0, 120: 0}),
        ("a > 5 OR zero", {0: 1, 60: 0}),
        ("SUM([a, b])", {0: 9, 60: 2, 120: 1}),
        ("MAX([a, b]) - MIN([a, b])", {0: 3, 60: 0, 120: 0}),
        ("100 * (1 - a / 8)", {0: 25, 60: 75}),
        ("-a", {0: -6, 60: -2}),
    ],
)
def test_expressions_are_calculated_for_each_period(expression: str, values: maths.Series) -> None:
    assert maths.evaluated(expression, SERIES, (0, 60, 120)) == values


@pytest.mark.parametrize(
    "expression", ["SEARCH('x', 'Sum', 60)", "a +", "c", "METRICS()", "a.b", "'text'", "FILL(a, REPEAT)"]
)
def test_an_expression_that_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises(maths.UnknownMathError):
        maths.evaluated(expression, SERIES, (0,))


def an_alarm(**changes: Any) -> dict[str, Any]:
    return {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 1,
        "EvaluationPeriods": 3,
        "TreatMissingData": "notBreaching",
        **changes,
    }


def state(alarm: dict[str, Any], points: str, *, before: alarms.State = "OK") -> alarms.State:
    """The state of an alarm of three periods. `points`: X breaches, 0 does not, - is missing."""
    periods = alarms.evaluation_range(alarm, period=60, now=NOW + 59)
    assert (periods.stop, len(periods)) == (NOW, len(points))
    values = {at: {"X": 2.0, "0": 0.0}[point] for at, point in zip(periods, points, strict=True) if point != "-"}
    return alarms.state(alarm, values, periods, before=before)


# Both tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
KEPT: alarms.State = "INSUFFICIENT_DATA"
"""The state until now, which an alarm keeps if it ignores missing values."""


@pytest.mark.parametrize(
    ("enough", "points", "missing", "ignore", "breaching", "not_breaching"),
    [
        (3, "0-X-X", "OK", "OK", "OK", "OK"),
        (3, "0----", "OK", "OK", "OK", "OK"),
        (3, "-----", "INSUFFICIENT_DATA", KEPT, "ALARM", "OK"),
        (3, "0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (3, "--X--", "ALARM", KEPT, "ALARM", "OK"),
        (2, "0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "0-X--", "OK", "OK", "ALARM", "OK"),
        (2, "----0", "OK", "OK", "ALARM", "OK"),
        (2, "---X-", "ALARM", KEPT, "ALARM", "OK"),
    ],
)
def test_missing_values_are_treated_as_in_the_examples_of_aws(
    enough: int, points: str, missing: str, ignore: str, breaching: str, not_breaching: str
) -> None:
    expected = {"missing": missing, "ignore": ignore, "breaching": breaching, "notBreaching": not_breaching}
    found = {
        treatment: state(an_alarm(DatapointsToAlarm=enough, TreatMissingData=treatment), points, before=KEPT)
        for treatment in expected
    }

    assert found == expected


def test_a_long_period_ends_with_each_minute() -> None:
    periods = alarms.evaluation_range(an_alarm(EvaluationPeriods=1), period=HOUR, now=NOW + 125)

    assert (periods[-1], periods.stop, periods.step) == (NOW + 120 - HOUR, NOW + 120, HOUR)


def a_document(**changes: Any) -> dict[str, Any]:
    directive = {
        "Namespace": "Orders",
        "Dimensions": [["Stage"], ["Stage", "Reason"]],
        "Metrics": [{"Name": "Seconds", "Unit": "Seconds"}, {"Name": "Left out"}],
    }
    metadata = {"Timestamp": NOW * 1000, "CloudWatchMetrics": [directive]}
    return {"_aws": metadata, "Stage": "local", "Reason": "PRICE", "Seconds": [1, 2.5], **changes}


def test_a_document_has_a_metric_for_each_set_of_dimensions() -> None:
    found = [*embedded.measured(json.dumps(a_document()))]

    assert [(one.name, one.unit, one.values, one.at) for one in found] == [("Seconds", "Seconds", (1, 2.5), NOW)] * 2
    assert [one.dimensions for one in found] == [{"Stage": "local"}, {"Stage": "local", "Reason": "PRICE"}]


@pytest.mark.parametrize(
    "line", ["", "text with _aws", '{"_aws": 1}', '{"_aws": {}}', '{"message": "order"}', '{"_aws"']
)
def test_other_lines_have_no_metrics(line: str) -> None:
    assert [*embedded.measured(line)] == []


@pytest.mark.parametrize(
    "changes", [{"Stage": 1}, {"Reason": None}, {"Seconds": "1"}, {"Seconds": [1] * 101}, {"Seconds": True}]
)
def test_a_document_that_breaks_a_rule_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(embedded.NoDocumentError):
        [*embedded.measured(json.dumps(a_document(**changes)))]


@pytest.mark.parametrize(
    ("pattern", "line", "counts"),
    [
        ("{ $.lost > 0 }", {"lost": 2}, 2),
        ("{ $.lost > 0 }", {"lost": 0}, None),
        ("{ $.lost > 0 }", {"other": 2}, None),
        ("{ $.lost > 0 }", "2 lost", None),
        ('{ ($.lost > 0) && ($.level = "ERR*") }', {"lost": 1, "level": "ERROR"}, 1),
        ('{ ($.lost > 0) && ($.level != "ERROR") }', {"lost": 1, "level": "ERROR"}, None),
    ],
)
def test_a_metric_filter_counts_the_lines_that_match(pattern: str, line: Any, counts: float | None) -> None:
    definition = {"filterPattern": pattern, "metricTransformations": [{"metricValue": "$.lost"}]}

    assert filters.counted(definition, line if isinstance(line, str) else json.dumps(line)) == counts


@pytest.mark.parametrize("pattern", ["ERROR", "{ $.a IS TRUE }", "{ $.a > 0 || $.b > 0 }", "[w1, w2]"])
def test_a_pattern_that_is_not_known_is_refused(pattern: str) -> None:
    with pytest.raises(filters.UnknownPatternError):
        filters.matches(pattern, {})


def test_the_engine_counts_no_executions() -> None:
    assert "record_metric" not in inspect.getsource(stepfunctions)


def test_the_engine_mixes_the_dimensions_of_a_metric() -> None:
    assert "Dimensions" not in inspect.getsource(cloudwatch._evaluate_alarm)
    assert "_evaluate_all_alarms()" in inspect.getsource(cloudwatch._put_metric_data)


def test_the_engine_knows_no_metric_math() -> None:
    assert "Expressions not implemented" in inspect.getsource(cloudwatch._get_metric_data)
    assert "is not supported" in inspect.getsource(provisioners._cw_metric_alarm_record)
    assert "AWS::CloudWatch::CompositeAlarm" not in provisioners._RESOURCE_HANDLERS
