"""The alarms of a stack, and the topics that they publish to."""

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import ArnFormat, CfnOutput, CfnResource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.alarm import Alarm
from stacks.promises import Promise
from stacks.stage import Stage

URGENT = "URGENT"


class Alarms(sns.Topic):
    """An SNS topic, and the alarms that publish to it. The stack output `<id>TopicArn` holds the topic's ARN.

    The composite alarm `Urgent` publishes to a topic of its own, so that only it wakes somebody. The stack output
    `<id>UrgentTopicArn` holds the ARN of that topic.

    `resources` has what the metrics of `alarms` are about, by the keys that the alarms use. `arns` are the ARNs
    of all alarms, `Urgent` first.

    The topics are not encrypted at rest: CloudWatch cannot publish to a topic that uses the default key of SNS.
    Alarm messages contain no data of orders or reminders.

    See decisions D201 and D202.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        alarms: Iterable[Alarm],
        resources: Mapping[str, str],
        promise: Promise,
    ) -> None:
        super().__init__(scope, id, enforce_ssl=True)
        stack = Stack.of(self)
        # Each use of an attribute of CDK is a call of its Node process, so these are used once.
        self.stack_id: str = stack.node.id
        self.arn: str = self.topic_arn
        self._account: str = stack.account
        self._stage = stage
        alarms = [*alarms]
        self._names = {alarm.id: alarm_name(stage, self.stack_id, alarm) for alarm in alarms}
        urgent = f"{stage.name} {self.stack_id.lower()} - {URGENT}"
        self.arns = arns(stack, [urgent, *self._names.values()])

        self.allow("cloudwatch.amazonaws.com")
        made = [
            (alarm, add_alarm(self, alarm, stage=stage, stack=self.stack_id, resources=resources, topic=self.arn))
            for alarm in alarms
        ]
        topic = self._add_urgent(urgent, made, promise)
        CfnOutput(scope, f"{id}TopicArn", value=self.arn)
        CfnOutput(scope, f"{id}UrgentTopicArn", value=topic)

    def allow(self, service: str, **conditions: Mapping[str, str]) -> None:
        """Lets an AWS service publish, on behalf of this account only."""
        # `enforce_ssl` gives the topic a policy, which replaces the default one. The default one lets the account's
        # alarms publish.
        self._let_publish(self, service, conditions)

    def _let_publish(self, topic: sns.Topic, service: str, conditions: Mapping[str, Mapping[str, str]]) -> None:
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self._account}, **conditions},
            )
        )

    def _add_urgent(self, name: str, made: Sequence[tuple[Alarm, CfnResource]], promise: Promise) -> str:
        """Adds the composite alarm and its topic, and returns the topic's ARN."""
        topic = sns.Topic(self, "UrgentTopic", enforce_ssl=True)
        self._let_publish(topic, "cloudwatch.amazonaws.com", {})
        on = {id: f'ALARM("{name}")' for id, name in self._names.items()}
        alone = [on[alarm.id] for alarm, _ in made if alarm.urgent]
        pairs = [f"({on[one]} AND {on[other]})" for one, other in promise.urgent_rule]
        arn = topic.topic_arn
        urgent = CfnResource(
            self,
            "Urgent",
            type="AWS::CloudWatch::CompositeAlarm",
            properties={
                "AlarmName": name,
                "AlarmDescription": (
                    f"People notice this now. What to do: {runbook(self._stage, self.stack_id, 'Urgent')}"
                ),
                "AlarmRule": " OR ".join([*alone, *pairs]),
                "AlarmActions": [arn],
                "OKActions": [arn],
            },
        )
        for alarm, resource in made:
            # The rule has names. CloudWatch rejects it while an alarm of that name is missing.
            if alarm.urgent or alarm.window_of:
                urgent.add_resource_dependency(resource)
        return arn


def add_alarm(
    scope: Construct, alarm: Alarm, *, stage: Stage, stack: str, resources: Mapping[str, str], topic: str
) -> CfnResource:
    """Makes an alarm that publishes to the topic with the ARN `topic`. `stack` is the id of the stack."""
    return CfnResource(
        scope,
        alarm.id,
        type="AWS::CloudWatch::Alarm",
        properties=alarm.properties(
            name=alarm_name(stage, stack, alarm),
            runbook=runbook(stage, stack, alarm.section or alarm.id),
            resources=resources,
            actions=[topic],
        ),
    )


def arns(stack: Stack, names: Iterable[str]) -> list[str]:
    """The ARNs of alarms of a stack. Made of names, so that another stack needs no export of this one."""
    prefix = stack.format_arn(service="cloudwatch", resource="alarm", arn_format=ArnFormat.COLON_RESOURCE_NAME)
    return [f"{prefix}:{name}" for name in names]


def alarm_name(stage: Stage, stack: str, alarm: Alarm) -> str:
    """`dev orders - API errors`. See decision D202."""
    return f"{stage.name} {stack.lower()} - {alarm.title}"


def runbook(stage: Stage, stack: str, section: str) -> str:
    """The address of a section of the runbook."""
    return f"{stage.runbook_url}#{stack.lower()}-{section.lower()}"
