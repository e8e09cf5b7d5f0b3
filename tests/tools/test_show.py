"""Tables for people, on terminals of any width."""

import uuid
from typing import Any

import pytest
from rich.cells import cell_len

from tests.support.commands import Command
from tests.support.orders_stack import Stack
from tools.show import Output

ID, TIME = str(uuid.UUID(int=7)), "2026-11-25T17:06:35.123+00:00"
ARN = f"arn:aws:states:us-east-1:123456789012:execution:OrderFulfillmentStateMachine:{ID}"
COLUMNS = {"id": "reminder", "due": "due", "text": "message", "why": "why", "nothing": "nothing"}
ROWS: list[dict[str, Any]] = [
    {"id": ID, "due": TIME, "text": "feed the cat, and then the other cat, and then the dog", "why": ["one", "two"]},
    {"id": ID, "due": TIME, "text": "李先生的猫 🐈 is hungry", "why": []},
    {"id": ID, "due": TIME, "text": "", "why": ["The price is not above zero, and the card is not valid."]},
]


def shown(capsys: pytest.CaptureFixture[str], rows: list[dict[str, Any]], columns: dict[str, str] = COLUMNS) -> str:
    Output(as_json=False).rows(rows, columns, nothing="nothing")
    return capsys.readouterr().out


@pytest.mark.parametrize("wide", [1, 20, 60, 80, 100, 110, 120, 200])
def test_no_word_is_broken_at_any_width(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, wide: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(wide))

    out = shown(capsys, [*ROWS, {**ROWS[0], "why": [ARN]}] if wide < 200 else ROWS)

    assert out.count(ID) >= 3 and out.count(TIME) >= 3
    for row in ROWS:
        for word in [*row["text"].split(), *" ".join(row["why"]).split()]:
            assert word in out
    if "┃" in out:
        assert max(map(cell_len, out.splitlines())) <= wide


def test_a_table_uses_the_full_width(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    narrow = shown(capsys, ROWS)
    monkeypatch.setenv("COLUMNS", "200")
    roomy = shown(capsys, ROWS)

    assert "┃" in narrow and "┃" in roomy
    assert ROWS[0]["text"] not in narrow and ROWS[0]["text"] in roomy


def test_a_table_that_is_too_wide_is_printed_line_by_line_without_empty_fields(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    assert shown(capsys, ROWS[:2]).splitlines() == [
        f"reminder  {ID}",
        f"due       {TIME}",
        f"message   {ROWS[0]['text']}",
        "why       one",
        "          two",
        "",
        f"reminder  {ID}",
        f"due       {TIME}",
        f"message   {ROWS[1]['text']}",
    ]


@pytest.mark.parametrize("command_line", [["escalations"], ["list", "--status", "escalated"]])
def test_escalations_fit_a_terminal_of_80_columns(
    stack: Stack, command: Command, monkeypatch: pytest.MonkeyPatch, command_line: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stack.order("S4-20261125-00018", "ESCALATED", reasons=("CARD_NOT_16_DIGITS", "PRICE_NOT_POSITIVE"))

    out = command(*command_line).out

    assert "│ S4-20261125-00018 │ 2026-11-21T00:00:00.000Z │" in out
    assert max(map(len, out.splitlines())) <= 80
