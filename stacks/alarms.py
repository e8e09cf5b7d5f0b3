"""What people are told about when it goes wrong."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct


class Alarms(sns.Topic):
    """A topic that people subscribe to, and the alarms that publish to it. Its ARN is the stack output `<id>TopicArn`.

    It is not encrypted at rest: CloudWatch could not publish with the key of SNS, and alarms name no order.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, enforce_ssl=True)
        # A topic with a policy of its own loses the default one, which lets the account's alarms publish.
        self.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        CfnOutput(scope, f"{id}TopicArn", value=self.topic_arn)

    def watch(self, id: str, description: str, metric: cloudwatch.IMetric) -> None:
        """Alarms as soon as `metric` is 1 or more in one period.

        docs/operations.md has a section for each alarm, and the message of an alarm names it.
        """
        section = f"{Stack.of(self).node.id}-{id}".lower()
        alarm = cloudwatch.Alarm(
            self,
            id,
            alarm_description=f"{description} What to do: docs/operations.md#{section}",
            metric=metric,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self))
