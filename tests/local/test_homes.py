"""The commands use and delete only a laptop cloud's folder, and delete in it only what the cloud wrote."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local import homes
from local.__main__ import main
from local.cloud import Cloud
from local.errors import LocalError
from local.processes import alone
from local.settings import Settings

SETTINGS_OF_A_CLOUD = '{"port": 4566, "redis_port": 6379, "consumer": false}'
OUTSIDE = "outside"

Tree = dict[str, Any]
"""Names and what they are: a Tree is a folder, text is a file, and None is a link to the folder OUTSIDE."""


def plant(folder: Path, tree: Tree, *, outside: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in tree.items():
        if content is None:
            (folder / name).symlink_to(outside)
        elif isinstance(content, str):
            (folder / name).write_text(content)
        else:
            plant(folder / name, content, outside=outside)


def snapshot(folder: Path) -> dict[str, str | None]:
    """Everything below `folder`, without following links."""
    return {
        str(path.relative_to(folder)): (
            f"-> {os.readlink(path)}" if path.is_symlink() else path.read_text() if path.is_file() else None
        )
        for path in sorted(folder.rglob("*"))
    }


@contextmanager
def a_world() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        plant(Path(place) / OUTSIDE, {"state": {"precious": "1"}, "settings.json": "{}"}, outside=Path(place))
        yield Path(place)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """A command changes how the whole process ends on signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


WRITTEN = [*homes.FILES, *homes.FOLDERS, homes.LOCK]
texts = st.sampled_from(["", "{}", SETTINGS_OF_A_CLOUD, homes.MARK_TEXT[:-1], "notes"])
leaves = st.one_of(texts, st.none())
names = st.sampled_from([*WRITTEN, "notes.txt", ".git", "states", "cache", "engine.log.1", "laptop-cloud"])
trees = st.recursive(
    st.dictionaries(names, leaves, max_size=6), lambda inner: st.dictionaries(names, leaves | inner, max_size=6)
)


@given(tree=trees, command=st.sampled_from([["down", "--forget"], ["down"], ["up"], ["status"], ["logs"], ["queues"]]))
@settings(max_examples=150)
def test_a_folder_of_other_things_is_refused_and_left_as_it_is(tree: Tree, command: list[str]) -> None:
    with a_world() as world:
        plant(world / "home", {"notes.txt": "mine", **tree, homes.MARK: "another text"}, outside=world / OUTSIDE)
        before = snapshot(world)

        assert main(["--home", str(world / "home"), *command]) == 1
        assert snapshot(world) == before


@given(tree=trees)
@settings(max_examples=150)
def test_forgetting_deletes_what_the_cloud_wrote_and_nothing_else(tree: Tree) -> None:
    with a_world() as world:
        plant(world / "home", tree, outside=world / OUTSIDE)
        (world / "home" / homes.MARK).write_text(homes.MARK_TEXT)
        of_the_cloud = {
            name
            for name, content in tree.items()
            if (name in homes.FOLDERS and isinstance(content, dict))
            or (name in (*homes.FILES, homes.LOCK) and isinstance(content, str))
        } | {homes.MARK}
        before = snapshot(world)

        homes.forget(world / "home")

        gone = {f"home/{name}" for name in of_the_cloud}
        kept = {path: what for path, what in before.items() if "/".join(path.split("/")[:2]) not in gone}
        if not {*tree} - of_the_cloud:
            del kept["home"]
        assert snapshot(world) == kept


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is both the working directory and the user's home; tests check that it stays unchanged."""
    plant(tmp_path, {"precious": {"file": "1"}, "a file": "2", OUTSIDE: {"settings.json": "{}"}}, outside=tmp_path)
    plant(tmp_path / "locked", {"lock": "of another program"}, outside=tmp_path)
    (tmp_path / "link").symlink_to("precious")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


FOREIGN = {
    "": "--home is empty",
    "  ": "--home is empty",
    ".": "no laptop cloud",
    "..": "no laptop cloud",
    "precious/..": "no laptop cloud",
    "~": "no laptop cloud",
    "/": "no laptop cloud",
    "precious": "no laptop cloud",
    "link": "no laptop cloud",
    OUTSIDE: "no laptop cloud",
    "locked": "no laptop cloud",
    "a file": "is not a folder",
    "loop": "names no folder",
    "~no-such-user/cloud": "names no folder",
}


