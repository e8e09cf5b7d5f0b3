"""The report about reminders that are due together."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.due_together import Run, Scenario, report_of

SCENARIO = Scenario(title="mails", channel="email", count=28, accepted=14, rate=14)
TEXTS = [SCENARIO.text(number) for number in range(28)]
RUN = Run(
    scenario=SCENARIO,
    set_seconds=3.2,
    sent=[number / 14 for number in range(28)],
    copies=Counter(TEXTS),
    statuses=Counter(SENT=28),
    throttled=3,
    dead_letters=0,
)


def test_the_report_compares_the_time_with_what_the_rate_allows() -> None:
    report = report_of([RUN, replace(RUN, scenario=replace(SCENARIO, title="slow", accepted=7))])

    rows = {row.split(" | ")[0].strip("| "): row.strip("| ").split(" | ")[1:] for row in report.splitlines()}
    assert rows["reminders"] == ["28", "28"]
    assert rows["least time that the rate allows"] == ["2.0", "4.0"]
    assert rows["last message / least time"] == ["0.96", "0.48"]
    assert rows["refused for the rate"] == ["3", "3"]


@pytest.mark.parametrize(
    "changes",
    [
        {"statuses": Counter(SENT=27, FAILED=1)},
        {"statuses": Counter(SENT=27)},
        {"copies": Counter(TEXTS + TEXTS[:1])},
        {"copies": Counter(TEXTS[1:])},
    ],
)
def test_a_run_is_complete_if_each_reminder_was_sent_once(changes: dict[str, Counter[str]]) -> None:
    assert RUN.complete
    assert not replace(RUN, **changes).complete  # type: ignore[arg-type]
