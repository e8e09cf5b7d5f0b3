"""Orders whose check fails, hangs, is missing or gives an invalid verdict."""

from typing import Any

import pytest

from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import (
    ALWAYS,
    FUNCTION_SECONDS,
    Faulty,
    States,
    changed,
)
from tests.support.cloud.orders import ATTEMPTS, CHECK, CHOOSE, GOOD, place

pytestmark = pytest.mark.usefixtures("skipped_waits", "balanced")


@pytest.mark.parametrize("fault", ["raise", "exit", "hang"])
def test_a_check_that_fails_once_is_retried(apps: Apps, order: dict[str, str], faulty: Faulty, fault: str) -> None:
    """`hang` ends with the function's timeout."""
    with changed(apps, lambda states: faulty.answers(states[CHECK], GOOD, failures=1, fault=fault)):
        queue, _ = place(apps, order)

    assert (queue, faulty.attempts) == ("OrderFulfillmentQueue", 2)


def test_a_check_that_exceeds_the_states_timeout_is_retried(apps: Apps, order: dict[str, str], faulty: Faulty) -> None:
    def slow(states: States) -> None:
        faulty.answers(states[CHECK], GOOD, failures=1, fault="hang")
        states[CHECK]["TimeoutSeconds"] = FUNCTION_SECONDS // 2

    with changed(apps, slow):
        queue, _ = place(apps, order)

    assert queue == "OrderFulfillmentQueue"
    # On a busy machine the second attempt may exceed the timeout, too.
    assert faulty.attempts >= 2


def test_an_order_whose_check_fails_at_every_attempt_is_parked(
    either: Apps, order: dict[str, str], faulty: Faulty
) -> None:
    with changed(either, lambda states: faulty.answers(states[CHECK], GOOD, failures=ALWAYS)):
        queue, message = place(either, order)

    assert (queue, message["State"], faulty.attempts) == ("ParkedQueue", CHECK, ATTEMPTS)


def test_an_order_whose_checking_function_is_missing_is_parked(apps: Apps, order: dict[str, str]) -> None:
    with changed(apps, lambda states: states[CHECK]["Arguments"].update(FunctionName="nobody-deployed-this")):
        queue, message = place(apps, order)

    assert (queue, message["State"]) == ("ParkedQueue", CHECK)
    assert message["Error"] == "Lambda.ResourceNotFoundException"


VERDICTS: dict[str, tuple[Any, str]] = {
    "null": (None, CHECK),
    "a text": ("not JSON", CHECK),
    "a list": ([1], CHECK),
    "an empty object": ({}, CHECK),
    "an error": ({"errorMessage": "x", "errorType": "y"}, CHECK),
    "no list of reasons": ({"Status": 1}, CHECK),
    "true as 1": ({"Status": True, "Reasons": []}, CHOOSE),
    "false as 0": ({"Status": False, "Reasons": ["PRICE_NOT_POSITIVE"]}, CHOOSE),
    "neither 0 nor 1": ({"Status": 2, "Reasons": []}, CHOOSE),
    "good, with reasons": ({"Status": 1, "Reasons": ["PRICE_NOT_POSITIVE"]}, CHOOSE),
    "bad, without a reason": ({"Status": 0, "Reasons": []}, CHOOSE),
    "reasons that are not texts": ({"Status": 0, "Reasons": [{}]}, CHOOSE),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_an_order_with_an_invalid_verdict_is_parked(
    apps: Apps, order: dict[str, str], faulty: Faulty, verdict: str
) -> None:
    answer, state = VERDICTS[verdict]

    with changed(apps, lambda states: faulty.answers(states[CHECK], answer)):
        queue, message = place(apps, order)

    assert (queue, message["State"]) == ("ParkedQueue", state)
    assert message["Error"] == ("States.QueryEvaluationError" if state == CHECK else "UnexpectedVerdictError")


def test_an_order_with_a_verdict_of_two_megabytes_is_parked(apps: Apps, order: dict[str, str], faulty: Faulty) -> None:
    """AWS fails the check. The engine passes the verdict on to SQS, which refuses it."""
    with changed(apps, lambda states: faulty.answers(states[CHECK], {"Status": 0, "Reasons": ["x" * 2_000_000]})):
        queue, _ = place(apps, order)

    assert queue == "ParkedQueue"
