"""The models of the random sequences accept what the apps promise, and nothing else."""

from dataclasses import replace
from typing import Any, cast

import pytest

from tests.proof.sequences import order_model, reminder_model
from tests.proof.sequences.machine import explore, machine_on
from tests.proof.sequences.order_model import ABSENT, CLAIMED, CLOSED, ESCALATED, FULFILLED, HELD, PARKED, RECEIVED, At
from tests.proof.sequences.reminder_model import CANCELLED, DUE, LOST, SENT, WAITING, Kind, On, Reminder
from tests.proof.sequences.world import World
from tests.support.cloud.troubles import Call

GOOD, OTHER, BAD = 0, 1, 2
PLACED, CORRECTED = order_model.place(GOOD, held=False), order_model.correct(GOOD, held=False)


def states(*found: At) -> frozenset[At]:
    return frozenset(found)


@pytest.mark.parametrize(
    ("before", "request_", "status", "then"),
    [
        (At(ABSENT, 0), PLACED, 202, At(RECEIVED, GOOD)),
        (At(ABSENT, 0), order_model.place(BAD, held=True), 202, At(HELD, BAD)),
        (At(CLAIMED, GOOD), PLACED, 200, At(RECEIVED, GOOD)),
        (At(CLOSED, BAD), PLACED, 409, At(CLOSED, BAD)),
        (At(ABSENT, 0), CORRECTED, 404, At(ABSENT, 0)),
        (At(ESCALATED, BAD), CORRECTED, 202, At(RECEIVED, GOOD)),
        (At(PARKED, GOOD), CORRECTED, 202, At(RECEIVED, GOOD)),
        (At(FULFILLED, GOOD), CORRECTED, 200, At(FULFILLED, GOOD)),
        (At(FULFILLED, OTHER), CORRECTED, 409, At(FULFILLED, OTHER)),
        (At(ESCALATED, BAD), order_model.close, 200, At(CLOSED, BAD)),
        (At(FULFILLED, GOOD), order_model.close, 409, At(FULFILLED, GOOD)),
    ],
)
def test_a_request_has_one_answer(before: At, request_: order_model.Request, status: int, then: At) -> None:
    assert order_model.after(states(before), [(request_, status)]) == states(then)
    assert not any(
        order_model.after(states(before), [(request_, other)]) for other in {200, 202, 404, 409, 503} - {status}
    )


def test_an_order_in_progress_may_have_ended_before_the_next_request() -> None:
    in_progress = states(At(RECEIVED, BAD))

    assert order_model.after(in_progress, [(order_model.close, 409)]) == in_progress
    assert order_model.after(in_progress, [(order_model.close, 200)]) == states(At(CLOSED, BAD))


def test_of_two_new_orders_with_one_id_only_one_is_accepted() -> None:
    other = order_model.place(OTHER, held=False)
    new = order_model.UNKNOWN

    assert order_model.after(new, [(PLACED, 202), (other, 409)]) == states(At(RECEIVED, GOOD), At(FULFILLED, GOOD))
    assert not order_model.after(new, [(PLACED, 202), (other, 202)])
    assert not order_model.after(new, [(PLACED, 409), (other, 409)])


def test_a_failed_request_may_have_been_done() -> None:
    failed = order_model.after(order_model.UNKNOWN, [(order_model.failing(PLACED, {503}), 503)])

    assert failed == states(At(ABSENT, 0), At(CLAIMED, GOOD), At(RECEIVED, GOOD))
    assert order_model.at_rest(failed) == states(At(ABSENT, 0), At(PARKED, GOOD), At(FULFILLED, GOOD))
    assert not order_model.after(order_model.UNKNOWN, [(order_model.failing(PLACED, {503}), 500)])


def test_a_stop_parks_a_held_order_and_never_loses_it() -> None:
    assert order_model.stopped(states(At(HELD, GOOD))) == states(At(PARKED, GOOD))
    assert order_model.stopped(states(At(RECEIVED, GOOD))) == states(At(PARKED, GOOD), At(FULFILLED, GOOD))
    assert order_model.stopped(states(At(ESCALATED, BAD))) == states(At(ESCALATED, BAD))


TWICE = Kind("email", later=True, times=2)


def test_a_repeated_reminder_waits_for_its_next_occurrence_and_then_ends() -> None:
    first = Reminder(TWICE, frozenset({On(DUE)}))
    second = replace(first, states=reminder_model.moved_on(reminder_model.at_rest(first, skipping=False)))

    assert reminder_model.at_rest(first, skipping=False) == {On(WAITING, 2)}
    assert reminder_model.at_rest(first, skipping=True) == {On(SENT, 2)}
    assert reminder_model.at_rest(second, skipping=False) == {On(SENT, 2)}


def test_a_reminder_without_its_execution_is_sent_all_the_same() -> None:
    states = reminder_model.without_execution({On(WAITING)})

    assert states == {On(LOST)}
    assert reminder_model.at_rest(Reminder(Kind("email", later=True), states), skipping=False) == {On(SENT)}


def test_a_wrong_answer_about_a_reminder_leaves_no_state() -> None:
    waiting = Reminder(TWICE, frozenset({On(WAITING)}))

    assert reminder_model.after(waiting, reminder_model.cancel, 200).states == {On(CANCELLED)}
    assert not reminder_model.after(waiting, reminder_model.cancel, 409).states
    assert not reminder_model.after(waiting.inexact(), reminder_model.cancel, 500).states


class Nowhere:
    """A world in which every step does nothing. With `fails`, an order that is closed fails the sequence."""

    fault, can_settle, fails = None, True, False

    def __init__(self) -> None:
        self._number = 0

    def new_order(self) -> str:
        self._number += 1
        return f"order {self._number}"

    def new_reminder(self, kind: Kind) -> str:
        return self.new_order()

    def statuses(self) -> list[str]:
        return []

    def close(self, order: str) -> None:
        assert not self.fails, f"{order} was closed"

    def __getattr__(self, name: str) -> Any:
        return lambda *given, **more: None


class Failing(Nowhere):
    fails = True


def steps_of(seed: str, world: type[Nowhere], capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """The steps that a seed chooses, and the program that fails."""
    new_world = cast(type[World], world)
    machine = machine_on(new_world, [Call("PlaceOrder", "dynamodb:PutItem")], has_own_cloud=True)
    program = explore(machine, seed, sequences=3, steps=10)
    return capsys.readouterr().out, program


def test_a_seed_repeats_its_steps_and_another_seed_has_others(capsys: pytest.CaptureFixture[str]) -> None:
    first, again, other = (steps_of(seed, Nowhere, capsys)[0] for seed in ("a", "a", "b"))

    assert first == again != other
    assert first.count("\n") > 20


def test_a_failure_is_shortened_to_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    _, program = steps_of("a", Failing, capsys)

    assert "AssertionError: order 1 was closed" in program
    assert "state.close(order=orders_0)" in program
    assert program.count("state.") <= 6, program
