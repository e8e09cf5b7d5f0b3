"""What Tab offers for ids: never a question, an error or a long wait."""

import getpass
import os
import subprocess
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from local.settings import PROJECT
from terminal.errors import CommandError
from tools import completion, deployment
from tools.accounts.people import People
from tools.accounts.pool import UserPool

PROGRAMS = PROJECT / ".venv" / "bin"
CONTEXT: Any = SimpleNamespace(params={"stage": "dev", "user": None, "home": None})
FOUND = [("a-1", "ESCALATED, Lamp"), ("a-2", "CLOSED, Lamp"), ("b-1", "ESCALATED, Lamp")]


@pytest.fixture(autouse=True)
def any_api(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Answers with an API without looking for a stage. Returns what was asked for."""
    asked: list[tuple[Any, ...]] = []

    def find(stage: str, **options: Any) -> Any:
        asked.append((stage, options))
        return SimpleNamespace(api=lambda *arguments, **more: (arguments, more))

    monkeypatch.setattr(deployment, "find", find)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return asked


def offered(*sources: Any, incomplete: str = "") -> list[tuple[str, str]]:
    return completion.of_ids("Orders", *sources)(CONTEXT, incomplete)


def fails(api: Any) -> Iterator[tuple[str, str]]:
    raise ValueError


def test_ids_that_begin_with_the_typed_text_are_offered_with_words(any_api: list[tuple[Any, ...]]) -> None:
    assert offered(("person", lambda api: FOUND), incomplete="a") == FOUND[:2]
    assert any_api == [("dev", {"home": None, "may_ask": False})]


def test_an_id_from_two_sources_is_offered_once_and_a_source_that_fails_spoils_nothing(capfd: Any) -> None:
    sources = [("person", fails), ("person", lambda api: FOUND[:1]), ("operator", lambda api: FOUND)]

    assert offered(*sources) == FOUND
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("odd", ["$(reboot)", "a b", "a;b", "a\n", ""])
def test_an_id_that_a_shell_could_run_is_left_out(odd: str) -> None:
    assert offered(("person", lambda api: [(odd, ""), ("a-1", "x\x1b" * 99)])) == [("a-1", ("x\\x1b" * 99)[:60])]


def test_what_was_found_in_time_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "LONGEST_SECONDS", 1.0)
    never = threading.Event()

    def hangs(api: Any) -> Iterator[tuple[str, str]]:
        never.wait()
        yield from FOUND

    try:
        assert offered(("person", hangs)) == []
    finally:
        never.set()


def completed(command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """What Tab offers behind `command`, in a process without a terminal and without any setting but these."""
    program, _, _ = command.partition(" ")
    asked = {f"_{program.upper()}_COMPLETE": "complete_bash", "COMP_WORDS": command, "COMP_CWORD": "2"}
    home = {"HOME": "/nonexistent", "PATH": os.environ["PATH"]}
    return subprocess.run([PROGRAMS / program], env=home | asked | environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("command", "stage"),
    [
        ("orders show ", {"STAGE": "local"}),
        ("orders show ", {}),
        ("orders close ", {}),
        ("remindme cancel ", {"STAGE": "local"}),
        ("remindme cancel ", {"AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}),
    ],
)
def test_without_a_stage_tab_offers_nothing(command: str, stage: dict[str, str]) -> None:
    done = completed(command, **stage)

    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_a_person_who_is_not_signed_in_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda question: pytest.fail(f"asked: {question}"))
    monkeypatch.delenv("SIGN_IN_PASSWORD", raising=False)
    people = People(UserPool("client", None), stage="dev", may_ask=False)

    with pytest.raises(CommandError, match="nobody is signed in"):
        people.one("ada@example.com").token()
