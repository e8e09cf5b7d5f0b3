"""The commands use only the folder of a laptop cloud, and delete only files that the cloud wrote."""

import contextlib
import itertools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local import homes, users
from local.__main__ import main
from local.cloud import Cloud
from local.errors import LocalError
from local.processes import Daemon, alone
from local.settings import Settings
from tests.support.cloud import used_home

SETTINGS_OF_A_CLOUD = '{"port": 4566, "redis_port": 6379, "consumer": false}'
OUTSIDE = "outside"

Tree = dict[str, Any]
"""The content of a folder, by name. A Tree is a folder, text is a file, and None is a link to the folder OUTSIDE."""


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
            f"-> {os.readlink(path)}" if path.is_symlink() else path.read_text("latin-1") if path.is_file() else None
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
    """Restores the handlers of signals, which a command sets for the whole process."""
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
@settings(max_examples=60)
def test_a_folder_with_other_files_is_rejected_and_stays_unchanged(tree: Tree, command: list[str]) -> None:
    with a_world() as world:
        plant(world / "home", {"notes.txt": "mine", **tree, homes.MARK: "another text"}, outside=world / OUTSIDE)
        before = snapshot(world)

        assert main(["--home", str(world / "home"), *command]) == 1
        assert snapshot(world) == before


@given(tree=trees)
@settings(max_examples=60)
def test_forgetting_deletes_only_what_the_cloud_wrote(tree: Tree) -> None:
    with a_world() as world:
        home = world / "home"
        homes.make(home)
        homes.mark(home)
        plant(home, tree, outside=world / OUTSIDE)
        of_the_cloud = {name for name in (*homes.FILES, homes.LOCK) if isinstance(tree.get(name), str)} | {homes.MARK}
        synthesised = tree.get("cdk.out")
        if isinstance(synthesised, dict) and isinstance(synthesised.get("cdk.out"), str):
            of_the_cloud.add("cdk.out/cdk.out")
        before = snapshot(world)

        homes.forget(home)

        after = snapshot(world)
        gone = before.keys() - after.keys()
        assert after.items() <= before.items()
        assert {path for path in gone if before[path] is not None} == {f"home/{name}" for name in of_the_cloud}


def folders_of(home: Path) -> list[Path]:
    return [home, *(path for path in home.rglob("*") if path.is_dir() and not path.is_symlink())]


def all_in(home: Path) -> set[Path]:
    return {path for path in home.rglob("*") if path.is_symlink() or not path.is_dir()}


def test_forgetting_deletes_every_file_that_the_cloud_wrote(tmp_path: Path) -> None:
    used_home.make(tmp_path / "home")

    homes.forget(tmp_path / "home")

    assert snapshot(tmp_path) == {}


OF_SOMEBODY = ["notes.txt", "notes.json", ".env", "state.pem", "tmp.zip", "index.html", "Mine.template.json", "six.pyc"]


def test_other_files_stay_anywhere_in_the_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    used_home.make(home)
    mine = {folder / name for folder in folders_of(home) for name in OF_SOMEBODY}
    # Nobody knows whose files these are, because the cloud never deployed this copy.
    mine = {file for file in mine if used_home.TWO not in str(file)}
    for file in mine:
        file.write_text("mine")
    links = {folder / "link" for folder in folders_of(home)}
    for link in links:
        link.symlink_to(tmp_path)
    pipe = home / "state" / "pipe"
    os.mkfifo(pipe)

    homes.forget(home)

    assert all_in(home) == mine | links | {pipe}
    assert {home / path for path in homes.left_in(home)} == all_in(home)


def test_other_empty_folders_stay(tmp_path: Path) -> None:
    home = tmp_path / "home"
    used_home.make(home)
    mine = [home / "mine", home / "state" / "mine", home / "tmp" / "mine" / "too", home / "cdk.out" / "mine"]
    for folder in mine:
        folder.mkdir(parents=True)

    homes.forget(home)

    assert homes.left_in(home) == sorted(str(folder.relative_to(home)) for folder in mine)


def test_a_copied_mark_is_not_valid_in_another_folder(tmp_path: Path) -> None:
    used_home.make(tmp_path / "home")
    plant(tmp_path / "mine", {"settings.json": "{}", "lock": "", "tmp": {"tmpab12_xyz": "1"}}, outside=tmp_path)
    shutil.copy2(tmp_path / "home" / homes.MARK, tmp_path / "mine")
    before = snapshot(tmp_path)

    assert main(["--home", str(tmp_path / "mine"), "down", "--forget"]) == 1
    assert snapshot(tmp_path) == before


