"""`make check` stops at templates that CDK warns about."""

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

from tools import validation


@pytest.mark.parametrize("warned", [False, True])
def test_templates_with_a_warning_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str], warned: bool) -> None:
    # CDK would take four seconds to load its own validation.
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    queue = sqs.CfnQueue(cdk.Stack(app, "Orders"), "Queue")
    if warned:
        cdk.Annotations.of(queue).add_warning("It has no dead-letter queue.")
    app.synth()

    accepted = validation.is_accepted(tmp_path)

    assert accepted is not warned
    assert ("It has no dead-letter queue." in capfd.readouterr().err) is warned
