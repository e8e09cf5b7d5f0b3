"""The guards of `make deploy`, `make diff` and `make drift` on a simulated AWS. Calls of CDK are only recorded."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tools.aws
from local.settings import PROJECT
from tests.support.commands import Run, run_inside
from tests.support.guarded import SESSION, Stage, a_change_set, guarded, template
from tools.doctor.checks import ALLOWABLE
from tools.guards import change_sets
from tools.guards.__main__ import main

REMOVED = {"Action": "Remove", "LogicalResourceId": "OrderTable", "ResourceType": "AWS::DynamoDB::Table"}
KEPT = {**REMOVED, "PolicyAction": "Retain"}
NEW = {"Action": "Add", "LogicalResourceId": "OrdersTable", "ResourceType": "AWS::DynamoDB::Table"}
GONE = "Orders/OrderTable would be deleted, and its rows would be lost"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tools.aws, "reach", lambda *_, **__: tools.aws.Aws(SESSION))
    with guarded(tmp_path) as stage:
        monkeypatch.setattr(change_sets, "CDK", stage.cdk)
        yield stage


@pytest.fixture
def run(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command of the guards."""

    def ran(command: str, *options: str) -> Run:
        return run_inside(capsys, main, [command, "--stage", "dev", "--app", str(stage.synthesise()), *options])

    return ran


def rename_the_table(stage: Stage) -> None:
    stage.planned["Orders"] = template("OrdersTable")


def test_an_unchanged_stage_is_not_refused_and_needs_no_change_set(stage: Stage, run: Any) -> None:
    ran = run("check")

    assert (ran.status, ran.out, stage.calls) == (0, "no resource changes\n", [])


def test_a_renamed_table_is_refused_by_its_path(stage: Stage, run: Any) -> None:
    rename_the_table(stage)
    stage.prepared["dev-orders"] = [a_change_set(KEPT), a_change_set(NEW)]

    ran = run("check")

    assert ran.status == 1
    assert (
        "refused: Orders/OrderTable would be taken out of its stack. AWS keeps the old one with its rows, but nothing"
        in ran.out
    )
    assert "Orders/OrdersTable would be new: if you renamed it, restore the old id" in ran.out
    assert ran.out.endswith("To deploy all the same, add to the command: ALLOW=Orders/OrderTable\n")


def test_only_changed_stacks_get_a_change_set_which_is_removed(stage: Stage, run: Any) -> None:
    rename_the_table(stage)
    stage.prepared["dev-orders"] = [a_change_set(KEPT, NEW)]

    run("check")

    (call,) = stage.calls
    assert call.startswith("deploy --app=") and " Orders --exclusively --method=prepare-change-set " in call
    assert stage.removed == ["dev-orders"]


def test_what_is_allowed_by_name_is_not_refused(stage: Stage, run: Any) -> None:
    rename_the_table(stage)
    stage.prepared["dev-orders"] = [a_change_set(REMOVED)]

    ran = run("check", "--allow", "bootstrap, Orders/OrderTable")

    assert ran.status == 0
    assert f"allowed: {GONE}" in ran.out


def test_names_that_are_allowed_already_are_in_the_next_command(stage: Stage, run: Any) -> None:
    stage.deployed["Orders"] = template("OrderTable", "OtherTable")
    stage.planned["Orders"] = template()
    stage.prepared["dev-orders"] = [a_change_set(REMOVED, {**REMOVED, "LogicalResourceId": "OtherTable"})]

    ran = run("check", "--allow", "Orders/OrderTable")

    assert ran.status == 1
    assert ran.out.endswith("ALLOW=Orders/OrderTable,Orders/OtherTable\n")


@pytest.mark.parametrize("name", ["OrderTable", "Orders/ordertable", "credentials", "sender"])
def test_a_name_that_allows_nothing_is_an_error(name: str, stage: Stage, run: Any) -> None:
    rename_the_table(stage)
    stage.prepared["dev-orders"] = [a_change_set(REMOVED)]

    ran = run("check", "--allow", name)

    assert ran.status == 1
    assert f"ALLOW names {name}, but" in ran.err


def test_without_a_change_set_the_templates_are_compared(stage: Stage, run: Any) -> None:
    """CloudFormation prepares none while an export is missing that another stack of the deployment adds."""
    rename_the_table(stage)
    stage.cdk_does("No export named dev-identity:Users found", status=1)

    ran = run("check")

    assert ran.status == 1
    assert f"refused: {GONE}" in ran.out
    assert "prepared no change set for dev-orders, so its templates were compared: see build/guards/" in ran.out
    assert "No export named" in (stage.folder / change_sets.LOG).read_text()


