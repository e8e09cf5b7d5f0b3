"""Why each patch is needed: these tests run the engine's own code, in this process. If one fails, its patch can go."""

import asyncio
import base64
import contextlib
import gc
import inspect
import io
import json
import re
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import pytest
import uvicorn
from jsonata.functions import Functions
from ministack import app
from ministack.core import lambda_runtime
from ministack.services import (
    apigateway,
    apigateway_v1,
    cloudformation,
    cognito,
    dynamodb,
    eventbridge,
    lambda_svc,
    scheduler,
    stepfunctions,
)
from ministack.services.cloudformation import changesets, handlers, provisioners, stacks

from local.engine_patches import (
    conditional_writes,
    express,
    garbage,
    lines,
    numbers,
    once,
    outputs,
    renewals,
    server,
    streams,
    tables,
    tasks,
    types,
    workers,
    workflows,
    zones,
)
from local.processes import free_port
from local.settings import ACCOUNT, REGION
from tests.support.names import unique
from tests.support.waiting import PATIENCE_SECONDS

PROBE = """
import ctypes, gc, importlib.util, os

gc.disable()

def handler(event, context):
    if event == "raise":
        raise ValueError
    if event == "count":
        return len(gc.get_objects()), context.function_name, context.get_remaining_time_in_millis()
    if event == "trace":
        return os.environ.get("_X_AMZN_TRACE_ID"), ctypes.CDLL(None).getenv(b"_X_AMZN_TRACE_ID") != 0
    installed = importlib.util.find_spec("pytest") is not None
    return {"pid": os.getpid(), "folder": os.getcwd(), "has ours": installed, "sees": "OF_THE_ENGINE" in os.environ}
"""

BOTH = pytest.mark.parametrize(
    ("cls", "is_ours"), [(lambda_runtime.Worker, False), (workers.FunctionProcess, True)], ids=["engine", "patched"]
)
LEAVES_PIPES_OPEN = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
"""For tests that start the engine's own worker."""


