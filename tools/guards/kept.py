"""What a deployment must not replace or remove, by the type of the resource, and what would be lost.

`replaced_by` are the properties whose change makes CloudFormation replace the resource: `createOnlyProperties` and
`conditionalCreateOnlyProperties` of the type's schema in CloudFormation's registry. A test compares them with the
schemas that cfn-lint brings along.
"""

from typing import NamedTuple


class Kept(NamedTuple):
    """Why a resource must stay, and the properties that replace it."""

    holds: str
    """What is lost with the resource."""

    replaced_by: tuple[str, ...] = ()
    blocks: bool = True
    """False: the loss is only mentioned."""


KEPT = {
    "AWS::ApiGateway::RestApi": Kept("the address that callers know"),
    "AWS::CloudFront::Distribution": Kept("the address that people know"),
    "AWS::Cognito::UserPool": Kept("its users"),
    "AWS::Cognito::UserPoolClient": Kept("the sessions of people who are signed in", ("GenerateSecret", "UserPoolId")),
    "AWS::Cognito::UserPoolGroup": Kept("its members", ("GroupName", "UserPoolId")),
    "AWS::DynamoDB::Table": Kept("its rows", ("ImportSourceSpecification", "KeySchema", "TableName")),
    "AWS::KMS::Key": Kept("the only key to what it has encrypted"),
    # Each function has one. Nobody removes a function without its lines.
    "AWS::Logs::LogGroup": Kept("its log lines", ("LogGroupName",), blocks=False),
    "AWS::S3::Bucket": Kept("its files", ("BucketName", "BucketNamePrefix", "BucketNamespace")),
    "AWS::SNS::Topic": Kept("its subscriptions", ("FifoTopic", "TopicName")),
    "AWS::SQS::Queue": Kept("its messages", ("FifoQueue", "QueueName")),
    "AWS::SSM::Parameter": Kept("the name that programs look up", ("Name",)),
    "AWS::SecretsManager::Secret": Kept("its value", ("Name",)),
    "AWS::StepFunctions::StateMachine": Kept("its running executions", ("StateMachineName", "StateMachineType")),
}
"""The resources with a state, or with an address that others know."""

RUNNING = "running executions that call it would fail"
CALLED = {
    "AWS::IAM::Role": ("Path", "RoleName"),
    "AWS::Lambda::Alias": ("FunctionName", "Name"),
    "AWS::Lambda::Function": ("FunctionName", "PackageType", "TenancyConfig", "DurableConfig"),
    "AWS::StepFunctions::StateMachineAlias": ("Name",),
}
"""Types that may be replaced, unless a workflow names the resource. A running execution keeps the definition and the
role that it began with, so it would call something that is gone:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html

Each type has the properties that replace it.
"""
