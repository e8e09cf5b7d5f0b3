"""Starts, stops and finds executions of the reminder workflow."""

import json
import os
import uuid
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common.aws import BRIEFLY, error_name
from common.logs import logger_of
from reminders.reminder import Row, another_name, execution_arn

states = boto3.client("stepfunctions", config=BRIEFLY)

ENDED = "ValidationException"
"""An execution that has ended by itself may get this answer, and needs no stop. AWS lists the error, and does not say
when it comes: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html"""

logger = logger_of(__name__)


def first_of(reminder_id: str) -> str:
    """Returns the ARN of a reminder's first execution, whether it has started or not."""
    return execution_arn(os.environ["REMINDER_WORKFLOW"], reminder_id)


def another_of(row: Row) -> str:
    """Returns a new ARN for an execution of the reminder."""
    return execution_arn(os.environ["REMINDER_WORKFLOW"], another_name(row, suffix=uuid.uuid4().hex[:8]))


def start(execution: str, given: Mapping[str, Any]) -> bool:
    """Starts the execution with this ARN and with the input `given`. The row must name the execution already.

    Returns False if the execution exists and has ended, or has another input. Starting it again with the same input is
    safe: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    try:
        states.start_execution(
            stateMachineArn=os.environ["REMINDER_WORKFLOW"],
            name=execution.rpartition(":")[2],
            input=json.dumps(given, ensure_ascii=False),
        )
    except states.exceptions.ExecutionAlreadyExists:
        return False
    return True


def found(execution: str) -> dict[str, Any] | None:
    """Returns Step Functions' description of the execution. None if it has not started, or ended over 90 days ago."""
    try:
        description: dict[str, Any] = states.describe_execution(executionArn=execution)
    except (states.exceptions.ExecutionDoesNotExist, states.exceptions.InvalidArn):
        return None
    return description


def stop(execution: str) -> bool:
    """Stops the execution, or finds that it has ended.

    Returns False if there is none: it has not started, or it ended over 90 days ago.
    """
    try:
        states.stop_execution(executionArn=execution)
    except (states.exceptions.ExecutionDoesNotExist, states.exceptions.InvalidArn):
        return False
    except ClientError as error:
        if error_name(error) != ENDED:
            raise
    return True


def stop_if_possible(execution: str) -> None:
    """Ends the wait of an execution that no row needs any more.

    It never raises an error of AWS: if the execution runs on, its message finds that the reminder is not its own.
    """
    try:
        states.stop_execution(executionArn=execution)
    except (ClientError, BotoCoreError) as error:
        logger.info("an execution was not stopped: %s", error_name(error))
