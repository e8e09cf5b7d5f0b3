"""Orders out of a file. What is wrong with it is said by place: its content may be card numbers."""

import json
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from orders.rules import price_text
from terminal.errors import CommandError
from tools.text import printable

Order = dict[str, Any]

STDIN = "-"
MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 100
"""Levels of lists and objects. Python's parser gives up at a depth that differs from version to version."""

MAX_DIGITS = 1000
UTF_16 = (b"\xff\xfe", b"\xfe\xff")

# One that is not closed ends with the text.
_STRING = r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'
_CONSTANT, _NUMBER, _BRACKET, _PART = (
    re.compile(pattern, re.DOTALL)
    for pattern in (
        rf"{_STRING}|(-?Infinity|NaN)",
        rf"{_STRING}|(-?[0-9][0-9.eE+-]*)",
        rf"{_STRING}|([\[{{\]}}])",
        rf"({_STRING})|([\[{{\]}},])",
    )
)


class _NotJsonError(ValueError):
    """A fault that Python's parser would accept. `place` is its position in the text, or a function that finds it."""

    def __init__(self, problem: str, place: int | Callable[[str], int]) -> None:
        super().__init__(problem)
        self.place = place


def read(file: str) -> list[Order]:
    """The orders in `file`, or on standard input for `-`: one object, or a list of them.

    An object may also be an entry of local/sample-orders.json, `{"order": {...}, "expect": {...}}`. Fields are left
    to the API to judge. Raises CommandError where it is anything else; then no order of it has been sent.
    """
    value = _parse(_bytes(file))
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise CommandError("the input is an empty list: there is no order in it")
    return [_order(entry, position) for position, entry in enumerate(entries, 1)]


def to_json(order: Order) -> str:
    """`order` as a request's body. A price in digits is sent as the text that the API would make of it."""
    price = order.get("Price")
    sent = {**order, "Price": price_text(price)} if isinstance(price, Decimal) else order
    return json.dumps(sent, default=float)


def _bytes(file: str) -> bytes:
    if file.lstrip().startswith(("{", "[")):
        raise CommandError("name a file, or - for standard input: an order here stays in the history of the shell")
    try:
        if file == STDIN:
            raw = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file's name"
        raise CommandError(f"cannot read {printable(file)}: {reason}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise CommandError(f"the input is too large: it may have {MAX_FILE_BYTES:,} bytes")
    return raw


def _parse(raw: bytes) -> Any:
    if raw.startswith(UTF_16):
        raise CommandError("the input is UTF-16: save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace")
        raise CommandError(f"the input is not UTF-8 ({_place(before, len(before))}): save it as UTF-8") from None
    if not text.strip():
        raise CommandError("the input is empty: there is no order in it")
    try:
        _check_depth(text)
        return json.loads(
            text,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_without_duplicates,
        )
    except json.JSONDecodeError as error:
        hint = ". Several orders are one list: [{…}, {…}]" if error.msg == "Extra data" else ""
        raise CommandError(f"the input is not JSON ({_place(text, error.pos)}){hint}") from None
    except _NotJsonError as error:
        position = error.place if isinstance(error.place, int) else error.place(text)
        raise CommandError(f"the input is not JSON ({_place(text, position)}): {error}") from None


def _place(text: str, position: int) -> str:
    line, start = text.count("\n", 0, position) + 1, text.rfind("\n", 0, position) + 1
    return f"line {line}, column {position - start + 1}"


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.finditer(text):
        if bracket[1]:
            depth += 1 if bracket[1] in "[{" else -1
            if depth > MAX_DEPTH:
                raise _NotJsonError(f"it is nested more than {MAX_DEPTH} levels deep", bracket.start())


def _number(digits: str) -> "int | Decimal":
    if len(digits) <= MAX_DIGITS:
        try:
            return int(digits) if digits.lstrip("-").isdecimal() else Decimal(digits)
        except ArithmeticError:
            pass
    raise _NotJsonError("a number is too long or too large", lambda text: _first(_NUMBER, text, digits))


def _first(pattern: "re.Pattern[str]", text: str, what: str) -> int:
    return next(found.start() for found in pattern.finditer(text) if found[1] == what)


def _order(entry: Any, position: int) -> Order:
    if isinstance(entry, dict) and entry.keys() <= {"order", "expect"} and "order" in entry:
        entry = entry["order"]
    if not isinstance(entry, dict):
        raise CommandError(f'order {position} is not an object such as {{"OrderId": …}}; nothing was sent')
    return entry


def _refuse_constant(name: str) -> NoReturn:
    raise _NotJsonError(f"{name} is not a number", lambda text: _first(_CONSTANT, text, name))


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> Order:
    if len(result := dict(pairs)) != len(pairs):
        raise _NotJsonError("a field is given twice in one object", _repeated)
    return result


def _repeated(text: str) -> int:
    """The position of the first name that its object already has."""
    objects: list[set[str] | None] = []
    expected = False
    for part in _PART.finditer(text):
        if part[2] in ("{", "["):
            objects.append(set() if part[2] == "{" else None)
        elif part[2] in ("}", "]"):
            objects.pop()
        elif part[1] and expected and (names := objects[-1]) is not None:
            if (name := json.loads(part[1])) in names:
                return part.start()
            names.add(name)
        expected = part[2] in ("{", ",")
    raise AssertionError("no name is repeated")
