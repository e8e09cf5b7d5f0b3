"""`python -m tools.verify` on a simulated AWS."""

from collections.abc import Iterator
from typing import Any

import pytest

import tools.aws
from costs import quantities
from tests.support.doctor import SESSION, STAGE, Aws, examined, resource
from tools.doctor.target import Target
from tools.verify import __main__ as program
from tools.verify.readings import Reading, readings

FLOW = "arn:aws:states:us-east-1:123456789012:stateMachine:flow"
DEPLOYED = [
    resource("AWS::Lambda::Function", "dev-PlaceOrder", logical_id="OrdersApiPlaceOrder54B7F8D1"),
    resource("AWS::Lambda::Function", "dev-Unknown", logical_id="Unknown54B7F8D1"),
    resource("AWS::StepFunctions::StateMachine", FLOW, logical_id="OrderFulfillmentStateMachine54B7F8D1"),
]


@pytest.fixture
def aws() -> Iterator[Aws]:
    with examined() as aws:
        aws.answers["ListStackResources"] = {"StackResourceSummaries": DEPLOYED}
        yield aws


def found() -> dict[str, Reading]:
    target = Target(STAGE, tools.aws.Aws(SESSION))
    return {one.what: one for one in readings(target, days=7)}


def measured(*points: tuple[float, float]) -> dict[str, Any]:
    return {"Datapoints": [{"Sum": total, "SampleCount": number} for total, number in points]}


def test_a_mean_is_that_of_all_calls_and_not_of_the_days(aws: Aws) -> None:
    """100 calls of 40 ms on one day, and one of 140 ms on the next."""
    estimate = quantities.estimates()["seconds"]["PlaceOrder"]["value"]
    aws.answers["GetMetricStatistics"] = measured((4000, 100), (140, 1))

    reading = found()["seconds: PlaceOrder"]

    assert reading.estimate == estimate
    assert reading.measured == pytest.approx(4.140 / 101)
    assert reading.row() == {
        "what": "seconds: PlaceOrder",
        "estimate": f"{estimate:g}",
        "measured": "0.041",
        "times": f"{4.140 / 101 / estimate:.2f}",
        "of": "101",
    }


def test_only_functions_and_workflows_with_an_estimate_are_compared(aws: Aws) -> None:
    aws.answers["GetMetricStatistics"] = measured()

    assert found().keys() == {
        "seconds: PlaceOrder",
        "express: OrderFulfillmentStateMachine",
        "express mb: OrderFulfillmentStateMachine",
    }


def test_what_did_not_happen_was_not_measured(aws: Aws) -> None:
    aws.answers["GetMetricStatistics"] = measured()

    assert found()["seconds: PlaceOrder"].row()["measured"] == ""


@pytest.mark.parametrize("days", ["0", "61"])
def test_a_wrong_number_of_days_is_refused(days: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main([f"--days={days}"]) == 2
    assert "'--days': not a whole number from 1 to 60" in capsys.readouterr().err