@pytest.mark.parametrize("command", [["down", "--forget"], ["down"], ["up"], ["status"], ["logs"]])
@pytest.mark.parametrize("named", FOREIGN)
def test_each_way_to_name_a_folder_of_other_things_is_refused_in_one_sentence(
    named: str, command: list[str], world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(world)

    assert main(["--home", named, *command]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ") and FOREIGN[named] in said.err and said.err.count("\n") == 1
    assert snapshot(world) == before


@pytest.mark.parametrize("named", ["typo", "precious/typo", "dangling", "a file/typo", "~/typo", "empty"])
def test_forgetting_a_cloud_that_there_is_not_is_refused_and_makes_nothing(
    named: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (world / "empty").mkdir()
    before = snapshot(world)

    assert main(["--home", named, "down", "--forget"]) == 1

    said = capsys.readouterr()
    assert "there is no laptop cloud in" in said.err and "--home" in said.err
    assert snapshot(world) == before


@pytest.mark.parametrize("command", [["down"], ["status"], ["logs"]])
def test_looking_for_a_cloud_that_there_is_not_makes_nothing(command: list[str], world: Path) -> None:
    before = snapshot(world)

    main(["--home", "typo", *command])

    assert snapshot(world) == before


def made_by_an_earlier_version(home: Path) -> None:
    plant(home, {"settings.json": SETTINGS_OF_A_CLOUD, "lock": "", "state": {"cache": {}}}, outside=home)


def left_by_a_first_up_that_was_killed(home: Path) -> None:
    plant(home, {"lock": "", homes.MARK: ""}, outside=home)


def left_by_a_forget_that_was_killed(home: Path) -> None:
    plant(home, {"lock": ""}, outside=home)


def marked(home: Path) -> None:
    homes.make(home)
    homes.mark(home)


@pytest.mark.parametrize(
    "before",
    [made_by_an_earlier_version, left_by_a_first_up_that_was_killed, left_by_a_forget_that_was_killed, marked],
)
def test_a_cloud_without_a_whole_mark_is_taken_up_again_and_then_forgotten(
    before: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    before(home)

    homes.make(home)
    with alone(home):
        homes.mark(home)

    assert home.stat().st_mode & 0o777 == 0o700
    assert main(["--home", str(home), "down", "--forget"]) == 0
    assert capsys.readouterr().out == "nothing was running and forgotten\n"
    assert not home.exists()


def test_an_earlier_versions_cloud_is_forgotten_at_once(tmp_path: Path) -> None:
    made_by_an_earlier_version(tmp_path / "home")

    assert main(["--home", str(tmp_path / "home"), "down", "--forget"]) == 0
    assert not (tmp_path / "home").exists()


def test_what_somebody_else_put_into_the_folder_is_named_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marked(tmp_path / "home")
    plant(tmp_path / "home", {"notes.txt": "mine", "state": {}, "tmp": None}, outside=tmp_path)

    assert main(["--home", str(tmp_path / "home"), "down", "--forget"]) == 0

    assert capsys.readouterr().out.endswith(
        f"kept in {tmp_path / 'home'}, because the cloud did not write it: notes.txt, tmp\n"
    )
    assert {*snapshot(tmp_path / "home")} == {"notes.txt", "tmp"}


def test_a_link_to_a_clouds_folder_names_that_cloud(tmp_path: Path) -> None:
    marked(tmp_path / "disk")
    (tmp_path / "link").symlink_to("disk")

    assert main(["--home", str(tmp_path / "link"), "down", "--forget"]) == 0
    assert not (tmp_path / "disk").exists()


def test_a_program_that_uses_the_cloud_without_the_command_line_is_refused_too(tmp_path: Path) -> None:
    plant(tmp_path, {"precious": "1"}, outside=tmp_path)
    cloud = Cloud(Settings(home=tmp_path))

    for act in (lambda: cloud.up(print), lambda: cloud.down(), lambda: cloud.down(forget=True)):
        with pytest.raises(LocalError, match="no laptop cloud"):
            act()
    assert snapshot(tmp_path) == {"precious": "1"}


@pytest.mark.parametrize("steps", range(len(homes.FOLDERS) + len(homes.FILES) + 1))
def test_deleting_that_was_interrupted_is_finished_by_the_next(
    steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    marked(home)
    folders, files = dict.fromkeys(homes.FOLDERS, {"file": "1"}), dict.fromkeys(homes.FILES, "1")
    plant(home, {**folders, **files, homes.LOCK: ""}, outside=tmp_path)
    done: list[Path] = []

    def interrupted(real: Callable[..., None]) -> Callable[..., None]:
        def step(path: Path, *arguments: Any, **options: Any) -> None:
            if len(done) == steps:
                raise KeyboardInterrupt
            done.append(path)
            real(path, *arguments, **options)

        return step

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "rmtree", interrupted(shutil.rmtree))
        patch.setattr(Path, "unlink", interrupted(Path.unlink))
        homes.forget(home)
    homes.forget(home)

    assert len(done) == steps and not home.exists()
