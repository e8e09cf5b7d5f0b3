import pytest

from tests.stacks.deployment import synthesise


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
    assert targets == {"SendEmailFunction": "Reminders/SendEmail.Arn", "NotifyTopic": "Reminders/NotifyTopic"}


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_nothing_of_the_reminders_needs_the_orders(name, synthesised):
    assert "Fn::ImportValue" not in str(synthesised(name).templates["Reminders"])
