"""Every role holds exactly what it uses: a permission more or less is a failing test."""

import pytest

from tests.support.templates.deployment import WRITE_LOGS

DELIVER_LOGS = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}
PUSH_LOGS = {
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutLogEvents",
}
JOIN_NETWORK = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
ENCRYPT = {"kms:Decrypt", "kms:GenerateDataKey"}
LOOK = {"sqs:ChangeMessageVisibility", "sqs:ReceiveMessage"}
ASK_WHETHER_IT_COULD_BE_SENT = {
    "ses:GetAccount",
    "ses:GetIdentityVerificationAttributes",
    "sns:CheckIfPhoneNumberIsOptedOut",
    "sns:GetSMSSandboxAccountStatus",
    "sns:ListSMSSandboxPhoneNumbers",
}

ROLES = {
    "ApiLogs/Role": PUSH_LOGS,
    "Identity/TextsRole": {"sns:Publish"},
    "Identity/CheckSignUpRole": WRITE_LOGS,
    "Orders/PlaceOrderRole": WRITE_LOGS
    | ENCRYPT
    | {"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"}
    | {"secretsmanager:GetSecretValue", "states:StartExecution"},
    "Orders/CorrectOrderRole": WRITE_LOGS
    | ENCRYPT
    | {"dynamodb:GetItem", "dynamodb:PutItem", "secretsmanager:GetSecretValue", "states:StartExecution"},
    "Orders/LostOrders/ParkLostOrdersRole": WRITE_LOGS
    | {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "sqs:SendMessage"},
    "Orders/GetOrderRole": WRITE_LOGS | {"dynamodb:GetItem"},
    "Orders/ListOrdersRole": WRITE_LOGS | {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"},
    "Orders/Operators/CloseOrderRole": WRITE_LOGS | {"dynamodb:GetItem", "dynamodb:PutItem"},
    "Orders/Operators/ListParkedRole": WRITE_LOGS
    | LOOK
    | {"dynamodb:BatchGetItem", "dynamodb:GetItem", "sqs:GetQueueAttributes"},
    "Orders/Operators/RemoveParkedRole": WRITE_LOGS | LOOK | {"sqs:DeleteMessage"},
    "Orders/Operators/ListDeadLettersRole": WRITE_LOGS | {"sqs:GetQueueAttributes"},
    "Orders/Operators/RedriveDeadLettersRole": WRITE_LOGS
    | LOOK
    | {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"},
    "Orders/VerifyCCAndPriceRole": WRITE_LOGS,
    "Orders/OrderFulfillmentStateMachineRole": DELIVER_LOGS
    | ENCRYPT
    | {"dynamodb:GetItem", "dynamodb:UpdateItem", "lambda:InvokeFunction", "sqs:SendMessage"},
    "Reminders/CreateReminderRole": WRITE_LOGS
    | ASK_WHETHER_IT_COULD_BE_SENT
    | {"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    | {"states:DescribeExecution", "states:StartExecution"},
    "Reminders/ListRemindersRole": WRITE_LOGS | {"dynamodb:Query"},
    "Reminders/GetReminderRole": WRITE_LOGS | {"dynamodb:GetItem"},
    "Reminders/CancelReminderRole": WRITE_LOGS | {"dynamodb:GetItem", "dynamodb:UpdateItem", "states:StopExecution"},
    "Reminders/ScheduleReminderRole": WRITE_LOGS | {"dynamodb:PutItem", "dynamodb:UpdateItem"},
    "Reminders/NextOccurrenceRole": WRITE_LOGS | {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    "Reminders/LostReminders/SettleLostRemindersRole": WRITE_LOGS
    | {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"}
    | {"states:DescribeExecution", "states:ListExecutions", "states:StartExecution"},
    "Reminders/SendEmailRole": WRITE_LOGS | {"ses:SendEmail"},
    "Website/PublishSiteRole": WRITE_LOGS
    | {"s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}
    | {"cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"},
    "Reminders/ReminderStateMachineRole": DELIVER_LOGS
    | {"dynamodb:UpdateItem", "lambda:InvokeFunction", "sns:Publish", "states:StartExecution"},
}
READ_STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}
LIST_STREAMS = {"dynamodb:ListStreams"}
WITH_CACHE = {
    "Orders/GetOrderRole": ROLES["Orders/GetOrderRole"] | JOIN_NETWORK | {"elasticache:Connect"},
    "Orders/UpdateCacheRole": WRITE_LOGS
    | JOIN_NETWORK
    | READ_STREAM
    | LIST_STREAMS
    # Lambda needs SendMessage alone. CDK grants the other two with a queue for failed batches, and offers no other way.
    | {"elasticache:Connect", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"},
}

REMINDER_EXECUTIONS = (
    "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:"
    "Reminders/ReminderStateMachine.split(:)[6]:*"
)
"""The seventh part of a workflow's ARN is its name, which is in the ARN of each of its executions."""

OPEN_RESOURCES = {
    (
        frozenset(PUSH_LOGS),
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*",
    ): "Every API of the account and region logs in this one role's name.",
    (frozenset(DELIVER_LOGS), "*"): "Log delivery has no resource to name; CDK adds this to a workflow that logs.",
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
}


def test_every_role_holds_exactly_what_it_uses(deployment):
    held: dict[str, set[str]] = {role: set() for role in deployment.resources("AWS::IAM::Role")}
    for role, statement in deployment.statements():
        held[role] |= set(statement["Action"])

    assert held == ROLES | (WITH_CACHE if deployment.stage.cache else {})


def test_the_order_workflow_may_call_each_of_its_targets(deployment):
    """A queue more or less changes no set of actions, and the laptop's engine does not evaluate a workflow's role."""
    granted = {
        (action, resource)
        for role, statement in deployment.statements()
        if role == "Orders/OrderFulfillmentStateMachineRole"
        for action in set(statement["Action"]) - DELIVER_LOGS - ENCRYPT
        for resource in statement["Resource"]
    }

    assert granted == {
        ("dynamodb:GetItem", "Orders/OrderTable.Arn"),
        ("dynamodb:UpdateItem", "Orders/OrderTable.Arn"),
        ("lambda:InvokeFunction", "Orders/VerifyCCAndPrice.Arn"),
        ("sqs:SendMessage", "Orders/OrderFulfillmentQueue.Arn"),
        ("sqs:SendMessage", "Orders/EscalationQueue.Arn"),
        ("sqs:SendMessage", "Orders/ParkedQueue.Arn"),
    }


def test_the_reminder_workflow_may_call_each_of_its_targets_and_start_itself_alone(deployment):
    """Text messages, which go to no resource, are looked at below."""
    granted = {
        (action, resource)
        for role, statement in deployment.statements()
        if role == "Reminders/ReminderStateMachineRole"
        for action in set(statement["Action"]) - DELIVER_LOGS
        for resource in statement.get("Resource", [])
    }

    functions = {f"Reminders/{name}.Arn" for name in ("ScheduleReminder", "NextOccurrence", "SendEmail")}
    assert granted == {
        ("dynamodb:UpdateItem", "Reminders/ReminderTable.Arn"),
        *(("lambda:InvokeFunction", arn) for arn in functions),
        ("sns:Publish", "Reminders/NotifyTopic"),
        ("states:StartExecution", "Reminders/ReminderStateMachine"),
    }


@pytest.mark.parametrize(
    ("function", "resources"),
    [
        ("CreateReminder", {""}),
        ("ListReminders", {"/index/ByOwner", "/index/ByStatus"}),
        ("GetReminder", {""}),
        ("CancelReminder", {""}),
        ("ScheduleReminder", {""}),
        ("NextOccurrence", {""}),
        ("LostReminders/SettleLostReminders", {"", "/index/ByStatus"}),
    ],
)
def test_each_function_of_the_reminders_reads_and_writes_their_table_or_its_indexes_alone(
    function, resources, deployment
):
    granted = {
        one
        for role, statement in deployment.statements()
        if role == f"Reminders/{function}Role" and any(action.startswith("dynamodb:") for action in statement["Action"])
        for one in statement["Resource"]
    }

    assert granted == {f"Reminders/ReminderTable.Arn{resource}" for resource in resources}


DEAD_LETTERS = {f"Orders/{queue}DeadLetters.Arn" for queue in ("OrderFulfillmentQueue", "EscalationQueue")}
ROW_BY_ROW = {("dynamodb:BatchGetItem", "Orders/OrderTable.Arn"), ("dynamodb:GetItem", "Orders/OrderTable.Arn")}


@pytest.mark.parametrize(
    ("function", "granted"),
    [
        (
            "ListOrders",
            ROW_BY_ROW
            | {("dynamodb:Query", f"Orders/OrderTable.Arn/index/{name}") for name in ("ByOwner", "ByStatus")},
        ),
        (
            "Operators/CloseOrder",
            {("dynamodb:GetItem", "Orders/OrderTable.Arn"), ("dynamodb:PutItem", "Orders/OrderTable.Arn")},
        ),
        (
            "Operators/ListParked",
            ROW_BY_ROW | {(action, "Orders/ParkedQueue.Arn") for action in LOOK | {"sqs:GetQueueAttributes"}},
        ),
        ("Operators/RemoveParked", {(action, "Orders/ParkedQueue.Arn") for action in LOOK | {"sqs:DeleteMessage"}}),
        ("Operators/ListDeadLetters", {("sqs:GetQueueAttributes", queue) for queue in DEAD_LETTERS}),
        (
            "Operators/RedriveDeadLetters",
            {
                (action, queue)
                for action in LOOK | {"sqs:DeleteMessage", "sqs:GetQueueAttributes"}
                for queue in DEAD_LETTERS
            }
            | {("sqs:SendMessage", queue.replace("DeadLetters", "")) for queue in DEAD_LETTERS},
        ),
    ],
)
def test_each_function_of_the_operators_reaches_its_own_queues_and_rows_alone(function, granted, deployment):
    held = {
        (action, resource)
        for role, statement in deployment.statements()
        if role == f"Orders/{function}Role"
        for action in set(statement["Action"]) - WRITE_LOGS
        for resource in statement["Resource"]
    }

    assert held == granted


def test_every_role_is_for_one_service(deployment):
    for path, role in deployment.properties("AWS::IAM::Role").items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        services = {"ApiLogs/Role": "apigateway", "Identity/TextsRole": "cognito-idp"}
        service = services.get(path, "states" if path.endswith("StateMachineRole") else "lambda")
        assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert trust["Action"] == "sts:AssumeRole"


def test_no_role_has_a_policy_from_elsewhere(deployment):
    for role in deployment.properties("AWS::IAM::Role").values():
        assert role.keys() == {"AssumeRolePolicyDocument"}
    assert deployment.resources("AWS::IAM::ManagedPolicy") == {}


def test_no_action_is_a_wildcard(deployment):
    for _, statement in deployment.statements():
        assert "NotAction" not in statement
        assert not [action for action in statement["Action"] if "*" in action]


def test_every_open_resource_is_known_and_has_its_reason(deployment):
    found = {
        (action, resource)
        for _, statement in deployment.statements()
        for action in statement["Action"]
        for resource in statement.get("Resource", [])
        if "*" in resource
    }

    known = {(action, resource) for actions, resource in OPEN_RESOURCES for action in actions}
    of_the_cache = {(action, "*") for action in JOIN_NETWORK | LIST_STREAMS}
    assert found == known - (set() if deployment.stage.cache else of_the_cache)


def test_only_text_messages_are_published_to_what_is_no_sns_resource(deployment):
    exceptions = [(role, one) for role, one in deployment.statements() if "NotResource" in one]

    ((role, statement),) = exceptions
    assert role == "Reminders/ReminderStateMachineRole"
    assert statement["Action"] == ["sns:Publish"]
    assert statement["NotResource"] == ["arn:${AWS::Partition}:sns:*:*:*"]


@pytest.mark.parametrize(
    "action",
    [
        "sns:Publish",
        "ses:SendEmail",
        "states:DescribeExecution",
        "states:ListExecutions",
        "states:StartExecution",
        "states:StopExecution",
        "dynamodb:PutItem",
    ],
)
def test_what_is_granted_is_granted_on_our_own_resources(action, deployment):
    granted = {
        resource
        for _, statement in deployment.statements()
        if action in statement["Action"]
        for resource in statement.get("Resource", [])
    }

    assert (
        granted
        == {
            "sns:Publish": {"Reminders/NotifyTopic", "*"},
            "ses:SendEmail": {"arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"},
            "states:StartExecution": {"Orders/OrderFulfillmentStateMachine", "Reminders/ReminderStateMachine"},
            "states:DescribeExecution": {REMINDER_EXECUTIONS},
            "states:ListExecutions": {"Reminders/ReminderStateMachine"},
            "states:StopExecution": {REMINDER_EXECUTIONS},
            "dynamodb:PutItem": {"Orders/OrderTable.Arn", "Reminders/ReminderTable.Arn"},
        }[action]
    )


def test_email_is_sent_from_our_sender_alone(deployment):
    (statement,) = [one for _, one in deployment.statements() if "ses:SendEmail" in one["Action"]]

    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": deployment.stage.sender}}


@pytest.mark.parametrize("starter", ["PlaceOrder", "CorrectOrder"])
def test_whoever_starts_the_order_workflow_may_use_its_key_through_step_functions_alone(starter, deployment):
    (statement,) = [
        one
        for role, one in deployment.statements()
        if role == f"Orders/{starter}Role" and "kms:Decrypt" in one["Action"]
    ]

    assert statement["Resource"] == ["Orders/OrderWorkflowKey.Arn"]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "states.${AWS::Region}.amazonaws.com"}}


def test_the_order_workflow_may_use_its_key_under_its_own_name(deployment):
    """Step Functions shows the workflow's ARN to KMS. What CDK grants names none: `...:stateMachine:`."""
    context = {"kms:EncryptionContext:aws:states:stateMachineArn": "Orders/OrderFulfillmentStateMachine"}
    (allowed,) = [
        statement
        for role, statement in deployment.statements()
        if role == "Orders/OrderFulfillmentStateMachineRole" and statement["Condition"] == {"StringEquals": context}
    ]

    assert set(allowed["Action"]) == ENCRYPT
    assert allowed["Resource"] == ["Orders/OrderWorkflowKey.Arn"]


def test_the_key_of_digests_is_read_by_those_who_place_orders_alone(deployment):
    readers = {
        (role, *statement["Resource"])
        for role, statement in deployment.statements()
        if "secretsmanager:GetSecretValue" in statement["Action"]
    }

    assert readers == {
        ("Orders/PlaceOrderRole", "Orders/OrderDigestKey.Id"),
        ("Orders/CorrectOrderRole", "Orders/OrderDigestKey.Id"),
    }


def test_functions_are_called_from_outside_by_the_apis_each_on_its_path_and_by_the_rules(deployment):
    called = set()
    for path, permission in deployment.properties("AWS::Lambda::Permission").items():
        stack = path.partition("/")[0]
        function, source = (deployment.named(stack, permission[key]) for key in ("FunctionName", "SourceArn"))
        called.add(
            (permission["Principal"].partition(".")[0], function, source.partition("DeploymentStage.v1")[2] or source)
        )

    assert called == {
        ("cognito-idp", "Identity/CheckSignUp.Arn", "Identity/Users.Arn"),
        ("apigateway", "Orders/PlaceOrder.Arn", "/POST/orders"),
        ("apigateway", "Orders/GetOrder.Arn", "/GET/orders/*"),
        ("apigateway", "Orders/ListOrders.Arn", "/GET/orders"),
        ("apigateway", "Orders/CorrectOrder.Arn", "/PUT/orders/*"),
        ("apigateway", "Orders/Operators/CloseOrder.Arn", "/POST/orders/*/close"),
        ("apigateway", "Orders/Operators/ListParked.Arn", "/GET/parked"),
        ("apigateway", "Orders/Operators/RemoveParked.Arn", "/DELETE/parked/*"),
        ("apigateway", "Orders/Operators/ListDeadLetters.Arn", "/GET/dead-letters"),
        ("apigateway", "Orders/Operators/RedriveDeadLetters.Arn", "/POST/dead-letters/*/redrive"),
        ("apigateway", "Reminders/CreateReminder.Arn", "/POST/reminders"),
        ("apigateway", "Reminders/ListReminders.Arn", "/GET/reminders"),
        ("apigateway", "Reminders/GetReminder.Arn", "/GET/reminders/*"),
        ("apigateway", "Reminders/CancelReminder.Arn", "/DELETE/reminders/*"),
        ("events", "Orders/LostOrders/ParkLostOrders.Arn", "Orders/LostOrders/ExecutionDied.Arn"),
        ("events", "Orders/LostOrders/ParkLostOrders.Arn", "Orders/LostOrders/EveryFiveMinutes.Arn"),
        (
            "events",
            "Reminders/LostReminders/SettleLostReminders.Arn",
            "Reminders/LostReminders/EveryFiveMinutes.Arn",
        ),
        ("events", "Reminders/LostReminders/SettleLostReminders.Arn", "Reminders/LostReminders/EveryDay.Arn"),
    }
