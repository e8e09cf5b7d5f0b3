"""The engine's memory and processes are bounded, and its expressions by the processor's time.

Most tests first show that the engine by itself has no bound, or another one.
"""

import itertools
import json
import time
from typing import Any
from unittest.mock import Mock

import pytest
from jsonata import parser
from jsonata.jsonata import Jsonata
from ministack.core import lambda_runtime
from ministack.services import cloudwatch_logs, dynamodb, lambda_svc, stepfunctions

from local.engine_patches import bounds, expressions, workers
from local.settings import ACCOUNT, REGION
from tests.support.names import unique

PATCHED = pytest.mark.parametrize("patched", [False, True], ids=["engine", "patched"])


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> str:
    """A workflow of one state."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{unique()}"
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    monkeypatch.setitem(
        stepfunctions._state_machines,
        arn,
        {"stateMachineArn": arn, "name": "w", "definition": definition, "roleArn": "r", "type": "STANDARD"},
    )
    return arn


def executions(workflow: str, kind: str, number: int) -> list[dict[str, Any]]:
    """Makes executions that are ready to run."""
    made = []
    for count in range(number):
        arn = f"arn:aws:states:{REGION}:{ACCOUNT}:{kind}:w:{count}"
        execution: dict[str, Any] = {
            "executionArn": arn,
            "stateMachineArn": workflow,
            "name": str(count),
            "status": "RUNNING",
            "startDate": "2026-11-27T00:00:00Z",
            "stopDate": None,
            "input": "{}",
            "sync": True,
            "events": [],
        }
        stepfunctions._executions[arn] = execution
        made.append(execution)
    return made


@PATCHED
def test_only_the_last_executions_keep_their_histories(
    workflow: str, monkeypatch: pytest.MonkeyPatch, patched: bool
) -> None:
    monkeypatch.setattr(stepfunctions, "_executions", type(stepfunctions._executions)())
    express, standard = executions(workflow, "express", 3), executions(workflow, "execution", 3)
    run = bounds.Histories(2).bounded(stepfunctions._run_execution) if patched else stepfunctions._run_execution

    for one in (*express, *standard):
        run(one["executionArn"])

    assert {one["status"] for one in (*express, *standard)} == {"SUCCEEDED"}
    known = [one["executionArn"] in stepfunctions._executions for one in (*express, *standard)]
    # The name of a Standard execution stays in use.
    assert known == ([False] * 3 + [True] * 3 if patched else [True] * 6)
    assert [bool(one["events"]) for one in standard] == [not patched, True, True]


def test_executions_of_an_earlier_engine_are_forgotten_first(workflow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepfunctions, "_executions", type(stepfunctions._executions)())
    before = executions(workflow, "express", 2)
    for second, one in enumerate(before):
        one |= {"status": "SUCCEEDED", "stopDate": f"2026-11-27T00:00:0{second}Z"}
    new = f"arn:aws:states:{REGION}:{ACCOUNT}:express:w:new"
    stepfunctions._executions[new] = {**before[0], "executionArn": new, "status": "RUNNING", "stopDate": None}

    bounds.Histories(2).bounded(stepfunctions._run_execution)(new)

    assert [*stepfunctions._executions.keys()] == [before[1]["executionArn"], new]


@PATCHED
def test_a_function_keeps_its_last_versions_and_those_of_its_aliases(
    monkeypatch: pytest.MonkeyPatch, patched: bool
) -> None:
    name = unique()
    function: dict[str, Any] = {"config": {}, "aliases": {}, "versions": {}, "next_version": 1}
    monkeypatch.setitem(lambda_svc._functions, name, function)
    publish = lambda_svc._publish_version
    publish = bounds.bounded_versions(publish, limit=2) if patched else publish

    for revision in range(12):
        function["config"]["RevisionId"] = str(revision)
        publish(name, {})
        function["aliases"]["old"] = {"FunctionVersion": "1"}

    assert [*function["versions"]] == (["1", "11", "12"] if patched else [str(one) for one in range(1, 13)])


@PATCHED
def test_a_log_group_keeps_the_streams_of_the_last_calls(patched: bool) -> None:
    name = unique()
    function = {"config": {"FunctionName": name}}
    emit = lambda_svc._emit_lambda_logs
    if patched:
        emit = bounds.bounded_logs(emit, limit=5)

    for number in range(20):
        emit(function, str(number), "", False, 1)

    streams = cloudwatch_logs._log_groups.pop(f"/aws/lambda/{name}")["streams"]
    assert len(streams) in (range(5, 7) if patched else [20])
    assert "RequestId: 19 " in [*streams.values()][-1]["events"][0]["message"]


@PATCHED
def test_a_stream_keeps_its_last_records_and_their_positions(patched: bool) -> None:
    table = unique("table-")
    records = [{"dynamodb": {"ApproximateCreationDateTime": 2**40, "SequenceNumber": number}} for number in range(5)]
    dynamodb._stream_records[table] = list(records)
    trim = bounds.bounded_records(dynamodb._trim_stream_records, limit=2) if patched else dynamodb._trim_stream_records

    trim(table)

    assert dynamodb.stream_live_records(table) == (records[-2:] if patched else records)
    assert dynamodb.stream_end_position(table) == 5
    assert dynamodb.stream_records_since(table, 4, 10) == records[4:]
    for kept in (dynamodb._stream_records, dynamodb._stream_trimmed):
        kept.pop(table, None)


@PATCHED
def test_all_idle_processes_of_a_function_end(monkeypatch: pytest.MonkeyPatch, patched: bool) -> None:
    for module, name in (
        (lambda_runtime, "_worker_class_for"),
        (lambda_runtime, "reap_idle_workers"),
        (lambda_svc, "reap_idle_workers"),
        (lambda_svc, "_execute_function_warm"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))
    if patched:
        workers.apply()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    idle, busy, recent = (
        Mock(config={}, in_use=in_use, last_used=now - seconds)
        for in_use, seconds in ((False, 31), (True, 31), (False, 29))
    )
    monkeypatch.setattr(lambda_runtime, "_workers", {"one": [idle], "other": [busy, recent]})
    monkeypatch.setattr(lambda_runtime, "kill_workers", Mock())

    lambda_svc.reap_idle_workers(ttl=30)

    assert lambda_runtime._workers == {"other": [busy, recent]} | ({} if patched else {"one": [idle]})


def patch_expressions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Applies the patch until the end of the test."""
    monkeypatch.setattr(Jsonata, "get_parser", Jsonata.get_parser)
    monkeypatch.setattr(Jsonata.Frame, "set_runtime_bounds", Jsonata.Frame.set_runtime_bounds)
    expressions.apply()


