"""Checks a state machine's definition against AWS's rules, without running it.

It finds definitions that AWS rejects, and expressions that always fail there. The engine accepts most of them.
tests/facts/definitions.json has an example of each rule, with AWS's answer and its source. Only JSONata and inline Map
states are covered.
"""

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any

import jsonata
from jsonata.jexception import JException

from tests.support.workflows.asl import texts, within

UNSUPPORTED, INVALID = "UNSUPPORTED_JSONATA_EXPRESSION", "INVALID_JSONATA_EXPRESSION"
SCHEMA, TARGET, NO_END = "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET", "MISSING_END_STATE"
AT_RUN_TIME = "States.QueryEvaluationError"

ONWARD, TASK = {"Next", "End"}, {"Arguments", "Output", "Assign", "Retry", "Catch", "Next", "End"}
FIELDS = {
    "Task": TASK | {"Resource", "Credentials", "TimeoutSeconds", "HeartbeatSeconds"},
    "Parallel": TASK | {"Branches"},
    "Map": TASK - {"Arguments"} | {"Items", "ItemSelector", "ItemProcessor", "MaxConcurrency"},
    "Pass": ONWARD | {"Output", "Assign"},
    "Wait": ONWARD | {"Output", "Assign", "Seconds", "Timestamp"},
    "Choice": {"Choices", "Default", "Output", "Assign"},
    "Succeed": {"Output"},
    "Fail": {"Error", "Cause"},
}
"""The fields that each type of state may have with JSONata, in addition to Type, Comment and QueryLanguage."""

CALLS = {
    *(f"dynamodb:{one}Item" for one in ("get", "put", "update", "delete")),
    *("lambda:invoke", "sns:publish", "sqs:sendMessage", "states:startExecution"),
}
"""The direct integrations of the services that we use. Standard and Express workflows both have them."""

OF_STEP_FUNCTIONS = {"partition", "range", "hash", "random", "uuid", "parse"}
MOST_LEVELS = 100
BUILT_IN = jsonata.Jsonata("1").environment
SAME_CONTEXT = (
    *("lhs", "rhs", "condition", "then", "_else", "procedure", "arguments", "body", "expressions"),
    *("expr", "expression", "lhs_object", "rhs_object"),
)
CONTEXT_OF_ITS_OWN = ("predicate", "stages", "group", "terms", "pattern", "update", "delete")
"""The parts of a node in jsonata-python's tree: those in which `$` keeps its meaning, and those in which it changes."""

NAME = r"[A-Za-z_][A-Za-z0-9_]{0,79}"
RFC_3339 = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"


def refusals(machine: Mapping[str, Any], at: str = "", outer: Set[str] = frozenset()) -> Iterator[str]:
    """Yields `CODE: what at /States/Name/…` for each fault. `outer` has the variables that are set around a branch."""
    states = machine["States"]
    known: dict[str, Set[str]] = {machine["StartAt"]: outer}
    ahead = [machine["StartAt"]]
    while ahead:
        name = ahead.pop()
        for where, to, assigned in exits(states[name]) if name in states else ():
            if to not in states:
                yield f"{TARGET}: no state {to} at {at}/States/{name}/{where}"
                continue
            set_there = known[name] | assigned
            if to not in known or not known[to] <= set_there:
                known[to] = known.get(to, set_there) & set_there
                ahead.append(to)
    if not any("End" in state or state["Type"] in ("Succeed", "Fail") for state in states.values()):
        yield f"{NO_END}: no state ends the workflow at {at}/"
    for name, state in states.items():
        place = f"{at}/States/{name}"
        if name not in known:
            yield f"{TARGET}: not reachable at {place}"
        yield from shape(state, place, outer)
        here = known.get(name, outer)
        for where, value, offered in expressions(state):
            for text in texts(value):
                yield from (f"{fault} at {place}/{where}" for fault in faults(text, offered, here))
        for number, inner in enumerate(within(state)):
            part = "ItemProcessor" if state["Type"] == "Map" else f"Branches[{number}]"
            yield from refusals(inner, f"{place}/{part}", here)


def exits(state: Mapping[str, Any]) -> Iterator[tuple[str, str, Set[str]]]:
    """The exits of a state: for each its field, its target, and the variables that it sets."""
    for kind in ("Choices", "Catch"):
        for number, one in enumerate(state.get(kind, [])):
            yield f"{kind}[{number}]/Next", one["Next"], one.get("Assign", {}).keys()
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field], state.get("Assign", {}).keys()


