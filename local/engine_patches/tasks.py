"""Makes a state call DynamoDB and SQS in the thread of its execution.

If a state has TimeoutSeconds, the engine starts a thread for each call (`services/stepfunctions.py:2116`), to end the
wait for it in time. A function may take long. A call of DynamoDB or SQS is only a call of Python, and less work than
starting a thread.
"""

import functools
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

AT_ONCE = ("arn:aws:states:::dynamodb:", "arn:aws:states:::sqs:")


def apply() -> None:
    stepfunctions._invoke_resource_with_timeout = at_once(stepfunctions._invoke_resource_with_timeout)


def at_once(invoke: Callable[[str, Any, float], Any]) -> Callable[[str, Any, float], Any]:
    """Returns `invoke`, changed to start no thread for resources that answer at once."""

    @functools.wraps(invoke)
    def invoked(resource: str, data: Any, timeout: float) -> Any:
        if resource.startswith(AT_ONCE):
            return stepfunctions._invoke_resource(resource, data)
        return invoke(resource, data, timeout)

    return invoked
