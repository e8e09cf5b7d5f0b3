"""Sequences of steps that hypothesis chooses, on a laptop cloud that is stopped and killed in between.

See decision D248.
"""

from contextlib import ExitStack

from tests.proof.cloud import proof_cloud
from tests.proof.section import Figure, Section
from tests.proof.sequences.faults import STACKS, proxied
from tests.proof.sequences.held import Held
from tests.proof.sequences.machine import explore, machine_on
from tests.proof.sequences.world import World
from tests.support.cloud.apps import Apps
from tests.support.cloud.between import between, calls_granted, hidden_for
from tests.support.cloud.troubles import Call

TITLE = "Random sequences with kills"
CLAIM = (
    "Callers, operators, clocks, faults, stops and kills come in any order. Each answer and each row is one that the"
    " steps before allow. No order and no reminder is lost, and none is handled twice."
)
SAMPLE = "tests/e2e/test_sequences.py"

SEQUENCES, STEPS = 16, 30
HIDDEN_SECONDS = 6
"""For how long a queue hides the message of a reminder whose function was killed."""
USED = {
    *("PlaceOrder", "CorrectOrder", "CloseOrder", "GetOrder", "RemoveParked", "RedriveDeadLetters", "ParkLostOrders"),
    *("CreateReminder", "UpdateReminder", "CancelReminder", "SendReminder", "SettleLostReminders"),
}
"""The functions that the sequences use."""


def run(seed: str) -> Section:
    with proof_cloud() as apps, ExitStack() as stack:
        stack.enter_context(hidden_for(apps.cloud, HIDDEN_SECONDS, *apps.places.reminder_queues.values()))
        calls = stack.enter_context(proxied(stack.enter_context(between(apps.cloud, *STACKS.values()))))
        held = Held(apps)
        machine = machine_on(lambda: World(apps, proxied=calls, held=held), calls_that_fail(apps), has_own_cloud=True)
        program = explore(machine, seed, sequences=SEQUENCES, steps=STEPS)
    steps = {name: number for name, number in sorted(machine.steps.items()) if name != "sequence"}
    lines = ["| step | times |", "| --- | ---: |", *(f"| {name} | {number:,} |" for name, number in steps.items())]
    ends = ["| at the end | number |", "| --- | ---: |"]
    ends += [f"| {name} | {number:,} |" for name, number in sorted(machine.settled.items())]
    figures = [Figure("steps", sum(steps.values())), Figure("sequences", machine.steps["sequence"])]
    return Section(figures, "\n".join([*lines, "", *ends]), program.splitlines())


def calls_that_fail(apps: Apps) -> list[Call]:
    """The calls that the roles of the used functions allow, in a fixed order."""
    granted = {one for stack in STACKS for one in calls_granted(apps.cloud, stack)}
    return sorted(one for one in granted if one.function in USED)