def test_a_change_set_without_changes_refuses_nothing(stage: Stage, run: Any) -> None:
    """CloudFormation knows that a parameter has the same value, although the templates differ."""
    rename_the_table(stage)
    reason = "The submitted information didn't contain changes. Submit different information to create a change set."
    stage.prepared["dev-orders"] = [a_change_set(status="FAILED", reason=reason)]

    assert run("check").status == 0


def test_a_change_set_that_failed_for_another_reason_does_not_count(stage: Stage, run: Any) -> None:
    rename_the_table(stage)
    stage.prepared["dev-orders"] = [a_change_set(status="FAILED", reason="Transform failed")]

    assert f"refused: {GONE}" in run("check").out


def test_a_new_stack_can_lose_nothing(stage: Stage, run: Any) -> None:
    del stage.deployed["Orders"]

    ran = run("check")

    assert (ran.status, stage.calls) == (0, [])
    assert "dev-orders" in ran.out


def test_a_removed_log_group_is_only_mentioned(stage: Stage, run: Any) -> None:
    stage.deployed["Orders"]["Resources"]["Lines"] = {"Type": "AWS::Logs::LogGroup"}
    stage.prepared["dev-orders"] = [
        a_change_set({**REMOVED, "LogicalResourceId": "Lines", "ResourceType": "AWS::Logs::LogGroup"})
    ]

    ran = run("check")

    assert ran.status == 0
    assert "note: Lines would be deleted, and its log lines would be lost" in ran.out


def test_a_stack_that_cdk_has_not_deployed_is_an_error(stage: Stage, run: Any) -> None:
    stage.deployed["Orders"] = "Resources:\n  Table: …"  # type: ignore[assignment]  # YAML

    ran = run("check")

    assert ran.status == 1
    assert "dev-orders was not deployed by CDK" in ran.err


def test_many_removed_resources_are_counted_and_not_all_named(stage: Stage, run: Any) -> None:
    names = [f"Rule{number}" for number in range(9)]
    stage.planned["Orders"] = {"Resources": {}}
    stage.prepared["dev-orders"] = [
        a_change_set(*({**REMOVED, "LogicalResourceId": name, "ResourceType": "AWS::Events::Rule"} for name in names))
    ]

    ran = run("check")

    assert ran.status == 0
    assert "Rule4" in ran.out and "Rule5" not in ran.out and "and 4 more" in ran.out


def test_the_diff_makes_nothing_in_aws(stage: Stage, run: Any) -> None:
    rename_the_table(stage)

    ran = run("diff")

    assert ran.status == 1
    (call,) = stage.calls
    assert call.startswith("diff --app=") and "--method=template" in call
    assert f"refused: {GONE}" in ran.out and "change set" not in ran.out
    assert stage.removed == []


def test_drift_is_looked_for_in_deployed_stacks_only(stage: Stage, run: Any) -> None:
    stage.planned["Cache"] = template()
    stage.cdk_does(status=1)

    ran = run("drift")

    assert ran.status == 1
    (call,) = stage.calls
    assert " Orders Website --fail" in call and "Cache" not in call


def test_a_stage_that_is_not_deployed_has_no_drift(stage: Stage, run: Any) -> None:
    stage.deployed.clear()

    ran = run("drift")

    assert (ran.status, stage.calls) == (1, [])
    assert "the stage dev is not deployed in" in ran.err


@pytest.mark.parametrize("command", ["check", "diff", "drift"])
def test_templates_of_another_stage_are_an_error(
    command: str, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """CDK would run any other text as a command."""
    synthesised = str(stage.synthesise())
    for folder, name in ((synthesised, "prod"), ("/bin/true", "dev"), (str(stage.folder), "dev")):
        ran = run_inside(capsys, main, [command, "--stage", name, "--app", folder])

        assert ran.status == 1
        assert f"run `make synth STAGE={name}`" in ran.err
    assert stage.calls == []


@pytest.mark.parametrize("command", ["check", "diff", "drift"])
def test_without_cdk_the_message_says_how_to_install_it(command: str, stage: Stage, run: Any) -> None:
    rename_the_table(stage)
    stage.cdk.unlink()

    ran = run(command)

    assert ran.status == 1
    assert "cdk is missing: run `make setup`" in ran.err


def test_the_document_has_the_names_that_allow_a_problem() -> None:
    named = re.findall(r"\| `ALLOW=([^`]+)` \|", (PROJECT / "docs" / "deploying.md").read_text())

    assert {name for name in named if "/" not in name} == ALLOWABLE
