import io
import json
from typing import Any, cast

import pytest
from rich.console import Console

from local.demo import OrderStep, ReminderStep, Step, all_steps, is_about, progress, refusal_of


@pytest.mark.parametrize("body", ["not JSON", "[]", "7", "{}", json.dumps({"OrderId": "other"}), "4" * 5000])
def test_what_others_put_into_a_queue_is_not_taken_for_the_demos_order(body: str) -> None:
    assert not is_about(body, "A-1")


def test_the_demos_order_is_found_in_a_queue() -> None:
    assert is_about(json.dumps({"OrderId": "A-1"}), "A-1")


class Engine:
    """The engine, as far as a step asks it: an execution with a status and its history, newest first."""

    def __init__(self, status: str, *states: str) -> None:
        self.status, self.states = status, states

    def execution(self, workflow: str, name: str) -> str | None:
        return name if self.states else None

    def executions(self) -> "Engine":
        return self

    def describe_execution(self, **_: str) -> dict[str, str]:
        return {"status": self.status}

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        return {"events": [{"stateEnteredEventDetails": {"name": name}} for name in reversed(self.states)]}


class Somewhere:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> str | None:
        return None if name == "shipment_table" else name


def steps(engine: Engine | None = None) -> list[Step]:
    return all_steps(cast(Any, Somewhere(engine=engine)), cast(Any, Somewhere()))


def test_each_demo_has_orders_of_its_own() -> None:
    """Somebody may have corrected or closed those of the last one."""
    ids = [step.order["OrderId"] for _ in range(2) for step in steps() if isinstance(step, OrderStep)]

    assert len(ids) == len(set(ids)) == 8


def test_the_demo_cuts_no_word_in_a_terminal_of_80_columns() -> None:
    said = ["CARD_NOT_16_DIGITS", "PRICE_NOT_POSITIVE"]
    shown = steps()
    for step in shown:
        step.answer, step.state, step.ended, step.why = (
            "202 SCHEDULED",
            "Record the outcome",
            step.expected,
            ", ".join(said),
        )
    out = io.StringIO()

    Console(file=out, width=80).print(progress(shown, 80))

    words = {word for step in shown for word in f"{step.what} {step.expected}".split()}
    assert all(word in out.getvalue() for word in [*words, *said])
    assert max(map(len, out.getvalue().splitlines())) <= 80


@pytest.mark.parametrize(
    ("engine", "ended"),
    [
        (Engine("RUNNING", "EmailOnly"), ""),
        (Engine("SUCCEEDED", "EmailOnly", "Sent"), "mail to ada@example.com"),
        (Engine("SUCCEEDED"), ""),
    ],
)
def test_a_reminder_ends_when_its_execution_is_over(
    engine: Engine, ended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail is sent before that, and the state that is shown would not be the last one."""
    [step, *_] = [step for step in steps(engine) if isinstance(step, ReminderStep)]
    step.id = "1"
    monkeypatch.setattr(step, "delivered", lambda: ["mail to ada@example.com"])

    step.follow()

    assert (step.ended, step.state) == (ended, engine.states[-1] if engine.states else "")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            '{"error": {"code": "Conflict", "message": "Another order has this OrderId."}}',
            "Another order has this OrderId.",
        ),
        *((text, text) for text in ('{"error": "x"}', "[]", "not JSON", '{"message": null}')),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_api(answer: str, message: str) -> None:
    assert refusal_of(answer) == message
