"""Tells operators when somebody disables the key of the order workflow, or has it deleted."""

from aws_cdk import CfnResource
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.alarms import Alarms, runbook
from stacks.stage import Stage


class KeyWatch(Construct):
    """An EventBridge rule. CloudWatch has no metric of a disabled key.

    The events come from CloudTrail, so they need a trail in the account:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    Without one, the alarm `ApiErrors` shows what a disabled key does.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage, key: kms.IKey, topic: Alarms) -> None:
        super().__init__(scope, id)
        section = runbook(stage, topic.stack_id, "KeyChanged")
        rule = CfnResource(
            self,
            "KeyChanged",
            type="AWS::Events::Rule",
            properties={
                "Description": "The key of the order workflow was disabled, or is going to be deleted.",
                "EventPattern": {
                    "source": ["aws.kms"],
                    "detail-type": ["AWS API Call via CloudTrail"],
                    "detail": {
                        "eventSource": ["kms.amazonaws.com"],
                        "eventName": ["DisableKey", "ScheduleKeyDeletion"],
                        "resources": {"ARN": [key.key_arn]},
                    },
                },
                "State": "ENABLED",
                "Targets": [
                    {
                        "Id": "Alarms",
                        "Arn": topic.arn,
                        "InputTransformer": {
                            "InputPathsMap": {"who": "$.detail.userIdentity.arn", "what": "$.detail.eventName"},
                            "InputTemplate": f'"The key of the order workflow: <what> by <who>. What to do: {section}"',
                        },
                    }
                ],
            },
        )
        topic.allow("events.amazonaws.com", ArnEquals={"aws:SourceArn": rule.get_att("Arn").to_string()})
