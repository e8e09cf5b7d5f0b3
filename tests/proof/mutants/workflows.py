"""Mutants of the three state machines, judged by the tests of the state machines."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.proof.mutants.documents import DYNAMODB, JSONATA, Mutant, leaves, numbered, of_expression, of_scalar, removed
from tests.proof.mutants.judge import Loop, adaptive, pytest_run

ROOT = Path(__file__).parents[3]
TESTS = ("tests/statemachines",)
NEVER_REMOVED = {
    *("Type", "Resource", "States", "StartAt", "Next", "End", "Default", "Choices", "Condition", "QueryLanguage"),
    *("Arguments", "TableName", "Key", "FunctionName", "QueueUrl", "Seconds", "Timestamp", "ErrorEquals", "Mode"),
    *("StateMachineArn", "ItemProcessor", "ProcessorConfig", "UpdateExpression", "MessageBody", "Items"),
}
"""AWS refuses a state machine without one of these, so the mutant would never run."""
WORDS = {"Comment", "Type", "QueryLanguage", "Mode", "Cause", "End"}
"""Fields without a mutant: words for people, and what has only one value that AWS accepts."""


def files() -> list[str]:
    return sorted(path.name for path in (ROOT / "statemachines").glob("*.asl.json"))


def mutants() -> list[Mutant]:
    return [replace(one, group=_state(one)) for file in files() for one in numbered(_of_file(file))]


def _state(mutant: Mutant) -> str:
    """The innermost state that a mutant changes. A test that has noticed one of its mutants often notices another."""
    names = [str(name) for before, name in pairwise(mutant.path) if before == "States"]
    return names[-1] if names else ""


def _of_file(file: str) -> Iterator[Mutant]:
    machine = json.loads((ROOT / "statemachines" / file).read_text())
    names = [path[-1] for path, _ in leaves(machine) if len(path) > 1 and path[-2] == "States"]
    for path, value in leaves(machine):
        last = path[-1]
        state = len(path) > 1 and path[-2] == "States"
        if last in WORDS or any(one in ("Comment",) for one in path):
            continue
        if isinstance(last, int) or not (last in NEVER_REMOVED or state):
            yield Mutant(file, path, "removed", removed)
        if last in ("Next", "Default", "StartAt"):
            other = names[(names.index(value) + 1) % len(names)]
            yield Mutant(file, path, f"leads to {other}", lambda _, other=other: other)  # type: ignore[misc]
        elif isinstance(value, str) and value.startswith("{%"):
            yield from of_expression(file, path, value, JSONATA)
            if "Expression" in str(last):
                yield from of_expression(file, path, value, DYNAMODB)
        elif last in ("ConditionExpression", "UpdateExpression"):
            yield from of_expression(file, path, value, DYNAMODB)
        else:
            yield from of_scalar(file, path, value)


def judge(chosen: Sequence[Mutant], record: Any) -> None:
    """Calls `record(mutant, verdict)` for each mutant."""
    from tests.support.workflows import asl

    loaded: list[tuple[str, Any]] = []
    load = asl.load

    def noted(file_name: str, **options: Any) -> Any:
        loaded.append((file_name, load(file_name, **options)))
        return loaded[-1][1]

    asl.load = noted

    def work(loop: Loop) -> None:
        seconds: dict[str, float] = {}
        failed = loop.run(loop.items, each=lambda item, took: seconds.update({item.nodeid: took}))
        if failed:
            raise RuntimeError(f"a test fails without any mutant: {failed}")
        if threading.active_count() > 1:
            raise RuntimeError("a test leaves a thread")
        for mutant, verdict in adaptive(loop, chosen, seconds, apply):
            record(mutant, verdict)

    def apply(mutant: Mutant) -> None:
        for file, machine in loaded:
            if file == mutant.document:
                mutant.apply(machine)
        plain = asl.load

        def changed(file_name: str, **options: Any) -> Any:
            machine = plain(file_name, **options)
            if file_name == mutant.document:
                mutant.apply(machine)
            return machine

        # Only tests that load a machine while they run reach this one by the module's name.
        asl.load = changed
        for module in _test_modules():
            if getattr(module, "load", None) is noted:
                module.load = changed

    if status := pytest_run(TESTS, Loop(work)):
        raise RuntimeError(f"pytest ended with status {status}")


def _test_modules() -> list[Any]:
    import sys

    return [module for name, module in sys.modules.items() if name.startswith("tests.")]