@pytest.fixture
def worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restored: Callable[[ModuleType, str], None]
) -> Iterator[Callable[[type], Any]]:
    """Makes a worker of a class for one function."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("OF_THE_ENGINE", "1")
    monkeypatch.setenv("GATEWAY_PORT", "1")
    restored(lambda_runtime, "_worker_class_for")
    restored(lambda_svc, "_execute_function_warm")
    restored(lambda_runtime, "reap_idle_workers")
    restored(lambda_svc, "reap_idle_workers")
    workers.apply()
    code, made = io.BytesIO(), []
    with zipfile.ZipFile(code, "w") as files:
        files.writestr("probe.py", PROBE)
    function = {
        "FunctionName": "probe",
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:probe",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/probe",
        "Runtime": "python3.13",
        "Handler": "probe.handler",
        "Timeout": 30,
    }

    def make(cls: type) -> Any:
        made.append(cls("probe", function, code.getvalue()))
        return made[-1]

    yield make
    readers = [one._stderr_thread for one in made]
    lambda_runtime.kill_workers(made)
    workers.end()
    # The engine leaves pipes open. Python warns of them now, and not in a later test.
    for reader in filter(None, readers):
        reader.join()
    gc.collect()


@LEAVES_PIPES_OPEN
@BOTH
def test_the_engines_own_worker_shares_its_environment_but_no_folder(
    worker: Callable[[type], Any], cls: type, is_ours: bool
) -> None:
    one, other = worker(cls), worker(cls)

    first, second = (each.invoke({}, "call")["result"] for each in (one, other))
    one.invoke("raise", "call")
    after = one.invoke({}, "call")["result"]

    assert (first["folder"] == second["folder"]) is is_ours
    assert (first["pid"] == after["pid"]) is is_ours
    assert first["has ours"] is first["sees"] is not is_ours


@LEAVES_PIPES_OPEN
@BOTH
def test_each_call_of_the_engines_own_script_leaves_garbage(
    worker: Callable[[type], Any], cls: type, is_ours: bool
) -> None:
    one = worker(cls)

    first, *_, last = (one.invoke("count", "call")["result"] for _ in range(20))

    assert (last[0] - first[0] < 19) is is_ours
    assert (last[1], 0 < last[2] <= 30_000) == ("probe", True)


@LEAVES_PIPES_OPEN
@BOTH
def test_the_engines_own_script_lets_the_c_library_keep_each_trace(
    worker: Callable[[type], Any], cls: type, is_ours: bool
) -> None:
    one = worker(cls)

    first, second, none = (one.invoke("trace", "call", trace_id=id)["result"] for id in ("Root=1", "Root=2", None))

    assert (first, second, none) == (["Root=1", not is_ours], ["Root=2", not is_ours], [None, False])


def test_the_engine_sets_up_no_log_for_a_function() -> None:
    assert "logging" not in lambda_runtime._PYTHON_WORKER_SCRIPT


@pytest.mark.parametrize(
    ("type", "properties", "reference"),
    [
        ("AWS::Budgets::Budget", {"Budget": {"BudgetType": "COST"}}, "stack-Thing"),
        ("AWS::Budgets::Budget", {"Budget": {"BudgetName": "ours"}}, "ours"),
        ("AWS::Logs::QueryDefinition", {"Name": "errors", "QueryString": "fields @message"}, "[0-9a-f-]{36}"),
        (
            "AWS::XRay::SamplingRule",
            {"SamplingRule": {"RuleName": "one"}},
            "arn:aws:xray:[^:]+:[0-9]+:sampling-rule/one",
        ),
    ],
)
def test_the_engine_refuses_types_of_resources(
    monkeypatch: pytest.MonkeyPatch, type: str, properties: dict[str, Any], reference: str
) -> None:
    monkeypatch.setattr(provisioners, "_RESOURCE_HANDLERS", dict(provisioners._RESOURCE_HANDLERS))
    with pytest.raises(ValueError, match="Unsupported resource type"):
        provisioners._provision_resource(type, "Thing", properties, "stack")

    types.apply()
    made, _ = provisioners._provision_resource(type, "Thing", properties, "stack")
    updated = provisioners._update_resource(type, made, properties, {**properties, "Tags": []}, "stack", "Thing")
    provisioners._delete_resource(type, made, properties)

    assert re.fullmatch(reference, made)
    assert updated == (made, {})


@LEAVES_PIPES_OPEN
def test_the_engine_starts_python_for_each_process(worker: Callable[[type], Any]) -> None:
    one = worker(lambda_runtime.Worker)

    one.invoke({}, "call")

    assert one._proc.args[0] == sys.executable


def test_the_engine_waits_for_log_lines_and_does_not_limit_processes() -> None:
    drain = inspect.signature(lambda_runtime.Worker._drain_stderr_bounded)

    assert drain.parameters["first_line_wait"].default == 0.05
    assert lambda_runtime._LOCAL_MAX_WORKERS == 0


def test_the_engine_serves_http_with_a_server_in_python(restored: Callable[[ModuleType, str], None]) -> None:
    restored(app, "main")
    by_itself = {name for name in app.main.__code__.co_names if name in ("hypercorn.asyncio", server.__name__)}
    server.apply()
    patched = {name for name in app.main.__code__.co_names if name in ("hypercorn.asyncio", server.__name__)}

    assert (by_itself, patched) == ({"hypercorn.asyncio"}, {server.__name__})


async def answers_one_status_each(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI app. Each path is a status, and each answer has a body, which the engine sometimes sends too."""
    if scope["type"] == "lifespan":
        for stage in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{stage}.complete"})
        return
    status = int(scope["path"][1:])
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"6")]})
    await send({"type": "http.response.body", "body": b"a body"})


