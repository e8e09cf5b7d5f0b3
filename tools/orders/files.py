"""Reads orders from a file. Error messages give line and column but never the content, which may be a card number."""

import json
import sys
from bisect import bisect_left
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from common import jsontext
from common.jsontext import NotJsonError
from orders.rules import price_text
from terminal.errors import CommandError
from terminal.text import as_path, printable

Order = dict[str, Any]

STDIN = "-"
MAX_FILE_BYTES = 32 * 1024 * 1024
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read(file: str) -> list[Order]:
    """The orders in `file`, or on standard input if `file` is `-`: one object, or a list of objects.

    An object may also be an entry of local/sample-orders.json, `{"order": {...}, "expect": {...}}`. The API validates
    the fields. Raises CommandError if the input is anything else.
    """
    value = _parse(_bytes(file))
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise CommandError("the input is an empty list: write at least one order into it")
    return [_order(entry, position) for position, entry in enumerate(entries, 1)]


def to_json(order: Order) -> str:
    """`order` as the body of a request. A price that is a number is sent as the text that the API would store."""
    price = order.get("Price")
    sent = {**order, "Price": price_text(price)} if isinstance(price, Decimal) else order
    return json.dumps(sent, default=_number)


def _bytes(file: str) -> bytes:
    # See decision D073.
    if file.lstrip().startswith(("{", "[")):
        raise CommandError(
            "an order on the command line would stay in the history of the shell: name a file instead, or - for "
            "standard input"
        )
    try:
        if file == STDIN:
            raw = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        else:
            with Path(as_path(file)).open("rb") as opened:
                raw = opened.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a valid file name"
        raise CommandError(f"cannot read {printable(file)}: {reason}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise CommandError(f"the input is too large: split it into files of at most {MAX_FILE_BYTES:,} bytes")
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
        raise CommandError("the input is empty: write at least one order into it")
    try:
        return jsontext.read(text)
    except NotJsonError as error:
        problem = str(error).rstrip(".")
        if not error.says_where:
            problem += f" (up to {_place(text, _end_of_fault(text, error))})"
        elif _begins_with_json(text):
            problem += ". Write several orders as one list: [{…}, {…}]"
        raise CommandError(f"the input {problem}") from None


def _end_of_fault(text: str, error: NotJsonError) -> int:
    """The position where the parser noticed the fault: the shortest beginning of `text` with the same fault ends
    there."""

    def has_it(length: int) -> bool:
        try:
            jsontext.read(text[:length])
        except NotJsonError as other:
            return str(other) == str(error)
        return False

    return bisect_left(range(len(text)), True, key=has_it) - 1


def _begins_with_json(text: str) -> bool:
    try:
        json.JSONDecoder().raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return False
    return True


def _place(text: str, position: int) -> str:
    line, start = text.count("\n", 0, position) + 1, text.rfind("\n", 0, position) + 1
    return f"line {line}, column {position - start + 1}"


def _number(number: Decimal) -> int | float | None:
    """`number` for JSON. A number too large for a float becomes a large integer, which the API refuses too."""
    return float(number) if isfinite(float(number)) else jsontext.as_integer(number)


def _order(entry: Any, position: int) -> Order:
    if isinstance(entry, dict) and entry.keys() <= {"order", "expect"} and "order" in entry:
        entry = entry["order"]
    if not isinstance(entry, dict):
        raise CommandError(
            f'order {position} is not an object such as {{"OrderId": …}}: correct the file. No order was sent'
        )
    return entry
