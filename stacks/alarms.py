"""The alarms of a stack, and the topic that they publish to."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct


class Alarms(sns.Topic):
    """An SNS topic, and the alarms that publish to it. The stack output `<id>TopicArn` holds the topic's ARN.

    The topic is not encrypted at rest: CloudWatch cannot publish to a topic that uses the default key of SNS.
    Alarm messages contain no data of orders or reminders.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, enforce_ssl=True)
        self.arns: list[str] = []
        # `enforce_ssl` gives the topic a policy, which replaces the default one. The default one lets the account's
        # alarms publish; this statement restores that.
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

        docs/operations.md has a section for each alarm, and the alarm's message names that section.
        """
        section = f"{Stack.of(self).node.id}-{id}".lower()
        stack = Stack.of(self)
        name = f"{stack.stack_name}-{id}"
        alarm = cloudwatch.Alarm(
            self,
            id,
            alarm_name=name,
            alarm_description=f"{description} What to do: docs/operations.md#{section}",
            metric=metric,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self))
        # Made of the name, so that another stack that shows the alarm needs no export of this one.
        self.arns.append(f"arn:{stack.partition}:cloudwatch:{stack.region}:{stack.account}:alarm:{name}")
