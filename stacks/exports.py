"""What each stack exports for the other stacks, as data. An export stays although no stack uses it any more.

CloudFormation updates the stack that exports before the stack that imports. It rejects the first update if an export is
missing that the deployed version of the second stack still imports. So every stack can drop every reference, and both
stacks still deploy in their usual order.

Each entry is the path of a resource in its stack, and after a dot the attribute. Without an attribute, the export is
the resource's `Ref`. Remove an entry only after every stage has been deployed without its last import.

See decision D214.
"""

from collections.abc import Iterable, Mapping
from typing import cast

import aws_cdk as cdk
from constructs import IConstruct

from stacks.names import ACCOUNT, CACHE, IDENTITY, ORDERS, REMINDERS

EXPORTS: Mapping[str, frozenset[str]] = {
    ACCOUNT: frozenset(
        {
            "AccountApi",
            "OperatorsDashboard",
        }
    ),
    CACHE: frozenset(
        {
            "ClientSecurityGroup.GroupId",
            "Redis",
            "Redis.PrimaryEndPoint.Address",
            "Redis.PrimaryEndPoint.Port",
            "Vpc/IsolatedSubnet1/Subnet",
            "Vpc/IsolatedSubnet2/Subnet",
        }
    ),
    IDENTITY: frozenset(
        {
            "Users",
            "Users.Arn",
            "Users/WebClient",
        }
    ),
    ORDERS: frozenset(
        {
            "EscalationQueue",
            "EscalationQueue.QueueName",
            "EscalationQueueDeadLetters",
            "EscalationQueueDeadLetters.Arn",
            "EscalationQueueDeadLetters.QueueName",
            "LostOrders/OrdersToCheckDeadLetters.QueueName",
            # An earlier operators' dashboard used it.
            "LostOrders/ParkLostOrdersLogGroup",
            "LostOrders/WatchOrdersLogGroup",
            "OrderAlarms",
            "OrderFulfillmentQueue",
            "OrderFulfillmentQueue.Arn",
            "OrderFulfillmentQueueDeadLetters",
            "OrderFulfillmentQueueDeadLetters.Arn",
            "OrderFulfillmentQueueDeadLetters.QueueName",
            "OrderTable",
            "OrderTable.Arn",
            "OrdersApi",
            "OrdersDashboard",
            "ParkedQueue",
            "ParkedQueue.Arn",
            "ParkedQueue.QueueName",
        }
    ),
    REMINDERS: frozenset(
        {
            "LostReminders/SettleLostRemindersLogGroup",
            "ReminderQueues/DeadLetters",
            "ReminderQueues/DeadLetters.Arn",
            "ReminderQueues/DeadLetters.QueueName",
            "ReminderSender/SendReminderLogGroup",
            "ReminderStateMachine",
            "ReminderTable",
            "ReminderTable.Arn",
            "RemindersApi",
            "RemindersDashboard",
        }
    ),
}
"""By the id of the stack. Every stage has all of them."""


class MissingExportError(Exception):
    """A stack lacks a resource that EXPORTS names. The message says what to do."""


def export_always(stacks: Iterable[cdk.Stack]) -> None:
    """Adds EXPORTS to the stacks of an app. CDK gives them the names that it would give them for a reference.

    Raises MissingExportError.
    """
    for stack in stacks:
        # Sorted, so that the templates are always the same.
        for one in sorted(EXPORTS.get(stack.node.id, ())):
            path, _, attribute = one.partition(".")
            resource = _resource(stack, path)
            stack.export_value(resource.get_att(attribute) if attribute else resource.ref)


def _resource(stack: cdk.Stack, path: str) -> cdk.CfnResource:
    found: IConstruct = stack
    for id in path.split("/"):
        child = found.node.try_find_child(id)
        if child is None:
            raise MissingExportError(
                f"stacks/exports.py names {path}, which the stack {stack.node.id} does not have: if you renamed it, "
                "restore the old id. Remove it from the file only after no deployed stack imports it"
            )
        found = child
    # A construct of CDK has the resource as its default child.
    return cast(cdk.CfnResource, found.node.default_child or found)
