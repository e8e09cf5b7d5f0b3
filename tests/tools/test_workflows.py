"""Tests of the workflows of GitHub in .github: what they run, what they may do, and which actions they use."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.settings import PROJECT
from tools.security import scanners

FOLDER = PROJECT / ".github"
FILES = sorted((FOLDER / "workflows").glob("*.yml"))
WORKFLOWS: dict[str, dict[Any, Any]] = {file.stem: yaml.safe_load(file.read_text()) for file in FILES}
JOBS = {f"{name}/{id}": job for name, workflow in WORKFLOWS.items() for id, job in workflow["jobs"].items()}
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (PROJECT / "Makefile").read_text(), re.M))

WRITES = {
    "checks/diff": {"id-token"},
    "checks/comment": {"pull-requests"},
    "deploy/dev": {"id-token"},
    "deploy/prod": {"id-token"},
}
"""The permissions of the jobs that may do more than read the code."""

NO_TARGET = {"checks/comment": "gh pr comment"}
"""The only step that runs something else. It must not run the pull request's code, because it may write comments."""


def steps(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = JOBS[job]["steps"]
    return found


@pytest.mark.parametrize("scanner", [scanners.actionlint, scanners.zizmor])
def test_the_scanners_of_workflows_find_nothing(scanner: Any) -> None:
    assert list(scanner()) == []


@pytest.mark.parametrize("job", JOBS)
def test_each_step_runs_a_make_target_that_exists(job: str) -> None:
    commands = [step["run"] for step in steps(job) if "run" in step]

    if job in NO_TARGET:
        assert [NO_TARGET[job] in command and "make" not in command for command in commands] == [True]
        return
    for command in commands:
        target = re.match(r"make (?:--silent )?([a-z-]+)", command)
        assert target and target[1] in TARGETS, command
        assert not re.search(r"[;&|`\n]", command.strip()), command


@pytest.mark.parametrize("job", JOBS)
def test_a_job_may_only_do_what_it_needs(job: str) -> None:
    permissions = JOBS[job]["permissions"]

    assert {name for name, access in permissions.items() if access == "write"} == WRITES.get(job, set())
    assert permissions.keys() <= {"contents"} | WRITES.get(job, set())


def test_no_workflow_grants_anything_to_all_of_its_jobs() -> None:
    assert {name: workflow["permissions"] for name, workflow in WORKFLOWS.items()} == dict.fromkeys(WORKFLOWS, {})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_workflows_have_no_secrets(file: Path) -> None:
    assert "secrets" not in re.sub("#.*", "", file.read_text())


def test_actions_are_pinned_by_their_hash_and_everywhere_to_the_same() -> None:
    used = [line for file in FILES for line in re.findall(r"uses: (.+)", file.read_text())]

    assert used
    for line in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+", line), line
    assert len({line.partition("@")[0] for line in used}) == len(set(used))


def test_only_jobs_that_sign_in_to_aws_may_ask_for_a_token() -> None:
    signs_in = {job for job in JOBS if any("configure-aws-credentials" in step.get("uses", "") for step in steps(job))}

    assert signs_in == {job for job, writes in WRITES.items() if "id-token" in writes}


@pytest.mark.parametrize("job", [job for job, writes in WRITES.items() if "id-token" in writes])
def test_packages_are_installed_before_there_are_credentials(job: str) -> None:
    does = [step.get("run", step.get("uses", "")).partition("@")[0] for step in steps(job)]

    [setup] = [place for place, what in enumerate(does) if what.startswith("make setup")]
    assert setup < does.index("aws-actions/configure-aws-credentials")


def test_the_code_of_a_fork_gets_no_token_for_aws() -> None:
    assert "github.event.pull_request.head.repo.full_name == github.repository" in JOBS["checks/diff"]["if"]


def test_the_tests_run_on_both_systems_and_on_each_python() -> None:
    oldest = re.search(r'requires-python = ">=3\.(\d+)"', (PROJECT / "pyproject.toml").read_text())
    matrix = JOBS["checks/test"]["strategy"]["matrix"]

    assert [machine.partition("-")[0] for machine in matrix["machine"]] == ["ubuntu", "macos"]
    assert oldest and matrix["python"] == [f"3.{minor}" for minor in range(int(oldest[1]), 15)]
    long = JOBS["checks/test-long"]["strategy"]["matrix"]
    assert long == {**matrix, "python": [matrix["python"][0], matrix["python"][-1]]}


def test_prod_is_deployed_after_dev_was_verified_and_somebody_has_approved() -> None:
    for stage, needs in (("dev", ["test", "test-long"]), ("prod", "dev")):
        job = JOBS[f"deploy/{stage}"]
        commands = [step["run"] for step in steps(f"deploy/{stage}") if "run" in step]

        assert (job["environment"], job["needs"], job["env"]["STAGE"]) == (stage, needs, stage)
        assert commands == ["make setup-dev", "make deploy", "make verify"]


@pytest.mark.parametrize("job", ["deploy/dev", "deploy/prod", "checks/diff"])
def test_each_deployment_repeats_all_settings_of_the_stage(job: str) -> None:
    [context] = re.findall(r"^override CONTEXT = ((?:.*\\\n)*.*)", (PROJECT / "Makefile").read_text(), re.M)
    settings = set(re.findall(r"\$\$\{?([A-Z]+)", context)) - {"STAGE"}
    given = JOBS[job].get("env", {}) | {
        name: value for step in steps(job) for name, value in step.get("env", {}).items()
    }

    assert len(settings) > 3
    assert {name: given.get(name) for name in settings} == {name: f"${{{{ vars.{name} }}}}" for name in settings}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_loss_is_allowed_for_one_stage_only(stage: str) -> None:
    inputs = WORKFLOWS["deploy"][True]["workflow_dispatch"]["inputs"]  # YAML reads `on` as True

    assert inputs[f"allow-{stage}"]["type"] == "string"
    assert JOBS[f"deploy/{stage}"]["env"]["ALLOW"] == f"${{{{ inputs.allow-{stage} }}}}"


def test_a_deployment_is_never_cancelled_by_the_next_one() -> None:
    assert WORKFLOWS["deploy"]["concurrency"] == {"group": "deploy", "cancel-in-progress": False}


def test_updates_are_proposed_for_each_list_of_packages() -> None:
    updates = yaml.safe_load((FOLDER / "dependabot.yml").read_text())["updates"]
    proposed = {(one["package-ecosystem"], place) for one in updates for place in one.get("directories", ["/"])}

    def folders(pattern: str) -> set[str]:
        tops = [PROJECT, *(PROJECT / name for name in ("lambdas", "tools", "tests"))]
        found = {file.parent for top in tops for file in [*top.glob(pattern), *top.glob(f"*/{pattern}")]}
        return {
            f"/{folder.relative_to(PROJECT)}".replace("/.", "/")
            for folder in found
            if "node_modules" not in folder.parts
        }

    assert {place for kind, place in proposed if kind == "pip"} == folders("requirements*.txt")
    assert {place for kind, place in proposed if kind == "npm"} == folders("package-lock.json")
    assert ("github-actions", "/") in proposed
