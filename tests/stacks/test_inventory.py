"""Compares expected.py with every stage. The failure shows the lines to add there, and the lines to remove."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.support.templates import expected
from tests.support.templates.deployment import Deployment
from tests.support.templates.expected import SEND_TRACES, WRITE_LOGS, Function

FILE = "tests/support/templates/expected.py"

GROUPS = {name: value for name, value in vars(expected).items() if name.isupper() and isinstance(value, frozenset)}
"""Sets of actions, by name."""


def test_every_function_is_in_the_inventory(deployments):
    if wrong := compared(deployments, found=functions_in, listed=expected.functions_of):
        pytest.fail(wrong, pytrace=False)


def test_every_other_role_is_in_the_inventory(deployments):
    if wrong := compared(deployments, found=other_roles_in, listed=expected.other_roles_of):
        pytest.fail(wrong, pytrace=False)


def functions_in(deployment: Deployment) -> dict[str, Function]:
    callers, granted = callers_in(deployment), granted_in(deployment)
    return {
        path: Function(
            function["MemorySize"],
            function["Timeout"],
            called_by=callers.get(path, set()),
            may={
                on: left
                for on, actions in granted[f"{path}Role"].items()
                if on != f"{path}LogGroup.Arn" and (left := actions - (SEND_TRACES if on == "*" else set()))
            },
        )
        for path, function in deployment.properties("AWS::Lambda::Function").items()
    }


def other_roles_in(deployment: Deployment) -> dict[str, Mapping[str, set[str]]]:
    of_functions = {f"{path}Role" for path in deployment.resources("AWS::Lambda::Function")}
    return {role: actions for role, actions in granted_in(deployment).items() if role not in of_functions}


def callers_in(deployment: Deployment) -> dict[str, set[str]]:
    """The callers of each function from outside: `GET /orders/*`, or the resource that calls it."""
    called: dict[str, set[str]] = {}
    for path, permission in deployment.properties("AWS::Lambda::Permission").items():
        stack = path.partition("/")[0]
        function, source = (deployment.named(stack, permission[key]) for key in ("FunctionName", "SourceArn"))
        verb, _, route = source.partition("DeploymentStage.v1/")[2].partition("/")
        caller = f"{verb} /{route}" if verb else source.removesuffix(".Arn")
        called.setdefault(function.removesuffix(".Arn"), set()).add(caller)
    return called


def granted_in(deployment: Deployment) -> dict[str, dict[str, set[str]]]:
    """The actions that each role may do, by resource."""
    granted: dict[str, dict[str, set[str]]] = {role: {} for role in deployment.resources("AWS::IAM::Role")}
    for role, statement in deployment.statements():
        resources = [*statement.get("Resource", []), *(f"not {one}" for one in statement.get("NotResource", []))]
        for resource in resources:
            granted[role].setdefault(_short(resource, deployment.stage.name), set()).update(statement["Action"])
    return granted


def _short(resource: str, stage: str) -> str:
    """The resource without parts that are always the same, and without parts that depend on the stage or the page."""
    resource = re.sub(
        r"arn:\$\{AWS::Partition\}:(\w+):(?:\$\{AWS::Region\})?:(?:\$\{AWS::AccountId\})?:", r"\1:", resource
    )
    resource = re.sub(r"\{'Fn::Sub': '([^']*)'\}/[0-9a-f]{64}", r"\1/HASH", resource)
    # The names of the users of the cache begin with the stage.
    return resource.replace(f":{stage}-", ":STAGE-")


def compared(
    deployments: Mapping[str, Deployment], *, found: Callable[[Deployment], Any], listed: Callable[[Any], Any]
) -> str:
    """The lines that expected.py lacks, and the lines that it should not have, each with its stages."""
    missing: dict[str, list[str]] = {}
    unknown: dict[str, list[str]] = {}
    for name, deployment in deployments.items():
        there, here = found(deployment), listed(deployment.stage)
        for path in sorted(there.keys() | here.keys()):
            if there.get(path) != here.get(path):
                if path in there:
                    missing.setdefault(line(path, there[path]), []).append(name)
                if path in here:
                    unknown.setdefault(line(path, here[path]), []).append(name)
    return "\n".join(
        [
            *_section(f"add to {FILE}, then run make format:", missing, of=len(deployments)),
            *_section(f"take out of {FILE}:", unknown, of=len(deployments)),
        ]
    )


def _section(title: str, lines: Mapping[str, list[str]], *, of: int) -> Iterator[str]:
    if lines:
        yield f"\n{title}"
    for one, stages in lines.items():
        where = "every stage" if len(stages) == of else ", ".join(stages)
        yield f"    {one}  # in {where}"


def line(path: str, value: Function | Mapping[str, set[str]]) -> str:
    """The line for expected.py: `"Orders/GetOrder": Function(512, 20, ...),`."""
    if not isinstance(value, Function):
        return f'"{path}": {_grants(value)},'
    called_by = f", called_by={_set(value.called_by)}" if value.called_by else ""
    may = f", may={_grants(value.may)}" if value.may else ""
    return f'"{path}": Function({value.memory}, {value.timeout}{called_by}{may}),'


def _grants(granted: Mapping[str, set[str]]) -> str:
    return "{" + ", ".join(f'"{on}": {_set(actions)}' for on, actions in sorted(granted.items())) + "}"


def _set(values: set[str]) -> str:
    for name, group in GROUPS.items():
        if group == values:
            return name
    return "{" + ", ".join(f'"{one}"' for one in sorted(values)) + "}"


def test_the_lines_of_a_failure_can_be_pasted(deployments):
    """As Python code, each line is the missing entry."""
    some = deployments["dev with everything"]
    entries = {**functions_in(some), **other_roles_in(some)}
    pasted = "{" + "\n".join(line(path, value) for path, value in entries.items()) + "}"

    assert eval(pasted, vars(expected)) == entries


def test_a_difference_is_reported_once_with_its_stages(deployments):
    cached = ", ".join(name for name, one in deployments.items() if one.stage.cache)

    lines = compared(
        deployments,
        found=lambda deployment: {"Orders/New": Function(512, 20, may={"Orders/OrderTable.Arn": {"dynamodb:GetItem"}})},
        listed=lambda stage: {"Orders/Old": Function(128, 5)} if stage.cache else {},
    ).splitlines()

    assert lines == [
        "",
        f"add to {FILE}, then run make format:",
        '    "Orders/New": Function(512, 20, may={"Orders/OrderTable.Arn": {"dynamodb:GetItem"}}),  # in every stage',
        "",
        f"take out of {FILE}:",
        f'    "Orders/Old": Function(128, 5),  # in {cached}',
    ]


def test_every_function_has_the_actions_that_write_its_log(deployments):
    for deployment in deployments.values():
        granted = granted_in(deployment)
        for path in deployment.resources("AWS::Lambda::Function"):
            assert granted[f"{path}Role"][f"{path}LogGroup.Arn"] == WRITE_LOGS, path
