"""The programs that make starts. It neither executes nor changes the values that a user typed.

The real Makefile runs in a temporary folder. The programs there only record how they were started.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.settings import PROJECT
from tools.doctor.__main__ import SETTINGS

SAID = {"sender": "cats@our-cats.org", "identity": "existing", "cache": "off", "consumer": "on"}

TYPED = (
    "STAGE",
    "ARGS",
    "MESSAGE",
    "WHEN",
    "PYTHON",
    "ORDERS",
    "LOOKUPS",
    "REMINDERS",
    "PLOT",
    "ALLOW",
    "GRADUAL",
    "PART",
    "SEED",
    *map(str.upper, SETTINGS),
)
"""The variables that users set."""

STUB = """\
#!/bin/sh
case "$*" in "-c import sys"*) exit 0 ;; esac
for text in "${0##*/}" "$@" "" "$MESSAGE" "$WHEN" "$ARGS" "$STAGE"; do printf '%s\\0' "$text"; done >> started
printf '\\1' >> started
"""

HOSTILE = """\
costs $5 each|$(shell touch run)|$(touch run)|`touch run`|${HOME}|$|$$|$@|$(MAKE)|; touch run|& touch run|> run
'; touch run; '|"; touch run; "|it's|say "hi"|a # b|100%|%s|back\\slash|a\\|\\n|--help|-x|a=b:c|*|~|a,b|(|)|!!
two  blanks |include x|endif|Zoë 🐈""".replace("\n", "|").split("|")
HOSTILE += ["| touch run", "a\ntouch run", "\ttouch run", "  # a", "\\\n$(shell touch run)"]

TOGETHER = [*(" ".join(HOSTILE[at::6]) for at in range(6)), "a\\", "--help"]
"""All of HOSTILE in a few texts, because each make takes a while. The variables of remindme get each text by itself."""


class Checkout:
    """A folder with the Makefile. Its name has characters that are special to shells and make."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "my project's $HOME; €"
        programs = self.folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        shutil.copy(PROJECT / "Makefile", self.folder)
        checks = self.folder / "tools" / "checks"
        (checks / "node_modules" / ".bin").mkdir(parents=True)
        for file in (
            "stacks/layer.py",
            "lambdas/requirements.txt",
            "requirements-dev.txt",
            "package.json",
            "package-lock.json",
        ):
            (self.folder / file).parent.mkdir(exist_ok=True)
            (self.folder / file).touch()
        for file in ("package.json", "package-lock.json"):
            (checks / file).touch()
        for program in (
            *(programs / name for name in ("python", "cdk", "ruff", "mypy", "cfn-lint")),
            *(checks / "node_modules" / ".bin" / name for name in ("prettier", "eslint", "tsc")),
        ):
            program.write_text(STUB)
            program.chmod(0o755)
        installed = (".venv", "node_modules", "tools/checks/node_modules")
        made = (*(f"{folder}/installed" for folder in installed), ".venv/with-tests", "build/layer/with-time-zones.zip")
        for at, file in enumerate(made):
            (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / file).touch()
            os.utime(self.folder / file, (2**31 + at, 2**31 + at))

    def make(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Runs make without the settings of the developer or the make that runs the tests."""
        own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        command = ["make", "--no-print-directory", *arguments]
        return subprocess.run(command, cwd=self.folder, env=own | settings, capture_output=True, text=True)

    def started(self, *arguments: str, **settings: str) -> list[list[str]]:
        """The programs that `make ARGUMENTS` starts, apart from programs that prepare the checkout."""
        record = self.folder / "started"
        record.unlink(missing_ok=True)
        run = self.make(*arguments, **settings)
        assert run.returncode == 0, run.stderr
        assert not (self.folder / "run").exists()
        calls = [call.split("\0")[:-1] for call in record.read_text().split("\1")[:-1]]
        return [call for call in calls if "tools.install" not in call]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    yield Checkout(tmp_path)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        *((target, set()) for target in ("local", "setup", "deploy", "remindme", "openapi")),
        *(
            (target, {"tests", "checks"})
            for target in ("test", "test-unit", "test-website", "check", "format", "benchmark")
        ),
    ],
)
def test_only_their_own_targets_install_the_packages_of_checks_and_tests(
    checkout: Checkout, target: str, expected: set[str]
) -> None:
    for file in (".venv/with-tests", "tools/checks/node_modules/installed"):
        (checkout.folder / file).unlink()

    run = checkout.make("--dry-run", target)

    assert run.returncode == 0, run.stderr
    assert {name for name in ("tests", "checks") if f"tools.install {name}" in run.stdout} == expected


def command_lines(calls: list[list[str]]) -> list[list[str]]:
    return [call[: call.index("")] for call in calls]


def given(settings: dict[str, str]) -> list[str]:
    return [f"{name.upper()}={value}" for name, value in settings.items()]


def test_every_setting_of_a_deployment_has_a_variable() -> None:
    assert SAID.keys() == set(SETTINGS)


def test_the_variables_of_remindme_arrive_unchanged(checkout: Checkout) -> None:
    for text in HOSTILE:
        values = [f"{text}{number}" for number in range(4)]
        typed = dict(zip(("MESSAGE", "WHEN", "ARGS", "STAGE"), values, strict=True))
        # make itself drops blanks before a value on its command line.
        on_the_command_line = [value.lstrip() for value in values]

        [call] = checkout.started("remindme", f"TYPO={text}", *(f"{name}={value}" for name, value in typed.items()))
        [from_the_environment] = checkout.started("remindme", **typed)

        assert call == ["python", "-m", "tools.remindme.from_make", "", *on_the_command_line]
        assert from_the_environment[4:] == values


def test_the_settings_of_a_deployment_arrive_unchanged(checkout: Checkout) -> None:
    for text in TOGETHER:
        typed = {"STAGE": text, **{name.upper(): f"{number}{text}" for number, name in enumerate(SAID)}}
        settings = {name.lower(): value.lstrip() for name, value in typed.items()}
        options = [f"--{name}={value}" for name, value in settings.items()]
        context = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

        allowed = f"9{text}"

        calls = checkout.started("deploy", *(f"{name}={value}" for name, value in typed.items()), f"ALLOW={allowed}")

        asked, synthesised, judged, _ = command_lines(calls)

        assert asked == ["python", "-m", "tools.doctor", *options, "--deploying", f"--allow={allowed}"]
        assert synthesised == ["cdk", "synth", "--quiet", "--strict", *context]
        assert judged == ["python", "-m", "tools.guards", "check", options[0], f"--allow={allowed}"]


def test_the_settings_of_the_roles_for_workflows_arrive_unchanged(checkout: Checkout) -> None:
    for text in TOGETHER:
        typed = [f"{name}={text}" for name in ("STAGE", "REPOSITORY", "PROVIDER")]

        [command] = command_lines(checkout.started("deployer", *typed))

        context = [part for name in ("stage", "repository", "provider") for part in ("-c", f"{name}={text.lstrip()}")]
        assert command == ["cdk", "deploy", "Deployer", *context]


def test_ci_fails_if_a_service_about_vulnerabilities_cannot_be_asked(checkout: Checkout) -> None:
    *_, command = command_lines(checkout.started("security", "SERVICES=needed"))

    assert command == ["python", "-m", "tools.security", "--services=needed"]


def test_the_settings_of_the_cost_arrive_unchanged(checkout: Checkout) -> None:
    for text in TOGETHER:
        typed = {name: f"{number}{text}" for number, name in enumerate(("ORDERS", "LOOKUPS", "REMINDERS", "CACHE"))}

        [call] = command_lines(checkout.started("cost", *(f"{name}={value}" for name, value in typed.items())))

        assert call[3:] == ["--stage=dev", *(f"--{name.lower()}={value}" for name, value in typed.items())]


@pytest.mark.parametrize("text", ["python3; touch run", "$(shell touch run)", "`touch run`", "/a b/python", "-c", "%s"])
def test_the_name_of_a_python_is_not_run_as_a_command(text: str, checkout: Checkout) -> None:
    run = checkout.make("setup", f"PYTHON={text}")

    assert run.returncode != 0
    assert f"error: Python 3.11 or newer is needed. None of these has it: {text}\n" in run.stderr
    assert not (checkout.folder / "run").exists()


@pytest.mark.parametrize("settings", [{}, {"cache": "off"}, SAID])
def test_a_deployment_begins_with_the_doctor_and_the_guards(settings: dict[str, str], checkout: Checkout) -> None:
    """CDK deploys the templates that were judged."""
    asked, synthesised, judged, deployed = command_lines(checkout.started("deploy", "STAGE=prod", *given(settings)))

    assert asked == [
        *("python", "-m", "tools.doctor", "--stage=prod"),
        *(f"--{name}={value}" for name, value in settings.items()),
        "--deploying",
    ]
    assert synthesised == [
        *("cdk", "synth", "--quiet", "--strict"),
        *(part for name, value in {"stage": "prod", **settings}.items() for part in ("-c", f"{name}={value}")),
    ]
    assert judged == ["python", "-m", "tools.guards", "check", "--stage=prod"]
    assert deployed == ["cdk", "deploy", "--app=cdk.out", "--all", "--strict"]


@pytest.mark.parametrize("program", [("-m", "tools.doctor"), ("synth",), ("-m", "tools.guards")])
def test_nothing_is_deployed_after_a_refusal(program: tuple[str, ...], checkout: Checkout) -> None:
    refusing = f'case "$*" in "{" ".join(program)} "*) exit 1 ;; esac'
    for name in ("python", "cdk"):
        file = checkout.folder / ".venv" / "bin" / name
        file.write_text(STUB.replace("for text", f"{refusing}\nfor text", 1))

    run = checkout.make("deploy")

    assert run.returncode != 0
    started = checkout.folder / "started"
    assert "deploy\0--app" not in (started.read_text() if started.exists() else "")


def test_drift_is_looked_for_in_every_stack_that_a_stage_can_have(checkout: Checkout) -> None:
    synthesised, looked = command_lines(checkout.started("drift", "STAGE=prod"))

    assert synthesised[3:] == ["-c", "stage=prod", "-c", "cache=on", "-c", "consumer=on"]
    assert looked == ["python", "-m", "tools.guards", "drift", "--stage=prod"]


@pytest.mark.parametrize("task", ["synth", "doctor", "diff"])
def test_the_other_tasks_take_the_same_settings(task: str, checkout: Checkout) -> None:
    command, *_ = command_lines(checkout.started(task, "STAGE=prod", *given(SAID)))

    assert all(f"{name}={value}" in " ".join(command) for name, value in {"stage": "prod", **SAID}.items())


@pytest.mark.parametrize("settings", [{}, {"cache": "off"}, SAID])
def test_destroying_needs_no_setting_of_the_deployment(settings: dict[str, str], checkout: Checkout) -> None:
    [command] = command_lines(checkout.started("destroy", "STAGE=prod", *given(settings)))

    assert command == ["python", "-m", "tools.teardown", "--stage=prod", "--destroy"]


def test_the_default_stage_is_dev(checkout: Checkout) -> None:
    [command] = command_lines(checkout.started("synth"))

    assert command == ["python", "-m", "stacks.synthesis", "-c", "stage=dev"]


@pytest.mark.parametrize("task", ["synth", "deploy"])
def test_lambda_can_read_functions_that_were_checked_out_with_a_strict_umask(task: str, checkout: Checkout) -> None:
    (checkout.folder / "lambdas").chmod(0o700)
    (checkout.folder / "lambdas" / "requirements.txt").chmod(0o600)

    checkout.started(task)

    assert (checkout.folder / "lambdas").stat().st_mode & 0o777 == 0o755
    assert (checkout.folder / "lambdas" / "requirements.txt").stat().st_mode & 0o777 == 0o644


def test_help_lists_every_task(checkout: Checkout) -> None:
    text = (checkout.folder / "Makefile").read_text()
    tasks = {*re.findall("^[.]PHONY: (.+)$", text, re.MULTILINE)} - {"always"}

    lines = checkout.make("help").stdout.splitlines()

    assert {line.split()[1] for line in lines} == tasks
    assert all(len(line.split()) > 2 for line in lines)
    assert [line for line in lines if len(line) > 80] == []


def test_recipes_name_programs_with_their_folder(checkout: Checkout) -> None:
    """macOS has make 3.81. It starts the program of a simple line without searching the PATH that the Makefile sets."""
    text = (checkout.folder / "Makefile").read_text()
    bare = r"(?:^\t@?|&& |\|\| |; |nice |[A-Z_]+=\S+ )(python3?|cdk|ruff|mypy|cfn-lint|npm|node|pip|pytest) .*"

    assert not re.findall(bare, text, re.MULTILINE)


@pytest.mark.parametrize("target", ["test", "test-long"])
@pytest.mark.parametrize("features", ["", "output-sync"])
def test_the_output_of_the_suites_parts_is_grouped_only_if_this_make_can(
    features: str, target: str, checkout: Checkout
) -> None:
    run = checkout.make("--dry-run", target, f".FEATURES={features}", "MAKE=: submake")

    assert ("--output-sync" in run.stdout) == bool(features)
    assert "--jobs=4" in run.stdout


@pytest.mark.parametrize(("target", "which"), [("test", '-m "not long"'), ("test-long", '-m "long"')])
def test_every_test_belongs_to_one_part_of_the_suite(target: str, which: str, checkout: Checkout) -> None:
    run = checkout.make("--dry-run", target)

    lines = [line for line in run.stdout.splitlines() if "pytest" in line]
    assert [line for line in lines if which not in line] == []
    parts = [set(line.split()) for line in lines]
    files = [file.relative_to(PROJECT) for file in (PROJECT / "tests").rglob("test_*.py")]
    runs = {
        str(file): sum(
            bool(part & {str(file), *map(str, file.parents)}) and f"--ignore={file}" not in part for part in parts
        )
        for file in files
    }
    assert {file: count for file, count in runs.items() if count != 1} == {}


PARTS = ("tests/local", "tests/website", "tests/e2e", "tests/facts", "tests/tools", "tests/stacks", "tests/lambdas")


@pytest.mark.parametrize("flags", ["", "-j8", "k"])
@pytest.mark.parametrize(
    ("target", "parts"), [("test", ("not long", "--non-zero-exit-code", *PARTS)), ("test-long", ("\0long\0", *PARTS))]
)
def test_all_parts_of_the_suite_run(target: str, parts: tuple[str, ...], flags: str, checkout: Checkout) -> None:
    """One make runs them at once. Each part would fail here if make did not understand its own options."""
    run = checkout.make(target, MAKEFLAGS=flags)

    assert run.returncode == 0, run.stderr
    started = (checkout.folder / "started").read_text()
    assert [part for part in parts if part not in started] == []


@pytest.mark.parametrize("flags", ["", "e", "k", "s", "w", "R", "rR", "-j8", "ek -j4"])
def test_settings_of_make_itself_change_nothing(flags: str, checkout: Checkout) -> None:
    [call] = checkout.started(
        "remindme", "MESSAGE=cats", MAKEFLAGS=flags, CONTEXT="wrong", DOCTOR="false", TYPED="PATH"
    )

    assert call[1:] == ["-m", "tools.remindme.from_make", "", "cats", "", "", ""]


def test_settings_for_other_programs_do_not_reach_ours(checkout: Checkout) -> None:
    hostile = {
        **{f"PYTHON{name}": "1" for name in ("HOME", "SAFEPATH", "OPTIMIZE", "WARNINGS", "INSPECT", "PATH", "DEVMODE")},
        "PYTHONDONTWRITEBYTECODE": "1",
        "NODE_ENV": "production",
        "NODE_PATH": "/junk",
        "NODE_OPTIONS": "--require /junk.js --use-openssl-ca --max-old-space-size=4096 --no-such-option",
        "CDK_APP": "false",
        "CDK_OUTDIR": "/junk",
        "TMPDIR": str(checkout.folder / "missing"),
    }
    record = checkout.folder / "environment"
    (checkout.folder / ".venv" / "bin" / "cdk").write_text("#!/bin/sh\nenv > environment\n")

    assert checkout.make("bootstrap", **hostile, HTTPS_PROXY="http://proxy", PYTHONHASHSEED="7").returncode == 0

    found = dict(line.split("=", 1) for line in record.read_text().splitlines() if "=" in line)
    assert not found.keys() & (hostile.keys() - {"NODE_OPTIONS"})
    assert found["NODE_OPTIONS"].split() == ["--use-openssl-ca", "--max-old-space-size=4096"]
    assert (found["HTTPS_PROXY"], found["PYTHONHASHSEED"]) == ("http://proxy", "7")


@pytest.mark.parametrize("flags", ["", "e"])
def test_our_programs_come_first_in_the_path_and_the_rest_is_unchanged(flags: str, checkout: Checkout) -> None:
    (checkout.folder / ".venv" / "bin" / "cdk").write_text('#!/bin/sh\nprintf %s "$PATH" > environment\n')
    path = os.environ["PATH"]

    checkout.make("bootstrap", MAKEFLAGS=flags, PATH=f"{path}:/opt/a$b:/opt/$(c)")

    assert (checkout.folder / "environment").read_text() == f"{checkout.folder}/.venv/bin:{path}:/opt/a$b:/opt/$(c)"


def test_make_in_another_folder_says_where_to_run_it(checkout: Checkout, tmp_path: Path) -> None:
    checkout.folder.rename(tmp_path / "project")

    run = subprocess.run(["make", "-f", "project/Makefile", "help"], cwd=tmp_path, capture_output=True, text=True)

    assert run.returncode == 2
    assert "Run make in the folder of the project: make -C project/" in run.stderr
    assert {file.name for file in tmp_path.iterdir()} == {"project"}


def test_make_can_be_run_from_another_folder(checkout: Checkout, tmp_path: Path) -> None:
    run = subprocess.run(["make", "-C", checkout.folder, "help"], cwd=tmp_path, capture_output=True, text=True)

    assert run.returncode == 0


@pytest.mark.skipif(not shutil.which("bmake"), reason="needs BSD's make")
def test_a_make_other_than_gnu_make_says_that_gnu_make_is_needed(checkout: Checkout) -> None:
    # BSD's make does not know the flags that GNU make passes to the tests.
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}

    run = subprocess.run(["bmake", "help"], cwd=checkout.folder, env=env, capture_output=True, text=True)

    assert run.returncode != 0
    assert "GNU make is needed. Install it and run it as: gmake" in run.stdout + run.stderr


def test_a_python_that_is_too_old_is_skipped(checkout: Checkout, tmp_path: Path) -> None:
    """On macOS, for example, python3 is 3.9, and another Python is installed."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, program, text in (
        (old, "python3", "exit 1"),
        (new, "python3.13", 'case "$1" in -c) exit 0 ;; esac; echo "$@" > started'),
    ):
        folder.mkdir()
        (folder / program).write_text(f"#!/bin/sh\n{text}\n")
        (folder / program).chmod(0o755)
    shutil.rmtree(checkout.folder / ".venv")

    checkout.make("setup", PATH=f"{old}:{new}:/usr/bin:/bin")

    assert (checkout.folder / "started").read_text() == "-m tools.install python\n"


def test_ci_runs_the_suite_as_the_readme_says(checkout: Checkout, tmp_path: Path) -> None:
    (checkout.folder / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci" / "run", checkout.folder / ".ci")
    (tmp_path / ".ci").mkdir()
    (tmp_path / "make").write_text('#!/bin/sh\necho "$PWD" "$@" > "$PWD/started"\n')
    (tmp_path / "make").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "CDPATH": str(tmp_path), "CI": "true"}

    subprocess.run([".ci/run"], cwd=checkout.folder, env=environment, check=True)

    assert (checkout.folder / "started").read_text() == f"{checkout.folder} test\n"


def test_make_knows_how_to_install_whatever_a_target_needs() -> None:
    """Also in a new folder, where no earlier run has left the mark of an installation."""
    makefile = (PROJECT / "Makefile").read_text()
    rules = re.findall(r"^(\S+/installed):", makefile, re.M)
    needed = {
        word for line in re.findall(r"^[\w./-]+:([^=\n]*)", makefile, re.M) for word in line.split("##")[0].split()
    }

    assert {word for word in needed if word.endswith("/installed")} <= set(rules)
    assert "build/plots/installed" in rules
