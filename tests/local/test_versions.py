"""Why the patch `versions` is needed: these tests run the engine's own code, in this process."""

import inspect
import json
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from ministack.core import iam_actions
from ministack.services import eventbridge, stepfunctions
from ministack.services.cloudformation import provisioners

from local.engine_patches import versions
from local.engine_patches.versions import ALIAS, VERSION
from tests.support.names import unique

ROLE = "arn:aws:iam::000000000000:role/workflow"


class Workflow:
    """A workflow of the engine in this process. Its output is `text`."""

    def __init__(self, text: str) -> None:
        asked = {"name": unique("w-"), "roleArn": ROLE, "definition": self._definition(text)}
        self.arn = str(_answer(stepfunctions._create_state_machine(asked))["stateMachineArn"])

    def change(self, text: str) -> None:
        _answer(
            stepfunctions._update_state_machine({"stateMachineArn": self.arn, "definition": self._definition(text)})
        )

    def publish(self) -> str:
        return str(
            _answer(stepfunctions._publish_state_machine_version({"stateMachineArn": self.arn}))[
                "stateMachineVersionArn"
            ]
        )

    def revision(self) -> dict[str, str]:
        """The properties of a version of the latest revision."""
        latest = stepfunctions._state_machines[self.arn]["revisionId"]
        return {"StateMachineArn": self.arn, "StateMachineRevisionId": latest}

    def describe_started(self, arn: str) -> dict[str, Any]:
        """Starts an execution with `arn`, runs it, and returns its description."""
        started = _answer(stepfunctions._start_execution({"stateMachineArn": arn, "name": unique()}))["executionArn"]
        stepfunctions._run_execution(started)
        return _answer(stepfunctions._describe_execution({"executionArn": started}))

    @staticmethod
    def _definition(text: str) -> str:
        return json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": text, "End": True}}})


