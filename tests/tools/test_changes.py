"""Which changes of a stack would take something away from those who need it."""

from typing import Any

import pytest

from tools.guards.changes import Finding, between, findings

TABLE: dict[str, Any] = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {"KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}]},
}
KEEP = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def a_template(**resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "Resources": {
            id: {**resource, "Metadata": {"aws:cdk:path": f"Orders/{id}/Resource"}}
            for id, resource in resources.items()
        }
    }


def a_change(id: str, type: str, action: str, **more: Any) -> dict[str, Any]:
    """A change as `DescribeChangeSet` describes it."""
    return {
        "Type": "Resource",
        "ResourceChange": {"Action": action, "LogicalResourceId": id, "ResourceType": type, **more},
    }


def a_detail(name: str, recreation: str) -> dict[str, Any]:
    return {
        "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation},
        "Evaluation": "Static",
        "ChangeSource": "DirectModification",
    }


def judged(before: dict[str, Any], after: dict[str, Any]) -> list[Finding]:
    return findings("dev-Orders", between(before, after), before=before, after=after)


def test_a_renamed_table_is_named_with_its_new_name() -> None:
    before = a_template(OrderTable={**TABLE, **KEEP}, Queue={"Type": "AWS::SQS::Queue"})
    after = a_template(OrdersTable={**TABLE, **KEEP}, Queue={"Type": "AWS::SQS::Queue"})

    (finding,) = judged(before, after)

    assert (finding.stack, finding.logical_id, finding.path) == ("dev-Orders", "OrderTable", "Orders/OrderTable")
    assert (finding.fate, finding.stays, finding.blocks) == ("taken out", True, True)
    assert finding.sentence == (
        "Orders/OrderTable would be taken out of its stack. AWS keeps the old one with its rows, but nothing would use "
        "it. Orders/OrdersTable would be new: if you renamed it, restore the old id"
    )


def test_a_removed_table_that_aws_does_not_keep_is_deleted() -> None:
    (finding,) = judged(a_template(OrderTable=TABLE), a_template())

    assert (finding.fate, finding.stays, finding.renamed_to) == ("deleted", False, ())


def test_a_changed_key_replaces_a_table() -> None:
    other = {**TABLE, "Properties": {"KeySchema": [{"AttributeName": "Other", "KeyType": "HASH"}]}}

    (finding,) = judged(a_template(OrderTable=TABLE), a_template(OrderTable=other))

    assert finding.sentence == (
        "Orders/OrderTable would be replaced because its KeySchema changes, and its rows would be lost"
    )


def test_another_property_changes_a_table_in_place() -> None:
    other = {**TABLE, "Properties": {**TABLE["Properties"], "BillingMode": "PAY_PER_REQUEST"}}

    assert judged(a_template(OrderTable=TABLE), a_template(OrderTable=other)) == []


def test_a_name_that_only_cloudformation_can_resolve_may_replace() -> None:
    named = [{"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": name}}} for name in ("One", "Two")]

    (finding,) = judged(*(a_template(Queue=queue) for queue in named))

    assert (
        finding.sentence == "Orders/Queue may be replaced because its QueueName changes, and its messages would be lost"
    )


def test_another_type_under_the_same_id_replaces() -> None:
    before, after = a_template(Data=TABLE), a_template(Data={"Type": "AWS::SQS::Queue"})

    (finding,) = judged(before, after)

    assert (finding.fate, finding.loses) == ("replaced", "its rows")
    assert "because it gets another type" in finding.sentence


def test_what_a_running_execution_calls_must_stay() -> None:
    workflow: dict[str, Any] = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "DefinitionSubstitutions": {"Task": {"Ref": "Alias"}, "Retained": {"Fn::GetAtt": ["Old", "Arn"]}},
            "LoggingConfiguration": {"Destinations": [{"Ref": "Logs"}]},
        },
    }
    before = a_template(
        Workflow=workflow,
        Role={"Type": "AWS::IAM::Role"},
        Alias={"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "Schedule"}}},
        Schedule={"Type": "AWS::Lambda::Function"},
        Logs={"Type": "AWS::Logs::LogGroup"},
        Other={"Type": "AWS::Lambda::Function"},
        Old={"Type": "AWS::Lambda::Function", **KEEP},
    )

    found = judged(before, a_template(Workflow={**workflow, "Properties": {}}))

    assert {finding.logical_id: finding.blocks for finding in found} == {
        "Alias": True,
        "Logs": False,
        "Role": True,
        "Schedule": True,
    }
    assert found[-1].sentence == "Orders/Schedule would be deleted, and running executions that call it would fail"


def test_the_words_of_a_change_set_count() -> None:
    """CloudFormation knows the values that a template only refers to."""
    template = a_template(Pool={"Type": "AWS::Cognito::UserPool"}, Client={"Type": "AWS::Cognito::UserPoolClient"})
    type = "AWS::Cognito::UserPoolClient"
    replacing = a_change(
        "Client", type, "Modify", Replacement="Conditional", Details=[a_detail("UserPoolId", "Always")]
    )
    harmless = a_change(
        "Client", type, "Modify", Replacement="Conditional", Details=[a_detail("ClientName", "Conditionally")]
    )

    (finding,) = findings("s", [replacing], before=template, after=template)

    assert (finding.fate, finding.because) == ("perhaps replaced", "its UserPoolId changes")
    assert findings("s", [harmless], before=template, after=template) == []


RECORDED: dict[str, Any] = {
    "Action": "Modify",
    "Details": [
        {
            "ChangeSource": "DirectModification",
            "Evaluation": "Static",
            "Target": {
                "AfterValue": "topic-2-fdd551f7",
                "Attribute": "Properties",
                "AttributeChangeType": "Modify",
                "BeforeValue": "topic-1-eaed84b9",
                "Name": "TopicName",
                "Path": "/Properties/TopicName",
                "RequiresRecreation": "Always",
            },
        }
    ],
    "LogicalResourceId": "Foo",
    "PhysicalResourceId": "arn:aws:sns:us-east-1:111111111111:topic-1",
    "PolicyAction": "ReplaceAndDelete",
    "Replacement": "True",
    "ResourceType": "AWS::SNS::Topic",
    "Scope": ["Properties"],
}
"""An answer of AWS: localstack/localstack, TestChangeSetDescribeDetails.test_direct_update."""


@pytest.mark.parametrize(("policy", "stays"), [("ReplaceAndDelete", False), ("ReplaceAndRetain", True)])
def test_a_recorded_replacement_is_found(policy: str, stays: bool) -> None:
    template = a_template(Foo={"Type": "AWS::SNS::Topic"})
    change = {"Type": "Resource", "ResourceChange": {**RECORDED, "PolicyAction": policy}}

    (finding,) = findings("s", [change], before=template, after=template)

    assert (finding.fate, finding.because, finding.loses) == ("replaced", "its TopicName changes", "its subscriptions")
    assert finding.stays is stays


def test_cloudformation_may_know_more_than_the_table() -> None:
    template = a_template(Pool={"Type": "AWS::Cognito::UserPool"})
    details = [a_detail("Later", "Always")]
    change = a_change("Pool", "AWS::Cognito::UserPool", "Modify", Replacement="True", Details=details)

    (finding,) = findings("s", [change], before=template, after=template)

    assert (finding.fate, finding.because) == ("replaced", "its Later changes")


def test_a_hook_is_no_change_of_a_resource() -> None:
    assert findings("s", [{"Type": "Hook", "HookInvocationCount": 1}], before={}, after={}) == []
