"""Reads a state machine from its `.asl.json` file, and evaluates its expressions."""

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import jsonata

STATE_MACHINES = Path(__file__).parents[3] / "statemachines"

State: TypeAlias = Mapping[str, Any]


ORDER_DAYS = "30"
"""The substitution of `${DaysOrdersAreKept}`. Expressions compute with it."""


def load(file_name: str, *, days_kept: str = ORDER_DAYS) -> dict[str, Any]:
    """A state machine. The other placeholders stay as they are in the file."""
    text = (STATE_MACHINES / file_name).read_text()
    machine: dict[str, Any] = json.loads(text.replace("${DaysOrdersAreKept}", days_kept))
    return machine


def states(machine: Mapping[str, Any]) -> Iterator[tuple[str, State]]:
    """Every state with its name, including the states of branches and Map states."""
    for name, state in machine["States"].items():
        yield name, state
        for inner in within(state):
            yield from states(inner)


def within(state: State) -> list[Mapping[str, Any]]:
    """The state machines inside a state: the branches of a Parallel state, or the processor of a Map state."""
    processor = [state["ItemProcessor"]] if "ItemProcessor" in state else []
    return [*state.get("Branches", []), *processor]


def next_states(state: State) -> list[str]:
    """The names of the states that can follow a state, including after a caught error."""
    choices = [choice["Next"] for choice in state.get("Choices", [])]
    catches = [catch["Next"] for catch in state.get("Catch", [])]
    return [*choices, *catches, *(state[key] for key in ("Next", "Default") if key in state)]


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, including field names."""
    match value:
        case str():
            yield value
        case dict():
            for name, inner in value.items():
                yield name
                yield from texts(inner)
        case list():
            for inner in value:
                yield from texts(inner)


def longest_stay(state: State) -> float:
    """The longest that a state can take, in seconds: each attempt until its timeout, and each delay at its longest.

    Every retrier counts its own attempts, so a state can use up all of them. Full jitter only shortens a delay.
    """
    attempts, delays = 1, 0.0
    for retry in state.get("Retry", []):
        attempts += retry.get("MaxAttempts", 3)
        delays += sum(
            min(retry.get("IntervalSeconds", 1) * retry.get("BackoffRate", 2) ** n, retry["MaxDelaySeconds"])
            for n in range(retry.get("MaxAttempts", 3))
        )
    # Branches and Map items run in parallel.
    inner = [longest_path(one) for one in within(state)]
    longest: float = max([state.get("TimeoutSeconds", 0), *inner])
    return attempts * longest + delays


def longest_path(machine: Mapping[str, Any]) -> float:
    """The longest that an execution can take, in seconds, without its Wait states."""

    def from_(name: str) -> float:
        state = machine["States"][name]
        return longest_stay(state) + max((from_(after) for after in next_states(state)), default=0)

    return from_(machine["StartAt"])


_parsed = functools.cache(jsonata.Jsonata)


def evaluated(text: str, state_input: Any = None, *, uuid: str = "", **known: Any) -> Any:
    """The value of a `{% JSONata %}` expression.

    `known` holds the other parts of `$states` (`result`, `errorOutput`, `context`) and the workflow's variables.
    """
    expression = _parsed(text.removeprefix("{%").removesuffix("%}"))
    # Step Functions adds this function to JSONata.
    expression.register_lambda("uuid", lambda: uuid)
    frame = expression.create_frame()
    of_the_state = {name: known.pop(name, None) for name in ("result", "errorOutput", "context")}
    for name, value in {"states": {"input": state_input, **of_the_state}, **known}.items():
        frame.bind(name, value)
    return expression.evaluate(None, frame)


def evaluated_all(value: Any, state_input: Any = None, **known: Any) -> Any:
    """`value` with every `{% JSONata %}` expression in it evaluated."""
    match value:
        case dict():
            return {name: evaluated_all(one, state_input, **known) for name, one in value.items()}
        case str() if value.startswith("{%"):
            return evaluated(value, state_input, **known)
    return value


def chosen(choices: list[State], state_input: Any = None, **known: Any) -> str | None:
    """The target of the first choice whose condition is true, or None."""
    for choice in choices:
        if evaluated(choice["Condition"], state_input, **known):
            to: str = choice["Next"]
            return to
    return None


def assigned(assign: Mapping[str, Any], state_input: Any, **known: Any) -> dict[str, Any]:
    """The variables that an `Assign` sets. As on AWS, its expressions do not see each other's new values.

    Raises AssertionError if an expression has no value, because AWS then fails the state.
    """

    def of(value: Any) -> Any:
        match value:
            case dict():
                return {name: of(one) for name, one in value.items()}
            case list():
                return [of(one) for one in value]
            case str() if value.startswith("{%"):
                found = evaluated(value, state_input, **known)
                assert found is not None or "null" in value, f"the expression has no value: {value}"
                return found
        return value

    return {name: of(value) for name, value in assign.items()}


def walked(machine: Mapping[str, Any], state_input: Any) -> tuple[str, dict[str, Any]]:
    """Follows an execution to its first state that is not a Choice or a Pass. Returns that state and the variables."""
    name, variables = machine["StartAt"], dict[str, Any]()
    while (state := machine["States"][name])["Type"] in ("Choice", "Pass"):
        rules = (one for one in state.get("Choices", []) if evaluated(one["Condition"], state_input, **variables))
        way = next(rules, state)
        variables |= assigned(way.get("Assign", {}), state_input, **variables)
        state_input = way.get("Output", state_input)
        name = way["Next"] if "Next" in way else way["Default"]
    return name, variables
