"""The doctor examines a laptop cloud."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.settings import PROJECT
from tests.support.cloud.apps import Apps
from tests.support.templates.deployment import synthesise

UNKNOWN_TO_THE_ENGINE = {"SMS", "SMS spending", "SMS numbers", "SMS reports"}
"""The checks that only AWS can answer."""


@pytest.fixture
def sandbox(apps: Apps) -> Iterator[None]:
    ses = apps.cloud.engine.client("sesv2")
    details = {"MailType": "TRANSACTIONAL", "WebsiteURL": "https://example.com"}
    ses.put_account_details(**details, ProductionAccessEnabled=False)
    yield
    ses.put_account_details(**details, ProductionAccessEnabled=True)


def findings(apps: Apps) -> tuple[int, dict[str, Any]]:
    """The exit status, and the finding of each check."""
    command = [sys.executable, "-m", "tools.doctor", "--stage", "local", "--json"]
    command += ["--home", str(apps.cloud.settings.home)]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert run.stdout, run.stderr
    return run.returncode, {finding.pop("check"): finding for finding in json.loads(run.stdout)}


def test_a_laptop_cloud_has_no_problem_but_unknown_checks(apps: Apps) -> None:
    status, found = findings(apps)

    assert status == 0, found
    assert {check for check, finding in found.items() if finding["state"] != "ok"} == UNKNOWN_TO_THE_ENGINE
    assert {(found[check]["state"], found[check]["found"]) for check in UNKNOWN_TO_THE_ENGINE} == {
        ("unknown", "the laptop cloud cannot answer this; only AWS can")
    }
    assert found["sender in SES"]["found"] == f"{apps.places.sender} is verified"


@pytest.mark.usefixtures("sandbox")
def test_a_sandbox_and_an_unverified_sender_are_reported(apps: Apps) -> None:
    ses = apps.cloud.engine.client("ses")
    ses.delete_identity(Identity=apps.places.sender)
    try:
        status, found = findings(apps)
    finally:
        ses.verify_email_identity(EmailAddress=apps.places.sender)

    assert status == 1
    assert (found["SES"]["state"], found["sender in SES"]["state"]) == ("limited", "problem")


def test_cloudformation_refuses_a_sender_that_nobody_can_confirm(apps: Apps, tmp_path: Path) -> None:
    """The test sends only the rule and one resource, because the whole template is too long."""
    rules = synthesise(tmp_path, stage="prod", cache="off").templates["Reminders"]["Rules"]
    resource = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "not-deployed"}}
    template = {
        "Rules": {"SomebodyCanConfirmTheSender": rules["SomebodyCanConfirmTheSender"]},
        "Resources": {"Queue": resource},
    }
    cloudformation, sqs = apps.cloud.engine.client("cloudformation"), apps.cloud.engine.client("sqs")

    with pytest.raises(cloudformation.exceptions.ClientError, match="Nobody can confirm the sender reminders-prod@"):
        cloudformation.create_stack(StackName="not-deployed", TemplateBody=json.dumps(template))

    assert not sqs.list_queues(QueueNamePrefix="not-deployed").get("QueueUrls")
