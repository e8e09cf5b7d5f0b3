"""The command `account`: the joined copy, the repeated deletion, and its files."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from stacks.names import ACCOUNT
from tests.support.commands import Command, run_inside
from tools import deployment
from tools.account import calls
from tools.account.__main__ import main
from tools.api import Answer

ADA, ID = "ada@example.com", "6f1c2d3e-0000-4000-8000-00000000000a"
PART = {"format": 1, "orders": [1], "reminders": [2], "messages": [], "elsewhere": ["backups"], "next": None}
RECEIPT = {
    "id": ID,
    "complete": True,
    "removed": [{"store": "OrderTable", "what": "orders", "count": 2}],
    "waits": [],
    "stays": [],
}
WAITS = [{"store": "OrderTable", "what": "orders in progress", "count": 1}]


class FakeApi:
    """Answers each request with the next of `answers`, and records what was asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.asked: list[tuple[str, str]] = []
        self.signed_in_again = False

    def sign_in_again(self) -> None:
        self.signed_in_again = True

    def call(self, method: str, path: str) -> Answer:
        self.asked.append((method, path))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Answer) else Answer(200, answer, {})


def refusal(status: int, code: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": "No.", "details": []}}, {})


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    api = FakeApi()

    class Found:
        def api(self, stack: str, user: str | None, *, demo: str) -> FakeApi:
            assert stack == ACCOUNT
            return api

    monkeypatch.setattr(deployment, "find", lambda stage, home: Found())
    monkeypatch.setattr(calls, "SHORT_PAUSE_SECONDS", 0)
    monkeypatch.setattr(calls, "LONG_PAUSE_SECONDS", 0)
    return api


@pytest.fixture
def account(capsys: pytest.CaptureFixture[str]) -> Command:
    return lambda *arguments: run_inside(capsys, main, arguments, stdin="")


def test_the_parts_of_a_copy_are_joined(account: Command, api: FakeApi) -> None:
    api.answers = [{**PART, "next": "orders.x"}, {**PART, "orders": [3], "messages": [4]}]

    run = account("export", ADA)

    assert (run.status, run.err) == (0, "")
    assert run.json == {
        **{n: v for n, v in PART.items() if n != "next"},
        "orders": [1, 3],
        "reminders": [2, 2],
        "messages": [4],
    }
    assert api.asked == [
        ("GET", "/account?email=ada%40example.com"),
        ("GET", "/account?email=ada%40example.com&next=orders.x"),
    ]


@pytest.mark.parametrize(("who", "query"), [("me", ""), (ID, f"?id={ID}"), (ADA, "?email=ada%40example.com")])
def test_a_person_is_named_by_address_or_id(account: Command, api: FakeApi, who: str, query: str) -> None:
    api.answers = [PART]

    account("export", who)

    assert api.asked == [("GET", f"/account{query}")]


def test_a_file_is_only_for_its_owner(account: Command, api: FakeApi, tmp_path: Path) -> None:
    api.answers = [PART]
    (tmp_path / "ada.json").touch(0o644)

    run = account("export", ADA, "--to", str(tmp_path / "ada.json"))

    assert run.out == f"wrote 1 order, 1 reminder, 0 messages: {tmp_path / 'ada.json'}\n"
    assert stat.S_IMODE((tmp_path / "ada.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "ada.json").read_text())["orders"] == [1]


def test_a_deletion_is_repeated_until_it_is_complete_and_its_counts_are_added_up(
    account: Command, api: FakeApi, tmp_path: Path
) -> None:
    queue = {"store": "ParkedQueue", "what": "messages", "why": "the queue was too long", "until": "14 days"}
    waits = {**RECEIPT, "complete": False, "waits": WAITS, "stays": [queue]}
    api.answers = [waits, EndpointConnectionError(endpoint_url="x"), refusal(503, "Unavailable"), RECEIPT]

    run = account("delete", ADA, "--yes", "--to", str(tmp_path / "receipt.json"))

    assert (run.status, run.err) == (0, "waiting: 1 orders in progress\n")
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["removed"][0]["count"] == 4
    assert receipt["stays"] == [queue], "a later call does not search for what is removed already"
    assert api.signed_in_again, "the API wants a password that was entered just now"
    assert [method for method, _ in api.asked] == ["DELETE"] * 4


def test_without_a_terminal_nothing_is_deleted_unless_it_was_confirmed(account: Command, api: FakeApi) -> None:
    run = account("delete", ADA)

    assert (run.status, run.out) == (1, "")
    assert run.err == "error: the account is not deleted without a terminal to ask you: add --yes\n"
    assert api.asked == []


def test_a_receipt_that_cannot_be_written_is_noticed_before_anything_is_deleted(
    account: Command, api: FakeApi, tmp_path: Path
) -> None:
    run = account("delete", ADA, "--yes", "--to", str(tmp_path / "missing" / "receipt.json"))

    assert run.status == 1
    assert run.err.endswith("cannot be written: choose another file with --to\n")
    assert api.asked == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal(403, "SignInAgain"), "you signed in more than 15 minutes ago: run the command again"),
        (refusal(404, "NotFound"), "NotFound: No."),
    ],
)
def test_a_refusal_is_reported(account: Command, api: FakeApi, answer: Answer, said: str) -> None:
    api.answers = [answer]

    run = account("delete", ADA, "--yes")

    assert run.status == 1
    assert run.err.startswith(f"error: {said}")
