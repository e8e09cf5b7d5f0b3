"""`python -m tools.verify` on a simulated AWS."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from costs import prices, quantities
from local.settings import PROJECT
from tests.support.doctor import AWS, STAGE, Aws, attributes_of_queue, examined, resource
from tools import deployment
from tools.doctor.target import Target
from tools.verify import __main__ as program
from tools.verify import suite
from tools.verify.queues import Reader
from tools.verify.readings import Reading, readings
from tools.verify.table import BY_NAME, CHECKS
from tools.verify.users import DOMAIN, LOCAL_PART, Users

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
    target = Target(STAGE, AWS)
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


def test_the_documents_name_the_checks() -> None:
    report, text = (PROJECT / "docs" / "verify.md").read_text(), (PROJECT / "docs" / "deploying.md").read_text()
    rows = [line.split(" | ")[0].removeprefix("| ") for line in report.splitlines() if line.count(" | ") == 4]

    assert rows[2:] == list(BY_NAME), "write the report again: make local-up && make verify STAGE=local"
    assert f"It runs {len(CHECKS)} checks" in " ".join(text.split())
    assert f": {len(CHECKS)} checks of" in " ".join((PROJECT / "CHANGELOG.md").read_text().split())


def test_each_difference_of_the_laptop_cloud_has_a_row() -> None:
    lines = (PROJECT / "docs" / "local.md").read_text().splitlines()

    for check in CHECKS:
        if check.differs:
            assert lines[suite.line_of(check.differs) - 1].startswith("| ")
    with pytest.raises(ValueError, match="no row with test_of_nothing"):
        suite.line_of("test_of_nothing")


def test_each_check_says_what_it_uses() -> None:
    for check in CHECKS:
        assert check.uses.keys() <= quantities.counted().keys() | prices.table().keys()
    assert 0 < suite.usd(CHECKS) < 0.01


@pytest.mark.parametrize("phone", [None, "+15555550199"])
def test_the_costs_and_the_minutes_are_said_before(phone: str | None) -> None:
    stage: Any = SimpleNamespace(phone=phone, deployment=SimpleNamespace(is_laptop=False, region="eu-west-1"))

    said = " ".join(suite.announcement(stage, CHECKS, stage="dev"))

    assert f"Verifying the stage dev in eu-west-1: {len(CHECKS)} checks." in said
    assert re.search("It takes about [2-9] minutes, and costs about 0[.][1-9] cents[.]", said), said
    assert ("2 texts cost 1.2 cents in the United States" in said) == bool(phone)
    assert ("It sends no texts" in said) == (not phone)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--phone=5555550199", "write it like +15555550199"),
        ("--only=nothing", "unknown check 'nothing'; the checks are alarms, "),
    ],
)
def test_wrong_options_are_refused(
    aws: Aws, option: str, message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "require_credentials", lambda stage, home: None)
    monkeypatch.setattr(deployment, "find", lambda stage, home: Target(STAGE, AWS))

    assert program.main([option]) == 2
    assert message in capsys.readouterr().err


class Queue:
    """A queue of SQS with these messages, each with how often it was received before."""

    def __init__(self, messages: dict[str, int], *, waiting: int = 0) -> None:
        self.messages, self.waiting = messages, waiting
        self.deleted: list[str] = []

    def get_queue_attributes(self, **_: Any) -> Any:
        return {"Attributes": attributes_of_queue(self.waiting)}

    def receive_message(self, **_: Any) -> Any:
        found, self.messages = self.messages, {}
        return {
            "Messages": [
                {
                    "MessageId": body,
                    "ReceiptHandle": body,
                    "Body": body,
                    "Attributes": {"ApproximateReceiveCount": str(received + 1)},
                }
                for body, received in found.items()
            ]
        }

    def delete_message_batch(self, Entries: list[dict[str, str]], **_: Any) -> Any:
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def change_message_visibility_batch(self, **_: Any) -> Any:
        return {}


OWN, OTHER, ODD = '{"OrderId": "verify-mark-a"}', '{"OrderId": "other"}', "not JSON"


def test_only_messages_of_the_run_are_deleted() -> None:
    queue = Queue({OWN: 0, OTHER: 1, ODD: 0})
    reader = Reader(queue, ["url"], mark="mark", may_read=True)

    assert reader.take("url", "verify-mark-a") == ({"OrderId": "verify-mark-a"}, "")
    assert (queue.deleted, reader.unread) == ([OWN], {})


def test_a_queue_is_left_alone_before_its_messages_become_dead_letters() -> None:
    queue = Queue({OTHER: 2})
    reader = Reader(queue, ["url"], mark="mark", may_read=True)

    found, why = reader.take("url", "verify-mark-a")

    assert (found, why) == (None, "one more look could move other messages to the dead letters")


@pytest.mark.parametrize(
    ("may_read", "waiting", "why"),
    [(True, 12, "12 messages of others were there before"), (False, 0, "--leave-queues was given")],
)
def test_a_queue_of_others_is_not_read(may_read: bool, waiting: int, why: str) -> None:
    queue = Queue({OWN: 0}, waiting=waiting)

    assert Reader(queue, ["url"], mark="mark", may_read=may_read).take("url", "verify-mark-a") == (None, why)
    assert queue.messages == {OWN: 0}


def test_a_person_whose_address_begins_like_those_of_a_run_is_not_left_behind() -> None:
    emails = [f"{LOCAL_PART}abc@{DOMAIN}", f"{LOCAL_PART}abc@example.com"]
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    listed = [{"Attributes": [{"Name": "email", "Value": one}], "UserCreateDate": long_ago} for one in emails]
    cognito = SimpleNamespace(
        get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [{"Users": listed}]),
    )
    deployment = SimpleNamespace(client=lambda _: cognito, output=lambda *_: "")

    assert [*Users(deployment).left_behind()] == emails[:1]  # type: ignore[arg-type]  # a stand-in
