"""The exports of the stacks. test_exports.py compares this list with every stage.

Add the exports that a change brings. See decision D214.
"""

EXPORTS = frozenset(
    {
        "Account/AccountApi",
        "Cache/ClientSecurityGroup.GroupId",
        "Cache/Redis",
        "Cache/Redis.PrimaryEndPoint.Address",
        "Cache/Redis.PrimaryEndPoint.Port",
        "Cache/Vpc/IsolatedSubnet1/Subnet",
        "Cache/Vpc/IsolatedSubnet2/Subnet",
        "Identity/Users",
        "Identity/Users.Arn",
        "Identity/Users/WebClient",
        "Orders/EscalationQueue.QueueName",
        "Orders/EscalationQueueDeadLetters",
        "Orders/EscalationQueueDeadLetters.Arn",
        "Orders/EscalationQueueDeadLetters.QueueName",
        "Orders/LostOrders/OrdersToCheckDeadLetters.QueueName",
        "Orders/LostOrders/ParkLostOrdersLogGroup",
        "Orders/LostOrders/WatchOrdersLogGroup",
        "Orders/OrderAlarms",
        "Orders/OrderFulfillmentQueue.Arn",
        "Orders/OrderFulfillmentQueueDeadLetters",
        "Orders/OrderFulfillmentQueueDeadLetters.Arn",
        "Orders/OrderFulfillmentQueueDeadLetters.QueueName",
        "Orders/OrderTable",
        "Orders/OrderTable.Arn",
        "Orders/OrdersApi",
        "Orders/ParkedQueue",
        "Orders/ParkedQueue.Arn",
        "Orders/ParkedQueue.QueueName",
        "Reminders/LostReminders/SettleLostRemindersLogGroup",
        "Reminders/ReminderQueues/DeadLetters",
        "Reminders/ReminderQueues/DeadLetters.Arn",
        "Reminders/ReminderQueues/DeadLetters.QueueName",
        "Reminders/ReminderSender/SendReminderLogGroup",
        "Reminders/ReminderStateMachine",
        "Reminders/ReminderTable",
        "Reminders/ReminderTable.Arn",
        "Reminders/RemindersApi",
    }
)
"""What the stacks of every stage export, with the cache and the example consumer."""

EXPORTS_OF_THE_LAPTOP = frozenset(
    {
        "Account/OperatorsDashboard",
        "Orders/EscalationQueue",
        "Orders/OrderFulfillmentQueue",
        "Orders/OrdersDashboard",
        "Reminders/RemindersDashboard",
    }
)
"""What the stacks of stage `local` also export."""
