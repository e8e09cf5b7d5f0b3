"""What `python -m tools.teardown --left` finds of a stage that is gone, on a simulated AWS."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.support.orders_stack import REGION
from tools.aws import Aws
from tools.teardown import __main__ as teardown
from tools.teardown.kinds import DEPLOYER_STACK, KINDS, LATE_LOG, WELCOME
from tools.teardown.left import TAGGED

Rows = dict[str, dict[str, Any]]


@pytest.fixture
def left(aws: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[], Rows]:
    """Runs the command for `dev`, and returns the rows by the names of the resources."""
    monkeypatch.setattr("tools.deployment.reach", lambda *_, **__: Aws(boto3.Session(region_name=REGION)))

    def run() -> Rows:
        assert teardown.main(["--stage", "dev", "--left", "--json"]) == 0
        return {row["name"]: row for row in json.loads(capsys.readouterr().out)}

    return run


def client(service: str) -> Any:
    return boto3.client(service, REGION)


def tags(stage: str) -> list[dict[str, str]]:
    return [{"Key": "stage", "Value": stage}]


def make_table(name: str, stage: str) -> None:
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=tags(stage),
    )


def make_key(stage: str) -> str:
    key = client("kms").create_key(Tags=[{"TagKey": "stage", "TagValue": stage}])
    return str(key["KeyMetadata"]["KeyId"])


def test_nothing_is_left_in_a_new_account(left: Callable[[], Rows]) -> None:
    assert left() == {}


def test_a_resource_with_the_tag_of_the_stage_has_its_reason_and_price(left: Callable[[], Rows]) -> None:
    make_table("dev-orders-OrderTable", "dev")
    make_table("prod-orders-OrderTable", "prod")
    key, deleted = make_key("dev"), make_key("dev")
    client("kms").schedule_key_deletion(KeyId=deleted)

    found = left()

    assert found.keys() == {"dev-orders-OrderTable", key, deleted}
    assert found["dev-orders-OrderTable"]["why"] == KINDS["AWS::DynamoDB::Table"].why
    assert (found[key]["usd"], found[deleted]["usd"]) == ("1.00", "0.00")


def test_a_resource_of_an_unknown_kind_is_listed_by_its_arn(left: Callable[[], Rows]) -> None:
    url = client("sqs").create_queue(QueueName="dev-queue", tags={"stage": "dev"})["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    assert left() == {arn: {"what": "resource", "name": arn, "usd": None, "why": TAGGED}}


def test_logs_that_came_late_are_listed(left: Callable[[], Rows]) -> None:
    late = {"dev-orders-PlaceOrderLogGroup", "/aws/lambda/dev-website-PublishSite"}
    for name in (*late, "/aws/apigateway/welcome", "dev-other-app", "/aws/lambda/prod-orders-PlaceOrder"):
        client("logs").create_log_group(logGroupName=name)

    found = left()

    assert {name for name, row in found.items() if row["why"] == LATE_LOG.why} == late
    assert found.keys() - late == {"/aws/apigateway/welcome"}
    assert found["/aws/apigateway/welcome"]["why"] == WELCOME.why.replace("`", "")


def test_the_total_is_said(left: Callable[[], Rows], capsys: Any) -> None:
    make_key("dev")
    make_key("dev")

    assert teardown.main(["--stage", "dev", "--left"]) == 0
    assert "2.00 USD a month in all. docs/deploying.md says how to remove each of them.\n" in capsys.readouterr().out


def test_the_laptops_stage_is_not_looked_for_on_aws(aws: None, capsys: Any) -> None:
    assert teardown.main(["--stage", "local", "--left"]) == 1
    assert capsys.readouterr().err == "error: stage local is not on AWS: `laptop down --forget` removes it\n"


def test_the_roles_of_the_workflows_are_listed(left: Callable[[], Rows]) -> None:
    topic = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    client("cloudformation").create_stack(StackName="dev-deployer", TemplateBody=topic)

    assert left()["dev-deployer"]["what"] == DEPLOYER_STACK.what


def test_a_stack_that_is_left_stands_for_its_resources(left: Callable[[], Rows], capsys: Any) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [{"Key": "stage", "Value": "dev"}]}}
    log = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "dev-orders-PlaceOrder"}}
    template = json.dumps({"Resources": {"Queue": queue, "Log": log}})
    client("cloudformation").create_stack(StackName="dev-orders", TemplateBody=template)

    assert teardown.main(["--stage", "dev", "--left", "--json"]) == 1
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["dev-orders"]
