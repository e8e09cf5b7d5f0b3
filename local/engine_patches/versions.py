"""Lets stacks have versions and aliases of workflows, and runs what they name.

The engine publishes versions and moves aliases when somebody calls it (`services/stepfunctions.py:5569`). It differs
from AWS in the rest:

- it refuses a stack with a version or an alias (`services/cloudformation/provisioners.py:546`);
- it replaces a version of a function without saying so in a change set (line 15114);
- an execution that is started with a version or an alias runs the latest definition (`services/stepfunctions.py:1767`),
  and does not say what it was started with (lines 954 and 1725);
- the permission to start an execution is checked on the alias (`core/iam_actions.py:1238`), and not on the workflow:
  https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
- the versions and aliases of a deleted workflow stay (`services/stepfunctions.py:632`).

An alias moves to its new version at once: nobody needs a gradual deployment on a laptop.
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

from local.engine_patches import lines

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]

VERSION, ALIAS = "AWS::StepFunctions::StateMachineVersion", "AWS::StepFunctions::StateMachineAlias"
REPLACING = {
    VERSION: ("StateMachineArn", "StateMachineRevisionId", "Description"),
    ALIAS: ("Name",),
    "AWS::Lambda::Version": ("FunctionName", "Description", "CodeSha256", "ProvisionedConcurrencyConfig"),
}
"""The properties whose change replaces the resource: `createOnlyProperties` of the types' schemas.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachineversion.html"""

OF_A_START = '        "stateMachineArn": sm_arn,\n        "name": name,\n'
STARTED_WITH = """\
        "stateMachineVersionArn": _execution_version_arn(requested_arn),
        "stateMachineAliasArn": requested_arn if requested_arn in _state_machine_aliases else None,
"""
LATEST = '    sm = _state_machines.get(execution["stateMachineArn"])\n'
OF_THE_VERSION = """\
    sm = sm and {**sm, **(_state_machine_versions.get(execution.get("stateMachineVersionArn")) or {})}
"""
NAMES = ("stateMachineVersionArn", "stateMachineAliasArn")
DESCRIBED = '    if execution.get("error"):\n        result["error"] = execution["error"]\n'


def apply() -> None:
    """Makes the engine provision both types, and start executions as their version says."""
    provisioners._RESOURCE_HANDLERS[VERSION] = {"create": _version, "delete": _without_version}
    provisioners._RESOURCE_HANDLERS[ALIAS] = {"create": _alias, "update": _moved_alias, "delete": _without_alias}
    provisioners._REPLACING_PROPERTIES.update(REPLACING)
    machines = provisioners._RESOURCE_HANDLERS["AWS::StepFunctions::StateMachine"]
    machines["delete"] = forgetting_versions(machines["delete"], arn_of=lambda arn, _: arn)
    stepfunctions._delete_state_machine = forgetting_versions(
        stepfunctions._delete_state_machine, arn_of=lambda data: data.get("stateMachineArn")
    )
    for function, line, by in (
        ("_start_execution", OF_A_START, OF_A_START + STARTED_WITH),
        ("_run_execution", LATEST, LATEST + OF_THE_VERSION),
        (
            "_describe_execution",
            DESCRIBED,
            f"    result |= {{n: execution[n] for n in {NAMES} if execution.get(n)}}\n{DESCRIBED}",
        ),
        *(("_emit_execution_status_event", f'"{name}": None', f'"{name}": execution.get("{name}")') for name in NAMES),
    ):
        lines.replace(stepfunctions, function, line, by)
    iam_actions.extract_resource_arn = of_the_workflow(iam_actions.extract_resource_arn)


def of_the_workflow(extract: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `extract`, changed to return a workflow's own ARN also for its versions and aliases."""

    @functools.wraps(extract)
    def extracted(service: str, *arguments: Any, **more: Any) -> Any:
        arn = extract(service, *arguments, **more)
        if service == "states" and isinstance(arn, str) and ":stateMachine:" in arn:
            return ":".join(arn.split(":")[:7])
        return arn

    return extracted


def forgetting_versions(delete: Callable[..., Any], *, arn_of: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `delete`, which deletes a workflow, changed to delete its versions and aliases, too."""

    @functools.wraps(delete)
    def deleted(*arguments: Any) -> Any:
        for store in (stepfunctions._state_machine_aliases, stepfunctions._state_machine_versions):
            for arn in [one for one in store if one.rpartition(":")[0] == arn_of(*arguments)]:
                del store[arn]
        return delete(*arguments)

    return deleted


def _version(logical_id: str, properties: Properties, stack_name: str) -> Made:
    asked = {
        "stateMachineArn": properties["StateMachineArn"],
        "revisionId": properties.get("StateMachineRevisionId"),
        "description": properties.get("Description", ""),
    }
    arn = _answer(stepfunctions._publish_state_machine_version(asked))["stateMachineVersionArn"]
    return arn, {"Arn": arn}


def _without_version(physical_id: str, properties: Properties) -> None:
    _answer(stepfunctions._delete_state_machine_version({"stateMachineVersionArn": physical_id}))


def _alias(logical_id: str, properties: Properties, stack_name: str) -> Made:
    asked = {**_asked(properties), "name": properties.get("Name") or f"{stack_name}-{logical_id}"}
    arn = _answer(stepfunctions._create_state_machine_alias(asked))["stateMachineAliasArn"]
    return arn, {"Arn": arn}


def _moved_alias(physical_id: str, before: Properties, properties: Properties, stack_name: str) -> Made:
    _answer(stepfunctions._update_state_machine_alias({**_asked(properties), "stateMachineAliasArn": physical_id}))
    return physical_id, {"Arn": physical_id}


def _without_alias(physical_id: str, properties: Properties) -> None:
    _answer(stepfunctions._delete_state_machine_alias({"stateMachineAliasArn": physical_id}))


def _asked(properties: Properties) -> dict[str, Any]:
    if preference := properties.get("DeploymentPreference"):
        routes = [{"stateMachineVersionArn": preference["StateMachineVersionArn"], "weight": 100}]
    else:
        routes = [
            {"stateMachineVersionArn": one["StateMachineVersionArn"], "weight": int(one["Weight"])}
            for one in properties.get("RoutingConfiguration", ())
        ]
    return {"routingConfiguration": routes, "description": properties.get("Description", "")}


def _answer(response: tuple[int, Any, bytes]) -> dict[str, Any]:
    status, _, body = response
    answer: dict[str, Any] = json.loads(body)
    if status >= 400:
        raise ValueError(answer.get("message", body))
    return answer
