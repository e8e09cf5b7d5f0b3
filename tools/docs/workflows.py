"""The workflows as Mermaid flowcharts, made from their ASL files."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from terminal.errors import CommandError

FOLDER = Path(__file__).parent.parent.parent / "statemachines"

WIDE = '%%{init: {"flowchart": {"wrappingWidth": 300}}}%%'
"""Pixels after which Mermaid breaks a line in a box."""

SUBSTITUTED = re.compile(r"^\$\{(\w+?)(?:Function)?\}$")
DOES = {
    "lambda:invoke": "calls {}",
    "dynamodb:updateItem": "writes {}",
    "dynamodb:getItem": "reads {}",
    "sqs:sendMessage": "sends to {}",
    "states:startExecution": "starts {}",
}
"""The words for a Task state, by its resource. `{}` stands for the function, table or queue in its arguments."""

SHAPES = {"Choice": '{{"{}"}}', "Wait": '{{{{"{}"}}}}', "Fail": '(["{}"])', "Map": '[["{}"]]'}
"""Mermaid's shape for each type of state. A state of any other type is a box, or rounded if it is the last one."""
BOX, LAST = '["{}"]', '(["{}"])'


class Edge(NamedTuple):
    """A way from one state to another."""

    begins: str
    ends: str
    is_failure: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """How a workflow is drawn."""

    file: str

    merged: Mapping[str, tuple[str, str]]
    """States that are drawn as one: the picture's name for them, the first of them in the file and the last."""

    said: Mapping[tuple[str, str], str]
    """The words at an edge. Every edge from a Choice state needs words."""


PICTURES = {
    "order-workflow": Picture(
        file="order_fulfillment.asl.json",
        merged={"Search for a card number": ("Are there enough digits for a card", "Does it hold a card number")},
        said={
            ("Is it an order", "Not an order"): "invalid",
            ("Is it an order", "Search for a card number"): "valid",
            ("Search for a card number", "Not an order"): "found",
            ("Search for a card number", "Update the order table"): "none",
            ("Update the order table", "Look for the claim"): "its condition failed",
            ("Was it claimed", "No claim"): "its claim is gone",
            ("Was it claimed", "Duplicate order"): "the row belongs to<br/>another execution",
            ("Put message in Queue", "Put message in order OrderFulfillment Queue"): "verdict 1",
            ("Put message in Queue", "Put message in order Escalation Queue"): "verdict 0, with reasons",
            ("Put message in Queue", "Park the order"): "any other verdict",
            ("Has it a row", "Record that it is parked"): "yes",
            ("Has it a row", "Parked without a row"): "no",
        },
    ),
    "reminder-workflow": Picture(
        file="reminder.asl.json",
        merged={},
        said={
            ("Is it a reminder", "Timer"): "from the API,<br/>in seconds",
            ("Is it a reminder", "wait_using_timestamp"): "from the API,<br/>at a time",
            ("Is it a reminder", "Check the reminder"): "by hand,<br/>in seconds",
            ("Is it a reminder", "Check the timestamp"): "by hand,<br/>at a time",
            ("Check the reminder", "Invalid reminder"): "invalid",
            ("Check the timestamp", "Invalid reminder"): "invalid",
            ("Check the reminder", "Nothing to send"): "the name is taken",
            ("Check the timestamp", "Nothing to send"): "the name is taken",
        },
    ),
    "reminder-delivery": Picture(
        file="reminder_delivery.asl.json",
        merged={},
        said={
            ("ChoiceState", "EmailandSMS"): "several channels",
            ("ChoiceState", "EmailOnly"): "e-mail",
            ("ChoiceState", "SMSOnly"): "SMS",
            ("ChoiceState", "Publish to the topic"): "topic",
        },
    ),
}


def parts() -> dict[str, str]:
    """Each workflow's flowchart, by its name."""
    return {
        name: diagram(json.loads((FOLDER / picture.file).read_text()), picture) for name, picture in PICTURES.items()
    }


