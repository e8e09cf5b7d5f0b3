"""`laptop up` shows its steps, and how many stacks are deployed."""

import io
import json
import os
import re
from pathlib import Path

import pytest
from rich.console import Console

from local import deploy, progress
from local.cloud import Cloud
from local.settings import Settings

LOG = """\
✨  Synthesis time: 0.01s
ApiLogs (local-api-logs): deploying... [1/3]

 ✅  ApiLogs (local-api-logs)

 ✅  Orders (local-orders) (no changes)
Reminders (local-reminders): deploying... [3/3]
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    """A cloud whose deployment has done two of three stacks."""
    cloud = Cloud(Settings(home=tmp_path))
    stacks = {name: {"type": "aws:cloudformation:stack", "properties": {}} for name in deploy.STACKS[:1]}
    stacks |= {f"local-{name}": {"type": "aws:cloudformation:stack"} for name in ("orders", "reminders")}
    artifacts = {name: {"properties": {"stackName": name}, **stack} for name, stack in stacks.items()}
    cloud.settings.assembly.mkdir()
    (cloud.settings.assembly / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    cloud.settings.deploy_log.write_text(LOG, "utf-8")
    return cloud


def said(cloud: Cloud, *, terminal: bool) -> str:
    output = io.StringIO()
    # As if CDK wrote its log meanwhile.
    os.utime(cloud.settings.deploy_log, (2**31, 2**31))
    console = Console(file=output, width=80, force_terminal=terminal, color_system=None)
    with progress.shown(console, cloud) as steps:
        steps.begin("synthesising")
        steps.begin(progress.DEPLOYING)
    assert steps.seconds < 60
    return output.getvalue()


def test_a_stack_counts_when_cdk_says_that_it_is_done(cloud: Cloud) -> None:
    assert deploy.stacks_done(cloud.engine, since=0) == (2, 3)
    assert deploy.stacks_done(cloud.engine, since=2**32) == (0, 3)

    cloud.settings.deploy_log.unlink()
    assert deploy.stacks_done(cloud.engine, since=0) == (0, 3)


def test_a_terminal_shows_each_step_with_its_time_and_the_stacks(cloud: Cloud) -> None:
    shown = " ".join(said(cloud, terminal=True).split())

    assert re.search(r"✓ synthesising [0-9]+ s", shown) and re.search(r"✓ deploying [0-9]+ s", shown)
    assert re.search(r"deploying: 2 of 3 stacks [0-9]+ s", shown)


def test_elsewhere_each_step_is_one_line(cloud: Cloud) -> None:
    assert said(cloud, terminal=False) == "synthesising\ndeploying\n"
