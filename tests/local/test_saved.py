"""After an engine was killed at any moment, `recover` repairs the state on disk."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import saved

STACKS = ("local-orders", "CDKToolkit")


def holds(state: Path, text: str | None) -> None:
    """Fills the engine's folders with `text` in place of a complete state, or empties them."""
    for part in saved.PARTS:
        shutil.rmtree(state / part, ignore_errors=True)
        if text is not None:
            (state / part).mkdir(parents=True)
            (state / part / "file").write_text(text)


def held(state: Path) -> list[str | None]:
    files = [state / part / "file" for part in saved.PARTS]
    return [file.read_text() if file.exists() else None for file in files]


def is_saved(state: Path, *stacks: str) -> None:
    """Does the last thing that a stopping engine does."""
    (state / saved.WHOLE).write_text(json.dumps(stacks))


def starts(state: Path) -> bool:
    """Starts an engine; returns whether the one before was killed."""
    killed = saved.recover(state, stacks=STACKS)
    saved.begin(state)
    return killed


def test_a_first_start_has_nothing_to_lose(tmp_path: Path) -> None:
    assert starts(tmp_path / "state") is False
    assert held(tmp_path / "state") == [None, None]


@pytest.mark.parametrize("saves", [[], ["engine"]], ids=["while it ran", "while it saved"])
def test_an_engine_that_was_killed_in_its_first_session_leaves_nothing(tmp_path: Path, saves: list[str]) -> None:
    """A bucket that outlives the stack that made it stands in the way of the next one."""
    starts(tmp_path)
    for part in ["s3", *saves]:
        (tmp_path / part).mkdir()
        (tmp_path / part / "file").write_text("first")

    assert starts(tmp_path) is True
    assert held(tmp_path) == [None, None]


def test_an_engine_that_has_stopped_goes_on_with_what_it_saved(tmp_path: Path) -> None:
    starts(tmp_path)
    holds(tmp_path, "first")
    is_saved(tmp_path)

    assert starts(tmp_path) is False
    assert held(tmp_path) == ["first", "first"]


@pytest.mark.parametrize("on_their_way", [None, ["local-orders"], ["CDKToolkit", "other"]])
def test_an_engine_that_was_killed_goes_back_to_what_it_saved_before(
    tmp_path: Path, on_their_way: list[str] | None
) -> None:
    """The same after a stop during a deployment, because no engine can continue it."""
    starts(tmp_path)
    holds(tmp_path, "first")
    is_saved(tmp_path)
    starts(tmp_path)
    holds(tmp_path, "second")
    if on_their_way is not None:
        is_saved(tmp_path, *on_their_way)

    assert starts(tmp_path) is True
    assert held(tmp_path) == ["first", "first"]
    # It works a second time: the first recovery did not use up the copy.
    holds(tmp_path, "third")
    assert starts(tmp_path) is True
    assert held(tmp_path) == ["first", "first"]


def test_another_stack_that_is_on_its_way_does_not_undo_what_the_apps_hold(tmp_path: Path) -> None:
    starts(tmp_path)
    holds(tmp_path, "first")
    is_saved(tmp_path, "a stack of somebody else")

    assert starts(tmp_path) is False
    assert held(tmp_path) == ["first", "first"]


@pytest.mark.parametrize(("before", "after"), [("first", ["first", "first"]), (None, [None, None])])
def test_the_state_of_an_earlier_version_is_taken_over_if_it_was_ever_saved(
    tmp_path: Path, before: str | None, after: list[str | None]
) -> None:
    """Otherwise the state holds only buckets."""
    holds(tmp_path, before)
    (tmp_path / "s3").mkdir(exist_ok=True)

    assert starts(tmp_path) is (before is None)
    assert held(tmp_path) == after


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize("steps", range(9))
def test_a_recovery_that_is_killed_itself_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, earlier: bool, whole: bool
) -> None:
    holds(tmp_path, "first")
    if not earlier:
        is_saved(tmp_path)
        starts(tmp_path)
        holds(tmp_path, "second")
        if whole:
            is_saved(tmp_path)
    expected = ["first", "first"] if earlier or not whole else ["second", "second"]
    left = iter(range(steps))

    def killed(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return real(*arguments, **options)

        return step

    with monkeypatch.context() as patch:
        for owner, name in ((shutil, "rmtree"), (shutil, "copytree"), (Path, "rename"), (Path, "unlink")):
            patch.setattr(owner, name, killed(getattr(owner, name)))
        with contextlib.suppress(KeyboardInterrupt):
            saved.recover(tmp_path, stacks=STACKS)
    saved.recover(tmp_path, stacks=STACKS)

    assert held(tmp_path) == expected


def test_a_start_that_fails_before_the_engine_begins_is_no_kill(tmp_path: Path) -> None:
    holds(tmp_path, "first")
    is_saved(tmp_path)

    assert [saved.recover(tmp_path, stacks=STACKS) for _ in range(2)] == [False, False]
    assert held(tmp_path) == ["first", "first"]
