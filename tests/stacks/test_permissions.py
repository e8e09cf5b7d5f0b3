"""The rules for every role. expected.py lists exactly what each role may do."""

import pytest

from tests.support.templates.expected import (
    ASK_WHETHER_IT_COULD_BE_SENT,
    DELIVER_LOGS,
    ENCRYPT,
    JOIN_NETWORK,
    LIST_STREAMS,
    PUSH_LOGS,
    TRACE,
    WITH_GRADUAL,
    WRITE_TEXT_LOGS,
)

REMINDER_EXECUTIONS = (
    "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:"
    "Reminders/ReminderStateMachine.split(:)[6]:*"
)
"""The seventh part of a workflow's ARN is its name, which is in the ARN of each of its executions."""

PUBLISHED = [path.removesuffix("/Gradual/Role") for path in WITH_GRADUAL]
ALARMS = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*"

OPEN_RESOURCES = {
    (
        frozenset(PUSH_LOGS),
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*",
    ): "Every API of the account and region logs with this one role.",
    (
        frozenset(WRITE_TEXT_LOGS),
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:sns/*",
    ): "SNS logs all texts of the account and region with this one role.",
    (frozenset(DELIVER_LOGS), "*"): "Log delivery has no resource to name; CDK adds this to a workflow that logs.",
    (frozenset(TRACE), "*"): "X-Ray has no resource to name; CDK adds this to what is traced.",
    (frozenset(JOIN_NETWORK), "*"): "Lambda accepts nothing narrower: the interfaces do not exist yet.",
    (frozenset({"sns:Publish"}), "*"): "A code is texted to a phone number, which has no ARN.",
    (frozenset(LIST_STREAMS), "*"): "Listing has no resource to name; CDK adds this to a function that reads a stream.",
    (
        frozenset({"ses:SendEmail"}),
        "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*",
    ): "In the SES sandbox a recipient is an identity too, and recipients are not known.",
    (frozenset(ASK_WHETHER_IT_COULD_BE_SENT), "*"): "What is read is the account's, and has no resource to name.",
    (
        frozenset({"states:DescribeExecution", "states:StopExecution"}),
        REMINDER_EXECUTIONS,
    ): "The executions of that one workflow, which have names of their own.",
    (frozenset({"s3:DeleteObject", "s3:PutObject"}), "Website/Site.Arn/*"): "What is in that one bucket.",
    **{
        (frozenset({"lambda:GetProvisionedConcurrencyConfig"}), f"{function}.Arn:*"): "The versions of that function."
        for function in PUBLISHED
    },
    (frozenset({"cloudwatch:DescribeAlarms"}), ALARMS): (
        "CodeDeploy may read alarms by their names or all together. It only reads whether they are on."
    ),
}


def test_every_role_is_for_one_service(deployment):
    for path, role in deployment.properties("AWS::IAM::Role").items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        services = {"ApiLogs/Role": "apigateway", "ApiLogs/TextLogsRole": "sns", "Identity/TextsRole": "cognito-idp"}
        services |= dict.fromkeys(WITH_GRADUAL, "codedeploy")
        service = services.get(path, "states" if path.endswith(("StateMachineRole", "DeliveryRole")) else "lambda")
        assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert trust["Action"] == "sts:AssumeRole"


def test_no_role_has_a_managed_policy(deployment):
    for role in deployment.properties("AWS::IAM::Role").values():
        assert role.keys() == {"AssumeRolePolicyDocument"}
    assert deployment.resources("AWS::IAM::ManagedPolicy") == {}


def test_no_action_is_a_wildcard(deployment):
    for _, statement in deployment.statements():
        assert "NotAction" not in statement
        assert not [action for action in statement["Action"] if "*" in action]


def test_every_wildcard_resource_is_known_and_has_a_reason(deployment):
    found = {
        (action, resource)
        for _, statement in deployment.statements()
        for action in statement["Action"]
        for resource in statement.get("Resource", [])
        if "*" in resource
    }

    known = {(action, resource) for actions, resource in OPEN_RESOURCES for action in actions}
    of_the_cache = {(action, "*") for action in JOIN_NETWORK}
    of_a_gradual_stage = {one for one in known if one[1] in {ALARMS, *(f"{function}.Arn:*" for function in PUBLISHED)}}
    absent = (set() if deployment.stage.cache else of_the_cache) | (
        set() if deployment.stage.gradual else of_a_gradual_stage
    )
    assert found == known - absent


def test_only_text_messages_are_published_outside_of_topics(deployment):
    exceptions = [(role, one) for role, one in deployment.statements() if "NotResource" in one]

    ((role, statement),) = exceptions
    assert role == "Reminders/ReminderSender/SendReminderRole"
    assert statement["Action"] == ["sns:Publish"]
    assert statement["NotResource"] == ["arn:${AWS::Partition}:sns:*:*:*"]


def test_email_is_sent_only_from_our_sender(deployment):
    (statement,) = [one for _, one in deployment.statements() if "ses:SendEmail" in one["Action"]]

    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": deployment.stage.sender}}


@pytest.mark.parametrize("starter", ["PlaceOrder", "CorrectOrder"])
def test_functions_that_start_the_order_workflow_use_its_key_only_through_step_functions(starter, deployment):
    (statement,) = [
        one
        for role, one in deployment.statements()
        if role == f"Orders/{starter}Role" and "kms:Decrypt" in one["Action"]
    ]

    assert statement["Resource"] == ["Orders/OrderWorkflowKey.Arn"]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "states.${AWS::Region}.amazonaws.com"}}


def test_the_order_workflow_may_use_its_key_under_its_own_name(deployment):
    """Step Functions gives KMS the workflow's ARN. CDK's own grant has an ARN without a name: `...:stateMachine:`."""
    context = {"kms:EncryptionContext:aws:states:stateMachineArn": "Orders/OrderFulfillmentStateMachine"}
    (allowed,) = [
        statement
        for role, statement in deployment.statements()
        if role == "Orders/OrderFulfillmentStateMachineRole" and statement["Condition"] == {"StringEquals": context}
    ]

    assert set(allowed["Action"]) == ENCRYPT
    assert allowed["Resource"] == ["Orders/OrderWorkflowKey.Arn"]


def test_only_functions_that_submit_orders_read_the_key_of_digests(deployment):
    readers = {
        (role, *statement["Resource"])
        for role, statement in deployment.statements()
        if "secretsmanager:GetSecretValue" in statement["Action"]
    }

    assert readers == {
        ("Orders/PlaceOrderRole", "Orders/OrderDigestKey.Id"),
        ("Orders/CorrectOrderRole", "Orders/OrderDigestKey.Id"),
    }
