"""The running executions of a stage: waiting reminders, reminders that are being sent, and orders."""

import time
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from common.times import timestamp
from reminders.reminder import BY_STATUS, CANCELLED, SCHEDULED
from stacks.names import ORDERS, REMINDERS
from tools.deployment import Deployment

PATIENCE_SECONDS = 120
"""How long a reminder may take to be sent, retries included, before its execution is stopped."""

POLL_SECONDS = 2

UNLISTED = ("StateMachineDoesNotExist", "StateMachineTypeNotSupported")
"""Step Functions lists no executions of a deleted workflow, and none of an Express workflow, which ends by itself."""


class Executions:
    """The running executions of a stage. A stage that is not deployed has none."""

    def __init__(self, found: Deployment) -> None:
        self._reminders = found.find_output(REMINDERS, "ReminderStateMachineArn")
        self._deliveries = found.find_output(REMINDERS, "ReminderDeliveryArn")
        self._orders = found.find_output(ORDERS, "OrderFulfillmentStateMachineArn")
        self._table = found.find_output(REMINDERS, "ReminderTableName")
        self._states = found.client("stepfunctions")
        self._dynamodb = found.client("dynamodb")

    def reminders(self) -> set[str]:
        """The ARNs of the executions of reminders that wait."""
        return self._running(self._reminders)

    def deliveries(self) -> set[str]:
        """The ARNs of the executions that are sending a reminder."""
        return self._running(self._deliveries)

    def orders(self) -> set[str]:
        """The ARNs of the executions of orders. Express executions are not listed. They end within five minutes."""
        return self._running(self._orders)

    def give_up_reminders(self, patience: float | None = None) -> None:
        """Cancels the waiting reminders, waits until the others are sent, and stops executions that take too long."""
        until = time.monotonic() + (PATIENCE_SECONDS if patience is None else patience)
        while True:
            # The rows first, so that no reminder is sent, repeated, or started again by SettleLostReminders.
            for execution in self._cancel():
                self._stop(execution)
            left = self.reminders() | self.deliveries()
            if not left or time.monotonic() >= until:
                break
            time.sleep(POLL_SECONDS)
        for execution in left:
            self._stop(execution)

    def give_up(self) -> None:
        """Gives up reminders and orders at once. Safe to repeat while CloudFormation deletes the stacks."""
        self.give_up_reminders(patience=0)
        for execution in self.orders():
            self._stop(execution)

    def _running(self, workflow: str | None) -> set[str]:
        if not workflow:
            return set()
        pages = self._states.get_paginator("list_executions").paginate(stateMachineArn=workflow, statusFilter="RUNNING")
        try:
            return {execution["executionArn"] for page in pages for execution in page["executions"]}
        except ClientError as error:
            if error.response["Error"]["Code"] not in UNLISTED:
                raise
            return set()

    def _cancel(self) -> list[str]:
        """Marks all waiting reminders as cancelled in the table, and returns the ARNs of their executions."""
        if not self._table:
            return []
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=BY_STATUS,
            KeyConditionExpression="#status = :scheduled",
            ExpressionAttributeNames={"#status": "Status"},
            ExpressionAttributeValues={":scheduled": {"S": SCHEDULED}},
        )
        try:
            rows = [row for page in pages for row in page["Items"]]
        except self._dynamodb.exceptions.ResourceNotFoundException:
            # CloudFormation has deleted the table already.
            return []
        return [row["ExecutionId"]["S"] for row in rows if self._cancelled(row["ReminderId"]) and "ExecutionId" in row]

    def _cancelled(self, id: Any) -> bool:
        """Marks a reminder as cancelled. False if it was not waiting any more."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"ReminderId": id},
                UpdateExpression="SET #status = :cancelled, UpdatedAt = :now",
                ConditionExpression="#status = :scheduled",
                ExpressionAttributeNames={"#status": "Status"},
                ExpressionAttributeValues={
                    ":scheduled": {"S": SCHEDULED},
                    ":cancelled": {"S": CANCELLED},
                    ":now": {"S": timestamp(datetime.now(UTC))},
                },
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _stop(self, execution: str) -> None:
        try:
            self._states.stop_execution(
                executionArn=execution, error="StageDestroyed", cause="The stage is being destroyed."
            )
        except self._states.exceptions.ExecutionDoesNotExist:
            return
