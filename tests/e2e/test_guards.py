"""The guards judge change sets of a laptop cloud that CDK has really prepared, and find what somebody has changed."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from local.deploy import QUICK_POLLS
from stacks.names import REMINDERS, stack_name
from tests.support.cloud.apps import Apps
from tools.guards.__main__ import main

pytestmark = pytest.mark.long

Guards = Callable[[str, Path], tuple[int, str]]
OLD_ID = "ReminderTable76285657"
STACK = stack_name("local", REMINDERS)


@pytest.fixture
def planted(apps: Apps, tmp_path: Path) -> Path:
    """The templates of the cloud, with the construct of the reminders' table renamed."""
    folder = tmp_path / "cdk.out"
    shutil.copytree(apps.cloud.settings.assembly, folder, ignore=shutil.ignore_patterns("asset.*", ".cache"))
    template = folder / f"{REMINDERS}.template.json"
    before = template.read_text()
    # The names of exports contain the id, too. They stay.
    after = before.replace(f'"{OLD_ID}"', '"RemindersTable01234567"').replace(
        "Reminders/ReminderTable/", "Reminders/New/"
    )
    assert before.count(OLD_ID) > before.count(f'"{OLD_ID}"') > 5
    template.write_text(after)
    # CDK uploads a template under its hash.
    old, new = (hashlib.sha256(text.encode()).hexdigest() for text in (before, after))
    for file in (folder / "manifest.json", folder / f"{REMINDERS}.assets.json"):
        assert old in (text := file.read_text())
        file.write_text(text.replace(old, new))
    return folder


@pytest.fixture
def guards(apps: Apps, capfd: pytest.CaptureFixture[str]) -> Guards:
    """Returns a function that runs a command of the guards, and returns its exit status and what it printed."""

    def run(command: str, folder: Path) -> tuple[int, str]:
        place = ["--stage", "local", "--home", str(apps.cloud.settings.home), "--app", str(folder)]
        with patch.dict(os.environ, NODE_OPTIONS=f"--require {json.dumps(str(QUICK_POLLS))}"):
            status = main([command, *place])
        shown = capfd.readouterr()
        print(shown.err)
        return status, shown.out

    return run


def test_a_renamed_table_is_refused_before_anything_changes(apps: Apps, planted: Path, guards: Guards) -> None:
    status, said = guards("check", planted)

    assert status == 1, said
    assert "refused: Reminders/ReminderTable would be deleted, and its rows would be lost. Reminders/New" in said
    assert "templates were compared" not in said
    assert said.endswith("ALLOW=Reminders/ReminderTable\n")
    left = apps.cloud.engine.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    assert [one["ChangeSetName"] for one in left if one["ChangeSetName"].startswith("guards-")] == []


def test_drift_is_found(apps: Apps, guards: Guards) -> None:
    sqs, queue = apps.cloud.engine.client("sqs"), apps.places.escalation_queue
    usual = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["MessageRetentionPeriod"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "3600"})
    try:
        status, said = guards("drift", apps.cloud.settings.assembly)
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual)

    assert status == 1, said
    assert "AWS::SQS::Queue EscalationQueue" in said
    assert "/MessageRetentionPeriod" in said
