import json
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk.assertions import Match, Template
from ministack.services.lambda_svc import _match_esm_filter

from local.engine_patches import streams
from orders import cache_entry
from orders.cache_entry import TTL_SECONDS
from orders.order import FINAL, RECEIVED
from stacks.config import PROD
from stacks.order_table import OrderTable
from tests.support.handlers.order_rows import ROW

DAY = 24 * 60 * 60
TO_CHECK = "Orders/LostOrders/OrdersToCheck"
QUEUES = {"Orders/OrderFulfillmentQueue", "Orders/EscalationQueue", TO_CHECK}
DEAD_LETTERS = {f"{queue}DeadLetters" for queue in QUEUES}
PARKED = "Orders/ParkedQueue"
CACHE_FAILURES = "Orders/UpdateCacheFailures"


def queues_of(deployment) -> set[str]:
    return QUEUES | DEAD_LETTERS | {PARKED} | ({CACHE_FAILURES} if deployment.stage.cache else set())


def test_the_table_is_paid_per_request_encrypted_and_restorable(deployment):
    table = deployment.properties("AWS::DynamoDB::Table")["Orders/OrderTable"]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["KeySchema"] == [{"AttributeName": "OrderId", "KeyType": "HASH"}]


def test_old_orders_are_deleted_unless_the_stage_keeps_them_for_ever(deployment):
    table = deployment.properties("AWS::DynamoDB::Table")["Orders/OrderTable"]
    days = {
        path.partition("/")[2]: function["Environment"]["Variables"]["ORDER_DAYS"]
        for path, function in deployment.properties("AWS::Lambda::Function").items()
        if path.startswith("Orders/") and "ORDER_TABLE" in function.get("Environment", {}).get("Variables", {})
    }

    assert table["TimeToLiveSpecification"] == {"AttributeName": "ExpiresAt", "Enabled": True}
    assert set(days.values()) == {str(deployment.stage.days_orders_are_kept)}


def test_a_stage_that_keeps_orders_for_ever_deletes_none():
    stack = Stack()
    table = OrderTable(stack, "OrderTable", stage=replace(PROD, days_orders_are_kept=None))

    assert table.client_environment["ORDER_DAYS"] == ""
    Template.from_stack(stack).has_resource_properties(
        "AWS::DynamoDB::Table", {"TimeToLiveSpecification": Match.absent()}
    )


def test_the_tables_stream_reports_every_change(deployment):
    table = deployment.properties("AWS::DynamoDB::Table")["Orders/OrderTable"]

    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_the_table_is_protected_from_deletion_if_the_stage_says_so(deployment):
    table = deployment.properties("AWS::DynamoDB::Table")["Orders/OrderTable"]

    assert table["DeletionProtectionEnabled"] is deployment.stage.deletion_protection


def test_every_queue_is_encrypted(deployment):
    queues = deployment.properties("AWS::SQS::Queue")

    assert queues.keys() >= queues_of(deployment)
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())


def test_every_queue_requires_tls(deployment):
    closed = set()
    for path, policy in deployment.properties("AWS::SQS::QueuePolicy").items():
        stack = path.partition("/")[0]
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Deny", "sqs:*")
        assert (statement["Principal"], statement["Condition"]) == (
            {"AWS": "*"},
            {"Bool": {"aws:SecureTransport": "false"}},
        )
        (queue,) = policy["Queues"]
        assert deployment.named(stack, statement["Resource"]) == deployment.named(stack, queue) + ".Arn"
        closed.add(deployment.named(stack, queue))

    assert closed == deployment.properties("AWS::SQS::Queue").keys()