def test_a_response_without_a_body_is_followed_by_the_next_response(monkeypatch: pytest.MonkeyPatch) -> None:
    servers: list[uvicorn.Server] = []

    def made(settings: uvicorn.Config, of: type[uvicorn.Server] = uvicorn.Server) -> uvicorn.Server:
        servers.append(of(settings))
        return servers[-1]

    monkeypatch.setattr(uvicorn, "Server", made)

    async def asked() -> bytes:
        port = free_port()
        serving = asyncio.create_task(
            server.serve(answers_one_status_each, Mock(bind=[f"127.0.0.1:{port}"], keep_alive_timeout=75))
        )
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                assert not serving.done()
                await asyncio.sleep(0.01)
        for request in ("OPTIONS /204", "GET /304", "HEAD /200", "GET /404"):
            writer.write(f"{request} HTTP/1.1\r\nHost: it\r\n\r\n".encode())
        answer = await reader.readuntil(b"a body")
        writer.close()
        servers[0].should_exit = True
        await serving
        return answer

    *responses, body = asyncio.run(asked()).split(b"\r\n\r\n")

    assert [response.split()[:2] for response in responses] == [
        [b"HTTP/1.1", status] for status in (b"204", b"304", b"200", b"404")
    ]
    assert body == b"a body"


@pytest.mark.parametrize(("patched", "checks"), [(False, 2), (True, 1)])
def test_the_engine_checks_a_token_at_each_request(monkeypatch: pytest.MonkeyPatch, patched: bool, checks: int) -> None:
    checked: list[str] = []

    def verify(token: str, key: dict[str, str]) -> bool:
        checked.append(token)
        return key["n"] == "its own"

    for module in (apigateway, apigateway_v1):
        monkeypatch.setattr(module, "_verify_rs256_signature", verify)
    monkeypatch.setattr(dynamodb, "_condition_syntax_error", dynamodb._condition_syntax_error)
    if patched:
        once.apply()

    own, other = {"n": "its own", "e": "AQAB"}, {"n": "another", "e": "AQAB"}
    found = [apigateway_v1._verify_rs256_signature("token", key) for key in (own, own, other)]

    assert found == [True, True, False]
    assert len(checked) == checks + 1


@pytest.mark.parametrize(("patched", "is_remembered"), [(False, False), (True, True)])
def test_the_engine_reads_a_condition_at_each_write(
    monkeypatch: pytest.MonkeyPatch, patched: bool, is_remembered: bool
) -> None:
    for module in (apigateway, apigateway_v1):
        monkeypatch.setattr(module, "_verify_rs256_signature", module._verify_rs256_signature)
    monkeypatch.setattr(dynamodb, "_condition_syntax_error", dynamodb._condition_syntax_error)
    if patched:
        once.apply()
    tokens = Mock(wraps=dynamodb._COND_TOKEN_RE)
    monkeypatch.setattr(dynamodb, "_COND_TOKEN_RE", tokens)

    found = [dynamodb._condition_syntax_error(text, "ConditionExpression") for text in ("Id = :id", "Id = = :id") * 2]

    assert found == [None, 'Invalid ConditionExpression: Syntax error; token: "=", near: "= = :id"'] * 2
    assert tokens.finditer.call_count == (2 if is_remembered else 4)


@pytest.mark.parametrize("patched", [False, True])
@pytest.mark.parametrize(
    ("resource", "at_once"),
    [
        ("arn:aws:states:::dynamodb:updateItem", True),
        ("arn:aws:states:::sqs:sendMessage", True),
        ("arn:aws:states:::lambda:invoke", False),
    ],
)
def test_the_engine_starts_a_thread_for_a_call_with_a_timeout(
    monkeypatch: pytest.MonkeyPatch, resource: str, at_once: bool, patched: bool
) -> None:
    monkeypatch.setattr(stepfunctions, "_invoke_resource", lambda *given: (given, threading.current_thread()))
    name = "_invoke_resource_with_timeout"
    monkeypatch.setattr(stepfunctions, name, getattr(stepfunctions, name))
    if patched:
        tasks.apply()

    given, thread = stepfunctions._invoke_resource_with_timeout(resource, {"a": 1}, 3)

    assert given == (resource, {"a": 1})
    assert (thread is threading.current_thread()) is (patched and at_once)


def test_python_looks_for_garbage_rarely_and_not_at_what_stays() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        garbage.apply()
        after, frozen_after = gc.get_threshold(), gc.get_freeze_count()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)

    assert after == garbage.THRESHOLDS
    assert frozen_after > frozen