def diagram(machine: Mapping[str, Any], picture: Picture) -> str:
    """A Mermaid flowchart: an arrow for each `Next`, `Default` and choice, and a dotted one for each `Catch`.

    Retries are left out. Raises CommandError if the words at the edges do not fit the workflow.
    """
    states, names = machine["States"], _drawn_as(machine, picture)
    edges = _edges(states, names)
    _check_words(edges, states, picture)
    lines = [WIDE, "flowchart TD", '  start@{ shape: sm-circ, label: "start" }']
    for name in dict.fromkeys(names.values()):
        lines.append(f"  {_id(name)}{_box(name, states, names)}")
    lines.append(f"  start --> {_id(names[machine['StartAt']])}")
    for edge in edges:
        arrow = "-.->" if edge.is_failure else "-->"
        words = picture.said.get((edge.begins, edge.ends))
        lines.append(f"  {_id(edge.begins)} {arrow}{f'|{words}|' if words else ''} {_id(edge.ends)}")
    return "```mermaid\n" + "\n".join(lines) + "\n```"


def _drawn_as(machine: Mapping[str, Any], picture: Picture) -> dict[str, str]:
    """The name in the picture of each state, in the order of the file."""
    names, states = dict[str, str](), list(machine["States"])
    for drawn, ends in picture.merged.items():
        first, last = (states.index(end) for end in ends)
        names |= dict.fromkeys(states[first : last + 1], drawn)
    return {state: names.get(state, state) for state in states}


def _edges(states: Mapping[str, Any], names: Mapping[str, str]) -> list[Edge]:
    """Each edge once. A `Catch` has no edge of its own if its state leads to the same state anyway."""
    regular, failures = dict[Edge, None](), dict[Edge, None]()
    for name, state in states.items():
        ways = [*state.get("Choices", []), *({"Next": state[key]} for key in ("Next", "Default") if key in state)]
        regular |= dict.fromkeys(Edge(names[name], names[way["Next"]]) for way in ways)
        failures |= dict.fromkeys(
            Edge(names[name], names[one["Next"]], is_failure=True) for one in state.get("Catch", [])
        )
    edges = [*regular, *(one for one in failures if one._replace(is_failure=False) not in regular)]
    order = list(names.values())
    return sorted((one for one in edges if one.begins != one.ends), key=lambda one: order.index(one.begins))


def _check_words(edges: list[Edge], states: Mapping[str, Any], picture: Picture) -> None:
    """Raises CommandError for words without an edge, and for an edge that needs words."""
    known = {(edge.begins, edge.ends) for edge in edges}
    for ends in picture.said.keys() - known:
        raise CommandError(f"{picture.file}: no way leads from {ends[0]!r} to {ends[1]!r}: change PICTURES")
    choices = {name for name, state in states.items() if state["Type"] == "Choice"} | picture.merged.keys()
    for edge in edges:
        ends = (edge.begins, edge.ends)
        if edge.begins in choices and ends not in picture.said:
            raise CommandError(f"{picture.file}: say in PICTURES when {ends[0]!r} leads to {ends[1]!r}")


def _box(name: str, states: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if name not in states:
        number = sum(drawn == name for drawn in names.values())
        return SHAPES["Choice"].format(f"<b>{name}</b><br/>{number} states")
    state = states[name]
    is_last = "Next" not in state and "Choices" not in state
    shape = SHAPES.get(state["Type"], LAST if is_last else BOX)
    return shape.format("<br/>".join([f"<b>{name}</b>", *_does(state)]))


def _does(state: Mapping[str, Any]) -> Iterator[str]:
    """The words for a state: the call of a Task, the channels of a Map, the end of the workflow."""
    if state["Type"] == "Task":
        named = [found[1] for value in state["Arguments"].values() if (found := SUBSTITUTED.match(str(value)))]
        resource = state["Resource"].removeprefix("arn:aws:states:::")
        if resource not in DOES:
            raise CommandError(f"tools/docs/workflows.py: say in DOES what {resource!r} does")
        yield DOES[resource].format(*named)
    elif state["Type"] == "Map":
        tasks = [name for name, inner in state["ItemProcessor"]["States"].items() if inner["Type"] == "Task"]
        yield f"all at once: {', '.join(tasks)}"
    elif state["Type"] == "Fail":
        yield f"fails: {state['Error']}"
    outcome = state.get("Output", {}).get("Outcome", "") if isinstance(state.get("Output"), dict) else ""
    if outcome and not outcome.startswith("{%"):
        yield f"outcome {outcome}"


def _id(name: str) -> str:
    """The name of a state as Mermaid takes it: `Is it an order` becomes `is_it_an_order`."""
    return re.sub(r"\W+", "_", name.lower())
