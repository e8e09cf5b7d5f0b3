"""`python -m tools.teardown`: makes a stage ready to be destroyed. See decision D102."""

import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.times import timestamp
from reminders.reminder import BY_STATUS, CANCELLED, SCHEDULED
from stacks.names import REMINDERS
from terminal import app
from terminal.errors import CommandError
from tools import command, deployment
from tools.command import Stage
from tools.deployment import Deployment

if TYPE_CHECKING:
    from stacks.stage import Stage as StageSettings

NAME = "python -m tools.teardown"

DESCRIPTION = """\
Cancels the waiting reminders of a stage, so that you can destroy the stage. Step Functions deletes a workflow only
after its last execution has ended. CloudFormation waits for that, and would fail if a reminder is due next year.
`make destroy` runs this first.

The command asks before it cancels reminders. If the stage keeps its data when it is destroyed, the command refuses
instead, unless you give --give-up-reminders."""

EPILOG = "exit status: 0 no reminder waits; 1 reminders wait, or AWS could not be asked; 2 wrong usage"

PATIENCE_SECONDS = 120
"""How long a reminder may take to be sent, retries included, before its execution is stopped."""

POLL_SECONDS = 2


def main(arguments: list[str] | None = None) -> int:
    """Makes one stage ready to be destroyed and returns the exit status that the help explains."""
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def run(
    stage: Stage = command.DEFAULT_STAGE,
    give_up_reminders: Annotated[
        bool, typer.Option("--give-up-reminders", help="cancel waiting reminders without a question")
    ] = False,
) -> int:
    command.find_node()
    # Here, because CDK starts Node when it is imported, and the help needs neither.
    from stacks.config import STAGES

    return _tear_down(STAGES[stage], give_up_reminders=give_up_reminders)


def _tear_down(stage: "StageSettings", *, give_up_reminders: bool) -> int:
    if stage.outbox and not os.environ.get("AWS_ENDPOINT_URL"):
        raise CommandError(f"stage {stage.name} is not on AWS: `laptop down --forget` removes it")
    reminders = Reminders(deployment.find(stage.name))
    if not (waiting := len(reminders.executions())):
        print(f"no reminder of {stage.name} is waiting")
        return 0
    told = f"{waiting} {'reminders' if waiting > 1 else 'reminder'} of {stage.name} {'are' if waiting > 1 else 'is'}"
    told += " still waiting"
    if not give_up_reminders:
        if stage.removal_policy.name == "RETAIN":
            again = f"`python -m tools.teardown --stage {stage.name} --give-up-reminders`"
            raise CommandError(f"{told}, so nothing is destroyed. To cancel them, run {again}")
        if not sys.stdin.isatty():
            raise CommandError(f"{told}. To cancel them without a question, use --give-up-reminders")
        if _answer(f"{told}. Cancel them for good? [y/N] ") not in ("y", "yes"):
            raise CommandError("nothing was cancelled, so nothing is destroyed")
    reminders.give_up()
    print("cancelled")
    return 0


def _answer(question: str) -> str:
    """The typed answer in lower case; empty after Ctrl-D."""
    try:
        return input(question).strip().lower()
    except EOFError:
        return ""


class Reminders:
    """The reminders of a stage that are waiting or being sent. A stage that is not deployed has no reminders."""

    def __init__(self, found: Deployment) -> None:
        self._workflow = found.find_output(REMINDERS, "ReminderStateMachineArn")
        self._table = found.find_output(REMINDERS, "ReminderTableName")
        self._states = found.client("stepfunctions")
        self._dynamodb = found.client("dynamodb")

    def executions(self) -> set[str]:
        """The ARNs of the running executions."""
        if not self._workflow:
            return set()
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self._workflow, statusFilter="RUNNING"
        )
        return {execution["executionArn"] for page in pages for execution in page["executions"]}

    def give_up(self) -> None:
        """Cancels the waiting reminders, waits until the others are sent, and stops executions that take too long."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            # The rows first, so that no reminder is sent, repeated, or started again by SettleLostReminders.
            for execution in self._cancel():
                self._stop(execution)
            left = self.executions()
            if not left or time.monotonic() >= until:
                break
            time.sleep(POLL_SECONDS)
        for execution in left:
            self._stop(execution)

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
        rows = [row for page in pages for row in page["Items"]]
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


APP = app.of_one_command(run, help=DESCRIPTION, epilog=EPILOG)


if __name__ == "__main__":
    sys.exit(main())
