"""Orders out of a file. What is wrong with it is said by place: its content may be card numbers."""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from orders.rules import price_text
from tools.errors import CommandError
from tools.text import printable

Order = dict[str, Any]

STDIN = "-"
MAX_FILE_BYTES = 32 * 1024 * 1024


class _NotJsonError(ValueError):
    """Numbers and names that Python's parser would accept."""


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
        raise CommandError(f"the input is too large: it may have {MAX_FILE_BYTES} bytes")
    return raw


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(
            raw.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_without_duplicates,
        )
    except UnicodeDecodeError as error:
        raise CommandError(f"the input is not UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise CommandError(f"the input is not JSON (line {error.lineno}, column {error.colno})") from None
    except _NotJsonError as error:
        raise CommandError(f"the input is not JSON: {error}") from None
    except (ValueError, ArithmeticError, RecursionError):
        raise CommandError("the input is no order: a number in it is too long, or it is nested too deeply") from None


def _order(entry: Any, position: int) -> Order:
    if isinstance(entry, dict) and entry.keys() <= {"order", "expect"} and "order" in entry:
        entry = entry["order"]
    if not isinstance(entry, dict):
        raise CommandError(f'order {position} is not an object such as {{"OrderId": …}}; nothing was sent')
    return entry


def _refuse_constant(name: str) -> NoReturn:
    raise _NotJsonError(f"{name} is no number")


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> Order:
    if len(result := dict(pairs)) != len(pairs):
        raise _NotJsonError("a field is given twice in one object")
    return result