def shape(state: Mapping[str, Any], place: str, outer: Set[str]) -> Iterator[str]:
    """The faults in the fields and names of a state."""
    for field in state.keys() - FIELDS[state["Type"]] - {"Type", "Comment", "QueryLanguage"}:
        yield f"{SCHEMA}: Field '{field}' is not supported at {place}"
    if state.get("QueryLanguage", "JSONata") != "JSONata":
        yield f"{SCHEMA}: another QueryLanguage at {place}"
    if state["Type"] == "Task" and state["Resource"].removeprefix("arn:aws:states:::") not in CALLS:
        yield f"{SCHEMA}: {state['Resource']} is not recognized at {place}/Resource"
    if FIELDS[state["Type"]] >= ONWARD and len(state.keys() & ONWARD) != 1:
        yield f"{SCHEMA}: not one of Next and End at {place}"
    if state["Type"] == "Wait" and len(state.keys() & {"Seconds", "Timestamp"}) != 1:
        yield f"{SCHEMA}: not one of Seconds and Timestamp at {place}"
    if "{%" not in (literal := state.get("Timestamp", "{%")) and not re.fullmatch(RFC_3339, literal):
        yield f"{SCHEMA}: not an RFC 3339 timestamp at {place}/Timestamp"
    for one in [state, *state.get("Choices", []), *state.get("Catch", [])]:
        for variable in one.get("Assign", {}):
            if variable == "states" or not re.fullmatch(NAME, variable) or variable in outer:
                yield f"{SCHEMA}: the variable {variable} cannot be set at {place}"
    for kind in ("Retry", "Catch"):
        for one in state.get(kind, []):
            alone = one["ErrorEquals"] == ["States.ALL"] and one is state[kind][-1]
            if "States.ALL" in one["ErrorEquals"] and not alone:
                yield f"{SCHEMA}: States.ALL not alone and last at {place}/{kind}"


def expressions(state: Mapping[str, Any]) -> Iterator[tuple[str, Any, Set[str]]]:
    """The fields that Step Functions evaluates, each with the parts of `$states` that it may use."""
    usual = {"input", "context"}
    result = usual | {"result"} if state["Type"] in ("Task", "Parallel", "Map") else usual
    offered = {"Output": result, "Assign": result}
    for field in state.keys() - {"Comment", "Choices", "Catch", "Retry", "Branches", "ItemProcessor"}:
        yield field, state[field], offered.get(field, usual)
    for kind, there in (("Choices", usual), ("Catch", usual | {"errorOutput"})):
        for number, one in enumerate(state.get(kind, [])):
            for field in one.keys() & {"Condition", "Output", "Assign"}:
                yield f"{kind}[{number}]/{field}", one[field], there


def faults(text: str, offered: Set[str], variables: Set[str]) -> Iterator[str]:
    """The faults of a text that is an expression, or contains `{%` or `%}`."""
    if "{%" not in text and "%}" not in text:
        return
    if not (text.startswith("{%") and text.endswith("%}")):
        yield f"{SCHEMA}: an expression is the whole text or none of it"
        return
    try:
        tree = jsonata.Jsonata(text[2:-2]).ast
    except JException as error:
        yield f"{INVALID}: {error}"
        return
    yield from _in_tree(tree, False, offered, set(variables))
    if (levels := _levels(tree)) > MOST_LEVELS:
        yield f"{AT_RUN_TIME}: {levels} levels"


def _in_tree(node: Any, context: bool, offered: Set[str], variables: set[str]) -> Iterator[str]:
    """The faults in a node. `context`: whether `$` and bare names have a value, as in a predicate or a later step."""
    match node.type:
        case "name" | "wildcard" | "descendant" | "parent" if not context:
            yield f"{UNSUPPORTED}: '{node.value}' at the top level"
        case "variable" if node.value == "$":
            yield f"{INVALID}: $$"
        case "variable" if node.value == "" and not context:
            yield f"{AT_RUN_TIME}: $ at the top level"
        case "variable" if node.value == "eval":
            yield f"{AT_RUN_TIME}: $eval"
        case "variable" if node.value not in {"", "states"} | variables | OF_STEP_FUNCTIONS:
            if BUILT_IN.lookup(node.value) is None:
                yield f"{AT_RUN_TIME}: ${node.value} may not be set"
        case "path":
            first, *rest = node.steps
            if first.type == "variable" and first.value == "states" and rest and rest[0].value not in offered:
                yield f"{INVALID}: $states.{rest[0].value} is not offered"
        case "bind":
            variables.add(node.lhs.value)
        case "lambda":
            variables = variables | {one.value for one in node.arguments or []}
        case "block":
            variables = set(variables)
    for child, deeper in _children(node):
        yield from _in_tree(child, context or deeper, offered, variables)


def _children(node: Any) -> Iterator[tuple[Any, bool]]:
    """The parts of a node, each with whether it has its own context."""
    for field in SAME_CONTEXT:
        yield from ((part, False) for part in _parts(getattr(node, field, None)))
    for number, step in enumerate(_parts(getattr(node, "steps", None))):
        yield step, number > 0
    for field in CONTEXT_OF_ITS_OWN:
        yield from ((part, True) for part in _parts(getattr(node, field, None)))


def _parts(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [part for one in value for part in _parts(one)]
    return [value] if hasattr(value, "type") else []


def _levels(node: Any) -> int:
    return 1 + max((_levels(child) for child, _ in _children(node)), default=0)
