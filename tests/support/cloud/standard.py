"""A CDK app: the apps of the stage `local`, but with a Standard order workflow and without a cache."""

from dataclasses import replace

import aws_cdk as cdk
from aws_cdk.aws_stepfunctions import StateMachineType

from app import build
from stacks.config import STAGES

IDENTITY, ORDERS = "standard-identity", "standard-orders"

if __name__ == "__main__":
    stage = replace(
        STAGES["local"],
        name="standard",
        cache=None,
        order_workflow_type=StateMachineType.STANDARD,
        notify_parameter="notifyme-standard",
    )
    app = cdk.App()
    build(app, stage=stage)
    app.synth()