@PATCHED
def test_an_expression_is_parsed_once(monkeypatch: pytest.MonkeyPatch, patched: bool) -> None:
    if patched:
        patch_expressions(monkeypatch)
    parsed = Mock(wraps=parser.Parser.process_ast)
    monkeypatch.setattr(parser.Parser, "process_ast", lambda self, one: parsed(self, one))

    answers = [stepfunctions._evaluate_jsonata("$states.input.Price + 1", {"Price": price}) for price in (1, 2)]
    calls = parsed.call_count
    stepfunctions._evaluate_jsonata("$states.input.Price + 1", {"Price": 3})

    assert answers == [2, 3]
    assert (parsed.call_count == calls) is patched


@PATCHED
def test_an_evaluation_that_waits_for_a_busy_machine_goes_on(monkeypatch: pytest.MonkeyPatch, patched: bool) -> None:
    if patched:
        patch_expressions(monkeypatch)
    seconds = itertools.count(time.time(), 2)
    monkeypatch.setattr(time, "time", lambda: next(seconds))

    if patched:
        assert stepfunctions._evaluate_jsonata("1 + 1", {}) == 2
    else:
        with pytest.raises(stepfunctions._ExecutionError, match="D1012"):
            stepfunctions._evaluate_jsonata("1 + 1", {})


@PATCHED
def test_an_expression_knows_the_time(monkeypatch: pytest.MonkeyPatch, patched: bool) -> None:
    if patched:
        patch_expressions(monkeypatch)
    monkeypatch.setattr(time, "time", lambda: 1_900_000_000.0)

    assert stepfunctions._evaluate_jsonata("[$millis(), $now()]", {}) == [1_900_000_000_000, "2030-03-17T17:46:40.000Z"]


def test_an_evaluation_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    patch_expressions(monkeypatch)

    with pytest.raises(stepfunctions._ExecutionError, match="D1012"):
        stepfunctions._evaluate_jsonata("($again := function($n) { $again($n + 1) }; $again(0))", {})
