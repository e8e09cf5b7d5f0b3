"""Random sequences of steps on the shared cloud. `make proof PART=sequences` runs longer ones, with stops and kills."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.proof import sequences
from tests.proof.sequences.machine import explore, machine_on
from tests.proof.sequences.world import World
from tests.support import waiting
from tests.support.cloud.apps import Apps

SEED = os.environ.get("PROOF_SEED") or f"{datetime.now(UTC):%Y-%m-%d}"


@pytest.fixture
def world(apps: Apps) -> Iterator[World]:
    world = World(apps)
    yield world
    world.leave()


def test_no_sequence_of_steps_loses_or_repeats_anything(apps: Apps) -> None:
    machine = machine_on(lambda: World(apps), sequences.calls_that_fail(apps), has_own_cloud=False)

    program = explore(machine, SEED, sequences=2, steps=8)

    print(f"seed {SEED}: {dict(machine.steps)}")
    assert not program, program
    assert machine.settled, "no order and no reminder was in a sequence"


def test_a_sequence_notices_an_order_that_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = world.new_order()
    world.at_once(order, world.place(order, 0))
    world.check()
    table = world.cloud.engine.client("dynamodb")
    table.delete_item(TableName=world.places.order_table, Key={"OrderId": {"S": order}})
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 1)

    with pytest.raises(AssertionError, match=f"{order}: has no row"):
        world.check()
