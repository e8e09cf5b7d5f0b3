"""The doctor examines a laptop cloud."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.cloud.apps import Apps
from tests.support.commands import run_inside
from tools.doctor.__main__ import main

Findings = Callable[[], tuple[int, dict[str, Any]]]

UNKNOWN_TO_THE_ENGINE = {"SMS", "SMS spending", "SMS numbers", "SMS reports"}
"""The checks that only AWS can answer."""


@pytest.fixture
def sandbox(apps: Apps) -> Iterator[None]:
    ses = apps.cloud.engine.client("sesv2")
    details = {"MailType": "TRANSACTIONAL", "WebsiteURL": "https://example.com"}
    ses.put_account_details(**details, ProductionAccessEnabled=False)
    yield
    ses.put_account_details(**details, ProductionAccessEnabled=True)


@pytest.fixture
def findings(apps: Apps, capsys: pytest.CaptureFixture[str]) -> Findings:
    """Returns a function that runs the doctor, and returns its exit status and the finding of each check."""

    def found() -> tuple[int, dict[str, Any]]:
        run = run_inside(capsys, main, ["--stage", "local", "--json", "--home", str(apps.cloud.settings.home)])
        assert run.out, run.err
        return run.status, {finding.pop("check"): finding for finding in run.json}

    return found


def test_a_laptop_cloud_has_no_problem_but_unknown_checks(apps: Apps, findings: Findings) -> None:
    status, found = findings()

    assert status == 0, found
    assert {check for check, finding in found.items() if finding["state"] != "ok"} == UNKNOWN_TO_THE_ENGINE
    assert {(found[check]["state"], found[check]["found"]) for check in UNKNOWN_TO_THE_ENGINE} == {
        ("unknown", "the laptop cloud cannot answer this; only AWS can")
    }
    assert found["sender in SES"]["found"] == f"{apps.places.sender} is verified"


@pytest.mark.usefixtures("sandbox")
def test_a_sandbox_and_an_unverified_sender_are_reported(apps: Apps, findings: Findings) -> None:
    ses = apps.cloud.engine.client("ses")
    ses.delete_identity(Identity=apps.places.sender)
    try:
        status, found = findings()
    finally:
        ses.verify_email_identity(EmailAddress=apps.places.sender)

    assert status == 1
    assert (found["SES"]["state"], found["sender in SES"]["state"]) == ("limited", "problem")


def test_cloudformation_refuses_a_sender_that_nobody_can_confirm(apps: Apps) -> None:
    """tests/stacks/test_reminders.py finds this rule in the templates. The whole template is too long to send."""
    told = "Nobody can confirm the sender reminders-prod@example.com to SES."
    assertion = {"Assert": {"Fn::Equals": ["reminders-prod@example.com", ""]}, "AssertDescription": told}
    resource = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "not-deployed"}}
    template = {
        "Rules": {"SomebodyCanConfirmTheSender": {"Assertions": [assertion]}},
        "Resources": {"Queue": resource},
    }
    cloudformation, sqs = apps.cloud.engine.client("cloudformation"), apps.cloud.engine.client("sqs")

    with pytest.raises(cloudformation.exceptions.ClientError, match="Nobody can confirm the sender reminders-prod@"):
        cloudformation.create_stack(StackName="not-deployed", TemplateBody=json.dumps(template))

    assert not sqs.list_queues(QueueNamePrefix="not-deployed").get("QueueUrls")
