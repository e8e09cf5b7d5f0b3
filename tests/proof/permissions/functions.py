"""What the roles of functions need: for the calls in their code, and for what Lambda does with the role.

The code says the operation and the variable or the field of an event that names the resource. The template has the
value of the variable.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.proof.permissions.account import ACCOUNT, REGION, Account
from tests.proof.permissions.policy import Need
from tests.proof.permissions.reach import Call, Reach, Value

PREFIXES = {"stepfunctions": "states", "sesv2": "ses"}
RENAMED = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:DeleteObjects": "s3:DeleteObject",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
"""The actions that IAM does not name after the operation.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
"""
TYPES = {
    "dynamodb": ("AWS::DynamoDB::Table", ("TableName", "RequestItems")),
    "sqs": ("AWS::SQS::Queue", ("QueueUrl",)),
    "secretsmanager": ("AWS::SecretsManager::Secret", ("SecretId",)),
    "cognito-idp": ("AWS::Cognito::UserPool", ("UserPoolId", None)),
}
"""The type of resource that a service's calls are about, and the parameters that name it."""
OF_THE_ACCOUNT = {
    "ses:GetAccount",
    "ses:GetIdentityVerificationAttributes",
    "sns:CheckIfPhoneNumberIsOptedOut",
    "sns:GetSMSSandboxAccountStatus",
    "sns:ListSMSSandboxPhoneNumbers",
}
"""Actions without a resource.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html"""
PHONE_NUMBER = "+15555550100"
IN_A_NETWORK = (
    *("CreateNetworkInterface", "DescribeNetworkInterfaces", "DescribeSubnets", "DeleteNetworkInterface"),
    *("AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"),
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"""
FROM_A_QUEUE = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
FROM_A_STREAM = ("DescribeStream", "GetRecords", "GetShardIterator")
"""And ListStreams, which has no resource. https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html"""
SEND_TRACES = ("PutTraceSegments", "PutTelemetryRecords")
"""https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"""


NEVER = {
    ("Orders/CorrectOrder", "dynamodb:DeleteItem"): (
        "`table.withdraw` deletes only a claim that replaced no row, and a correction always replaces one"
    ),
}
"""Calls that the code of a function seems to make and never makes, with the reasons."""


@functools.cache
def reach_of(handler: str) -> Reach:
    return Reach(handler)


class Functions:
    """The needs of all functions of a deployment. `unknown` are calls that could not be followed."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.unknown: list[str] = []
        self._never: set[tuple[str, str]] = set()
        self.needs = [
            need for path, given in account.of("AWS::Lambda::Function").items() for need in self._of(path, given)
        ]
        self.unknown += [f"remove {one} from NEVER" for one in sorted(NEVER.keys() - self._never)]

    def _of(self, path: str, given: Mapping[str, Any]) -> Iterator[Need]:
        role = role_of(self.account, given["Role"])
        variables = given.get("Environment", {}).get("Variables", {})
        reach = reach_of(given["Handler"])
        self.unknown += [f"{path}: {one}" for one in sorted(reach.unknown)]
        for call in reach.calls:
            name = f"{PREFIXES.get(call.service, call.service)}:{call.operation}"
            action = RENAMED.get(name, name)
            if (path, action) in NEVER:
                self._never.add((path, action))
                continue
            found = [*self._resources(path, call, action, variables)]
            if not found:
                self.unknown.append(f"{path}: {call.place} {action}: the resource is unknown")
            for resource, context in found:
                yield Need(role, action, resource, f"{path}, {call.place}", context)
                if action == "states:StartExecution":
                    yield from self._encrypted(role, resource, path)
        yield from self._of_lambda(path, role, given, variables)

    # The code

    def _resources(
        self, path: str, call: Call, action: str, variables: Mapping[str, str]
    ) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
        def texts(*parameters: str | None) -> set[str]:
            found = [one for name in parameters for one in call.parameters.get(name, ())]
            named = {variables[one[1]] for one in found if one[0] == "variable" and one[1] in variables}
            return named | {text for one in found if one[0] == "event" for text in self._of_event(path, one)}

        if action in OF_THE_ACCOUNT:
            yield "*", ()
        elif call.service in TYPES:
            type, parameters = TYPES[call.service]
            for text in texts(*parameters):
                if found := self.account.called(type, text):
                    for resource in self._indexed(found, call.parameters.get("IndexName")):
                        yield resource, ()
        elif call.service == "stepfunctions":
            named = variables.values() if "executionArn" in call.parameters else texts("stateMachineArn")
            machines = {one for text in named if (one := self._machine(text))}
            # The ARN of an execution stands in a row. The row is of the workflow that the function knows, or of the
            # workflow that writes the same table.
            for machine in sorted(machines or self._machines_of_tables(variables)):
                arn = self.account.arn(machine)
                execution = arn.replace(":stateMachine:", ":execution:") + ":*"
                yield (execution if "executionArn" in call.parameters else arn), ()
        elif action == "ses:SendEmail":
            sender = tuple(("ses:FromAddress", text) for text in texts("FromEmailAddress"))
            yield f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/*", sender
            for text in texts("ConfigurationSetName"):
                if found := self.account.called("AWS::SES::ConfigurationSet", text):
                    yield self.account.arn(found), sender
        elif action == "sns:Publish":
            if "PhoneNumber" in call.parameters:
                yield PHONE_NUMBER, ()
            for text in texts("TopicArn"):
                yield text, ()
        elif call.service == "s3":
            for bucket in texts("Bucket"):
                keys = texts("Key") if action == "s3:GetObject" else {"*"}
                for key in {""} if action == "s3:ListBucket" else {f"/{key}" for key in keys}:
                    yield f"arn:aws:s3:::{bucket}{key}", ()
        elif call.service == "cloudfront":
            for text in texts("DistributionId"):
                yield f"arn:aws:cloudfront::{ACCOUNT}:distribution/{text}", ()

    def _of_event(self, path: str, event: tuple[Any, ...]) -> Iterator[str]:
        """The text in the event of a custom resource."""
        for type in {one["Type"] for one in self.account.deployment.resources().values()}:
            for given in self.account.of(type).values() if type.startswith("Custom::") else ():
                if given["ServiceToken"] == self.account.arn(path):
                    found: Any = given
                    for key in event[2:]:
                        found = found.get(key, {})
                    if isinstance(found, str):
                        yield found

    def _indexed(self, table: str, names: Value | None) -> list[str]:
        arn = self.account.arn(table)
        if names is None:
            return [arn]
        indexes = self.account.resource(table)["Properties"].get("GlobalSecondaryIndexes", [])
        return [f"{arn}/index/{one['IndexName']}" for one in indexes if ("constant", one["IndexName"]) in names]

    def _machine(self, text: str) -> str | None:
        """The state machine whose ARN, or whose alias's ARN, is `text`."""
        return self.account.called("AWS::StepFunctions::StateMachine", ":".join(str(text).split(":")[:7]))

    def _machines_of_tables(self, variables: Mapping[str, str]) -> set[str]:
        tables = {text for text in variables.values() if self.account.called("AWS::DynamoDB::Table", text)}
        machines = self.account.of("AWS::StepFunctions::StateMachine")
        return {path for path, given in machines.items() if tables & {*given["DefinitionSubstitutions"].values()}}

    def _encrypted(self, role: str, machine: str, path: str) -> Iterator[Need]:
        """Step Functions encrypts the input with the permissions of the caller.

        https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        """
        found = self.account.called("AWS::StepFunctions::StateMachine", machine)
        assert found
        given = self.account.of("AWS::StepFunctions::StateMachine")[found]
        if key := given.get("EncryptionConfiguration", {}).get("KmsKeyId"):
            through = (("kms:ViaService", f"states.{REGION}.amazonaws.com"),)
            for action in ("kms:Decrypt", "kms:GenerateDataKey"):
                yield Need(role, action, key, f"{path} starts an encrypted workflow", through)

    # Lambda

    def _of_lambda(
        self, path: str, role: str, given: Mapping[str, Any], variables: Mapping[str, str]
    ) -> Iterator[Need]:
        group = self.account.called("AWS::Logs::LogGroup", given["LoggingConfig"]["LogGroup"])
        assert group, f"{path} has no log group of its own"
        for action in ("CreateLogStream", "PutLogEvents"):
            yield Need(role, f"logs:{action}", f"{self.account.arn(group)}:*", f"the log of {path}")
        if given.get("TracingConfig", {}).get("Mode") == "Active":
            for action in SEND_TRACES:
                yield Need(role, f"xray:{action}", "*", f"traces of {path}")
        if given.get("VpcConfig"):
            for action in IN_A_NETWORK:
                yield Need(role, f"ec2:{action}", "*", f"{path} is in a network")
        if user := urlsplit(str(variables.get("REDIS_URL", ""))).username:
            # Without a user, the connection has no sign-in.
            name = variables["REDIS_NAME"]
            for resource in (f"replicationgroup:{name}", f"user:{user}"):
                arn = f"arn:aws:elasticache:{REGION}:{ACCOUNT}:{resource}"
                yield Need(role, "elasticache:Connect", arn, f"{path} signs in to the cache")
        yield from self._of_sources(path, role)

    def _of_sources(self, path: str, role: str) -> Iterator[Need]:
        for mapping, given in self.account.of("AWS::Lambda::EventSourceMapping").items():
            if self.account.called("AWS::Lambda::Function", given["FunctionName"]) != path:
                continue
            source = given["EventSourceArn"]
            service = source.split(":")[2]
            actions = {"sqs": FROM_A_QUEUE, "dynamodb": FROM_A_STREAM}[service]
            for action in actions:
                yield Need(role, f"{service}:{action}", source, mapping)
            if service == "dynamodb":
                yield Need(role, "dynamodb:ListStreams", "*", mapping)
            if failures := given.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
                # https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
                yield Need(role, {"sqs": "sqs:SendMessage"}[failures.split(":")[2]], failures, mapping)
        for _, given in self.account.of("AWS::Lambda::EventInvokeConfig").items():
            assert not given.get("DestinationConfig"), "add what its role needs"


def role_of(account: Account, arn: str) -> str:
    """The path of the role with this ARN."""
    (path,) = [path for path, _ in account.of("AWS::IAM::Role").items() if account.arn(path) == arn]
    return path
