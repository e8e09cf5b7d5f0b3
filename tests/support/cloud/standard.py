"""The apps of the stage `local`, but with a Standard order workflow and without a cache."""

from dataclasses import replace
from pathlib import Path

import aws_cdk as cdk
from aws_cdk.aws_stepfunctions import StateMachineType

from app import build
from stacks.config import STAGES
from tests.support.templates.deployment import CDK_JSON

IDENTITY, ORDERS = "standard-identity", "standard-orders"


def synthesise(folder: Path) -> None:
    """Writes the templates, and the files that they name, into `folder`."""
    stage = replace(
        STAGES["local"],
        name="standard",
        cache=None,
        order_workflow_type=StateMachineType.STANDARD,
        notify_parameter="notifyme-standard",
    )
    app = cdk.App(outdir=str(folder), context=CDK_JSON["context"])
    build(app, stage=stage)
    app.synth()
