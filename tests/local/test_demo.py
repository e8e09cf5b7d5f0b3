import io
import json
from typing import Any, cast

import pytest
from rich.console import Console

from local.demo import OrderStep, ReminderStep, Step, all_steps, is_about, progress, refusal_of


@pytest.mark.parametrize("body", ["not JSON", "[]", "7", "{}", json.dumps({"OrderId": "other"}), "4" * 5000])
def test_other_messages_in_a_queue_are_not_mistaken_for_the_demos_order(body: str) -> None:
    assert not is_about(body, "A-1")


def test_the_demos_order_is_found_in_a_queue() -> None:
    assert is_about(json.dumps({"OrderId": "A-1"}), "A-1")


class Engine:
    """An engine with one execution, and with the row of its reminder.

    The execution has a status, and a history with the newest event first.
    """

    def __init__(self, status: str, *states: str, row: str = "SENT") -> None:
        self.status, self.states, self.row = status, states, row

    def client(self, service: str) -> "Engine":
        return self

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": {"Status": {"S": self.row}}}

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


def test_each_demo_places_new_orders() -> None:
    """Somebody may have corrected or closed the orders of the last demo."""
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
        (Engine("RUNNING", "Timer", row="SCHEDULED"), ""),
        (Engine("SUCCEEDED", "Timer", "Deliver", row="SCHEDULED"), ""),
        (Engine("SUCCEEDED", "Timer", "Deliver", row="SENDING"), ""),
        (Engine("RUNNING", "Timer", "Deliver"), ""),
        (Engine("SUCCEEDED", "Timer", "Deliver"), "mail to ada@example.com"),
        (Engine("SUCCEEDED"), ""),
    ],
)
def test_a_reminder_ends_when_its_execution_is_over_and_its_row_says_so(
    engine: Engine, ended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row says it a moment after the execution has put the reminder in its queue."""
    [step, *_] = [step for step in steps(engine) if isinstance(step, ReminderStep)]
    step.id = "1"
    monkeypatch.setattr(step, "delivered", lambda: ["mail to ada@example.com"])

    step.follow()

    assert (step.ended, step.state) == (ended, engine.states[-1] if engine.states else "")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            '{"error": {"code": "Conflict", "message": "Another order has this OrderId. Choose a different id."}}',
            "Another order has this OrderId. Choose a different id.",
        ),
        *((text, text) for text in ('{"error": "x"}', "[]", "not JSON", '{"message": null}')),
    ],
)
def test_an_error_of_the_api_is_shown_with_its_own_message(answer: str, message: str) -> None:
    assert refusal_of(answer) == message
