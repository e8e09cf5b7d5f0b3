"""Each type in the templates either holds something that a deployment must not lose, or is listed here."""

import json
from pathlib import Path

import pytest
from cfnlint.data import AdditionalSpecs
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tools.guards.kept import CALLED, KEPT

LOSES_NOTHING = {
    "AWS::ApiGateway": "Account Authorizer Deployment GatewayResponse Method Model Resource Stage",
    "AWS::Budgets": "Budget",
    "AWS::CloudFront": "OriginAccessControl ResponseHeadersPolicy",
    "AWS::CloudWatch": "Alarm CompositeAlarm Dashboard",
    "AWS::CodeDeploy": "Application DeploymentConfig DeploymentGroup",
    "AWS::EC2": "RouteTable SecurityGroup Subnet SubnetRouteTableAssociation VPC VPCEndpoint",
    # The entries of the cache are copies of rows.
    "AWS::ElastiCache": "ReplicationGroup SubnetGroup User UserGroup",
    "AWS::Events": "Rule",
    "AWS::IAM": "Policy",
    # Old versions of layers and functions stay in AWS.
    "AWS::Lambda": "EventInvokeConfig EventSourceMapping LayerVersion Permission Version",
    "AWS::Logs": "MetricFilter QueryDefinition",
    "AWS::S3": "BucketPolicy",
    # Another sender replaces it on purpose, and the old one stays registered.
    "AWS::SES": "ConfigurationSet ConfigurationSetEventDestination EmailIdentity",
    "AWS::SNS": "TopicPolicy",
    "AWS::SQS": "QueuePolicy",
    # Old versions stay in AWS as long as an execution may run them.
    "AWS::StepFunctions": "StateMachineVersion",
    "AWS::XRay": "SamplingRule",
}
"""Their resources can be made again from the template."""


def types(deployments) -> set[str]:
    return {one["Type"] for deployment in deployments.values() for one in deployment.resources().values()}


def test_every_type_is_kept_or_loses_nothing(deployments):
    """If this fails, decide whether a resource of the type holds anything that the template cannot make again."""
    known = {f"{service}::{name}" for service, names in LOSES_NOTHING.items() for name in names.split()}
    ours = {type for type in types(deployments) if not type.startswith("Custom::")}

    assert ours - known - KEPT.keys() - CALLED.keys() == set()
    assert known - ours == set()


def test_every_stateful_type_is_kept(deployments):
    """cfn-lint's rule I3011 has a list of types that hold data."""
    listed = json.loads((Path(AdditionalSpecs.__file__).parent / "StatefulResources.json").read_text())

    missing = listed["ResourceTypes"].keys() & types(deployments) - KEPT.keys()

    assert missing == {"AWS::ElastiCache::ReplicationGroup"}


@pytest.mark.parametrize("type", [*KEPT, *CALLED])
def test_the_properties_that_replace_are_those_of_the_schema(type):
    """cfn-lint brings along the schemas of CloudFormation's registry."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type).schema
    paths = [*schema.get("createOnlyProperties", []), *schema.get("conditionalCreateOnlyProperties", [])]
    replaced_by = KEPT[type].replaced_by if type in KEPT else CALLED[type]

    assert {path.removeprefix("/properties/") for path in paths} == set(replaced_by)