@pytest.mark.parametrize("path", sorted(QUEUES))
def test_dead_letters_are_kept_for_fourteen_days(path, deployment):
    queues = deployment.properties("AWS::SQS::Queue")
    redrive = queues[path]["RedrivePolicy"]

    assert deployment.named("Orders", redrive["deadLetterTargetArn"]) == f"{path}DeadLetters.Arn"
    assert redrive["maxReceiveCount"] == 5
    assert queues[f"{path}DeadLetters"]["MessageRetentionPeriod"] == 14 * DAY
    # In a dead-letter queue a message's time counts from when it was first sent. With as many days in both queues, a
    # message could disappear as soon as it arrives there.
    assert queues[path]["MessageRetentionPeriod"] < 14 * DAY


def test_parked_orders_are_kept_as_long_as_possible_and_raise_an_alarm_at_once(deployment):
    parked = deployment.properties("AWS::SQS::Queue")[PARKED]
    alarm = deployment.properties("AWS::CloudWatch::Alarm")["Orders/OrderAlarms/Parked"]

    assert parked["MessageRetentionPeriod"] == 14 * DAY
    assert "RedrivePolicy" not in parked
    (dimension,) = alarm["Dimensions"]
    assert deployment.named("Orders", dimension["Value"]) == f"{PARKED}.QueueName"
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


@pytest.mark.parametrize(
    ("alarm", "metric"), [("WorkflowFailed", "ExecutionsFailed"), ("WorkflowTimedOut", "ExecutionsTimedOut")]
)
def test_an_execution_that_fails_or_times_out_raises_an_alarm(alarm, metric, deployment):
    found = deployment.properties("AWS::CloudWatch::Alarm")[f"Orders/OrderAlarms/{alarm}"]

    (dimension,) = found["Dimensions"]
    assert deployment.named("Orders", dimension["Value"]) == "Orders/OrderFulfillmentStateMachine"
    assert (found["Namespace"], found["MetricName"], found["Threshold"]) == ("AWS/States", metric, 1)


