"""A fake AWS that answers the doctor's questions about an account and a stage."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3

import tools.aws
from stacks.config import DEV, stage_from_context
from stacks.names import STACKS, stack_name
from stacks.spending import tags_of
from tests.support.aws_answers import refusal
from tests.support.orders_stack import REGION
from tools.doctor.checks import Finding, examine
from tools.doctor.target import Target

SESSION = boto3.Session("x", "x", region_name=REGION)
"""All tests share one session, because it caches the service models."""


@cache
def _client(service: str, endpoint: str | None, **timeouts: float) -> Any:
    return tools.aws.Aws(SESSION, endpoint).client(service, **timeouts)


class SharedClients(tools.aws.Aws):
    """All tests share its clients. Each examination needs about 13, and making them takes longer than the rest."""

    def client(self, service: str, **timeouts: float) -> Any:
        return _client(service, self.endpoint, **timeouts)


AWS = SharedClients(SESSION)
"""Inside `examined`, a fake AWS answers these clients."""

STAGE = replace(DEV, sender="cats@our-cats.org", runbook_url="https://our-cats.org/runbook")
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
ALARMS = "arn:aws:sns:us-east-1:123456789012:alarms"
URGENT = "arn:aws:sns:us-east-1:123456789012:urgent"
RECORDER = "arn:aws:lambda:us-east-1:123456789012:function:dev-reminders-RecordFeedback"
ROLE = "arn:aws:iam::123456789012:role/logs"


def stack(status: str = "CREATE_COMPLETE", **outputs: str) -> dict[str, Any]:
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    return {"StackStatus": status, "Outputs": listed}


def resource(type: str, id: str, *, logical_id: str = "Any") -> dict[str, str]:
    kind = {"ResourceType": type, "ResourceStatus": "CREATE_COMPLETE"}
    return kind | {"LogicalResourceId": logical_id, "PhysicalResourceId": id}


def tags(name: str) -> list[dict[str, str]]:
    """The tags of the stage's stack with this full name. The bootstrap's stack has none."""
    id = next((id for id in STACKS if stack_name(STAGE.name, id) == name), None)
    return [{"Key": key, "Value": value} for key, value in tags_of(id, stage=STAGE).items()] if id else []


EMAIL_QUEUE = resource("AWS::SQS::Queue", "https://queue/mails", logical_id="ReminderQueuesEmailQueue1A2B3C4D")
WRITER = resource("AWS::Lambda::Function", "dev-orders-UpdateCache", logical_id="UpdateCache54B7F8D1")


def attributes_of_queue(messages: int) -> dict[str, str]:
    return {"ApproximateNumberOfMessages": str(messages), "ApproximateNumberOfMessagesNotVisible": "0"}


class Aws:
    """Answers the doctor. By default the stage is deployed and the account has no problem.

    `answers` maps an operation to its answer. If the answer is text, it names an error in aws_answers.json.
    """

    def __init__(self) -> None:
        self.stacks: dict[str, dict[str, Any]] = {
            "CDKToolkit": stack(BootstrapVersion="33"),
            "dev-api-logs": stack(TextLogsRoleArn=ROLE),
            "dev-identity": stack(UserPoolId="us-east-1_pool"),
            "dev-cache": stack(),
            "dev-orders": stack("UPDATE_COMPLETE", OrderAlarmsTopicArn=ALARMS, OrderAlarmsUrgentTopicArn=URGENT),
            "dev-reminders": stack(SenderAddress=STAGE.sender, NotifyTopicArn=TOPIC, RecordFeedbackArn=RECORDER),
            "dev-account": stack(),
            "dev-website": stack(),
        }
        self.answers: dict[str, Any] = {
            "GetCallerIdentity": {"Arn": "arn:aws:iam::123456789012:user/ann"},
            "GetParameter": {"Parameter": {"Value": TOPIC}},
            "GetIdentityVerificationAttributes": {
                "VerificationAttributes": {"our-cats.org": {"VerificationStatus": "Success"}}
            },
            "GetAccount": {
                "SendingEnabled": True,
                "ProductionAccessEnabled": True,
                "SendQuota": {"SentLast24Hours": 7.0, "Max24HourSend": 50000.0, "MaxSendRate": 14.0},
                "cloudwatchRoleArn": ROLE,
            },
            "GetRole": {},
            "GetEmailIdentity": {"IdentityType": "EMAIL_ADDRESS"},
            "ListStackResources": {
                "StackResourceSummaries": [WRITER, EMAIL_QUEUE, resource("AWS::SES::EmailIdentity", STAGE.sender)]
            },
            "GetSMSSandboxAccountStatus": {"IsInSandbox": False},
            "GetSMSAttributes": {"attributes": {"MonthlySpendLimit": "20", "DeliveryStatusIAMRole": ROLE}},
            "DescribeSubscriptionFilters": {"subscriptionFilters": [{"destinationArn": RECORDER}]},
            "GetMetricStatistics": {"Datapoints": [{"Maximum": 0.5}, {"Maximum": 1.25}]},
            "ListOriginationNumbers": {"PhoneNumbers": [{"PhoneNumber": "+15555550100"}]},
            "GetQueueAttributes": {"Attributes": attributes_of_queue(0)},
            "ListSubscriptionsByTopic": {"Subscriptions": [{"Protocol": "email"}, {"Protocol": "sqs"}]},
            "GetTopicAttributes": {"Attributes": {"SubscriptionsConfirmed": "1"}},
            "ListUsersInGroup": {"Users": [{"Enabled": True}, {"Enabled": False}]},
            "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000}},
            "GetServiceQuota": {"Quota": {"Value": 1000.0}},
        }
        self.described: dict[str, Any] = {}

    def undeploy(self) -> None:
        self.stacks = {name: found for name, found in self.stacks.items() if name == "CDKToolkit"}
        self.answers["GetEmailIdentity"] = "NotFoundException"

    def switch_the_cache_off(self) -> None:
        """Removes UpdateCache, like CACHE=off does. The stack Cache stays."""
        self.answers["ListStackResources"]["StackResourceSummaries"].remove(WRITER)

    def findings(self, *, endpoint: str | None = None, **stage: Any) -> dict[str, Finding]:
        target = Target(replace(STAGE, **stage), SharedClients(SESSION, endpoint))
        return {finding.check: finding for finding in examine(target)}

    def problems(self, **said: str) -> dict[str, str]:
        """The problems that stop a deployment with the settings `said`: for each check, what to do."""
        stage = stage_from_context({"stage": "dev", **said}.get)
        target = Target(stage, AWS, said={name.upper() for name in said}, deploying=True)
        return {finding.check: finding.advice for finding in examine(target) if finding.state == "problem"}

    def note(self, params: dict[str, Any], **_: Any) -> None:
        self.described = params

    def answer(self, model: Any, **_: Any) -> Any:
        found = self.describe() if model.name == "DescribeStacks" else self.answers[model.name]
        if isinstance(found, Exception):
            raise found
        if isinstance(found, str):
            return refusal(model, found, "it does not exist")
        return SimpleNamespace(status_code=200), found

    def describe(self) -> Any:
        name = self.described["StackName"]
        if name not in self.stacks:
            return "ValidationError"
        return {"Stacks": [{"Tags": tags(name), **self.stacks[name]}]}


_in_use: list[Aws] = []

# A client copies the handlers of its session when it is made, so they are registered once, before any client.
SESSION.events.register("before-parameter-build", lambda **event: _in_use[-1].note(**event))
SESSION.events.register("before-call", lambda **event: _in_use[-1].answer(**event))


@contextmanager
def examined() -> Iterator[Aws]:
    """Answers the clients of AWS inside the block."""
    _in_use.append(Aws())
    yield _in_use[-1]
    _in_use.pop()
