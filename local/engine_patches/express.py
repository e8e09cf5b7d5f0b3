"""Makes Express executions behave as on AWS. The engine (`services/stepfunctions.py`) treats them like Standard ones:

- their ARN is `…:execution:WORKFLOW:NAME` (line 860) instead of `…:express:WORKFLOW:NAME:UUID`, so a name cannot be
  used a second time;
- they can be listed, described and stopped (lines 917, 948, 1030, 1071 and 1212);
- EventBridge gets events about them (line 1708).

On AWS only the log shows an Express execution. The laptop cloud's own commands and the tests send the header INSIDE,
which makes the engine show these executions all the same.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

from local.engine_patches import lines
from local.settings import INSIDE

Handler = Callable[[dict[str, Any]], Any]

ARN = """f":execution:{sm['name']}:{name}")"""
ARN_BY_TYPE = """f":express:{sm['name']}:{name}:{new_uuid()}")
    if sm["type"] != "EXPRESS":
        exec_arn = exec_arn.replace(":express:", ":execution:", 1).rpartition(":")[0]"""
SILENT = 'if execution.get("sync")'
OF_ONE = ("_describe_execution", "_stop_execution", "_get_execution_history", "_describe_state_machine_for_execution")

_inside: ContextVar[bool] = ContextVar("inside", default=False)


def apply() -> None:
    for function in ("_start_execution", "_start_sync_execution"):
        lines.replace(stepfunctions, function, ARN, ARN_BY_TYPE)
    lines.replace(
        stepfunctions, "_emit_execution_status_event", SILENT, f'{SILENT} or ":express:" in execution["executionArn"]'
    )
    for function in OF_ONE:
        setattr(stepfunctions, function, of_no_express_execution(getattr(stepfunctions, function)))
    stepfunctions._list_executions = of_no_express_workflow(stepfunctions._list_executions)
    stepfunctions.handle_request = looking_inside(stepfunctions.handle_request)


def of_no_express_execution(handler: Handler) -> Handler:
    def answer(data: dict[str, Any]) -> Any:
        if ":express:" in str(data.get("executionArn")) and not _inside.get():
            message = "Invalid Arn: 'Resource type not valid in this context: express'"
            return error_response_json("InvalidArn", message, 400)
        return handler(data)

    return answer


def of_no_express_workflow(handler: Handler) -> Handler:
    def answer(data: dict[str, Any]) -> Any:
        workflow = stepfunctions._state_machines.get(data.get("stateMachineArn")) or {}
        if workflow.get("type") == "EXPRESS" and not _inside.get():
            message = "This operation is not supported by this type of state machine"
            return error_response_json("StateMachineTypeNotSupported", message, 400)
        return handler(data)

    return answer


def looking_inside(handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
        token = _inside.set(INSIDE.lower() in headers)
        try:
            return await handle(method, path, headers, body, query_params)
        finally:
            _inside.reset(token)

    return handle_request
