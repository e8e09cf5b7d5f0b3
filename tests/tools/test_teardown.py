"""Cancelling waiting reminders before a stage is destroyed, on a simulated AWS."""

import builtins
import sys
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from stacks.config import STAGES
from tests.support.orders_stack import REGION
from tests.support.teardown import Reminders
from tools.aws import Aws
from tools.teardown import __main__ as teardown
from tools.teardown import executions


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr("tools.deployment.reach", lambda *_, **__: Aws(boto3.Session(region_name=REGION)))


@pytest.fixture
def deployed(aws: None) -> Callable[[str], Reminders]:
    def stage(name: str) -> Reminders:
        reminders = Reminders(name)
        for id, status in (("a", "SCHEDULED"), ("b", "SCHEDULED"), ("c", "SENDING"), ("d", "SENT")):
            reminders.add(id, status)
        reminders.states.stop_execution(
            executionArn=reminders.table.get_item(Key={"ReminderId": "d"})["Item"]["ExecutionId"]
        )
        return reminders

    return stage


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The answers that the user types. Each question replaces the answer that it got."""
    said: list[str] = []

    def ask(question: str) -> str:
        said.append(question)
        return said.pop(0)

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(builtins, "input", ask)
    return said


def test_a_stage_without_waiting_reminders_can_be_destroyed(aws: None, capsys: Any) -> None:
    Reminders("dev")

    assert teardown.main(["--stage", "dev"]) == 0
    assert capsys.readouterr().out == "no reminder of dev is waiting\n"


def test_a_stage_that_is_not_deployed_can_be_destroyed(aws: None) -> None:
    assert teardown.main(["--stage", "dev"]) == 0


@pytest.mark.parametrize("answer", ["y", " YES "])
def test_waiting_reminders_are_cancelled_after_a_yes(answer: str, deployed: Any, answers: list[str]) -> None:
    reminders = deployed("dev")
    answers.append(answer)

    assert teardown.main(["--stage", "dev"]) == 0
    assert answers == ["3 reminders of dev are still waiting. Cancel them for good? [y/N] "]
    assert reminders.running() == []
    assert reminders.statuses() == {"a": "CANCELLED", "b": "CANCELLED", "c": "SENDING", "d": "SENT"}


@pytest.mark.parametrize("answer", ["", "n", "yess"])
def test_without_a_yes_nothing_is_cancelled(answer: str, deployed: Any, answers: list[str], capsys: Any) -> None:
    reminders = deployed("dev")
    answers.append(answer)

    assert teardown.main(["--stage", "dev"]) == 1
    assert capsys.readouterr().err == "error: nothing was cancelled, so nothing is destroyed\n"
    assert reminders.running() == ["a", "b", "c"]


def test_ctrl_d_cancels_nothing(deployed: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def end(question: str) -> str:
        raise EOFError

    reminders = deployed("dev")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(builtins, "input", end)

    assert teardown.main(["--stage", "dev"]) == 1
    assert capsys.readouterr().err == "error: nothing was cancelled, so nothing is destroyed\n"
    assert reminders.running() == ["a", "b", "c"]


def test_without_a_terminal_the_option_is_needed(deployed: Any, capsys: Any) -> None:
    reminders = deployed("dev")

    assert teardown.main(["--stage", "dev"]) == 1
    assert "To cancel them without a question, use --give-up-reminders" in capsys.readouterr().err
    assert reminders.running() == ["a", "b", "c"]
    assert teardown.main(["--stage", "dev", "--give-up-reminders"]) == 0
    assert reminders.running() == []


@pytest.mark.parametrize("stage", [name for name, stage in STAGES.items() if stage.deletion_protection])
def test_a_stage_that_keeps_its_data_is_refused_without_a_question(
    stage: str, deployed: Any, answers: list[str], capsys: Any
) -> None:
    reminders = deployed(stage)

    assert teardown.main(["--stage", stage]) == 1
    assert answers == []
    assert capsys.readouterr().err == (
        f"error: 3 reminders of {stage} are still waiting, so nothing is destroyed. To cancel them, run "
        f"`python -m tools.teardown --stage {stage} --give-up-reminders`\n"
    )
    assert (reminders.running(), reminders.statuses()["a"]) == (["a", "b", "c"], "SCHEDULED")
    assert teardown.main(["--stage", stage, "--give-up-reminders"]) == 0
    assert (reminders.running(), reminders.statuses()["a"]) == ([], "CANCELLED")


@pytest.mark.parametrize("stage", [name for name, stage in STAGES.items() if stage.outbox])
def test_the_laptops_stage_is_not_destroyed_on_aws(stage: str, aws: None, capsys: Any) -> None:
    assert teardown.main(["--stage", stage, "--give-up-reminders"]) == 1
    assert capsys.readouterr().err == (f"error: stage {stage} is not on AWS: `laptop down --forget` removes it\n")


def test_the_teardown_waits_for_a_reminder_that_is_being_sent(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reminders = deployed("dev")
    monkeypatch.setattr(executions, "PATIENCE_SECONDS", 600)
    left: list[list[str]] = []

    def sleep(_: float) -> None:
        # Does what the workflow would do: it sends the reminder and starts the next occurrence.
        left.append(reminders.running())
        assert len(left) == 1, "the teardown waits although no reminder is left"
        reminders.add("e", "SCHEDULED")
        reminders.end("c")

    monkeypatch.setattr("time.sleep", sleep)

    assert teardown.main(["--stage", "dev", "--give-up-reminders"]) == 0
    assert left == [["c"]]
    assert reminders.running() == []
    assert (reminders.statuses()["c"], reminders.statuses()["e"]) == ("SENT", "CANCELLED")


def test_more_than_a_page_of_reminders_are_cancelled(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    reminders = Reminders("dev")
    for number in range(120):
        reminders.add(f"r-{number}", "SCHEDULED")

    assert teardown.main(["--stage", "dev", "--give-up-reminders"]) == 0
    assert reminders.running() == []
    assert set(reminders.statuses().values()) == {"CANCELLED"}