def test_a_copied_cloud_is_a_stopped_cloud(tmp_path: Path) -> None:
    """Forgetting the copy does not stop the processes of the original."""
    original, copy = tmp_path / "original", tmp_path / "copy"
    used_home.make(original)
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    daemon = Daemon("it", pid_file=original / "engine.pid", log=original / "engine.log")
    daemon.start(command, env={}, ready=lambda: bool((original / "engine.log").read_text()))
    for pid_file in ("cache.pid", "deploy.pid"):  # `used_home` made these empty.
        (original / pid_file).unlink()
    shutil.copytree(original, copy, symlinks=True)

    assert main(["--home", str(copy), "down", "--forget"]) == 0

    assert not copy.exists()
    assert daemon.stop() is True


def open_to_others(home: Path) -> list[Path]:
    return [path for path in (home, *home.rglob("*")) if not path.is_symlink() and path.stat().st_mode & 0o077]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_can_read_what_a_cloud_writes(umask: int, tmp_path: Path) -> None:
    """This must hold from the beginning, because nothing changes the rights afterwards."""
    home = tmp_path / "home"
    written_by_a_child = home / "state" / "engine" / "file"
    daemon = Daemon("it", pid_file=home / "engine.pid", log=home / "engine.log")
    command = ["/bin/sh", "-c", 'mkdir -p "${0%/*}"; echo > "$0"; sleep 60', str(written_by_a_child)]
    usual = os.umask(umask)
    try:
        with homes.private():
            homes.make(home)
            with alone(home):
                homes.mark(home)
            users.of(home)
            Settings(home=home).remember("port")
            daemon.start(command, env={"PATH": os.environ["PATH"]}, ready=written_by_a_child.exists)
    finally:
        os.umask(usual)
    daemon.stop()

    assert {path.name for path in home.iterdir()} > {
        homes.MARK,
        homes.LOCK,
        "users.json",
        "settings.json",
        "engine.log",
    }
    assert open_to_others(home) == []


def test_up_hides_files_from_others_that_an_older_version_left_readable(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    used_home.make(home)
    other.write_text("of somebody")
    other.chmod(0o644)
    (home / "state" / "link").symlink_to(other)
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)

    homes.mark(home)

    assert open_to_others(home) == []
    assert other.stat().st_mode & 0o777 == 0o644


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
    "loop": "is not a valid path",
    "~no-such-user/cloud": "is not a valid path",
}


