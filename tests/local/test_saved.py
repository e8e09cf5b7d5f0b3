"""After an engine was killed at any moment, `recover` repairs the state on disk."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import saved, written

STACKS = ("local-orders", "CDKToolkit")


FILES = {"engine": "sqs.json", "s3": "000000000000/bucket/key"}
"""A file of the engine in each of its folders."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def holds(state: Path, text: str | None) -> None:
    """Fills the engine's folders with `text` in place of a complete state, or empties them."""
    for part in saved.PARTS:
        written.clear(state / part, folder=state)
        if text is not None:
            writes(state, part, text)


def writes(state: Path, part: str, text: str) -> None:
    file = state / part / FILES[part]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"__ministack_format__": 3, "payload": text}))
    if part == "s3":
        file.with_name(f"{file.name}.meta.json").write_text("{}")


def held(state: Path) -> list[str | None]:
    files = [state / part / FILES[part] for part in saved.PARTS]
    return [json.loads(file.read_text())["payload"] if file.exists() else None for file in files]


def is_saved(state: Path, *stacks: str) -> None:
    """Does the last thing that a stopping engine does."""
    (state / saved.WHOLE).write_text(json.dumps(stacks))


def starts(state: Path) -> bool:
    """Starts an engine; returns whether the one before was killed."""
    killed = saved.recover(state, stacks=STACKS)
    saved.begin(state)
    return killed


def test_a_first_start_has_nothing_to_lose(state: Path) -> None:
    assert starts(state) is False
    assert held(state) == [None, None]


@pytest.mark.parametrize("saves", [[], ["engine"]], ids=["while it ran", "while it saved"])
def test_an_engine_that_was_killed_in_its_first_session_leaves_nothing(state: Path, saves: list[str]) -> None:
    """A bucket that outlives its stack would make the next deployment fail."""
    starts(state)
    for part in ["s3", *saves]:
        writes(state, part, "first")

    assert starts(state) is True
    assert held(state) == [None, None]


def test_a_stopped_engine_continues_with_its_saved_state(state: Path) -> None:
    starts(state)
    holds(state, "first")
    is_saved(state)

    assert starts(state) is False
    assert held(state) == ["first", "first"]


@pytest.mark.parametrize("on_their_way", [None, ["local-orders"], ["CDKToolkit", "other"]])
def test_a_killed_engine_goes_back_to_its_last_saved_state(state: Path, on_their_way: list[str] | None) -> None:
    """The same after a stop during a deployment, because no engine can continue it."""
    starts(state)
    holds(state, "first")
    is_saved(state)
    starts(state)
    holds(state, "second")
    if on_their_way is not None:
        is_saved(state, *on_their_way)

    assert starts(state) is True
    assert held(state) == ["first", "first"]
    # It works a second time: the first recovery did not use up the copy.
    holds(state, "third")
    assert starts(state) is True
    assert held(state) == ["first", "first"]


def test_an_unfinished_deployment_of_another_stack_loses_no_data_of_the_apps(state: Path) -> None:
    starts(state)
    holds(state, "first")
    is_saved(state, "a stack of somebody else")

    assert starts(state) is False
    assert held(state) == ["first", "first"]


@pytest.mark.parametrize(("before", "after"), [("first", ["first", "first"]), (None, [None, None])])
def test_the_state_of_an_earlier_version_is_used_if_it_was_ever_saved(
    state: Path, before: str | None, after: list[str | None]
) -> None:
    """Otherwise the state holds only buckets."""
    holds(state, before)
    (state / "s3").mkdir(exist_ok=True)

    assert starts(state) is (before is None)
    assert held(state) == after


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize("steps", range(9))
def test_the_next_recovery_finishes_a_killed_one(
    state: Path, monkeypatch: pytest.MonkeyPatch, steps: int, earlier: bool, whole: bool
) -> None:
    holds(state, "first")
    if not earlier:
        is_saved(state)
        starts(state)
        holds(state, "second")
        if whole:
            is_saved(state)
    expected = ["first", "first"] if earlier or not whole else ["second", "second"]
    left = iter(range(steps))

    def killed(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return real(*arguments, **options)

        return step

    with monkeypatch.context() as patch:
        for owner, name in ((written, "clear"), (shutil, "copy2"), (Path, "rename"), (Path, "unlink")):
            patch.setattr(owner, name, killed(getattr(owner, name)))
        with contextlib.suppress(KeyboardInterrupt):
            saved.recover(state, stacks=STACKS)
    saved.recover(state, stacks=STACKS)

    assert held(state) == expected


@pytest.mark.parametrize("is_killed", [True, False])
def test_other_files_in_the_state_are_kept_and_not_copied(state: Path, is_killed: bool) -> None:
    mine = [state / name for name in ("engine/notes.json", "s3/notes", "saved/notes", "saved/s3/notes", "notes")]
    starts(state)
    holds(state, "first")
    is_saved(state)
    starts(state)
    for file in mine:
        file.write_text("mine")
    holds(state, "second")
    if not is_killed:
        is_saved(state)

    for _ in range(2):
        assert starts(state) is is_killed
        assert held(state) == (["first", "first"] if is_killed else ["second", "second"])
        if not is_killed:
            is_saved(state)

    found = sorted(str(file.relative_to(state)) for file in state.rglob("notes*"))
    where = "saved" if is_killed else "saved-1"
    buckets = "s3-1" if is_killed else "s3"
    assert found == sorted(["engine/notes.json", f"{buckets}/notes", f"{where}/notes", f"{where}/s3/notes", "notes"])


@pytest.mark.parametrize("left", [f"{'a' * 64}.json", f"{'a' * 64}.zip.tmp", "index.html", "index.html.tmp"])
def test_an_engine_that_was_killed_while_it_wrote_an_object_leaves_no_bucket(left: str, state: Path) -> None:
    starts(state)
    bucket = state / "s3" / "000000000000" / "cdk-hnb659fds-assets-000000000000-us-east-1"
    bucket.mkdir(parents=True)
    (bucket / left).write_text("half an object")

    assert starts(state)

    assert not (state / "s3" / "000000000000").exists()


def test_a_start_that_fails_before_the_engine_runs_does_not_count_as_a_kill(state: Path) -> None:
    holds(state, "first")
    is_saved(state)

    assert [saved.recover(state, stacks=STACKS) for _ in range(2)] == [False, False]
    assert held(state) == ["first", "first"]
