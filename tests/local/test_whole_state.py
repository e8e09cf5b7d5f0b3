"""The engine marks its saved state only if the state is complete. The tests run the engine's own code."""

import importlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import saved

SaveAll = Callable[[Any], None]


@pytest.fixture
def save_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SaveAll:
    whole_state = importlib.import_module("local.engine_patches.whole_state")
    persistence = importlib.import_module("ministack.core.persistence")
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path / "engine"))
    monkeypatch.setattr(persistence, "PERSIST_STATE", True)
    marked: SaveAll = whole_state.marked(persistence.save_all)
    return marked


class Busy:
    """A service whose state changes while it is copied, a given number of times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def get_state(self) -> dict[str, int]:
        if self.left:
            self.left -= 1
            raise RuntimeError("dictionary changed size during iteration")
        return {"kept": 1}


def test_a_service_that_changes_while_it_is_saved_is_saved_again(save_all: SaveAll, tmp_path: Path) -> None:
    save_all({"sqs": Busy(0).get_state, "dynamodb": Busy(2).get_state})

    assert json.loads((tmp_path / "engine" / "dynamodb.json").read_text())["payload"] == {"kept": 1}
    assert json.loads((tmp_path / saved.WHOLE).read_text()) == []


class Moving:
    """An execution that moves things from a service to another one, all the time."""

    def __init__(self) -> None:
        self.here, self.there, self.stops = 1_000_000, 0, False

    def run(self) -> None:
        while not self.stops:
            self.here -= 1
            self.there += 1
            # Like a call of AWS, it lets other threads run.
            time.sleep(0)

    def state_of_here(self) -> dict[str, int]:
        """Takes as long as a large state, or until something has moved meanwhile."""
        saved, until = self.here, time.monotonic() + 0.3
        while self.there < 1_000_000 - saved + 2 and time.monotonic() < until:
            pass
        return {"things": saved}

    def state_of_there(self) -> dict[str, int]:
        return {"things": self.there}


def test_all_services_are_saved_as_they_are_at_the_same_moment(save_all: SaveAll, tmp_path: Path) -> None:
    """An execution goes on while the engine stops. Its order must not be in a row without being in its queue."""
    moving = Moving()
    thread = threading.Thread(target=moving.run)
    thread.start()

    save_all({"sqs": moving.state_of_here, "dynamodb": moving.state_of_there})
    moving.stops = True
    thread.join()

    things = [
        json.loads((tmp_path / "engine" / f"{name}.json").read_text())["payload"]["things"]
        for name in ("sqs", "dynamodb")
    ]
    assert 999_999 <= sum(things) <= 1_000_000
    assert things[1] > 0, "nothing moved before the stop"


@pytest.mark.parametrize("state", [Busy(100).get_state, lambda: {"not": {"to", "be", "saved"}}])
def test_a_state_that_lacks_a_service_is_not_marked(save_all: SaveAll, tmp_path: Path, state: Any) -> None:
    save_all({"sqs": Busy(0).get_state, "dynamodb": state})

    assert (tmp_path / "engine" / "sqs.json").exists()
    assert not (tmp_path / saved.WHOLE).exists()


def test_the_mark_names_the_stacks_in_progress(
    save_all: SaveAll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudformation = importlib.import_module("ministack.services.cloudformation")
    statuses = ["CREATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "REVIEW_IN_PROGRESS", "UPDATE_COMPLETE"]
    for name in statuses:
        cloudformation._stacks[name] = {"StackName": name, "StackStatus": name}

    save_all({})
    for name in statuses:
        del cloudformation._stacks[name]

    assert sorted(json.loads((tmp_path / saved.WHOLE).read_text())) == statuses[:2]
