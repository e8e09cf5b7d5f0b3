"""Points in time as text."""

from datetime import UTC, datetime

import pytest

from common.times import timestamp, timestamp_in_full


@pytest.mark.parametrize(
    ("microsecond", "short", "full"),
    [
        (0, "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.000000Z"),
        (7_000, "2026-01-02T03:04:05.007Z", "2026-01-02T03:04:05.007000Z"),
        (7_999, "2026-01-02T03:04:05.007Z", "2026-01-02T03:04:05.007999Z"),
        (999_999, "2026-01-02T03:04:05.999Z", "2026-01-02T03:04:05.999999Z"),
    ],
)
def test_a_time_has_the_format_of_step_functions_or_all_of_its_microseconds(
    microsecond: int, short: str, full: str
) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, microsecond, tzinfo=UTC)

    assert (timestamp(now), timestamp_in_full(now)) == (short, full)