@pytest.mark.parametrize(("one_step", "taken"), [(False, 2), (True, 1)])
def test_conditional_writes_need_a_patch_to_be_one_step(
    monkeypatch: pytest.MonkeyPatch, restored: Callable[[ModuleType, str], None], one_step: bool, taken: int
) -> None:
    """Without the patch, both writes check the condition before either of them writes."""
    name = unique("table-")
    key = [{"AttributeName": "Id", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "Id", "AttributeType": "S"}]
    table = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": key, "AttributeDefinitions": attributes}
    dynamodb._create_table(table)
    both_looked = threading.Barrier(2)
    # With the patch, the second write starts when the first one has ended.
    patience = 0.2 if one_step else PATIENCE_SECONDS
    evaluate = dynamodb._evaluate_condition

    def look(*arguments: Any) -> Any:
        found = evaluate(*arguments)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_looked.wait(timeout=patience)
        return found

    monkeypatch.setattr(dynamodb, "_evaluate_condition", look)
    if one_step:
        for write in conditional_writes.WRITES:
            restored(dynamodb, write)
        conditional_writes.apply()
    put = {"TableName": name, "Item": {"Id": {"S": "1"}}, "ConditionExpression": "attribute_not_exists(Id)"}

    with ThreadPoolExecutor(2) as pool:
        answers = [write.result()[0] for write in [pool.submit(dynamodb._put_item, put) for _ in range(2)]]

    assert answers.count(200) == taken


@pytest.mark.parametrize(("patched", "waits"), [(False, [0.15]), (True, [])])
def test_the_engine_waits_before_each_execution(
    all_restored: Callable[[], None], monkeypatch: pytest.MonkeyPatch, patched: bool, waits: list[float]
) -> None:
    all_restored()
    if patched:
        workflows.apply()
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    execution: dict[str, Any] = {
        "executionArn": "e",
        "stateMachineArn": "unknown",
        "name": "n",
        "events": [],
        "sync": True,
    }
    monkeypatch.setitem(stepfunctions._executions, "e", execution)

    stepfunctions._run_execution("e")

    assert (execution["error"], slept) == ("StateMachineDeleted", waits)


@pytest.mark.parametrize(("patched", "kept"), [(False, 0), (True, 2)])
def test_the_engine_does_not_save_the_records_of_streams(
    restored: Callable[[ModuleType, str], None], patched: bool, kept: int
) -> None:
    restored(dynamodb, "get_state")
    restored(dynamodb, "load_persisted_state")
    restored(lambda_svc, "_ESM_IDLE_WAKE_GAP_SECONDS")
    restored(lambda_svc, "_iter_all_esms")
    restored(lambda_svc, "_match_esm_filter")
    if patched:
        streams.apply()
    assert (lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS > 0) is not patched
    table = unique("table-")
    dynamodb._stream_records[table] = [{"dynamodb": {"ApproximateCreationDateTime": 2**40}}] * 2

    state = dynamodb.get_state()
    del dynamodb._stream_records[table]
    dynamodb.load_persisted_state(state)

    assert dynamodb.stream_end_position(table) == kept
    dynamodb._stream_records.pop(table, None)


