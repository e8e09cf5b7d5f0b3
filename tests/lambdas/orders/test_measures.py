"""The names of the metrics."""

import pytest

from orders import measures


@pytest.mark.parametrize(
    ("measure", "name", "unit"),
    [
        (measures.RECEIVED, "OrdersReceived", "Count"),
        (measures.FULFILLED, "OrdersFulfilled", "Count"),
        (measures.ESCALATED, "OrdersEscalated", "Count"),
        (measures.PARKED, "OrdersParked", "Count"),
        (measures.ESCALATED_FOR, "OrdersEscalatedFor", "Count"),
        (measures.SECONDS_TO_OUTCOME, "SecondsToOutcome", "Seconds"),
        (measures.SETTLED_LATE, "OrdersSettledLate", "Count"),
        (measures.LOST, "OrdersLost", "Count"),
        (measures.CACHE_HITS, "CacheHits", "Count"),
        (measures.CACHE_MISSES, "CacheMisses", "Count"),
        (measures.CACHE_BYPASSES, "CacheBypasses", "Count"),
    ],
)
def test_a_metric_keeps_its_name_and_unit_because_cloudwatch_would_begin_another(measure, name, unit):
    assert (measure.namespace, measure.name, measure.unit) == ("Orders", name, unit)


def test_an_outcome_is_late_after_a_minute_and_reasons_are_a_dimension():
    """The objectives in docs/slo.md count on both."""
    assert (measures.LATE_AFTER_SECONDS, measures.REASON) == (60, "Reason")
