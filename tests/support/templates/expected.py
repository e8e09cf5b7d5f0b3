"""Every function and role that is deployed. test_inventory.py compares this list with every stage.

Do not write entries by hand. Run `python -m pytest tests/stacks/test_inventory.py`, check that it shows the line that
you expect, paste the line here, and run `make format`.
"""

from collections.abc import Mapping, Set
from typing import NamedTuple

from stacks.stage import CacheSettings, Stage

WRITE_LOGS = frozenset({"logs:CreateLogStream", "logs:PutLogEvents"})
"""The actions that every function may do on its own log group. The entries leave them out."""

SEND_TRACES = frozenset({"xray:PutTelemetryRecords", "xray:PutTraceSegments"})
"""The actions that every traced function may do. The entries leave them out."""

TRACE = SEND_TRACES | {"xray:GetSamplingRules", "xray:GetSamplingTargets"}
DELIVER_LOGS = frozenset(
    {
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    }
)
PUSH_LOGS = frozenset(
    {
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "logs:PutLogEvents",
    }
)
WRITE_TEXT_LOGS = frozenset(
    {
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "logs:PutMetricFilter",
        "logs:PutRetentionPolicy",
    }
)
JOIN_NETWORK = frozenset(
    {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    }
)
ENCRYPT = frozenset({"kms:Decrypt", "kms:GenerateDataKey"})
ASK_WHETHER_IT_COULD_BE_SENT = frozenset(
    {
        "ses:GetAccount",
        "ses:GetIdentityVerificationAttributes",
        "sns:CheckIfPhoneNumberIsOptedOut",
        "sns:GetSMSSandboxAccountStatus",
        "sns:ListSMSSandboxPhoneNumbers",
    }
)
TAKE_MESSAGES = frozenset(
    {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
)
READ_STREAM = frozenset({"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"})
LIST_STREAMS = frozenset({"dynamodb:ListStreams"})

Grants = Mapping[str, Set[str]]
"""The actions that a role may do, by resource: `{"Orders/OrderTable.Arn": {"dynamodb:GetItem"}}`."""


class Function(NamedTuple):
    """A function's memory in MB, its timeout in seconds, its outside callers and its permissions.

    A caller is, for example, `GET /orders/*`. `may` leaves out the permission to write the function's own log.
    """

    memory: int
    timeout: int
    called_by: Set[str] = frozenset()
    may: Grants = {}


FUNCTIONS: Mapping[str, Function] = {
    "Account/DeleteAccount": Function(
        512,
        25,
        called_by={"DELETE /account"},
        may={
            "Identity/Users.Arn": {
                "cognito-idp:AdminDeleteUser",
                "cognito-idp:AdminGetUser",
                "cognito-idp:AdminListGroupsForUser",
                "cognito-idp:AdminUserGlobalSignOut",
            },
            "Orders/EscalationQueueDeadLetters.Arn": TAKE_MESSAGES,
            "Orders/OrderTable.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
            "Orders/OrderTable.Arn/index/OwnOrders": {"dynamodb:Query"},
            "Orders/ParkedQueue.Arn": TAKE_MESSAGES,
            "Reminders/ReminderQueues/DeadLetters.Arn": TAKE_MESSAGES,
            "Reminders/ReminderTable.Arn": {"dynamodb:DeleteItem", "dynamodb:GetItem"},
            "Reminders/ReminderTable.Arn/index/ByOwner": {"dynamodb:Query"},
            "states:execution:Reminders/ReminderStateMachine.split(:)[6]:*": {"states:StopExecution"},
        },
    ),
    "Account/GetAccount": Function(
        512,
        25,
        called_by={"GET /account"},
        may={
            "Identity/Users.Arn": {"cognito-idp:AdminGetUser", "cognito-idp:AdminListGroupsForUser"},
            "Orders/EscalationQueueDeadLetters.Arn": {
                "sqs:ChangeMessageVisibility",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            },
            "Orders/OrderFulfillmentQueueDeadLetters.Arn": {
                "sqs:ChangeMessageVisibility",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            },
            "Orders/OrderTable.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem"},
            "Orders/OrderTable.Arn/index/OwnOrders": {"dynamodb:Query"},
            "Orders/ParkedQueue.Arn": {"sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
            "Reminders/ReminderQueues/DeadLetters.Arn": {
                "sqs:ChangeMessageVisibility",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            },
            "Reminders/ReminderTable.Arn": {"dynamodb:GetItem"},
            "Reminders/ReminderTable.Arn/index/ByOwner": {"dynamodb:Query"},
            "states:execution:Reminders/ReminderStateMachine.split(:)[6]:*": {"states:DescribeExecution"},
        },
    ),
    "Identity/CheckSignUp": Function(128, 5, called_by={"Identity/Users"}),
    "Orders/CorrectOrder": Function(
        512,
        20,
        called_by={"PUT /orders/*"},
        may={
            "Orders/OrderDigestKey.Id": {"secretsmanager:GetSecretValue"},
            "Orders/OrderFulfillmentStateMachine": {"states:StartExecution"},
            "Orders/OrderTable.Arn": {"dynamodb:GetItem", "dynamodb:PutItem"},
            "Orders/OrderWorkflowKey.Arn": ENCRYPT,
        },
    ),
    "Orders/GetOrder": Function(
        512, 20, called_by={"GET /orders/*"}, may={"Orders/OrderTable.Arn": {"dynamodb:GetItem"}}
    ),
    "Orders/ListOrders": Function(
        512,
        20,
        called_by={"GET /orders"},
        may={
            "Orders/OrderTable.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem"},
            "Orders/OrderTable.Arn/index/ByTodo": {"dynamodb:Query"},
            "Orders/OrderTable.Arn/index/Corrected": {"dynamodb:Query"},
            "Orders/OrderTable.Arn/index/OwnOrders": {"dynamodb:Query"},
        },
    ),
    "Orders/LostOrders/ParkLostOrders": Function(
        256,
        20,
        called_by={"Orders/LostOrders/ExecutionDied"},
        may={
            "Orders/LostOrders/OrdersToCheck.Arn": {
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            },
            "Orders/OrderTable.Arn": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"},
            "Orders/ParkedQueue.Arn": {"sqs:SendMessage"},
        },
    ),
    "Orders/LostOrders/WatchOrders": Function(
        512,
        60,
        may={
            "*": LIST_STREAMS,
            "Orders/LostOrders/OrdersToCheck.Arn": {"sqs:SendMessage"},
            "Orders/LostOrders/OrdersToCheckDeadLetters.Arn": {"sqs:SendMessage"},
            "Orders/OrderTable.StreamArn": READ_STREAM,
        },
    ),
    "Orders/Operators/CloseOrder": Function(
        512,
        20,
        called_by={"POST /orders/*/close"},
        may={"Orders/OrderTable.Arn": {"dynamodb:GetItem", "dynamodb:PutItem"}},
    ),
    "Orders/Operators/GetContact": Function(
        512,
        20,
        called_by={"GET /orders/*/contact"},
        may={"Identity/Users.Arn": {"cognito-idp:AdminGetUser"}, "Orders/OrderTable.Arn": {"dynamodb:GetItem"}},
    ),
    "Orders/Operators/ListDeadLetters": Function(
        512,
        20,
        called_by={"GET /dead-letters"},
        may={
            "Orders/EscalationQueueDeadLetters.Arn": {"sqs:GetQueueAttributes"},
            "Orders/OrderFulfillmentQueueDeadLetters.Arn": {"sqs:GetQueueAttributes"},
        },
    ),
    "Orders/Operators/ListParked": Function(
        512,
        25,
        called_by={"GET /parked"},
        may={
            "Orders/OrderTable.Arn": {"dynamodb:BatchGetItem", "dynamodb:GetItem"},
            "Orders/ParkedQueue.Arn": {"sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
        },
    ),
    "Orders/Operators/RedriveDeadLetters": Function(
        512,
        25,
        called_by={"POST /dead-letters/*/redrive"},
        may={
            "Orders/EscalationQueue.Arn": {"sqs:SendMessage"},
            "Orders/EscalationQueueDeadLetters.Arn": {
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            },
            "Orders/OrderFulfillmentQueue.Arn": {"sqs:SendMessage"},
            "Orders/OrderFulfillmentQueueDeadLetters.Arn": {
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            },
        },
    ),
    "Orders/Operators/RemoveParked": Function(
        512,
        25,
        called_by={"DELETE /parked/*"},
        may={
            "Orders/ParkedQueue.Arn": {
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            }
        },
    ),
    "Orders/PlaceOrder": Function(
        512,
        20,
        called_by={"POST /orders"},
        may={
            "Orders/OrderDigestKey.Id": {"secretsmanager:GetSecretValue"},
            "Orders/OrderFulfillmentStateMachine": {"states:StartExecution"},
            "Orders/OrderTable.Arn": {"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"},
            "Orders/OrderWorkflowKey.Arn": ENCRYPT,
        },
    ),
    "Orders/VerifyCCAndPrice": Function(128, 5),
    "Reminders/CancelReminder": Function(
        512,
        20,
        called_by={"DELETE /reminders/*"},
        may={
            "Reminders/ReminderTable.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
            "states:execution:Reminders/ReminderStateMachine.split(:)[6]:*": {"states:StopExecution"},
        },
    ),
    "Reminders/CreateReminder": Function(
        512,
        20,
        called_by={"POST /reminders"},
        may={
            "*": ASK_WHETHER_IT_COULD_BE_SENT,
            "Reminders/ReminderStateMachine": {"states:StartExecution"},
            "Reminders/ReminderTable.Arn/index/ByOwner": {"dynamodb:Query"},
            "Reminders/ReminderTable.Arn": {
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            },
            "states:execution:Reminders/ReminderStateMachine.split(:)[6]:*": {"states:DescribeExecution"},
        },
    ),
    "Reminders/GetReminder": Function(
        512, 20, called_by={"GET /reminders/*"}, may={"Reminders/ReminderTable.Arn": {"dynamodb:GetItem"}}
    ),
    "Reminders/ListReminders": Function(
        512,
        20,
        called_by={"GET /reminders"},
        may={
            "Reminders/ReminderTable.Arn/index/ByOwner": {"dynamodb:Query"},
            "Reminders/ReminderTable.Arn/index/ByStatus": {"dynamodb:Query"},
        },
    ),
    "Reminders/LostReminders/SettleLostReminders": Function(
        512,
        240,
        called_by={"Reminders/LostReminders/EveryDay", "Reminders/LostReminders/EveryFiveMinutes"},
        may={
            "Reminders/ReminderQueues/EmailQueue.Arn": {"sqs:GetQueueAttributes"},
            "Reminders/ReminderQueues/SMSQueue.Arn": {"sqs:GetQueueAttributes"},
            "Reminders/ReminderQueues/TopicQueue.Arn": {"sqs:GetQueueAttributes"},
            "Reminders/ReminderStateMachine": {"states:ListExecutions", "states:StartExecution"},
            "Reminders/ReminderTable.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
            "Reminders/ReminderTable.Arn/index/ByStatus": {"dynamodb:Query"},
            "states:execution:Reminders/ReminderStateMachine.split(:)[6]:*": {"states:DescribeExecution"},
        },
    ),
    "Reminders/ReminderFeedback/RecordFeedback": Function(
        256,
        60,
        called_by={
            "Reminders/ReminderFeedback/MailEvents",
            "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:sns/${AWS::Region}/${AWS::AccountId}/DirectPublishToPhoneNumber/Failure:*",
        },
        may={
            "Reminders/ReminderTable.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
            "Reminders/ReminderTable.Arn/index/ByText": {"dynamodb:Query"},
            "states:execution:Reminders/ReminderStateMachine.split(:)[6]:*": {"states:StopExecution"},
        },
    ),
    "Reminders/ReminderSender/SendReminder": Function(
        256,
        60,
        may={
            "Reminders/NotifyTopic": {"sns:Publish"},
            "Reminders/ReminderQueues/EmailQueue.Arn": TAKE_MESSAGES,
            "Reminders/ReminderQueues/SMSQueue.Arn": TAKE_MESSAGES,
            "Reminders/ReminderQueues/TopicQueue.Arn": TAKE_MESSAGES,
            "Reminders/ReminderStateMachine": {"states:StartExecution"},
            "Reminders/ReminderTable.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
            "not arn:${AWS::Partition}:sns:*:*:*": {"sns:Publish"},
            "ses:configuration-set/Reminders/ReminderMails": {"ses:SendEmail"},
            "ses:identity/*": {"ses:SendEmail"},
        },
    ),
    "Reminders/ScheduleReminder": Function(
        256, 20, may={"Reminders/ReminderTable.Arn": {"dynamodb:GetItem", "dynamodb:PutItem"}}
    ),
    "Reminders/StopReminder": Function(
        512,
        20,
        called_by={"GET /stop/*", "HEAD /stop/*", "POST /stop/*"},
        may={
            "Reminders/ReminderTable.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
            "states:execution:Reminders/ReminderStateMachine.split(:)[6]:*": {"states:StopExecution"},
        },
    ),
    "Reminders/UpdateReminder": Function(
        512,
        20,
        called_by={"PATCH /reminders/*"},
        may={
            "*": ASK_WHETHER_IT_COULD_BE_SENT,
            "Reminders/ReminderStateMachine": {"states:StartExecution"},
            "Reminders/ReminderTable.Arn/index/ByOwner": {"dynamodb:Query"},
            "Reminders/ReminderTable.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
            "states:execution:Reminders/ReminderStateMachine.split(:)[6]:*": {
                "states:DescribeExecution",
                "states:StopExecution",
            },
        },
    ),
    "Website/PublishSite": Function(
        512,
        300,
        may={
            "Website/Site.Arn": {"s3:ListBucket"},
            "Website/Site.Arn/*": {"s3:DeleteObject", "s3:PutObject"},
            "cloudfront:distribution/Website/Distribution": {
                "cloudfront:CreateInvalidation",
                "cloudfront:GetInvalidation",
            },
            "s3:cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}/HASH.zip": {"s3:GetObject"},
        },
    ),
}
"""The functions of every stage."""

WITH_CACHE: Mapping[str, Function] = {
    "Orders/GetOrder": Function(
        512,
        20,
        called_by={"GET /orders/*"},
        may={
            "*": JOIN_NETWORK,
            "Orders/OrderTable.Arn": {"dynamodb:GetItem"},
        },
    ),
    "Orders/UpdateCache": Function(
        256,
        30,
        may={
            "*": {
                "dynamodb:ListStreams",
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            },
            "Orders/OrderTable.StreamArn": READ_STREAM,
            "Orders/UpdateCacheFailures.Arn": {"sqs:SendMessage"},
        },
    ),
}
"""The functions of a stage with a cache. They replace entries of FUNCTIONS with the same name."""

SIGN_IN: Grants = {
    "elasticache:replicationgroup:Cache/Redis": {"elasticache:Connect"},
    "elasticache:user:STAGE-cache-orders": {"elasticache:Connect"},
}
"""What the functions of WITH_CACHE may also do, if the cache has a sign-in."""

WITH_CONSUMER: Mapping[str, Function] = {
    "Fulfillment/ShipOrder": Function(
        256,
        20,
        may={
            "Fulfillment/IdempotencyTable.Arn": {"dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
            "Fulfillment/ShipmentTable.Arn": {"dynamodb:PutItem"},
            "Orders/OrderFulfillmentQueue.Arn": {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
        },
    ),
}
"""The functions of a stage with the example consumer."""

OTHER_ROLES: Mapping[str, Grants] = {
    "ApiLogs/TextLogsRole": {"logs:log-group:sns/*": WRITE_TEXT_LOGS},
    "ApiLogs/Role": {"logs:log-group:*": PUSH_LOGS},
    "Identity/TextsRole": {"*": {"sns:Publish"}},
    "Orders/OrderFulfillmentStateMachineRole": {
        "*": DELIVER_LOGS | TRACE,
        "Orders/EscalationQueue.Arn": {"sqs:SendMessage"},
        "Orders/OrderFulfillmentQueue.Arn": {"sqs:SendMessage"},
        "Orders/OrderTable.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "Orders/OrderWorkflowKey.Arn": ENCRYPT,
        "Orders/ParkedQueue.Arn": {"sqs:SendMessage"},
        "Orders/VerifyCCAndPrice/Live": {"lambda:InvokeFunction"},
    },
    "Reminders/ReminderDeliveryRole": {
        "*": DELIVER_LOGS | TRACE,
        "Reminders/ReminderQueues/EmailQueue.Arn": {"sqs:SendMessage"},
        "Reminders/ReminderQueues/SMSQueue.Arn": {"sqs:SendMessage"},
        "Reminders/ReminderQueues/TopicQueue.Arn": {"sqs:SendMessage"},
    },
    "Reminders/ReminderStateMachineRole": {
        "*": DELIVER_LOGS | TRACE,
        "Reminders/ReminderDelivery": {"states:StartExecution"},
        "Reminders/ReminderTable.Arn": {"dynamodb:UpdateItem"},
        "Reminders/ScheduleReminder/Live": {"lambda:InvokeFunction"},
    },
}
"""The roles of every stage that do not belong to a function."""

WITH_GRADUAL: Mapping[str, Grants] = {
    f"{function}/Gradual/Role": {
        f"{function}.Arn": {"lambda:GetAlias", "lambda:UpdateAlias"},
        f"{function}.Arn:*": {"lambda:GetProvisionedConcurrencyConfig"},
        "cloudwatch:alarm:*": {"cloudwatch:DescribeAlarms"},
    }
    for function in ("Orders/VerifyCCAndPrice", "Reminders/ScheduleReminder")
}
"""The roles of a stage that moves aliases gradually: CodeDeploy's."""


def other_roles_of(stage: Stage) -> dict[str, Grants]:
    return {**OTHER_ROLES, **(WITH_GRADUAL if stage.gradual else {})}


def _with_cache(cache: CacheSettings) -> dict[str, Function]:
    more = SIGN_IN if cache.encrypted_in_transit else {}
    return {name: function._replace(may={**function.may, **more}) for name, function in WITH_CACHE.items()}


def functions_of(stage: Stage) -> dict[str, Function]:
    return {
        **FUNCTIONS,
        **(_with_cache(stage.cache) if stage.cache else {}),
        **(WITH_CONSUMER if stage.example_consumer else {}),
    }