@pytest.mark.parametrize("command", [["down", "--forget"], ["down"], ["up"], ["status"], ["logs"]])
@pytest.mark.parametrize("named", FOREIGN)
def test_each_way_to_name_a_foreign_folder_is_rejected_in_one_sentence(
    named: str, command: list[str], world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(world)

    assert main(["--home", named, *command]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ") and FOREIGN[named] in said.err and said.err.count("\n") == 1
    assert snapshot(world) == before


@pytest.mark.parametrize("named", ["typo", "precious/typo", "dangling", "a file/typo", "~/typo", "empty"])
def test_forgetting_a_missing_cloud_is_rejected_and_makes_nothing(
    named: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (world / "empty").mkdir()
    before = snapshot(world)

    assert main(["--home", named, "down", "--forget"]) == 1

    said = capsys.readouterr()
    assert "there is no laptop cloud in" in said.err and "--home" in said.err
    assert snapshot(world) == before


@pytest.mark.parametrize("named", ["a:b", "a:b/c"])
def test_up_rejects_a_folder_whose_name_contains_the_separator_of_folders(
    named: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The functions' PYTHONPATH is a list of folders."""
    before = snapshot(world)

    assert main(["--home", named, "up"]) == 1

    assert f"{world / named} contains ':'" in capsys.readouterr().err
    assert snapshot(world) == before


@pytest.mark.parametrize("name", [*homes.FILES, homes.LOCK, "settings.json.new"])
def test_up_does_not_write_through_a_link(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked(tmp_path / "home")
    (tmp_path / "precious").write_text("{}")
    (tmp_path / "home" / name).symlink_to(tmp_path / "precious")
    before = snapshot(tmp_path)

    assert main(["--home", str(tmp_path / "home"), "up"]) == 1

    assert f"{tmp_path / 'home' / name} is a link" in capsys.readouterr().err
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("command", [["down"], ["status"], ["logs"]])
def test_looking_for_a_missing_cloud_makes_nothing(command: list[str], world: Path) -> None:
    before = snapshot(world)

    main(["--home", "typo", *command])

    assert snapshot(world) == before


@pytest.mark.parametrize(
    "command", [["logs"], ["logs", "PlaceOrder"], ["outbox"], ["queues"], ["executions"], ["page"]]
)
def test_a_missing_cloud_has_nothing_to_show(
    command: list[str], world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--home", "typo", *command])

    said = capsys.readouterr()
    assert (status, said.out) == (1, "")
    assert said.err == "error: the laptop cloud is not running: start it with `laptop --home typo up`\n"


def made_by_an_earlier_version(home: Path) -> None:
    plant(home, {"settings.json": SETTINGS_OF_A_CLOUD, "lock": "", "state": {"cache": {}}}, outside=home)


def left_by_a_first_up_that_was_killed(home: Path) -> None:
    plant(home, {"lock": "", homes.MARK: ""}, outside=home)


def left_by_a_forget_that_was_killed(home: Path) -> None:
    plant(home, {"lock": ""}, outside=home)


def left_by_a_first_up_of_an_earlier_version_that_failed(home: Path) -> None:
    plant(home, {"lock": "", homes.MARK: homes.MARK_TEXT}, outside=home)


def marked(home: Path) -> None:
    homes.make(home)
    homes.mark(home)


@pytest.mark.parametrize(
    "before",
    [
        made_by_an_earlier_version,
        left_by_a_first_up_that_was_killed,
        left_by_a_first_up_of_an_earlier_version_that_failed,
        left_by_a_forget_that_was_killed,
        marked,
    ],
)
def test_a_cloud_without_a_complete_mark_can_be_started_and_forgotten(
    before: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    before(home)

    homes.make(home)
    with alone(home):
        homes.mark(home)

    assert home.stat().st_mode & 0o777 == 0o700
    assert main(["--home", str(home), "down", "--forget"]) == 0
    assert capsys.readouterr().out == "nothing was running; deleted the cloud's files\n"
    assert not home.exists()


def test_a_cloud_of_an_earlier_version_can_be_forgotten_at_once(tmp_path: Path) -> None:
    made_by_an_earlier_version(tmp_path / "home")

    assert main(["--home", str(tmp_path / "home"), "down", "--forget"]) == 0
    assert not (tmp_path / "home").exists()


def test_other_files_in_the_folder_are_named_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked(tmp_path / "home")
    plant(tmp_path / "home", {"notes.txt": "mine", "state": {}, "tmp": None}, outside=tmp_path)

    assert main(["--home", str(tmp_path / "home"), "down", "--forget"]) == 0

    assert capsys.readouterr().out.endswith(
        f"kept files in {tmp_path / 'home'} that the cloud did not write: notes.txt, tmp\n"
    )
    assert {*snapshot(tmp_path / "home")} == {"notes.txt", "tmp"}


def test_a_link_to_a_clouds_folder_names_that_cloud(tmp_path: Path) -> None:
    marked(tmp_path / "disk")
    (tmp_path / "link").symlink_to("disk")

    assert main(["--home", str(tmp_path / "link"), "down", "--forget"]) == 0
    assert not (tmp_path / "disk").exists()


def test_a_program_that_bypasses_the_command_line_is_rejected_too(tmp_path: Path) -> None:
    plant(tmp_path, {"precious": "1"}, outside=tmp_path)
    cloud = Cloud(Settings(home=tmp_path))

    acts: list[Callable[[], object]] = [lambda: cloud.up(print), cloud.down, lambda: cloud.down(forget=True)]
    for act in acts:
        with pytest.raises(LocalError, match="no laptop cloud"):
            act()
    assert snapshot(tmp_path) == {"precious": "1"}


def test_the_next_deletion_finishes_an_interrupted_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, unlink = tmp_path / "home", Path.unlink
    left: Iterator[int]

    def interrupted(path: Path) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        unlink(path)

    for steps in itertools.count(step=3):
        used_home.make(home)
        left = iter(range(steps))
        with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
            patch.setattr(Path, "unlink", interrupted)
            homes.forget(home)
        if not home.exists():
            break
        if homes.is_cloud(home):
            homes.forget(home)

            assert not home.exists(), (steps, homes.left_in(home))
        else:
            assert homes.left_in(home) == [homes.LOCK]
    assert steps >= len(used_home.FILES)