@pytest.mark.parametrize("patched", [False, True], ids=["engine", "patched"])
def test_the_engine_does_not_wait_for_the_window_of_a_stream(
    restored: Callable[[ModuleType, str], None], patched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    for name in ("get_state", "load_persisted_state"):
        restored(dynamodb, name)
    for name in ("_ESM_IDLE_WAKE_GAP_SECONDS", "_iter_all_esms", "_match_esm_filter"):
        restored(lambda_svc, name)
    if patched:
        streams.apply()
    table = unique("table-")
    source = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/now"
    mapping = {"UUID": table, "EventSourceArn": source, "MaximumBatchingWindowInSeconds": 300}
    lambda_svc._esms[table] = mapping
    changes = [{"dynamodb": {"ApproximateCreationDateTime": int(now) - age}} for age in (301, 299)]

    def is_called() -> bool:
        return mapping in [found for _, _, found in lambda_svc._iter_all_esms()]

    called = [is_called()]
    dynamodb._stream_records[table] = changes
    called.append(is_called())
    lambda_svc._dynamodb_stream_positions[table] = 1
    called.append(is_called())
    mapping["MaximumBatchingWindowInSeconds"] = 0
    called.append(is_called())

    assert called == ([False, True, False, True] if patched else [True] * 4)
    for kept in (lambda_svc._esms, dynamodb._stream_records, lambda_svc._dynamodb_stream_positions):
        kept.pop(table, None)


STATES: dict[str, dict[str, Any]] = {
    "a Succeed state's Output": {"A": {"Type": "Succeed", "Output": "{% 'patched' %}"}},
    "a Succeed state's Output in a branch": {
        "A": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed", "Output": "patched"}}}],
            "Next": "C",
        },
        "C": {"Type": "Pass", "Output": "{% $states.input[0] %}", "End": True},
    },
    "a Parallel state's Output": {
        "A": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}],
            "Output": "patched",
            "End": True,
        }
    },
    "a Parallel state's Assign": {
        "A": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "Output": "patched", "End": True}}}],
            "Assign": {"x": "{% $states.result[0] %}"},
            "Next": "C",
        },
        "C": {"Type": "Pass", "Output": "{% $exists($x) ? $x : 'by itself' %}", "End": True},
    },
    "the name of SNS's error": {
        "A": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Arguments": {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:none", "Message": "m"},
            "Catch": [{"ErrorEquals": ["SNS.NotFoundException"], "Output": "patched", "Next": "B"}],
            "Next": "B",
        },
        "B": {"Type": "Pass", "End": True},
    },
    "the name of an error of a workflow's start": {
        "A": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Arguments": {"StateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:none"},
            "Catch": [
                {
                    "ErrorEquals": ["StepFunctions.StateMachineDoesNotExistException"],
                    "Output": "patched",
                    "Next": "B",
                }
            ],
            "Next": "B",
        },
        "B": {"Type": "Pass", "End": True},
    },
}


@pytest.mark.parametrize("patched", [False, True])
@pytest.mark.parametrize("states", STATES.values(), ids=STATES)
def test_the_engine_runs_states_differently_from_aws(
    all_restored: Callable[[], None], monkeypatch: pytest.MonkeyPatch, states: dict[str, Any], patched: bool
) -> None:
    all_restored()
    if patched:
        workflows.apply()
    monkeypatch.setattr("time.sleep", lambda _: None)

    assert (output_of(monkeypatch, states) == json.dumps("patched")) is patched


RETRY = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 50, "BackoffRate": 3, "MaxAttempts": 3}
OF_NOTHING = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Arguments": {"TopicArn": "none"}}
BRANCH = {"StartAt": "B", "States": {"B": {**OF_NOTHING, "End": True}}}


@pytest.mark.parametrize("state", [OF_NOTHING, {"Type": "Parallel", "Branches": [BRANCH]}], ids=["task", "parallel"])
@pytest.mark.parametrize(
    ("patched", "retry", "expected"),
    [
        (False, {}, [50, 60, 60]),
        (True, {}, [50, 150, 450]),
        (True, {"MaxDelaySeconds": 70}, [50, 70, 70]),
    ],
)
def test_the_engine_retries_after_a_minute_at_the_latest(
    all_restored: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    state: dict[str, Any],
    patched: bool,
    retry: dict[str, int],
    expected: list[int],
) -> None:
    all_restored()
    if patched:
        workflows.apply()
    slept: list[float] = []
    monkeypatch.setattr(stepfunctions, "_scaled_sleep", slept.append)
    monkeypatch.setattr("time.sleep", lambda _: None)

    output_of(monkeypatch, {"A": {**state, "Retry": [{**RETRY, **retry}], "End": True}})

    assert slept == expected


def test_a_retry_with_jitter_waits_for_any_part_of_its_delay() -> None:
    delays = [workflows.delay_of({"IntervalSeconds": 8, "JitterStrategy": "FULL"}, 1) for _ in range(200)]

    assert 0 <= min(delays) < 4 < 12 < max(delays) <= 16


