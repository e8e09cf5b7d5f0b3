"""The example consumer is deployed only on request, and its role has only the permissions that it uses."""

from collections.abc import Callable

import pytest

from orders.retention import MESSAGE_DAYS
from stacks.config import STAGES
from tests.support.templates.deployment import Deployment

ROLE = "Fulfillment/ShipOrderRole"


@pytest.fixture(scope="module", params=STAGES)
def with_consumer(request: pytest.FixtureRequest, synthesised: Callable[..., Deployment]) -> Deployment:
    return synthesised(stage=request.param, consumer="on")


def test_no_stage_has_the_consumer_by_default(deployment):
    assert "Fulfillment" not in deployment.templates
    assert not any(stage.example_consumer for stage in STAGES.values())


def test_the_apps_are_the_same_with_and_without_the_consumer(with_consumer, synthesised):
    alone = synthesised(with_consumer.stage.name).names_and_types().items()
    added = with_consumer.names_and_types().items() - alone

    assert alone <= with_consumer.names_and_types().items()
    assert {name.partition("/")[0] for name, _ in added} == {"Fulfillment"}


def test_the_consumers_role_is_for_lambda_and_has_no_managed_policy(with_consumer):
    role = with_consumer.properties("AWS::IAM::Role")[ROLE]

    assert role.keys() == {"AssumeRolePolicyDocument"}
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_the_consumers_log_is_kept_as_long_as_the_others(with_consumer):
    group = with_consumer.properties("AWS::Logs::LogGroup")["Fulfillment/ShipOrderLogGroup"]

    assert group["RetentionInDays"] == with_consumer.days_of_logs


def test_messages_fail_one_by_one(with_consumer):
    source = with_consumer.properties("AWS::Lambda::EventSourceMapping")["Fulfillment/OrderFulfillmentMessages"]

    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BatchSize"] == 10
    assert with_consumer.named("Fulfillment", source["FunctionName"]) == "Fulfillment/ShipOrder"
    queue = with_consumer.named("Fulfillment", source["EventSourceArn"])
    assert queue == "Orders/OrderFulfillmentQueue.Arn"


def test_a_message_stays_hidden_for_six_times_as_long_as_the_function_may_run(with_consumer):
    queue = with_consumer.properties("AWS::SQS::Queue")["Orders/OrderFulfillmentQueue"]
    function = with_consumer.properties("AWS::Lambda::Function")["Fulfillment/ShipOrder"]

    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_idempotency_records_expire_and_shipments_are_kept(with_consumer):
    tables = with_consumer.resources("AWS::DynamoDB::Table")
    records, shipments = tables["Fulfillment/IdempotencyTable"], tables["Fulfillment/ShipmentTable"]

    assert records["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}
    assert shipments["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "ExpiresAt", "Enabled": True}
    assert records["DeletionPolicy"] == "Delete"
    assert shipments["DeletionPolicy"] == with_consumer.policy
    assert shipments["Properties"]["DeletionProtectionEnabled"] is with_consumer.stage.deletion_protection
    assert shipments["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert all(one["Properties"]["SSESpecification"] == {"SSEEnabled": True} for one in (records, shipments))


def test_a_shipment_expires_before_another_order_may_have_its_order_id(with_consumer):
    """Otherwise the new order would not be shipped. Its message may have waited for MESSAGE_DAYS."""
    variables = with_consumer.properties("AWS::Lambda::Function")["Fulfillment/ShipOrder"]["Environment"]["Variables"]

    assert int(variables["SHIPMENT_DAYS"]) + MESSAGE_DAYS == with_consumer.stage.days_orders_are_kept
    assert int(variables["SHIPMENT_DAYS"]) > MESSAGE_DAYS


def test_the_shipment_table_is_an_output(with_consumer):
    assert with_consumer.templates["Fulfillment"]["Outputs"].keys() == {"ShipmentTableName"}
