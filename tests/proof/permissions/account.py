"""An AWS account as it is after a deployment: every value of the templates as text, with made-up names and ids."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # It starts CDK, which only those who synthesise need.
    from tests.support.templates.deployment import Deployment

PARTITION, REGION, ACCOUNT = "aws", "us-east-1", "111122223333"
PSEUDO = {
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": "",
}

FUNCTIONS = {"Ref", *(f"Fn::{name}" for name in ("GetAtt", "Join", "Select", "ImportValue", "Sub"))}

ARNS = {
    "AWS::CloudFront::Distribution": "cloudfront::A:distribution/NAME",
    "AWS::Cognito::UserPool": "cognito-idp:R:A:userpool/NAME",
    "AWS::DynamoDB::Table": "dynamodb:R:A:table/NAME",
    "AWS::ElastiCache::ReplicationGroup": "elasticache:R:A:replicationgroup:NAME",
    "AWS::ElastiCache::User": "elasticache:R:A:user:NAME",
    "AWS::Events::Rule": "events:R:A:rule/NAME",
    "AWS::IAM::Role": "iam::A:role/NAME",
    "AWS::KMS::Key": "kms:R:A:key/NAME",
    "AWS::Lambda::Function": "lambda:R:A:function:NAME",
    "AWS::Logs::LogGroup": "logs:R:A:log-group:NAME",
    "AWS::S3::Bucket": "s3:::NAME",
    "AWS::SecretsManager::Secret": "secretsmanager:R:A:secret:NAME-AbCdEf",
    "AWS::SES::ConfigurationSet": "ses:R:A:configuration-set/NAME",
    "AWS::SNS::Topic": "sns:R:A:NAME",
    "AWS::SQS::Queue": "sqs:R:A:NAME",
    "AWS::StepFunctions::StateMachine": "states:R:A:stateMachine:NAME",
}
"""The end of the ARN of each type of resource.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

REF_IS_ARN = {"AWS::SecretsManager::Secret", "AWS::SNS::Topic", "AWS::StepFunctions::StateMachine"}
NAMES = {
    "AWS::ElastiCache::User": "UserId",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SES::ConfigurationSet": "Name",
}
"""The property that names a resource, if it may have one."""


class Account:
    """The resources of a deployment, by their paths, such as `Orders/OrderTable`."""

    def __init__(self, deployment: "Deployment") -> None:
        self.deployment = deployment
        self._places = {
            deployment.path(stack, id): (stack, id)
            for stack, template in deployment.templates.items()
            for id in template["Resources"]
        }
        self._by_text: dict[tuple[str, str], str] = {}
        self._by_type: dict[str, dict[str, dict[str, Any]]] = {}
        for path, resource in deployment.resources().items():
            self._by_text[resource["Type"], self.ref(path)] = path

    def of(self, type: str) -> Mapping[str, dict[str, Any]]:
        """The properties of each resource of a type, by path. Values are text as far as they can be."""
        if type not in self._by_type:
            self._by_type[type] = {
                path: self.plain(path.partition("/")[0], properties)
                for path, properties in self.deployment.properties(type).items()
            }
        return self._by_type[type]

    def resource(self, path: str) -> dict[str, Any]:
        stack, id = self._places[path]
        found: dict[str, Any] = self.deployment.templates[stack]["Resources"][id]
        return found

    def called(self, type: str, text: str) -> str | None:
        """The path of the resource of a type whose `Ref` is `text`, or None."""
        return self._by_text.get((type, text))

    def arn(self, path: str) -> str:
        end = ARNS[self.resource(path)["Type"]].replace("NAME", self._name(path))
        return f"arn:{PARTITION}:{end.replace(':R:', f':{REGION}:').replace(':A:', f':{ACCOUNT}:')}"

    def ref(self, path: str) -> str:
        resource = self.resource(path)
        properties, stack = resource.get("Properties", {}), path.partition("/")[0]
        match resource["Type"]:
            case "AWS::SQS::Queue":
                return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self._name(path)}"
            case type if type in REF_IS_ARN:
                return self.arn(path)
            case "AWS::StepFunctions::StateMachineVersion":
                return f"{self._text(stack, properties['StateMachineArn'])}:1"
            case "AWS::StepFunctions::StateMachineAlias":
                version = self._text(stack, properties["DeploymentPreference"]["StateMachineVersionArn"])
                return f"{version.rpartition(':')[0]}:{properties['Name']}"
            case "AWS::Lambda::Alias":
                function = self.called("AWS::Lambda::Function", self._text(stack, properties["FunctionName"]))
                assert function, path
                return f"{self.arn(function)}:{properties['Name']}"
        return self._name(path)

    def _name(self, path: str) -> str:
        stack, id = self._places[path]
        resource = self.resource(path)
        given = resource.get("Properties", {}).get(NAMES.get(resource["Type"], ""))
        return self._text(stack, given) if given else f"{stack.lower()}-{id}"

    def _attribute(self, path: str, name: str) -> str:
        type = self.resource(path)["Type"]
        match name:
            case "Arn" if type == "AWS::Logs::LogGroup":
                return f"{self.arn(path)}:*"
            case "Arn" | "Id" if type in ARNS:
                return self.arn(path)
            case "StreamArn":
                return f"{self.arn(path)}/stream/2026-01-01T00:00:00.000"
        return f"{self._name(path)}.{name}"

    def plain(self, stack: str, value: Any) -> Any:
        """A value of a template: each part that an intrinsic function stands for is text."""
        match value:
            case dict() if len(value) == 1 and FUNCTIONS & value.keys():
                return self._text(stack, value)
            case dict():
                return {name: self.plain(stack, one) for name, one in value.items()}
            case list():
                return [self.plain(stack, one) for one in value]
        return value

    def _text(self, stack: str, value: Any) -> str:
        match value:
            case {"Ref": str(name)} if name in PSEUDO:
                return PSEUDO[name]
            case {"Ref": str(name)} if name in self.deployment.templates[stack]["Resources"]:
                return self.ref(self.deployment.path(stack, name))
            case {"Ref": str(name)}:
                return name
            case {"Fn::GetAtt": [name, attribute]}:
                return self._attribute(self.deployment.path(stack, name), attribute)
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self._text(stack, one) for one in parts)
            case {"Fn::Select": [index, {"Fn::Split": [separator, text]}]}:
                return self._text(stack, text).split(separator)[int(index)]
            case {"Fn::ImportValue": name}:
                return self._exported(name)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:]+)\}", lambda found: self._text(stack, {"Ref": found[1]}), text)
            case str() | int() | float():
                return str(value)
        raise ValueError(f"{stack}: unknown form of a value: {json.dumps(value)[:200]}")

    def _exported(self, name: str) -> str:
        for stack, template in self.deployment.templates.items():
            for output in template.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == name:
                    return self._text(stack, output["Value"])
        raise KeyError(name)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
