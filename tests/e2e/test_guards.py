"""The guards judge change sets of a laptop cloud that CDK has really prepared, and find what somebody has changed."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.settings import PROJECT
from stacks.names import REMINDERS, stack_name
from tests.support.cloud.apps import Apps

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


def guards(apps: Apps, command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    options = ["--stage", "local", "--home", str(apps.cloud.settings.home), "--app", str(folder)]
    call = [sys.executable, "-m", "tools.guards", command, *options]
    return subprocess.run(call, cwd=PROJECT, capture_output=True, text=True, timeout=300)


def test_a_renamed_table_is_refused_before_anything_changes(apps: Apps, planted: Path) -> None:
    ran = guards(apps, "check", planted)

    assert ran.returncode == 1, ran.stderr
    assert "refused: Reminders/ReminderTable would be deleted, and its rows would be lost. Reminders/New" in ran.stdout
    assert "templates were compared" not in ran.stdout
    assert ran.stdout.endswith("ALLOW=Reminders/ReminderTable\n")
    left = apps.cloud.engine.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    assert [one["ChangeSetName"] for one in left if one["ChangeSetName"].startswith("guards-")] == []


def test_drift_is_found(apps: Apps) -> None:
    sqs, queue = apps.cloud.engine.client("sqs"), apps.places.escalation_queue
    usual = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["MessageRetentionPeriod"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "3600"})
    try:
        ran = guards(apps, "drift", apps.cloud.settings.assembly)
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual)

    assert ran.returncode == 1, ran.stderr
    assert "AWS::SQS::Queue EscalationQueue" in ran.stdout
    assert "/MessageRetentionPeriod" in ran.stdout
