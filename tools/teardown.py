"""`python -m tools.teardown`: makes a stage ready to be destroyed."""

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from common.times import timestamp
from reminders.reminder import BY_STATUS, CANCELLED, SCHEDULED
from stacks.names import DEFAULT_STAGE, REMINDERS, STAGES_IN_WORDS
from terminal.errors import CommandError
from tools import command, deployment
from tools.command import Parser
from tools.deployment import Deployment

if TYPE_CHECKING:
    from stacks.config import Stage

DESCRIPTION = """\
Gives up the waiting reminders of a stage, so that you can destroy the stage. Step Functions deletes a workflow only
when its last execution has ended. CloudFormation waits for that, and fails if a reminder is due next year.
`make destroy` runs this first.

It asks before it gives up reminders. While reminders of a stage that keeps its data wait, it refuses, unless you give
--give-up-reminders."""

EPILOG = "exit status: 0 no reminder waits; 1 reminders wait, or AWS could not be asked; 2 wrong usage"

PATIENCE_SECONDS = 120
"""How long a reminder that is being sent may take, retries included, before it is stopped."""

POLL_SECONDS = 2


def main(arguments: list[str] | None = None) -> int:
    """Makes one stage ready to be destroyed and returns the exit status that the help explains."""
    return command.exit_status(lambda: _parse_and_run(arguments))


def _parse_and_run(arguments: list[str] | None) -> int:
    parser = argument_parser()
    options = parser.parse_args(arguments)
    command.find_node()
    # Here, because CDK starts Node when it is imported, and the help needs neither.
    from stacks.config import STAGES

    if options.stage not in STAGES:
        parser.error(f"unknown stage {options.stage!r}; the stages are {', '.join(STAGES)}")
    return _run(options, STAGES[options.stage])


def _run(options: argparse.Namespace, stage: "Stage") -> int:
    if stage.outbox and not os.environ.get("AWS_ENDPOINT_URL"):
        raise CommandError(f"stage {stage.name} is not on AWS: `python -m local down --forget` removes it")
    reminders = Reminders(deployment.find(stage.name))
    if not (waiting := len(reminders.executions())):
        print(f"no reminder of {stage.name} waits")
        return 0
    told = f"{waiting} reminder{'s' if waiting > 1 else ''} of {stage.name} still wait{'s' if waiting == 1 else ''}"
    if not options.give_up_reminders:
        if stage.removal_policy.name == "RETAIN":
            again = f"python -m tools.teardown --stage {stage.name} --give-up-reminders"
            raise CommandError(f"{told}. Nothing is destroyed before they are sent, cancelled, or given up: {again}")
        if not sys.stdin.isatty():
            raise CommandError(f"{told}. To give them up without a question, use --give-up-reminders")
        if _answer(f"{told}. Give them up for good? [y/N] ") not in ("y", "yes"):
            raise CommandError("nothing was given up, so nothing is destroyed")
    reminders.give_up()
    print("given up")
    return 0


def _answer(question: str) -> str:
    """What is typed, in small letters; nothing at the end of the input, Ctrl-D."""
    try:
        return input(question).strip().lower()
    except EOFError:
        return ""


class Reminders:
    """The reminders of a stage that wait or are being sent. A stage that is not deployed has no reminders."""

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
        """Cancels the waiting reminders, waits for those that are being sent, and stops those that take too long."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            # The rows first: a cancelled reminder is not sent, not repeated, and not started again as a lost one.
            for execution in self._cancel():
                self._stop(execution)
            left = self.executions()
            if not left or time.monotonic() >= until:
                break
            time.sleep(POLL_SECONDS)
        for execution in left:
            self._stop(execution)

    def _cancel(self) -> list[str]:
        """Cancels the rows of all waiting reminders, and returns their executions."""
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
        """Whether the reminder was still waiting, and is cancelled now."""
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


def argument_parser() -> Parser:
    parser = Parser(
        prog="python -m tools.teardown",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument(
        "--stage",
        default=os.environ.get("STAGE") or DEFAULT_STAGE,
        help=f"{STAGES_IN_WORDS} (default: $STAGE, or {DEFAULT_STAGE})",
    )
    parser.add_argument("--give-up-reminders", action="store_true", help="cancel waiting reminders without a question")
    return parser


if __name__ == "__main__":
    sys.exit(main())
