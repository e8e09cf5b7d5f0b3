"""Makes workflows run as on AWS. The engine (`services/stepfunctions.py`) differs:

- it waits 150 ms before each execution (line 1765);
- a Succeed state ignores its Output (lines 1825 and 2872);
- a Parallel state ignores its Output and Assign (line 2608);
- errors of SNS and of Step Functions itself have names that AWS does not use (lines 3818, 3836 and 3933);
- it rejects a repeated start while the execution still runs (line 864);
- a Retry or Catch of `States.ALL` or `States.TaskFailed` catches `States.Runtime` (line 3635);
- a Retry waits for 60 seconds at most, and ignores its MaxDelaySeconds and its JitterStrategy (lines 2046 and 2547).
"""

import random
from collections.abc import Mapping
from typing import Any

from ministack.services import stepfunctions

from local.engine_patches import lines

SUCCEED = "current_input = _apply_output_path(state_def, current_input, ctx)"
SUCCEED_IN_A_BRANCH = """return _apply_output_path(state_def,
                                      _apply_input_path(state_def, current_input, ctx), ctx)"""
OUTPUT = "_apply_jsonata_output(state_def, current_input, ctx, default=current_input)"
PARALLEL = "    result = _apply_result_selector(state_def, results)\n"
LIKE_A_MAP = """\
    if _state_query_language(state_def, ctx) == "JSONata":
        output = _apply_jsonata_output(state_def, raw_input, ctx, result=results, default=results)
        _apply_state_assign(state_def, raw_input, ctx, result=results)
        return output, _next_or_end(state_def)
"""
DELAYS = {
    "_execute_task": "min(sleep_sec, 60)",
    "_with_retry_and_catch": 'min(interval * (retrier.get("BackoffRate", 2.0) ** count), 60)',
}
OF_THE_SERVICE = (
    """re.sub("(Exception)?$", "Exception", "SNS." + re.search("<Code>(.+)</Code>", body.decode())[1], count=1)"""
)
ERROR_OF_A_START = 'payload.get("__type", "States.Runtime")'
TAKES = 'if "States.ALL" in error_equals or'
TAKEN_BY_NOTHING = 'if error == "States.Runtime":\n        return False\n    '
USED_NAME = "    if exec_arn in _executions:\n"
REPEATED_START = """\
    found = _executions.get(exec_arn)
    if found and found["status"] == "RUNNING" and found["input"] == data.get("input", "{}"):
        return json_response({"executionArn": exec_arn, "startDate": found["startDate"]})
"""


def apply() -> None:
    stepfunctions.delay_of = delay_of
    for function, line, by in (
        ("_run_execution", "    time.sleep(0.15)\n", ""),
        ("_run_execution", SUCCEED, f"{SUCCEED}\n                current_input = {OUTPUT}"),
        ("_run_sub_machine", SUCCEED_IN_A_BRANCH, f"return {OUTPUT}"),
        ("_run_parallel_branches", PARALLEL, LIKE_A_MAP + PARALLEL),
        ("_invoke_sns_publish", '"SNS.PublishFailed"', OF_THE_SERVICE),
        ("_invoke_nested_start_execution", ERROR_OF_A_START, """f"StepFunctions.{payload['__type']}Exception\""""),
        ("_invoke_nested_start_execution_sync", ERROR_OF_A_START, """f"StepFunctions.{payload['__type']}Exception\""""),
        ("_start_execution", USED_NAME, REPEATED_START + USED_NAME),
        ("_error_matches", TAKES, TAKEN_BY_NOTHING + TAKES),
        *((function, delay, "delay_of(retrier, count)") for function, delay in DELAYS.items()),
    ):
        lines.replace(stepfunctions, function, line, by)
    # The engine looks some functions up by the resources that they serve.
    handlers = stepfunctions._SERVICE_DISPATCH.items()
    stepfunctions._SERVICE_DISPATCH = {
        resource: getattr(stepfunctions, handler.__name__, handler) for resource, handler in handlers
    }


def delay_of(retrier: Mapping[str, Any], count: int) -> float:
    """How many seconds a retry waits after `count` earlier ones.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    delay: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** count
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    return random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay
