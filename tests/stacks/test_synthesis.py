"""`make synth` is skipped if nothing has changed, and only then."""

import json
from pathlib import Path

import pytest

from stacks import synthesis

PROGRAMS = {"python": "3.11", "node": "v24", "aws-cdk-lib": "2.275.0", "jsii": "1.142.0"}


class Project:
    """A small project, its settings, and the number of syntheses."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root / "project"
        self.home = root / "home"
        self.programs = dict(PROGRAMS)
        self.status = 0
        self.syntheses = 0
        self.home.mkdir()
        for name in ("app.py", "lambdas/orders/table.py", "statemachines/order.asl.json", "website/index.html"):
            self.write(name, "content")
        monkeypatch.setattr(synthesis, "ROOT", self.root)
        monkeypatch.setattr(synthesis, "versions", lambda: self.programs)
        monkeypatch.setattr(Path, "home", lambda: self.home)
        monkeypatch.setattr(synthesis.subprocess, "run", self.cdk)

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def cdk(self, command, **_):
        self.syntheses += 1
        for name in ("manifest.json", "Orders.template.json"):
            self.write(f"cdk.out/{name}", json.dumps(command))
        return self

    @property
    def returncode(self) -> int:
        return self.status


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    return Project(tmp_path, monkeypatch)


DEV = ("-c", "stage=dev")


def test_an_unchanged_project_is_not_synthesised_again(project, capsys):
    assert synthesis.main(DEV) == synthesis.main(DEV) == 0

    assert project.syntheses == 1
    assert "Nothing has changed" in capsys.readouterr().out


CHANGES = {
    "a file": lambda project: project.write("lambdas/orders/table.py", "other"),
    "a new file": lambda project: project.write("website/new.js", ""),
    "a renamed file": lambda project: (project.root / "app.py").rename(project.root / "website/app.py"),
    "the mode of a file": lambda project: (project.root / "lambdas/orders/table.py").chmod(0o600),
    "the stack's code": lambda project: project.write("stacks/orders.py", ""),
    "a workflow": lambda project: project.write("statemachines/order.asl.json", "{}"),
    "the settings of CDK": lambda project: project.write("cdk.json", "{}"),
    "the remembered context": lambda project: project.write("cdk.context.json", "{}"),
    "the versions of packages": lambda project: project.write("constraints.txt", "a==1"),
    "the version of the command line": lambda project: project.write("package-lock.json", "{}"),
    "the layer": lambda project: project.write("build/layer/fingerprint", "other"),
    "the user's context": lambda project: (project.home / ".cdk.json").write_text("{}"),
    "a template": lambda project: project.write("cdk.out/Orders.template.json", "{}"),
    "a missing template": lambda project: (project.root / "cdk.out/Orders.template.json").unlink(),
    "a missing manifest": lambda project: (project.root / "cdk.out/manifest.json").unlink(),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_file_is_synthesised(project, what):
    synthesis.main(DEV)

    CHANGES[what](project)
    synthesis.main(DEV)

    assert project.syntheses == 2


@pytest.mark.parametrize("program", PROGRAMS)
def test_another_version_of_a_program_synthesises_again(project, program):
    synthesis.main(DEV)

    project.programs[program] = "other"
    synthesis.main(DEV)

    assert project.syntheses == 2


@pytest.mark.parametrize("name", ["CDK_VALIDATION", "AWS_REGION", "JSII_DEBUG", "NODE_OPTIONS", "PYTHONPATH"])
def test_another_setting_synthesises_again(project, monkeypatch, name):
    synthesis.main(DEV)

    monkeypatch.setenv(name, "other")
    synthesis.main(DEV)

    assert project.syntheses == 2


def test_other_options_synthesise_again(project):
    synthesis.main(DEV)
    synthesis.main(("-c", "stage=prod"))
    synthesis.main(DEV)

    assert project.syntheses == 3


def test_compiled_modules_and_other_variables_do_not_count(project, monkeypatch):
    synthesis.main(DEV)

    project.write("lambdas/orders/__pycache__/table.pyc", "other")
    monkeypatch.setenv("EDITOR", "other")
    synthesis.main(DEV)

    assert project.syntheses == 1


def test_a_synthesis_that_failed_is_repeated(project):
    project.status = 1
    assert synthesis.main(DEV) == 1

    project.status = 0
    assert synthesis.main(DEV) == 0
    assert project.syntheses == 2


def test_every_part_of_the_project_that_the_stacks_read_counts():
    stacks = {file.name for file in (synthesis.ROOT / "stacks").glob("*.py")}

    assert "config.py" in stacks
    assert {name for name in synthesis.SOURCES if not (synthesis.ROOT / name).exists()} <= {"cdk.context.json"}
