"""Destroying a stage: what it says, asks and refuses, on a simulated AWS. tests/local destroys real stages."""

import builtins
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from tests.support.orders_stack import REGION
from tests.support.teardown import Orders, Reminders
from tools import deployment
from tools.aws import Aws
from tools.teardown import __main__ as teardown
from tools.teardown import executions, stacks
from tools.teardown.stacks import synthesise

DEV = ("--stage", "dev", "--destroy")
PROD = ("--stage", "prod", "--destroy")


@pytest.fixture(autouse=True)
def simulated(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr("tools.deployment.reach", lambda *_, **__: Aws(boto3.Session(region_name=REGION)))


@pytest.fixture(autouse=True)
def deleted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stages whose stacks CDK has deleted."""
    stages: list[str] = []

    def delete(stage: str, meanwhile: Any) -> int:
        client = boto3.client("cloudformation", REGION)
        for stack in client.describe_stacks()["Stacks"]:
            client.delete_stack(StackName=stack["StackName"])
        stages.append(stage)
        return 0

    monkeypatch.setattr(stacks, "synthesise", lambda stage: None)
    monkeypatch.setattr(stacks, "destroy", delete)
    return stages


def program(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Puts a shell script in the place of CDK. Returns a function that reads the arguments of its last call."""
    cdk = folder / "cdk"
    cdk.write_text(f"#!/bin/sh\necho \"$*\" > '{folder}/said'\n{script}\n")
    cdk.chmod(0o755)
    monkeypatch.setattr(stacks, "CDK", cdk)
    return lambda: (folder / "said").read_text().strip()


def answer(text: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets the user answer each question with `text`. Returns the questions."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return text

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(builtins, "input", ask)
    return asked


def test_it_says_what_is_lost_and_asks_once(deleted: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    reminders, orders = Reminders("dev"), Orders("dev")
    reminders.add("a", "SCHEDULED")
    orders.start()
    orders.put("OrderFulfillmentQueue", "1", "2")
    orders.put("ParkedQueue", "3")
    asked = answer("y", monkeypatch)

    assert teardown.main([*DEV]) == 0
    assert asked == ["Destroy dev for good? [y/N] "]
    assert capsys.readouterr().err.splitlines() == [
        "Destroying dev:",
        "  deletes 2 stacks: dev-orders, dev-reminders",
        "  cancels 1 reminder",
        "  stops the workflows of 1 order",
        "  deletes 2 messages in OrderFulfillmentQueue",
        "  deletes 1 message in ParkedQueue",
        "  deletes all orders, reminders and users",
    ]
    assert deleted == ["dev"]


@pytest.mark.parametrize("text", ["", "n", "dev"])
def test_without_a_yes_nothing_changes(
    text: str, deleted: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    reminders = Reminders("dev")
    reminders.add("a", "SCHEDULED")
    answer(text, monkeypatch)

    assert teardown.main([*DEV]) == 1
    assert capsys.readouterr().err.endswith("error: nothing was destroyed\n")
    assert (reminders.running(), reminders.statuses(), deleted) == (["a"], {"a": "SCHEDULED"}, [])


def test_without_a_terminal_the_option_is_needed(deleted: list[str], capsys: Any) -> None:
    Orders("dev").put("ParkedQueue", "1")

    assert teardown.main([*DEV]) == 1
    assert capsys.readouterr().err.endswith("run `python -m tools.teardown --stage dev --destroy --yes`\n")
    assert not deleted
    assert teardown.main([*DEV, "--yes"]) == 0
    assert deleted == ["dev"]


def test_a_protected_stack_is_refused_before_anything_is_cancelled(deleted: list[str], capsys: Any) -> None:
    reminders, _ = Reminders("dev"), Orders("dev", protected=True)
    reminders.add("a", "SCHEDULED")

    assert teardown.main([*DEV, "--yes"]) == 1
    assert capsys.readouterr().err == (
        "error: termination protection is on for 1 stack of dev, so nothing is destroyed. To switch it off, run:\n"
        "  for stack in dev-orders; do aws cloudformation update-termination-protection "
        "--no-enable-termination-protection --stack-name $stack; done\n"
    )
    assert (reminders.running(), deleted) == (["a"], [])


def test_a_stage_that_keeps_its_data_keeps_what_waits(deleted: list[str], capsys: Any) -> None:
    reminders, orders = Reminders("prod"), Orders("prod")
    reminders.add("a", "SCHEDULED")
    orders.put("ParkedQueue", "1")
    orders.start()
    given_up = [*PROD, "--yes", "--give-up-reminders", "--give-up-messages"]

    assert teardown.main([*PROD, "--yes"]) == 1
    assert "1 reminder of prod is still waiting, so nothing is destroyed" in capsys.readouterr().err
    assert teardown.main(given_up) == 1
    assert "still works on 1 order, so nothing is destroyed. Try again in five minutes" in capsys.readouterr().err
    for execution in executions.Executions(deployment.find("prod")).orders():
        boto3.client("stepfunctions", REGION).stop_execution(executionArn=execution)
    assert teardown.main([*PROD, "--yes", "--give-up-reminders"]) == 1
    assert "so nothing is destroyed: 1 in ParkedQueue. To lose them" in capsys.readouterr().err
    assert (reminders.running(), deleted) == (["a"], [])

    assert teardown.main(given_up) == 0
    assert "deletes all" not in capsys.readouterr().err
    assert deleted == ["prod"]


@pytest.mark.parametrize("option", ["--yes", "--give-up-messages"])
def test_an_option_that_would_do_nothing_is_refused(option: str, capsys: Any) -> None:
    assert teardown.main(["--stage", "dev", option]) == 2
    assert "--yes and --give-up-messages work only with --destroy" in capsys.readouterr().err


def test_a_stage_that_is_not_deployed_has_nothing_to_destroy(deleted: list[str], capsys: Any) -> None:
    assert teardown.main([*DEV]) == 0
    assert capsys.readouterr() == ("nothing of dev is left\n", "no stack of dev is deployed\n")
    assert not deleted


def test_a_stack_that_is_left_is_named(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    Orders("dev")
    monkeypatch.setattr(stacks, "destroy", lambda *_, **__: 0)

    assert teardown.main([*DEV, "--yes", "--json"]) == 1
    [row] = json.loads(capsys.readouterr().out)
    assert (row["what"], row["name"]) == ("stack", "dev-orders")
    assert row["why"] == "CloudFormation has not deleted it: run `make destroy` again (CREATE_COMPLETE)"


def test_the_command_fails_if_cdk_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = Orders("dev")

    def fail(*_: Any, **__: Any) -> int:
        boto3.client("cloudformation", REGION).delete_stack(StackName=orders.name)
        return 130

    monkeypatch.setattr(stacks, "destroy", fail)

    assert teardown.main([*DEV, "--yes"]) == 1


def test_nothing_is_cancelled_if_the_templates_cannot_be_written(
    deleted: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    Orders("dev")
    reminders = Reminders("dev")
    reminders.add("a", "SCHEDULED")
    monkeypatch.setattr(stacks, "synthesise", synthesise)
    program(tmp_path, "echo a mistake; exit 1", monkeypatch)

    assert teardown.main([*DEV, "--yes"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("a mistake\n") and "CDK cannot write the templates of dev, so nothing is destroyed" in told
    assert (reminders.running(), deleted) == (["a"], [])


def test_every_stack_that_a_stage_can_have_is_synthesised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = program(tmp_path, "", monkeypatch)

    synthesise("dev")

    options, _, output = said().partition(" --output ")
    assert options == "synth --quiet -c stage=dev -c cache=on -c consumer=on"
    assert stacks.command("dev")[1:] == ["destroy", "--all", "--force", "--app", output]


def test_cdk_starts_the_python_of_this_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, f"command -v python > '{tmp_path}/found'", monkeypatch)

    synthesise("dev")

    assert Path((tmp_path / "found").read_text().strip()).parent == Path(sys.executable).parent


def test_reminders_that_come_while_cdk_deletes_are_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """This CDK ends only after two looks. The first one fails, as it does if credentials have expired."""
    monkeypatch.undo()
    looks = []
    looked = tmp_path / "looked"
    os.mkfifo(looked)
    monkeypatch.setattr(stacks, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(stacks, "command", lambda stage: ["sh", "-c", f"read line < '{looked}'; exit 3"])

    def look() -> None:
        looks.append("look")
        if len(looks) == 1:
            raise BotoCoreError
        if len(looks) == 2:
            looked.write_text("a line\n")

    assert stacks.destroy("dev", meanwhile=look) == 3
    assert len(looks) >= 2
    assert capsys.readouterr().err.startswith("could not look for new reminders: ")
