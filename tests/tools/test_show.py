"""Tables for people, on terminals of any width."""

import json
import uuid
from typing import Any

import pytest
from rich.cells import cell_len

from terminal import times
from tests.support.commands import Command
from tests.support.orders_stack import Stack
from tools.show import Column, Output

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


def test_rows_that_are_too_wide_for_a_table_are_printed_as_cards_without_empty_fields(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    assert shown(capsys, ROWS[:2]).splitlines() == [
        ID,
        f"  due      {TIME}",
        f"  message  {ROWS[0]['text']}",
        "  why      one",
        "           two",
        "",
        ID,
        f"  due      {TIME}",
        f"  message  {ROWS[1]['text']}",
    ]


@pytest.mark.parametrize("command_line", [["escalations"], ["list", "--status", "escalated"]])
def test_escalations_fit_a_terminal_of_80_columns(
    stack: Stack, command: Command, monkeypatch: pytest.MonkeyPatch, command_line: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stack.order("S4-20261125-00018", "ESCALATED", reasons=("CARD_NOT_16_DIGITS", "PRICE_NOT_POSITIVE"))

    out = command(*command_line).out

    assert f"│ S4-20261125-00018 │ {times.local('2026-11-21T00:00:00.000Z')} │" in out
    assert max(map(len, out.splitlines())) <= 80


KINDS = {"id": Column("order", "id"), "due": Column("due", "time"), "status": Column("status", "status")}


@pytest.mark.parametrize("wide", [30, 80])
def test_a_list_shows_short_ids_local_times_and_coloured_statuses_and_json_shows_all_in_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, wide: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(wide))
    monkeypatch.setenv("FORCE_COLOR", "1")
    rows = [{"id": ID, "due": TIME, "status": "PARKED"}, {"id": f"{ID[:-1]}8", "due": "soon", "status": "CLOSED"}]

    Output(as_json=False).rows([rows[0], {**rows[1], "id": "8" * 8 + ID[8:]}], KINDS, nothing="nothing")
    out = capsys.readouterr().out
    Output(as_json=True).rows(rows, KINDS, nothing="nothing")

    assert ID[:8] in out and ID not in out
    assert times.local(TIME) in out and "soon" in out
    assert "\x1b[31mPARKED" in out and "\x1b[2mCLOSED" in out
    assert json.loads(capsys.readouterr().out) == rows


def test_a_text_that_would_be_a_tower_in_a_table_is_printed_in_a_card(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    assert "┃" in shown(capsys, [{"id": "a", "text": "word " * 10}], {"id": "id", "text": "text"})
    assert "┃" not in shown(capsys, [{"id": "a", "text": "word " * 50}], {"id": "id", "text": "text"})
