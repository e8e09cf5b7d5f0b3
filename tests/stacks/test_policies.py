"""The rules for every policy: of roles, queues, topics, buckets, keys and networks."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.templates.deployment import Deployment

ENCRYPTED_ONLY = {
    "AWS::S3::BucketPolicy": ("Bucket", "s3:*", ("{}.Arn", "{}.Arn/*")),
    "AWS::SNS::TopicPolicy": ("Topics", "sns:Publish", ("{}",)),
    "AWS::SQS::QueuePolicy": ("Queues", "sqs:*", ("{}.Arn",)),
}
"""For each type of policy: the property that names the resource, what needs TLS, and the resource in the statement."""

GUARDED = ("AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SQS::Queue")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def policies(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each policy in a value of a template."""
    if isinstance(value, dict) and "Statement" in value:
        yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from policies(one, f"{path}/{name}")


def test_every_policy_is_written_in_the_language_of_iam(with_everything: Deployment) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"""
    properties = {path: one.get("Properties", {}) for path, one in with_everything.resources().items()}
    found = [policy for path, one in properties.items() for policy in policies(one, path)]

    assert len(found) > 90
    for path, policy in found:
        # Without a version IAM takes the language of 2008.
        assert policy["Version"] == "2012-10-17", path
        ids = [one["Sid"] for one in policy["Statement"] if "Sid" in one]
        assert len(set(ids)) == len(ids), path
        assert policy["Statement"], path
        for one in policy["Statement"]:
            assert one["Effect"] in ("Allow", "Deny"), path
            assert one["Action"], path
            # IAM refuses a policy of a role with a principal, and all others without one.
            assert ("Principal" in one) == ("AWS::IAM::Policy" != of_type(with_everything, path)), path
            # The resource of a role's trust is the role.
            assert bool(one.get("Resource") or one.get("NotResource")) == ("AssumeRolePolicyDocument" not in path), path


def of_type(deployment: Deployment, path: str) -> str:
    """The type of the resource that a path leads into."""
    resources = deployment.resources()
    while path not in resources:
        path = path.rpartition("/")[0]
    found: str = resources[path]["Type"]
    return found


def test_a_policy_of_roles_is_attached_to_a_role(deployment: Deployment) -> None:
    for path, policy in deployment.properties("AWS::IAM::Policy").items():
        assert len(policy["Roles"]) == 1, path


def test_every_bucket_topic_and_queue_refuses_requests_without_tls(deployment: Deployment) -> None:
    closed = set()
    for type, (name, action, resources) in ENCRYPTED_ONLY.items():
        for path, given in deployment.properties(type).items():
            stack = path.partition("/")[0]
            [guarded] = [deployment.named(stack, one) for one in listed(given[name])]
            [denied] = [one for one in given["PolicyDocument"]["Statement"] if one["Effect"] == "Deny"]
            assert denied["Action"] == action, path
            assert denied["Principal"] in ("*", {"AWS": "*"}), path
            assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, path
            about = {deployment.named(stack, one) for one in listed(denied["Resource"])}
            assert about == {one.format(guarded) for one in resources}, path
            closed.add(guarded)

    assert closed == {path for type in GUARDED for path in deployment.properties(type)}


@pytest.mark.parametrize("type", ENCRYPTED_ONLY)
def test_what_a_policy_of_a_resource_allows_is_about_that_resource(type: str, deployment: Deployment) -> None:
    for path, given in deployment.properties(type).items():
        stack = path.partition("/")[0]
        [guarded] = [deployment.named(stack, one) for one in listed(given[ENCRYPTED_ONLY[type][0]])]
        for one in given["PolicyDocument"]["Statement"]:
            if one["Effect"] == "Allow":
                assert deployment.named(stack, one["Resource"]) in {guarded, f"{guarded}.Arn/*"}, path