def _answer(response: tuple[int, Any, bytes]) -> dict[str, Any]:
    status, _, body = response
    assert status == 200, body
    answer: dict[str, Any] = json.loads(body)
    return answer


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Applies the patch until the end of the test. Executions run only when the test says so."""
    for name, value in list(vars(stepfunctions).items()):
        if inspect.isfunction(value):
            monkeypatch.setattr(stepfunctions, name, value)
    monkeypatch.setattr(iam_actions, "extract_resource_arn", iam_actions.extract_resource_arn)
    for table in ("_RESOURCE_HANDLERS", "_REPLACING_PROPERTIES"):
        copied = {type: dict(one) if isinstance(one, dict) else one for type, one in vars(provisioners)[table].items()}
        monkeypatch.setattr(provisioners, table, copied)
    monkeypatch.setattr(stepfunctions.threading, "Thread", Mock())
    monkeypatch.setattr("time.sleep", Mock())
    return versions.apply


@pytest.mark.parametrize("type", [VERSION, ALIAS])
def test_the_engine_refuses_versions_and_aliases_of_workflows(type: str) -> None:
    with pytest.raises(ValueError, match="Unsupported resource type"):
        provisioners._provision_resource(type, "Thing", {}, "stack")


def test_a_stack_publishes_each_revision_and_moves_the_alias_to_it(
    patch: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    patch()
    workflow = Workflow("first")

    def preferring(version: str) -> dict[str, Any]:
        return {"Name": "live", "DeploymentPreference": {"StateMachineVersionArn": version, "Type": "ALL_AT_ONCE"}}

    before = workflow.revision()
    first, _ = provisioners._provision_resource(VERSION, "Version", before, "stack")
    alias, _ = provisioners._provision_resource(ALIAS, "Live", preferring(first), "stack")
    workflow.change("second")
    # The templates retain the version before.
    monkeypatch.setattr(provisioners, "_RETAIN_REPLACED", Mock(get=lambda: True))
    second, _ = provisioners._update_resource(VERSION, first, before, workflow.revision(), "stack", "Version")
    moved, _ = provisioners._update_resource(ALIAS, alias, preferring(first), preferring(second), "stack", "Live")

    assert [first, second, alias, moved] == [f"{workflow.arn}:{name}" for name in ("1", "2", "live", "live")]
    described = workflow.describe_started(alias)
    assert [described["output"], described["stateMachineVersionArn"]] == ['"second"', second]
    with pytest.raises(ValueError, match="cannot be deleted while referenced"):
        provisioners._delete_resource(VERSION, second, {})
    provisioners._delete_resource(ALIAS, alias, {})
    provisioners._delete_resource(VERSION, second, {})
    assert alias not in stepfunctions._state_machine_aliases


def test_an_alias_can_split_executions_between_two_versions(patch: Callable[[], None]) -> None:
    patch()
    workflow = Workflow("first")
    routes = [{"StateMachineVersionArn": workflow.publish(), "Weight": weight} for weight in ("90", "10")]

    alias, _ = provisioners._provision_resource(ALIAS, "L", {"Name": "l", "RoutingConfiguration": routes}, "stack")

    kept = stepfunctions._state_machine_aliases[alias]["routingConfiguration"]
    assert [one["weight"] for one in kept] == [90, 10]


@pytest.mark.parametrize(("patched", "output"), [(False, '"latest"'), (True, '"published"')])
def test_an_execution_runs_the_definition_of_its_version(patch: Callable[[], None], patched: bool, output: str) -> None:
    if patched:
        patch()
    workflow = Workflow("published")
    version = workflow.publish()
    workflow.change("latest")

    described = workflow.describe_started(version)

    assert described["output"] == output
    assert described.get("stateMachineVersionArn") == (version if patched else None)
    assert described["stateMachineArn"] == workflow.arn
    assert workflow.describe_started(workflow.arn)["output"] == '"latest"'


def test_an_execution_keeps_its_version_when_the_alias_moves(patch: Callable[[], None]) -> None:
    patch()
    workflow = Workflow("before")

    def routes() -> dict[str, Any]:
        return {"Name": "live", "RoutingConfiguration": [{"StateMachineVersionArn": workflow.publish(), "Weight": 100}]}

    alias, _ = provisioners._provision_resource(ALIAS, "Live", before := routes(), "stack")
    asked = {"stateMachineArn": alias, "name": unique()}
    started = _answer(stepfunctions._start_execution(asked))["executionArn"]
    workflow.change("after")
    provisioners._update_resource(ALIAS, alias, before, routes(), "stack", "Live")
    stepfunctions._run_execution(started)

    assert _answer(stepfunctions._describe_execution({"executionArn": started}))["output"] == '"before"'
    assert workflow.describe_started(alias)["output"] == '"after"'


def test_events_name_the_version_and_the_alias(patch: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    patch()
    put = Mock()
    monkeypatch.setattr(eventbridge, "_put_events", put)
    workflow = Workflow("published")
    routes = [{"StateMachineVersionArn": workflow.publish(), "Weight": 100}]
    alias, _ = provisioners._provision_resource(ALIAS, "L", {"Name": "l", "RoutingConfiguration": routes}, "stack")

    workflow.describe_started(alias)

    detail = json.loads(put.call_args.args[0]["Entries"][0]["Detail"])
    names = ("stateMachineArn", "stateMachineVersionArn", "stateMachineAliasArn")
    assert [detail[name] for name in names] == [workflow.arn, f"{workflow.arn}:1", alias]


@pytest.mark.parametrize("patched", [False, True], ids=["engine", "patched"])
def test_the_permission_to_start_an_alias_is_on_the_workflow(patch: Callable[[], None], patched: bool) -> None:
    if patched:
        patch()
    workflow = "arn:aws:states:us-east-1:000000000000:stateMachine:orders"
    body = json.dumps({"stateMachineArn": f"{workflow}:live"}).encode()

    checked = iam_actions.extract_resource_arn("states", "POST", "/", {}, body, {}, "000000000000", "us-east-1")

    assert checked == (workflow if patched else f"{workflow}:live")


@pytest.mark.parametrize("patched", [False, True], ids=["engine", "patched"])
def test_the_versions_of_a_deleted_workflow_are_deleted_with_it(patch: Callable[[], None], patched: bool) -> None:
    if patched:
        patch()
    one, other = Workflow("one"), Workflow("other")
    kept = [one.publish(), other.publish()]

    provisioners._delete_resource("AWS::StepFunctions::StateMachine", one.arn, {})
    stepfunctions._delete_state_machine({"stateMachineArn": other.arn})

    assert [version in stepfunctions._state_machine_versions for version in kept] == [not patched] * 2
