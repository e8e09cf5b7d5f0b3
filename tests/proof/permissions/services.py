"""What the roles of workflows, API Gateway, SNS, Cognito and CodeDeploy need."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.proof.permissions.account import ACCOUNT, REGION, Account
from tests.proof.permissions.functions import role_of
from tests.proof.permissions.policy import Need
from tests.support.workflows.asl import states

TASKS = {
    "dynamodb:getItem": ("dynamodb:GetItem", "TableName", "AWS::DynamoDB::Table"),
    "dynamodb:putItem": ("dynamodb:PutItem", "TableName", "AWS::DynamoDB::Table"),
    "dynamodb:updateItem": ("dynamodb:UpdateItem", "TableName", "AWS::DynamoDB::Table"),
    "dynamodb:deleteItem": ("dynamodb:DeleteItem", "TableName", "AWS::DynamoDB::Table"),
    "lambda:invoke": ("lambda:InvokeFunction", "FunctionName", None),
    "sns:publish": ("sns:Publish", "TopicArn", None),
    "sqs:sendMessage": ("sqs:SendMessage", "QueueUrl", "AWS::SQS::Queue"),
    "states:startExecution": ("states:StartExecution", "StateMachineArn", None),
}
"""The action of each integration, the argument that names the resource, and its type if the argument is not an ARN.
https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html"""
DELIVER_LOGS = (
    *("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries"),
    *("PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"),
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""
TRACE = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
"""https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html"""
PUSH_LOGS = (
    *("CreateLogGroup", "CreateLogStream", "DescribeLogGroups", "DescribeLogStreams", "PutLogEvents"),
    *("GetLogEvents", "FilterLogEvents"),
)
"""API Gateway rejects a role that lacks one of them.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonAPIGatewayPushToCloudWatchLogs.html"""
LOG_TEXTS = ("CreateLogGroup", "CreateLogStream", "PutLogEvents", "PutMetricFilter", "PutRetentionPolicy")
"""https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html"""
MOVE_ALIASES = ("lambda:GetAlias", "lambda:UpdateAlias")
"""https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html"""
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}"


def needs(account: Account) -> Iterator[Need]:
    for path, given in account.of("AWS::StepFunctions::StateMachine").items():
        yield from _of_workflow(account, path, given)
    for path, given in account.of("AWS::ApiGateway::Account").items():
        role = role_of(account, given["CloudWatchRoleArn"])
        for action in PUSH_LOGS:
            yield Need(role, f"logs:{action}", f"{LOGS}:log-group:*", path)
    for path, given in account.of("AWS::Cognito::UserPool").items():
        if role_arn := given.get("SmsConfiguration", {}).get("SnsCallerArn"):
            # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-sms-settings.html
            yield Need(role_of(account, role_arn), "sns:Publish", "*", path)
    for path, given in account.of("AWS::CodeDeploy::DeploymentGroup").items():
        yield from _of_code_deploy(account, path, role_of(account, given["ServiceRoleArn"]))
    yield from _of_texts(account)


def tasks(machine: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The states of a definition that call a service: their names, integrations and arguments."""
    for name, state in states(machine):
        if state["Type"] == "Task":
            prefix, _, integration = state["Resource"].partition(":::")
            assert prefix == "arn:aws:states", f"{name}: {state['Resource']}"
            yield name, integration, state["Arguments"]


def resource_of(account: Account, integration: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """The action and the resource of a state's call."""
    action, argument, type = TASKS[integration]
    text = arguments[argument]
    if type is None:
        return action, text
    path = account.called(type, text)
    assert path, f"{integration}: {text}"
    return action, account.arn(path)


def _of_workflow(account: Account, path: str, given: Mapping[str, Any]) -> Iterator[Need]:
    role = role_of(account, given["RoleArn"])
    values = given.get("DefinitionSubstitutions", {})
    text = re.sub(r"\$\{(\w+)\}", lambda found: str(values[found[1]]), given["DefinitionString"])
    for name, integration, arguments in tasks(json.loads(text)):
        action, resource = resource_of(account, integration, arguments)
        yield Need(role, action, resource, f"{path}: {name}")
    is_logged = given.get("LoggingConfiguration", {}).get("Level", "OFF") != "OFF"
    if is_logged:
        for action in DELIVER_LOGS:
            yield Need(role, f"logs:{action}", "*", f"the log of {path}")
    if given.get("TracingConfiguration", {}).get("Enabled"):
        for action in TRACE:
            yield Need(role, f"xray:{action}", "*", f"traces of {path}")
    if key := given.get("EncryptionConfiguration", {}).get("KmsKeyId"):
        # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        its_own = (("kms:EncryptionContext:aws:states:stateMachineArn", account.arn(path)),)
        for action in ("kms:Decrypt", "kms:GenerateDataKey"):
            yield Need(role, action, key, f"the encryption of {path}", its_own)
        if is_logged:
            of_logs = (("kms:EncryptionContext:SourceArn", f"{LOGS}:*"),)
            yield Need(role, "kms:GenerateDataKey", key, f"the encrypted log of {path}", of_logs)


def _of_code_deploy(account: Account, path: str, role: str) -> Iterator[Need]:
    # CloudFormation gives the alias to the group: its update policy names the application.
    application = account.deployment.path(
        path.partition("/")[0], account.resource(path)["Properties"]["ApplicationName"]["Ref"]
    )
    for alias, given in account.of("AWS::Lambda::Alias").items():
        policy = account.resource(alias).get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate", {})
        stack = alias.partition("/")[0]
        if not policy or account.deployment.path(stack, policy["ApplicationName"]["Ref"]) != application:
            continue
        function = account.called("AWS::Lambda::Function", given["FunctionName"])
        assert function
        for action in MOVE_ALIASES:
            yield Need(role, action, account.arn(function), path)
        yield Need(role, "lambda:GetProvisionedConcurrencyConfig", f"{account.arn(function)}:*", path)
        yield Need(role, "cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*", path)


def _of_texts(account: Account) -> Iterator[Need]:
    """The role that `make doctor` tells operators to give to SNS. The output of a stack has its ARN."""
    for stack, template in account.deployment.templates.items():
        for name, output in template.get("Outputs", {}).items():
            if name == "TextLogsRoleArn":
                role = role_of(account, account.plain(stack, output["Value"]))
                for action in LOG_TEXTS:
                    yield Need(role, f"logs:{action}", f"{LOGS}:log-group:sns/*", f"output {stack}.{name}")
