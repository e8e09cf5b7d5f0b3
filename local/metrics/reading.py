"""Reads series of the store, also of metric math, which the engine does not know (`services/cloudwatch.py:886`)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.services import cloudwatch

from local.metrics import maths
from local.metrics.maths import Series
from local.metrics.store import STORE, Store

Request = Callable[..., Any]


def apply() -> None:
    cloudwatch._get_metric_data = with_math(cloudwatch._get_metric_data)


def statistic(values: Mapping[float, float], name: str) -> float | None:
    """One statistic of the values, each with how often it was seen. None if there is no value.

    Raises UnknownMathError for a statistic that neither CloudWatch's basic ones nor a percentile is.
    """
    if not values:
        return None
    count = sum(values.values())
    match name:
        case "Sum":
            return sum(value * times for value, times in values.items())
        case "SampleCount":
            return count
        case "Average":
            return sum(value * times for value, times in values.items()) / count
        case "Minimum":
            return min(values)
        case "Maximum":
            return max(values)
    if cloudwatch._is_percentile_stat(name):
        return float(cloudwatch._percentile([*values.items()], float(name[1:])))
    raise maths.UnknownMathError(name)


def series_of(
    queries: Iterable[Mapping[str, Any]], *, start: float, end: float, store: Store = STORE
) -> dict[str, Series]:
    """The series of each query by its id. A query has the form of GetMetricData. All have the same period.

    The first period begins at `start`.
    Raises UnknownMathError.
    """
    queries = list(queries)
    period = period_of(queries)
    found: dict[str, Series] = {}
    for query in queries:
        if stat := query.get("MetricStat"):
            metric = stat["Metric"]
            key = (
                metric["Namespace"],
                metric["MetricName"],
                cloudwatch._dims_key(cloudwatch._dims_from_list(metric.get("Dimensions") or [])),
            )
            values = store.values(key, start=start, end=end, period=int(stat["Period"]))
            found[query["Id"]] = {
                at: value for at in values if (value := statistic(values[at], stat["Stat"])) is not None
            }
    periods = range(int(start), int(end), period)
    left = [query for query in queries if query.get("Expression")]
    while left:
        # An expression may use the id of another one, which need not stand before it.
        for query in [*left]:
            others = {one["Id"] for one in left if one is not query}
            if not maths.ids(query["Expression"]) & others:
                found[query["Id"]] = maths.evaluated(query["Expression"], found, periods)
                left.remove(query)
                break
        else:
            raise maths.UnknownMathError("expressions that need each other")
    return found


def period_of(queries: Iterable[Mapping[str, Any]]) -> int:
    """The seconds of the queries' period."""
    return min([int(one["MetricStat"]["Period"]) for one in queries if one.get("MetricStat")], default=60)


def with_math(get_metric_data: Request) -> Request:
    """Returns the engine's GetMetricData, changed to calculate expressions."""

    def answered(params: Any, data: Any, is_cbor: bool, is_json: bool = False) -> Any:
        queries = (data or {}).get("MetricDataQueries") or []
        if not any(query.get("Expression") for query in queries):
            return get_metric_data(params, data, is_cbor, is_json)
        start, end = (cloudwatch._parse_ts(data[name]) for name in ("StartTime", "EndTime"))
        try:
            found = series_of(queries, start=start // period_of(queries) * period_of(queries), end=end)
        except maths.UnknownMathError as error:
            message = f"Error in expression: {error}"
            return cloudwatch._error("ValidationError", message, 400, use_json=is_json, use_cbor=is_cbor)
        results = [
            {
                "Id": query["Id"],
                "Label": query.get("Label", query["Id"]),
                "Timestamps": [cloudwatch._ts_iso(at) for at in sorted(found[query["Id"]])],
                "Values": [found[query["Id"]][at] for at in sorted(found[query["Id"]])],
                "StatusCode": "Complete",
            }
            for query in queries
            if query.get("ReturnData", True)
        ]
        if is_cbor:
            cbor = [cloudwatch._cbor_metric_data_result(one) for one in results]
            return cloudwatch._cbor_ok({"MetricDataResults": cbor})
        return cloudwatch._json_ok({"MetricDataResults": results})

    return answered