@pytest.mark.parametrize(("patched", "status"), [(False, "SUCCEEDED"), (True, "FAILED")])
@pytest.mark.parametrize("name", ["States.ALL", "States.Runtime"])
def test_the_engine_catches_the_error_that_nothing_catches(
    all_restored: Callable[[], None], monkeypatch: pytest.MonkeyPatch, name: str, patched: bool, status: str
) -> None:
    """The facts have the rule, as recorded on AWS: `runtime-errors-are-not-caught`."""
    all_restored()
    if patched:
        workflows.apply()
    monkeypatch.setattr("time.sleep", lambda _: None)
    # The engine raises States.Runtime for an integration that it does not have.
    states = {
        "A": {
            "Type": "Task",
            "Resource": "arn:aws:states:::none:none",
            "Catch": [{"ErrorEquals": [name], "Output": "patched", "Next": "B"}],
            "Next": "B",
        },
        "B": {"Type": "Pass", "End": True},
    }

    output_of(monkeypatch, states)

    assert stepfunctions._executions["e"]["status"] == status


@pytest.mark.parametrize(("patched", "text"), [(False, "4.24242424242424e+15"), (True, "4242424242424242")])
def test_the_engine_writes_large_whole_numbers_with_an_exponent(
    monkeypatch: pytest.MonkeyPatch, patched: bool, text: str
) -> None:
    monkeypatch.setattr(Functions.Encoder, "encode", Functions.Encoder.encode)
    if patched:
        numbers.apply()

    assert Functions.string(4242424242424242.0, False) == text
    assert [Functions.string(one, False) for one in (12.5, 1e21, True, 7)] == ["12.5", "1e+21", "true", "7"]


@pytest.mark.parametrize("patched", [False, True])
def test_the_engine_treats_express_executions_like_standard_ones(
    all_restored: Callable[[], None], monkeypatch: pytest.MonkeyPatch, patched: bool
) -> None:
    all_restored()
    if patched:
        express.apply()
    monkeypatch.setattr(stepfunctions.threading, "Thread", Mock())
    monkeypatch.setattr(stepfunctions, "_emit_execution_status_event", Mock())
    workflow = {"name": "w", "type": "EXPRESS", "roleArn": "r", "definition": "{}"}
    monkeypatch.setitem(stepfunctions._state_machines, "w", workflow)
    start = {"stateMachineArn": "w", "name": "n"}

    (status, _, body), (again, _, _) = (stepfunctions._start_execution(start) for _ in range(2))
    started = {"executionArn": json.loads(body)["executionArn"]}
    described, listed = stepfunctions._describe_execution(started)[0], stepfunctions._list_executions(start)[0]

    assert status == 200
    assert [again, described, listed] == ([200, 400, 400] if patched else [400, 200, 200])


def output_of(monkeypatch: pytest.MonkeyPatch, states: dict[str, Any]) -> str | None:
    """The output of an execution of a JSONata workflow that begins with the state A."""
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "A", "States": states})
    monkeypatch.setitem(stepfunctions._state_machines, "w", {"name": "w", "definition": definition})
    execution: dict[str, Any] = {
        "executionArn": "e",
        "stateMachineArn": "w",
        "name": "n",
        "startDate": "",
        "input": "{}",
        "events": [],
    }
    execution |= {"status": "RUNNING", "output": None, "sync": True}
    monkeypatch.setitem(stepfunctions._executions, "e", execution)
    stepfunctions._run_execution("e")
    output: str | None = execution["output"]
    return output


def test_a_missing_line_of_the_engine_is_reported(restored: Callable[[ModuleType, str], None]) -> None:
    restored(stepfunctions, "_run_execution")

    with pytest.raises(lines.GoneError, match="_run_execution has 'no such line' 0 times"):
        lines.replace(stepfunctions, "_run_execution", "no such line", "")


