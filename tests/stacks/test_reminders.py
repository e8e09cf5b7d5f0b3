from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import chain

import pytest

from reminders.reminder import BY_OWNER, BY_STATUS, LEASE_TIME, due_fields
from stacks.config import STAGES
from tests.support.templates.deployment import OTHER_SENDER

TABLE = "Reminders/ReminderTable"


def test_the_command_line_finds_the_topic_by_its_parameter(deployment):
    parameter = deployment.only("AWS::SSM::Parameter")

    assert parameter["Name"] == deployment.stage.notify_parameter
    assert deployment.named("Reminders", parameter["Value"]) == "Reminders/NotifyTopic"


def test_the_function_sends_from_the_registered_sender(deployment):
    sender = deployment.stage.sender

    assert deployment.only("AWS::SES::EmailIdentity")["EmailIdentity"] == sender
    function = deployment.properties("AWS::Lambda::Function")[SEND]
    assert function["Environment"]["Variables"]["SENDER"] == sender


def test_a_sender_stays_registered_after_a_change_or_a_destroy(deployment):
    """Another stage may send from it. And a new sender is not confirmed yet when it replaces the old one."""
    (identity,) = deployment.resources("AWS::SES::EmailIdentity").values()

    assert (identity["DeletionPolicy"], identity["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_an_existing_sender_is_not_registered_and_nothing_else_changes(synthesised):
    existing, new = (
        synthesised(stage="prod", cache="on", consumer="on", identity=identity) for identity in ("existing", "new")
    )

    left_out = new.names_and_types().items() - existing.names_and_types().items()
    assert existing.names_and_types().items() < new.names_and_types().items()
    assert [type for _, type in left_out] == ["AWS::SES::EmailIdentity"]


@pytest.mark.parametrize(
    ("context", "refused"),
    [
        *(({"stage": name}, None if stage.outbox else stage.sender) for name, stage in STAGES.items()),
        ({"stage": "dev", "sender": "cats"}, "cats"),
        ({"stage": "prod", **OTHER_SENDER}, None),
    ],
)
def test_a_stage_on_aws_is_not_deployed_without_a_sender_that_somebody_can_confirm(context, refused, synthesised):
    """`cdk synth` warns, and `make deploy` stops at the warning. CloudFormation stops at the rule."""
    deployment = synthesised(**context)
    warnings = deployment.warnings
    rules = {
        stack: template["Rules"].get("SomebodyCanConfirmTheSender") for stack, template in deployment.templates.items()
    }

    if refused:
        problem = f"Nobody can confirm the sender {refused} to SES. Use `make deploy SENDER="
        (assertion,) = rules.pop("Reminders")["Assertions"]
        assert warnings.keys() == {"Reminders"}
        (warning,) = warnings["Reminders"]
        assert warning.startswith(problem)
        assert assertion["Assert"] == {"Fn::Equals": [refused, ""]}
        assert assertion["AssertDescription"].startswith(problem)
    else:
        assert warnings == {}
    assert not any(rules.values())


def test_another_sender_is_used_everywhere(synthesised):
    deployment = synthesised(stage="dev", **OTHER_SENDER)

    assert "reminders@example.com" not in str(deployment.templates)
    assert deployment.only("AWS::SES::EmailIdentity")["EmailIdentity"] == OTHER_SENDER["sender"]


def test_the_topic_is_encrypted_and_requires_tls(deployment):
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
        "ScheduleReminderFunction": "Reminders/ScheduleReminder/Live",
        "ReminderDelivery": "Reminders/ReminderDelivery",
    }


def test_a_workflow_that_delivers_a_reminder_is_express(deployment):
    workflow = deployment.properties("AWS::StepFunctions::StateMachine")["Reminders/ReminderDelivery"]

    assert workflow["StateMachineType"] == "EXPRESS"
    # The input holds addresses.
    assert workflow["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert workflow["LoggingConfiguration"]["Level"] == "ERROR"
    queues = {name: deployment.named("Reminders", url) for name, url in workflow["DefinitionSubstitutions"].items()}
    assert queues == {name: f"Reminders/ReminderQueues/{name}" for name in ("EmailQueue", "SMSQueue", "TopicQueue")}


@pytest.mark.parametrize(("channel", "name"), [("email", "EmailQueue"), ("sms", "SMSQueue"), ("topic", "TopicQueue")])
def test_a_function_sends_what_is_in_the_queue_of_each_channel_at_the_stages_rate(channel, name, deployment):
    mapping = deployment.properties("AWS::Lambda::EventSourceMapping")[f"Reminders/ReminderSender/{name}Messages"]
    queue = deployment.properties("AWS::SQS::Queue")[f"Reminders/ReminderQueues/{name}"]
    function = deployment.properties("AWS::Lambda::Function")[SEND]
    variables = function["Environment"]["Variables"]

    assert deployment.named("Reminders", mapping["EventSourceArn"]) == f"Reminders/ReminderQueues/{name}.Arn"
    assert deployment.named("Reminders", mapping["FunctionName"]) == SEND
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    at_once = mapping["ScalingConfig"]["MaximumConcurrency"]
    assert at_once / float(variables[f"{channel.upper()}_PAUSE"]) <= getattr(deployment.stage, RATES[channel])
    assert deployment.named("Reminders", variables[f"{channel.upper()}_QUEUE"]) == f"Reminders/ReminderQueues/{name}"
    assert queue["VisibilityTimeout"] == 6 * function["Timeout"]


RATES = {"email": "mails_per_second", "sms": "texts_per_second", "topic": "publishes_per_second"}


def test_the_queues_share_their_dead_letters_and_these_raise_an_alarm(deployment):
    queues = [one for path, one in deployment.properties("AWS::SQS::Queue").items() if path.startswith(QUEUES)]
    alarm = deployment.properties("AWS::CloudWatch::Alarm")["Reminders/ReminderAlarms/ReminderDeadLetters"]
    targets = [one["RedrivePolicy"]["deadLetterTargetArn"] for one in queues if "RedrivePolicy" in one]
    (dimension,) = alarm["Dimensions"]

    assert len(targets) == len(queues) - 1 == 3
    assert {deployment.named("Reminders", target) for target in targets} == {f"{QUEUES}DeadLetters.Arn"}
    assert deployment.named("Reminders", dimension["Value"]) == f"{QUEUES}DeadLetters.QueueName"


def test_a_message_waits_in_its_queue_for_as_many_attempts_as_sqs_allows(deployment):
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""
    queues = [one for path, one in deployment.properties("AWS::SQS::Queue").items() if path.startswith(QUEUES)]
    attempts = [one["RedrivePolicy"]["maxReceiveCount"] for one in queues if "RedrivePolicy" in one]

    assert attempts == [1000] * 3


def test_a_lease_outlasts_the_function_and_ends_before_the_message_comes_back(deployment):
    function = deployment.properties("AWS::Lambda::Function")[SEND]

    assert function["Timeout"] < LEASE_TIME.total_seconds() < 6 * function["Timeout"]


NEVER_RENAMED = {
    # Executions that started before there were aliases name the function itself.
    "ReminderTable": ["ReminderTable76285657"],
    "ScheduleReminderFunction": ["ScheduleReminder968E596B", "ScheduleReminderLiveD368B9B9"],
    "ReminderDelivery": ["ReminderDelivery05025A8F"],
}
"""The targets in each definition that an execution may still have, the oldest first."""


def test_targets_of_waiting_executions_keep_their_logical_ids(deployment):
    """An execution waits for up to a year, and keeps the definition and the role that it started with. If a logical id
    changes, CloudFormation replaces the resource. Then the reminder fails when it is due.

    So add a line for a new target, but never change a line. If you move or rename a construct, give it its old logical
    id (`override_logical_id`). If the definition no longer names a target, keep the target for a year.
    """
    resources = deployment.templates["Reminders"]["Resources"]
    workflow = resources["ReminderStateMachineC40CCC4D"]["Properties"]
    targets = {
        name: value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
        for name, value in workflow["DefinitionSubstitutions"].items()
    }

    assert targets == {name: ids[-1] for name, ids in NEVER_RENAMED.items()}
    assert workflow["RoleArn"] == {"Fn::GetAtt": ["ReminderStateMachineRoleA2349427", "Arn"]}
    assert "ReminderStateMachineRoleDefaultPolicyE857B780" in resources
    for logical_id in ["ReminderStateMachineRoleA2349427", *chain(*NEVER_RENAMED.values())]:
        properties = resources[logical_id].get("Properties", {})
        # A changed name would make CloudFormation replace the resource, too.
        names = ("FunctionName", "TableName", "TopicName", "RoleName", "StateMachineName")
        assert [name for name in names if isinstance(properties.get(name), str)] == []


def test_the_table_is_paid_per_request_encrypted_and_restorable(deployment):
    table = deployment.properties("AWS::DynamoDB::Table")[TABLE]

    assert table["KeySchema"] == [{"AttributeName": "ReminderId", "KeyType": "HASH"}]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


@pytest.mark.parametrize(("name", "key"), [(BY_OWNER, "Owner"), (BY_STATUS, "Status")])
def test_reminders_are_found_by_owner_and_by_status_in_due_order(name, key, deployment):
    indexes = deployment.properties("AWS::DynamoDB::Table")[TABLE]["GlobalSecondaryIndexes"]

    (index,) = (index for index in indexes if index["IndexName"] == name)
    assert index["KeySchema"] == [
        {"AttributeName": key, "KeyType": "HASH"},
        {"AttributeName": "DueAt", "KeyType": "RANGE"},
    ]
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_the_table_deletes_reminders_by_the_field_that_the_functions_write(deployment):
    row = due_fields(
        datetime(2027, 1, 1, tzinfo=UTC), number=1, now=datetime(2026, 1, 1, tzinfo=UTC), kept=timedelta(30)
    )
    expiry = deployment.properties("AWS::DynamoDB::Table")[TABLE]["TimeToLiveSpecification"]

    assert expiry == {"AttributeName": "ExpiresAt", "Enabled": True}
    assert row["ExpiresAt"] == datetime(2027, 1, 31, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("function", ["CreateReminder", "ScheduleReminder", "ReminderSender/SendReminder"])
def test_reminders_are_kept_for_as_long_as_the_stage_says(function, deployment):
    variables = deployment.properties("AWS::Lambda::Function")[f"Reminders/{function}"]["Environment"]["Variables"]

    assert variables["DAYS_KEPT"] == str(deployment.stage.days_reminders_are_kept)


def test_reminders_are_protected_from_deletion_if_the_stage_says_so(deployment):
    table = deployment.properties("AWS::DynamoDB::Table")[TABLE]

    assert table["DeletionProtectionEnabled"] is deployment.stage.deletion_protection


@pytest.mark.parametrize(
    ("alarm", "metric", "workflow"),
    [
        ("WorkflowFailed", "ExecutionsFailed", "ReminderStateMachine"),
        ("WorkflowTimedOut", "ExecutionsTimedOut", "ReminderStateMachine"),
        ("DeliveryFailed", "ExecutionsFailed", "ReminderDelivery"),
    ],
)
def test_a_reminder_that_was_not_delivered_raises_an_alarm(alarm, metric, workflow, deployment):
    found = deployment.properties("AWS::CloudWatch::Alarm")[f"Reminders/ReminderAlarms/{alarm}"]

    (dimension,) = found["Dimensions"]
    assert deployment.named("Reminders", dimension["Value"]) == f"Reminders/{workflow}"
    assert (found["Namespace"], found["MetricName"], found["Threshold"]) == ("AWS/States", metric, 1)


SETTLE = "Reminders/LostReminders/SettleLostReminders"
SEND = "Reminders/ReminderSender/SendReminder"
QUEUES = "Reminders/ReminderQueues/"


@pytest.mark.parametrize(
    ("rule", "rate", "event"),
    [("EveryFiveMinutes", "rate(5 minutes)", "{}"), ("EveryDay", "rate(1 day)", '{"Waiting":true}')],
)
def test_schedules_start_the_sweep_of_lost_reminders(rule, rate, event, deployment):
    found = deployment.properties("AWS::Events::Rule")[f"Reminders/LostReminders/{rule}"]

    (target,) = found["Targets"]
    assert (found["ScheduleExpression"], found["State"], target["Input"]) == (rate, "ENABLED", event)
    assert deployment.named("Reminders", target["Arn"]) == f"{SETTLE}.Arn"


def test_one_sweep_is_over_before_the_next_begins(deployment, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("REMINDER_TABLE", "reminders")
    works_seconds = import_module("sweep.settle_lost_reminders").WORKS_SECONDS
    function = deployment.properties("AWS::Lambda::Function")[SETTLE]

    # A call that hangs takes 8 seconds; a reminder takes four calls.
    assert works_seconds + 32 < function["Timeout"] < 300


def test_late_reminders_are_sent_for_as_long_as_the_stage_says(deployment):
    variables = deployment.properties("AWS::Lambda::Function")[SETTLE]["Environment"]["Variables"]

    assert variables["HOURS_LATE"] == str(deployment.stage.hours_reminders_may_be_late)
    assert variables["DAYS_KEPT"] == str(deployment.stage.days_reminders_are_kept)
    assert deployment.stage.hours_reminders_may_be_late < 24 * deployment.stage.days_reminders_are_kept


@pytest.mark.parametrize(
    ("alarm", "field", "function", "filter_"),
    [
        ("ReminderLost", "lost", SETTLE, "Reminders/LostReminders/Lost"),
        ("ReminderFailed", "failed", SEND, "Reminders/ReminderSender/Failed"),
    ],
)
def test_lost_and_failed_reminders_in_the_log_raise_an_alarm(alarm, field, function, filter_, deployment):
    metric_filter = deployment.properties("AWS::Logs::MetricFilter")[filter_]
    found = deployment.properties("AWS::CloudWatch::Alarm")[f"Reminders/ReminderAlarms/{alarm}"]
    (transformation,) = metric_filter["MetricTransformations"]

    assert deployment.named("Reminders", metric_filter["LogGroupName"]) == f"{function}LogGroup"
    assert (metric_filter["FilterPattern"], transformation["MetricValue"]) == (f"{{ $.{field} > 0 }}", f"$.{field}")
    assert found["Namespace"] == transformation["MetricNamespace"] == f"{deployment.stage.name}-reminders"
    assert found["MetricName"] == transformation["MetricName"]
    assert (found["Statistic"], found["Threshold"], found["Period"]) == ("Sum", 1, 60)


def test_a_failing_sweep_raises_an_alarm(deployment):
    alarm = deployment.properties("AWS::CloudWatch::Alarm")["Reminders/ReminderAlarms/SettleLostRemindersFailed"]

    (dimension,) = alarm["Dimensions"]
    assert deployment.named("Reminders", dimension["Value"]) == SETTLE
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Lambda", "Errors", 1)


def test_no_alarm_counts_aborted_executions(deployment):
    """CancelReminder stops an execution, and Step Functions counts it as aborted."""
    alarms = deployment.properties("AWS::CloudWatch::Alarm").values()
    queries = [query["MetricStat"]["Metric"] for alarm in alarms for query in alarm.get("Metrics", [])[1:]]
    metrics = {one["MetricName"] for one in [*queries, *alarms] if "MetricName" in one}

    assert "ExecutionsAborted" not in metrics


@pytest.mark.parametrize("name", STAGES)
def test_the_reminders_do_not_need_the_orders(name, synthesised):
    assert f"'{name}-orders" not in str(synthesised(name).templates["Reminders"])


def test_what_ses_reports_about_the_stages_mails_reaches_the_function(deployment):
    (mails,) = deployment.properties("AWS::SES::ConfigurationSet").values()
    (events,) = deployment.properties("AWS::SES::ConfigurationSetEventDestination").values()
    rule = deployment.properties("AWS::Events::Rule")["Reminders/ReminderFeedback/MailEvents"]
    sender = deployment.properties("AWS::Lambda::Function")["Reminders/ReminderSender/SendReminder"]
    name = sender["Environment"]["Variables"]["CONFIGURATION_SET"]

    assert mails["ReputationOptions"] == {"ReputationMetricsEnabled": True}
    assert mails["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}
    destination = events["EventDestination"]
    assert (events["ConfigurationSetName"], destination["Enabled"]) == (name, True)
    assert sorted(destination["MatchingEventTypes"]) == ["bounce", "complaint", "reject"]
    assert str(destination["EventBridgeDestination"]["EventBusArn"]).endswith("event-bus/default']]}")
    # Only AWS can put events of this source onto a bus, and another stage's mails have another set.
    assert rule["EventPattern"] == {
        "source": ["aws.ses"],
        "detail-type": ["Email Bounced", "Email Complaint Received", "Email Rejected"],
        "detail": {"mail": {"tags": {"ses:configuration-set": [name]}}},
    }
    assert [deployment.named("Reminders", one["Arn"]) for one in rule["Targets"]] == [
        "Reminders/ReminderFeedback/RecordFeedback.Arn"
    ]
