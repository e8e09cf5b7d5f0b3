from datetime import UTC, datetime, timedelta

import pytest

from reminders.reminder import due_of
from stacks.reminders import BY_OWNER, BY_STATUS
from tests.stacks.deployment import synthesise

TABLE = "Reminders/ReminderTable"


def test_the_command_line_finds_the_topic_by_its_parameter(deployment):
    parameter = deployment.only("AWS::SSM::Parameter")

    assert parameter["Name"] == "notifyme"
    assert deployment.named("Reminders", parameter["Value"]) == "Reminders/NotifyTopic"


def test_the_sender_is_registered_and_is_the_one_the_function_sends_from(deployment):
    sender = deployment.stage.sender

    assert deployment.only("AWS::SES::EmailIdentity")["EmailIdentity"] == sender
    function = deployment.properties("AWS::Lambda::Function")["Reminders/SendEmail"]
    assert function["Environment"]["Variables"] == {"SENDER": sender}


def test_another_sender_is_used_wherever_a_sender_is(tmp_path):
    deployment = synthesise(tmp_path, sender="me@example.org", cache="off")

    assert "reminders@example.com" not in str(deployment.templates)
    assert deployment.only("AWS::SES::EmailIdentity")["EmailIdentity"] == "me@example.org"


def test_the_topic_is_encrypted_and_reached_over_tls_alone(deployment):
    topic = deployment.properties("AWS::SNS::Topic")["Reminders/NotifyTopic"]
    policy = deployment.properties("AWS::SNS::TopicPolicy")["Reminders/NotifyTopic/Policy"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert deployment.named("Reminders", topic["KmsMasterKeyId"]).endswith(":alias/aws/sns")
    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "sns:Publish", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_workflow_that_waits_up_to_a_year_is_standard(deployment):
    workflow = deployment.properties("AWS::StepFunctions::StateMachine")["Reminders/ReminderStateMachine"]

    assert workflow["StateMachineType"] == "STANDARD"
    targets = {
        name: deployment.named("Reminders", value) for name, value in workflow["DefinitionSubstitutions"].items()
    }
    assert targets == {
        "ReminderTable": "Reminders/ReminderTable",
        "ScheduleReminderFunction": "Reminders/ScheduleReminder.Arn",
        "NextOccurrenceFunction": "Reminders/NextOccurrence.Arn",
        "SendEmailFunction": "Reminders/SendEmail.Arn",
        "NotifyTopic": "Reminders/NotifyTopic",
    }


def test_the_table_costs_what_is_used_is_encrypted_and_can_be_restored(deployment):
    table = deployment.properties("AWS::DynamoDB::Table")[TABLE]

    assert table["KeySchema"] == [{"AttributeName": "ReminderId", "KeyType": "HASH"}]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


@pytest.mark.parametrize(("name", "key"), [(BY_OWNER, "Owner"), (BY_STATUS, "Status")])
def test_the_reminders_of_a_person_and_those_of_a_status_are_found_in_due_order_and_shown_whole(name, key, deployment):
    indexes = deployment.properties("AWS::DynamoDB::Table")[TABLE]["GlobalSecondaryIndexes"]

    (index,) = (index for index in indexes if index["IndexName"] == name)
    assert index["KeySchema"] == [
        {"AttributeName": key, "KeyType": "HASH"},
        {"AttributeName": "DueAt", "KeyType": "RANGE"},
    ]
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_the_table_forgets_reminders_by_the_field_that_is_written(deployment):
    row = due_of(datetime(2027, 1, 1, tzinfo=UTC), number=1, now=datetime(2026, 1, 1, tzinfo=UTC), kept=timedelta(30))
    expiry = deployment.properties("AWS::DynamoDB::Table")[TABLE]["TimeToLiveSpecification"]

    assert expiry == {"AttributeName": "ExpiresAt", "Enabled": True}
    assert row["ExpiresAt"] == datetime(2027, 1, 31, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("function", ["CreateReminder", "ScheduleReminder", "NextOccurrence"])
def test_reminders_are_kept_for_as_long_as_the_stage_says(function, deployment):
    variables = deployment.properties("AWS::Lambda::Function")[f"Reminders/{function}"]["Environment"]["Variables"]

    assert variables["DAYS_KEPT"] == str(deployment.stage.days_reminders_are_kept)


@pytest.mark.parametrize(("stage", "protected"), [("local", False), ("dev", False), ("prod", True)])
def test_only_production_protects_its_reminders_from_deletion(stage, protected, synthesised):
    assert synthesised(stage).properties("AWS::DynamoDB::Table")[TABLE]["DeletionProtectionEnabled"] is protected


@pytest.mark.parametrize(
    ("alarm", "metric"), [("WorkflowFailed", "ExecutionsFailed"), ("WorkflowTimedOut", "ExecutionsTimedOut")]
)
def test_a_reminder_that_was_not_sent_raises_an_alarm(alarm, metric, deployment):
    found = deployment.properties("AWS::CloudWatch::Alarm")[f"Reminders/ReminderAlarms/{alarm}"]

    (dimension,) = found["Dimensions"]
    assert deployment.named("Reminders", dimension["Value"]) == "Reminders/ReminderStateMachine"
    assert (found["Namespace"], found["MetricName"], found["Threshold"]) == ("AWS/States", metric, 1)


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_nothing_of_the_reminders_needs_the_orders(name, synthesised):
    assert f"'{name}-orders" not in str(synthesised(name).templates["Reminders"])