@pytest.mark.parametrize("patched", [False, True])
def test_the_engine_ignores_when_the_rows_of_a_template_expire(monkeypatch: pytest.MonkeyPatch, patched: bool) -> None:
    table = dict(provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"])
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, "AWS::DynamoDB::Table", table)
    if patched:
        tables.apply()
    key: dict[str, Any] = {"KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}]}
    key |= {"AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}], "TableName": unique("table-")}
    by = {**key, "TimeToLiveSpecification": {"AttributeName": "ExpiresAt", "Enabled": "true"}}
    by_another = {**key, "TimeToLiveSpecification": {"AttributeName": "Ends", "Enabled": True}}

    def expires() -> str | None:
        found = json.loads(dynamodb._describe_ttl({"TableName": key["TableName"]})[2])["TimeToLiveDescription"]
        return found.get("AttributeName") if found["TimeToLiveStatus"] == "ENABLED" else None

    name, _ = table["create"]("T", by, "stack")
    seen = [expires()]
    for before, after in ((by, by_another), (by_another, key), (key, by)):
        table["update"](name, before, after, "stack", logical_id="T")
        seen.append(expires())

    assert seen == (["ExpiresAt", "Ends", None, "ExpiresAt"] if patched else [None] * 4)
    table["delete"](name, by)
    assert dynamodb._ttl_settings.get(name) is None


@pytest.mark.parametrize(("patched", "refused"), [(False, [False, False]), (True, [False, True])])
def test_the_engine_renews_tokens_for_ever(
    monkeypatch: pytest.MonkeyPatch, restored: Callable[[ModuleType, str], None], patched: bool, refused: list[bool]
) -> None:
    restored(cognito, "_refresh_auth_user")
    if patched:
        renewals.apply()
    monkeypatch.setattr(cognito, "_signature_valid", lambda _: True)
    monkeypatch.setattr(cognito, "_user_from_token", lambda *_: {"Username": "zoe"})
    monkeypatch.setattr(cognito, "_refresh_token_revoked", lambda *_: False)

    def is_refused(seconds_left: int) -> bool:
        claims = {"token_use": "refresh", "iss": "https://cognito/pool", "client_id": "page"}
        text = json.dumps({**claims, "exp": time.time() + seconds_left}).encode()
        token = f"e30.{base64.urlsafe_b64encode(text).decode().rstrip('=')}.signature"
        user, error = cognito._refresh_auth_user({}, "pool", "page", token)
        assert user or b"Refresh Token has expired" in error[2]
        return user is None

    assert [is_refused(60), is_refused(-60)] == refused


@pytest.mark.parametrize(
    ("expression", "first", "in_utc", "in_paris"),
    [
        ("at(2027-07-01T09:00:00)", "2027-07-01", ["01T09:00"], ["01T07:00"]),
        # The clocks skip 02:30 on 28 March, and show it twice on 31 October.
        ("cron(30 2 * * ? *)", "2027-03-27", ["27T02:30", "28T02:30", "29T02:30"], ["27T01:30", "29T00:30"]),
        (
            "cron(30 2 * * ? *)",
            "2027-10-30",
            ["30T02:30", "31T02:30", "01T02:30"],
            ["30T00:30", "31T00:30", "01T01:30"],
        ),
        # The engine starts between the two.
        ("cron(10 2 * * ? *)", "2027-10-31T01:00", ["31T02:10", "01T02:10", "02T02:10"], ["01T01:10", "02T01:10"]),
    ],
)
@pytest.mark.parametrize("patched", [False, True])
def test_the_engine_takes_the_times_of_a_schedule_for_times_in_utc(
    monkeypatch: pytest.MonkeyPatch,
    restored: Callable[[ModuleType, str], None],
    expression: str,
    first: str,
    in_utc: list[str],
    in_paris: list[str],
    patched: bool,
) -> None:
    restored(scheduler, "_tick_schedules")
    if patched:
        zones.apply()
    schedule = {"State": "ENABLED", "ScheduleExpression": expression, "ScheduleExpressionTimezone": "Europe/Paris"}
    key = ("000000000000", "us-east-1", "default/s")
    monkeypatch.setattr(scheduler._schedules, "_data", {key: {**schedule, "Target": {"Arn": "t"}}})
    monkeypatch.setattr(scheduler, "_schedule_last_fired", {})
    started, now = list[str](), datetime.fromisoformat(first).replace(tzinfo=UTC)
    monkeypatch.setattr(time, "time", lambda: now.timestamp())
    monkeypatch.setattr(eventbridge, "_invoke_target", lambda *_: started.append(f"{now:%dT%H:%M}"))

    for _ in range(3 * 24 * 6):
        scheduler._tick_schedules()
        now += timedelta(minutes=10)

    assert started == (in_paris if patched else in_utc)


def test_a_schedule_without_a_known_zone_has_times_in_utc() -> None:
    assert {zones.at("at(1970-01-01T00:20:00)", {"ScheduleExpressionTimezone": zone}) for zone in (None, "Mars")} == {
        1200
    }
    assert zones.at("rate(1 day)", {}) is None


PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "kept"}}


