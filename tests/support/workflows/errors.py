"""The errors with which AWS can fail a task of a workflow, by the task's resource. Pure.

The modelled errors come from botocore's models, so a new version of botocore adds new ones. The others have their
source here.
"""

import ast
import functools
import re
from collections.abc import Mapping, Set
from typing import Any

import botocore.session

from local.settings import PROJECT
from tests.support.workflows.asl import State
from tests.support.workflows.edges import DIES

LAMBDAS = PROJECT / "lambdas"

ANY_TASK = {
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    *("States.Timeout", "States.TaskFailed", "States.Permissions"),
    # An expression in Arguments, Assign or Output fails: `nothing-in-an-output-fails` in tests/facts.
    "States.QueryEvaluationError",
    DIES,
}

SERVICES: Mapping[str, tuple[str, str, str, Set[str]]] = {
    "dynamodb:updateItem": ("DynamoDB", "dynamodb", "UpdateItem", {"DynamoDB.AmazonDynamoDBException"}),
    "dynamodb:getItem": ("DynamoDB", "dynamodb", "GetItem", {"DynamoDB.AmazonDynamoDBException"}),
    "sqs:sendMessage": ("SQS", "sqs", "SendMessage", {"SQS.AmazonSQSException"}),
    "states:startExecution": (
        "StepFunctions",
        "stepfunctions",
        "StartExecution",
        {"StepFunctions.AWSStepFunctionsException"},
    ),
    "lambda:invoke": (
        "Lambda",
        "lambda",
        "Invoke",
        {
            # https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html, "Handle transient Lambda
            # service exceptions"
            *("Lambda.ClientExecutionTimeoutException", "Lambda.AWSLambdaException", "Lambda.Unknown"),
            # How functions die: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-execution.html
            *("Sandbox.Timedout", "Runtime.ExitError", "Runtime.OutOfMemory", "Runtime.ImportModuleError"),
            *("Runtime.HandlerNotFound", "Runtime.MarshalError", "Function.ResponseSizeTooLarge"),
            # AWS documents that States.ALL does not take it. A recording of a function's result shows that it does:
            # `a-result-that-is-too-large-is-caught`. Other tasks have no recording, so there DIES stands for it.
            "States.DataLimitExceeded",
            # An exception of the function has the name of its class: `lambda-error-has-the-name-of-the-exception`.
            *("RuntimeError", "ClientError"),
        },
    ),
}
"""By resource: the prefix of its errors, the operation in botocore's models, and the errors that no model has.

`dynamodb-error-without-a-class` and `sqs-error-of-an-empty-body` in tests/facts are about the errors that end with
`AmazonDynamoDBException` and so on."""

NETWORK = "SdkClientException"
"""What Step Functions calls an error of the network: `sqs-error-of-a-missing-host` in tests/facts."""

UNCERTAIN = {
    # No answer came, or an answer that does not say what happened.
    *("Timeout", NETWORK, "InternalServerErrorException", "ServiceException", "ClientExecutionTimeoutException"),
    *("AmazonDynamoDBException", "AmazonSQSException", "AWSStepFunctionsException", "AWSLambdaException"),
    # The function had begun.
    *("Unknown", "Timedout", "ExitError", "OutOfMemory"),
    # The answer could not be used.
    *("QueryEvaluationError", "DataLimitExceeded", "MarshalError", "ResponseSizeTooLarge"),
}
"""The last parts of the names of errors after which AWS may have done what the task asked for."""


def errors_of(state: State) -> set[str]:
    """The names of all errors that the task can fail with."""
    prefix, service, operation, more = SERVICES[state["Resource"].removeprefix("arn:aws:states:::")]
    modelled = {f"{prefix}.{_class_of(shape)}" for shape in _modelled(service, operation)}
    return {*modelled, *more, f"{prefix}.{NETWORK}", *ANY_TASK, *_exceptions_of(state)}


def is_uncertain(error: str) -> bool:
    """Whether AWS may have done what the task asked for, although it failed with this error."""
    return error.rpartition(".")[2] in UNCERTAIN


def _exceptions_of(state: State) -> set[str]:
    """The exceptions that the module of the task's function defines. Empty if the task calls no function."""
    placeholder = re.fullmatch(r"\$\{(\w+)Function\}", state.get("Arguments", {}).get("FunctionName", ""))
    if placeholder is None:
        return set()
    module = re.sub("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", placeholder[1]).lower()
    [file] = LAMBDAS.glob(f"*/{module}.py")
    classes = (one for one in ast.parse(file.read_text()).body if isinstance(one, ast.ClassDef))
    return {one.name for one in classes if one.name.endswith("Error")}


def _class_of(shape: str) -> str:
    """The SDK's exception class of a modelled error, which the task's error is named after.

    `dynamodb-error-of-a-missing-table` and `sfn-error-of-a-missing-workflow` in tests/facts.
    """
    return shape if shape.endswith("Exception") else f"{shape}Exception"


@functools.cache
def _modelled(service: str, operation: str) -> list[str]:
    model: Any = botocore.session.get_session().get_service_model(service)
    return [shape.name for shape in model.operation_model(operation).error_shapes]