@pytest.mark.parametrize("queue", sorted(DEAD_LETTERS))
def test_a_dead_letter_raises_an_alarm(queue, deployment):
    found = deployment.properties("AWS::CloudWatch::Alarm")[f"Orders/OrderAlarms/{queue.rpartition('/')[2]}"]

    (dimension,) = found["Dimensions"]
    assert deployment.named("Orders", dimension["Value"]) == f"{queue}.QueueName"
    assert (found["MetricName"], found["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 1)


@pytest.mark.parametrize("function", ["ParkLostOrders", "WatchOrders"])
def test_a_failing_search_for_lost_orders_raises_an_alarm(function, deployment):
    found = deployment.properties("AWS::CloudWatch::Alarm")[f"Orders/OrderAlarms/{function}Failed"]

    (dimension,) = found["Dimensions"]
    assert deployment.named("Orders", dimension["Value"]) == f"Orders/LostOrders/{function}"
    assert (found["Namespace"], found["MetricName"], found["Threshold"]) == ("AWS/Lambda", "Errors", 1)


def test_changes_that_did_not_reach_the_cache_raise_an_alarm(with_cache):
    found = with_cache.properties("AWS::CloudWatch::Alarm")["Orders/OrderAlarms/UpdateCacheFailures"]

    (dimension,) = found["Dimensions"]
    assert with_cache.named("Orders", dimension["Value"]) == f"{CACHE_FAILURES}.QueueName"


def indexes(deployment) -> dict[str, dict]:
    """The indexes of the order table, by name."""
    found = deployment.properties("AWS::DynamoDB::Table")["Orders/OrderTable"]["GlobalSecondaryIndexes"]
    return {index["IndexName"]: index for index in found}


def test_orders_are_found_by_owner_and_corrector_and_if_they_wait_for_an_operator(deployment):
    keys = {name: [key["AttributeName"] for key in index["KeySchema"]] for name, index in indexes(deployment).items()}

    assert keys == {
        "ByTodo": ["Todo", "UpdatedAt"],
        "Corrected": ["CorrectedBy", "CorrectedAt"],
        "OwnOrders": ["OwnPart", "ReceivedAt"],
    }


def test_no_index_has_an_attribute_that_a_good_order_changes(deployment):
    """Each change of a key or of a projected attribute is one more write, or two. A good order has no `Todo`
    and no `CorrectedBy`, so it is in no index with one of them.
    """
    of_the_claim = {"OrderId", "OwnPart", "ReceivedAt"}
    for name, index in indexes(deployment).items():
        held = {key["AttributeName"] for key in index["KeySchema"]} | {*index["Projection"].get("NonKeyAttributes", ())}
        assert held & {"Todo", "CorrectedBy"} or held <= of_the_claim, name


def test_the_indexes_keep_their_deployed_fields(deployment):
    """CloudFormation cannot change the fields of a deployed index: docs/changing.md."""
    projections = {name: index["Projection"] for name, index in indexes(deployment).items()}

    assert projections == {
        "ByTodo": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Reasons", "ExecutionName"]},
        "Corrected": {"ProjectionType": "KEYS_ONLY"},
        "OwnOrders": {"ProjectionType": "KEYS_ONLY"},
    }


def test_the_operators_functions_know_their_queues(deployment):
    given = {
        (path.removeprefix("Orders/Operators/"), name): deployment.named("Orders", value)
        for path, function in deployment.properties("AWS::Lambda::Function").items()
        if path.startswith("Orders/Operators/")
        for name, value in function["Environment"]["Variables"].items()
        if name.endswith(("_QUEUE", "_DEAD_LETTERS"))
    }

    dead_letters = {
        "FULFILLMENT_DEAD_LETTERS": "Orders/OrderFulfillmentQueueDeadLetters",
        "ESCALATION_DEAD_LETTERS": "Orders/EscalationQueueDeadLetters",
    }
    queues = {"FULFILLMENT_QUEUE": "Orders/OrderFulfillmentQueue", "ESCALATION_QUEUE": "Orders/EscalationQueue"}
    assert given == {
        ("ListParked", "PARKED_QUEUE"): PARKED,
        ("RemoveParked", "PARKED_QUEUE"): PARKED,
        **{("ListDeadLetters", name): path for name, path in dead_letters.items()},
        **{("RedriveDeadLetters", name): path for name, path in (dead_letters | queues).items()},
    }


def mapping_of(deployment, function: str) -> dict:
    """What makes Lambda call a function with the records of a stream or of a queue."""
    (found,) = [
        mapping
        for path, mapping in deployment.properties("AWS::Lambda::EventSourceMapping").items()
        if path.startswith("Orders/") and deployment.named("Orders", mapping["FunctionName"]) == function
    ]
    return found


def patterns_of(mapping: dict) -> list[dict]:
    return [json.loads(one["Pattern"]) for one in mapping["FilterCriteria"]["Filters"]]


EXPIRED = {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
"""What DynamoDB adds to the record of a row that it deletes, because the row has expired.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
"""


def sees(mapping: dict, before: dict | None, after: dict | None, **more: Any) -> bool:
    """Whether a function gets the record of a change of a row, by the engine's rules. None is a missing row."""
    images = {"OldImage": before, "NewImage": after}
    change = {name: {key: {"S": value} for key, value in image.items()} for name, image in images.items() if image}
    match = streams.matching(_match_esm_filter)
    return any(match({"dynamodb": change, **more}, pattern) for pattern in patterns_of(mapping))


def test_every_change_that_can_make_an_entry_wrong_reaches_the_cache_or_the_failures(with_cache):
    mapping = mapping_of(with_cache, "Orders/UpdateCache")

    assert with_cache.named("Orders", mapping["EventSourceArn"]) == "Orders/OrderTable.StreamArn"
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRecordAgeInSeconds"] == TTL_SECONDS
    failures = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert with_cache.named("Orders", failures) == f"{CACHE_FAILURES}.Arn"


def received(**attributes: str) -> dict[str, str]:
    return {"OrderId": "A-1", "Status": RECEIVED, **attributes}


@pytest.mark.parametrize("after", [*sorted(FINAL), RECEIVED, None])
@pytest.mark.parametrize("before", sorted(FINAL))
def test_the_cache_gets_each_change_of_an_order_that_had_an_outcome(before, after, synthesised):
    """Its entry may live for minutes. None is a row that somebody has deleted."""
    mapping = mapping_of(synthesised("local"), "Orders/UpdateCache")

    assert sees(mapping, received(Status=before), received(Status=after) if after else None)


@pytest.mark.parametrize("function", ["Orders/UpdateCache", "Orders/LostOrders/WatchOrders"])
@pytest.mark.parametrize("before", sorted(FINAL))
def test_an_expired_row_calls_no_function(before, function, synthesised):
    """A stage may delete as many rows in a day as it got orders in a day ten years ago."""
    mapping = mapping_of(synthesised("local"), function)

    assert not sees(mapping, received(Status=before, EarlierOutcome="ESCALATED"), None, **EXPIRED)


@pytest.mark.parametrize("after", [*sorted(FINAL), RECEIVED, None])
def test_the_cache_gets_a_first_outcome_only_if_there_was_an_earlier_one(after, synthesised):
    """A late lookup may still write the outcome from before a correction, after the entry of the correction expired."""
    mapping = mapping_of(synthesised("local"), "Orders/UpdateCache")

    def seen(**attributes: str) -> bool:
        return sees(mapping, received(**attributes), received(Status=after) if after else None)

    assert (seen(), seen(EarlierOutcome="ESCALATED")) == (False, True)
    assert not sees(mapping, None, received())


def test_an_order_without_an_outcome_has_an_entry_for_a_second_at_most():
    """This is why the cache does not need its first outcome."""
    row = ROW | {"Status": RECEIVED}

    assert cache_entry.of_row(row).milliseconds <= cache_entry.IN_PROGRESS_MS <= 1000
    assert cache_entry.of_row(None).milliseconds <= cache_entry.IN_PROGRESS_MS


def test_a_message_that_cannot_be_read_does_not_keep_other_orders_from_being_parked(deployment):
    mapping = mapping_of(deployment, "Orders/LostOrders/ParkLostOrders")

    assert mapping["BatchSize"] == 1


def test_every_reader_of_a_stream_says_where_it_begins(with_everything):
    mappings = with_everything.properties("AWS::Lambda::EventSourceMapping")
    begins = {
        path: mapping["StartingPosition"]
        for path, mapping in mappings.items()
        if "BisectBatchOnFunctionError" in mapping
    }

    # Entries of the cache end soon, so changes from before its function need none. A lost order must be found.
    assert sorted(begins.values()) == ["LATEST", "TRIM_HORIZON"]


def test_changes_of_orders_are_watched_in_few_large_batches_and_none_is_lost(deployment):
    mapping = mapping_of(deployment, "Orders/LostOrders/WatchOrders")

    assert deployment.named("Orders", mapping["EventSourceArn"]) == "Orders/OrderTable.StreamArn"
    # A stage that is deployed may have orders already.
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (
        10_000,
        deployment.stage.seconds_watched_at_once,
    )
    assert mapping["BisectBatchOnFunctionError"] is True
    # Less than the 24 hours for which the stream keeps them, and Lambda tries again until then.
    assert DAY / 2 < mapping["MaximumRecordAgeInSeconds"] < DAY
    assert "MaximumRetryAttempts" not in mapping
    failures = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert deployment.named("Orders", failures) == f"{TO_CHECK}DeadLetters.Arn"


@pytest.mark.parametrize(
    ("before", "after", "watched"),
    [
        (None, RECEIVED, True),
        *((RECEIVED, after, True) for after in (*sorted(FINAL), RECEIVED, None)),
        *((before, RECEIVED, True) for before in sorted(FINAL)),
        ("ESCALATED", "CLOSED", False),
        ("PARKED", "FULFILLMENT_QUEUED", False),
        ("ESCALATED", None, False),
    ],
)
def test_every_change_to_or_from_received_is_watched(before, after, watched, synthesised):
    mapping = mapping_of(synthesised("local"), "Orders/LostOrders/WatchOrders")
    rows = [received(Status=status) if status else None for status in (before, after)]

    assert sees(mapping, *rows) is watched


def test_orders_to_check_are_read_again_until_they_are_dead_letters(deployment):
    mapping = mapping_of(deployment, "Orders/LostOrders/ParkLostOrders")
    queue = deployment.properties("AWS::SQS::Queue")[TO_CHECK]
    function = deployment.properties("AWS::Lambda::Function")["Orders/LostOrders/ParkLostOrders"]

    assert deployment.named("Orders", mapping["EventSourceArn"]) == f"{TO_CHECK}.Arn"
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_messages_of_orders_stay_hidden_for_two_minutes_and_are_kept_for_seven_days(deployment):
    """docs/messages.md tells consumers so."""
    queues = deployment.properties("AWS::SQS::Queue")

    assert {queues[path]["VisibilityTimeout"] for path in QUEUES} == {120}
    assert {queues[path]["MessageRetentionPeriod"] for path in QUEUES} == {7 * DAY}


def test_a_failed_execution_starts_park_lost_orders_without_its_input(deployment):
    rule = deployment.properties("AWS::Events::Rule")["Orders/LostOrders/ExecutionDied"]
    (target,) = rule["Targets"]

    # https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    assert rule["EventPattern"]["source"] == ["aws.states"]
    assert rule["EventPattern"]["detail-type"] == ["Step Functions Execution Status Change"]
    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    (workflow,) = rule["EventPattern"]["detail"]["stateMachineArn"]
    assert deployment.named("Orders", workflow) == "Orders/OrderFulfillmentStateMachine"
    assert sorted(target["InputTransformer"]["InputPathsMap"].values()) == ["$.detail.executionArn", "$.detail.status"]


def test_the_order_workflow_is_encrypted_with_its_own_rotated_key(deployment):
    workflow = deployment.properties("AWS::StepFunctions::StateMachine")["Orders/OrderFulfillmentStateMachine"]
    encryption = workflow["EncryptionConfiguration"]

    assert encryption["Type"] == "CUSTOMER_MANAGED_KMS_KEY"
    assert deployment.named("Orders", encryption["KmsKeyId"]) == "Orders/OrderWorkflowKey.Arn"
    assert deployment.only("AWS::KMS::Key")["EnableKeyRotation"] is True


def test_the_order_workflow_is_express(deployment):
    workflow = deployment.properties("AWS::StepFunctions::StateMachine")["Orders/OrderFulfillmentStateMachine"]

    assert workflow["StateMachineType"] == "EXPRESS"


def test_the_key_of_digests_is_long_and_random(deployment):
    secret = deployment.only("AWS::SecretsManager::Secret")["GenerateSecretString"]

    # More than the 256 bits that a digest of SHA-256 can use. Punctuation would need escapes in commands.
    assert secret == {"ExcludePunctuation": True, "PasswordLength": 64}


def test_the_order_workflow_gets_its_targets(deployment):
    workflow = deployment.properties("AWS::StepFunctions::StateMachine")["Orders/OrderFulfillmentStateMachine"]
    targets = {name: deployment.named("Orders", value) for name, value in workflow["DefinitionSubstitutions"].items()}

    assert targets == {
        "DaysOrdersAreKept": str(deployment.stage.days_orders_are_kept),
        "OrderTable": "Orders/OrderTable",
        "VerifyCCAndPriceFunction": "Orders/VerifyCCAndPrice/Live",
        "OrderFulfillmentQueue": "Orders/OrderFulfillmentQueue",
        "EscalationQueue": "Orders/EscalationQueue",
        "ParkedQueue": "Orders/ParkedQueue",
    }


def test_no_log_of_a_workflow_holds_requests(deployment):
    for workflow in deployment.properties("AWS::StepFunctions::StateMachine").values():
        assert workflow["LoggingConfiguration"]["IncludeExecutionData"] is False