@pytest.fixture(params=[False, True], ids=["engine", "patched"])
def is_patched(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, restored: Callable[[ModuleType, str], None]
) -> bool:
    """Whether `outputs` is applied."""
    restored(changesets, "_create_change_set")
    restored(stacks, "_resolve_stack_outputs")
    monkeypatch.setitem(handlers._ACTION_HANDLERS, "CreateChangeSet", changesets._create_change_set)
    if request.param:
        outputs.apply()
    return bool(request.param)


def test_deploying_a_change_of_only_outputs_needs_a_patch(monkeypatch: pytest.MonkeyPatch, is_patched: bool) -> None:
    name = unique("stack-")
    stack = {"StackName": name, "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1"}
    resources = {"Resources": {"Parameter": PARAMETER}}
    deployed = {**stack, "StackStatus": "CREATE_COMPLETE", "_template": resources}
    monkeypatch.setitem(cloudformation._stacks, name, deployed)
    asked = {"StackName": name, "ChangeSetName": "change", "ChangeSetType": "UPDATE"}
    template = {**resources, "Outputs": {"One": {"Value": {"Ref": "Parameter"}}}}

    handlers._ACTION_HANDLERS["CreateChangeSet"]({**asked, "TemplateBody": json.dumps(template)})

    statuses = [one["Status"] for one in cloudformation._change_sets.values() if one["StackName"] == name]
    assert statuses == ["CREATE_COMPLETE" if is_patched else "FAILED"]


def test_removing_an_export_with_its_output_needs_a_patch(monkeypatch: pytest.MonkeyPatch, is_patched: bool) -> None:
    name, stack_id = unique("export-"), f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/it/1"
    export = {"StackId": stack_id, "Name": name, "Value": "kept"}
    monkeypatch.setitem(cloudformation._exports, name, export)

    stacks._resolve_stack_outputs({}, {}, {}, {}, {}, "it", stack_id)
    exported = name in cloudformation._exports
    cloudformation._exports[name] = export

    assert exported is not is_patched


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType, str], None]:
    """Restores a function of the engine after the test."""
    return lambda module, function: monkeypatch.setattr(module, function, getattr(module, function))


@pytest.fixture
def all_restored(restored: Callable[[ModuleType, str], None]) -> Callable[[], None]:
    """Restores each function of the engine's workflows after the test."""

    def restore() -> None:
        for name, value in list(vars(stepfunctions).items()):
            if inspect.isfunction(value) or name == "_SERVICE_DISPATCH":
                restored(stepfunctions, name)

    return restore


def test_a_filter_for_a_missing_object_needs_a_patch() -> None:
    asked, record = {"userIdentity": {"principalId": [{"exists": False}]}}, {"eventName": "REMOVE"}
    by_dynamodb = record | {"userIdentity": {"principalId": "dynamodb.amazonaws.com"}}

    assert not lambda_svc._match_esm_filter(record, asked)
    assert streams.matching(lambda_svc._match_esm_filter)(record, asked)
    assert not streams.matching(lambda_svc._match_esm_filter)(by_dynamodb, asked)
