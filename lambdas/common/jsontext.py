"""Reads JSON as RFC 8259 allows it, with the same result on every version of Python. Pure.

Python's own reader also accepts NaN and repeated names. Its limits for nested brackets and for long integers differ
from version to version.
"""

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from common.texts import shown_name

MAX_BODY_BYTES = 24_576
"""Enough for any valid request: JSON may write an emoji as twelve ASCII characters, so the longest reminder takes
19 KB. And small enough to parse safely."""

MOST_NESTED = 32
"""Far above any valid request, and far below the limit of any version of Python."""

_TOO_DEEP = f"is nested too deeply: at most {MOST_NESTED} objects and lists may be within each other."

_LONGEST_INTEGER = 30
"""Longer integers become a Decimal: Python refuses to read an `int` of more than 4,300 digits."""

_MARK = re.compile(r'\\.|["\[\]{}]', re.DOTALL)
_BLANK = " \t\n\r"
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,20})?([Ee][+-]?[0-9]{1,2})?")


class NotJsonError(ValueError):
    """A text that is not JSON. The message continues the sentence "The body ..." and repeats none of the text."""

    def __init__(self, problem: str, *, says_where: bool = False) -> None:
        super().__init__(problem)
        self.says_where = says_where
        """True if the message names a line and a column."""


def read(text: str) -> Any:
    """Returns the value of a JSON text. Numbers are int or Decimal. Raises NotJsonError."""
    if text.startswith("\ufeff"):
        raise NotJsonError("begins with a byte order mark. Send it without one.")
    if not text.strip(_BLANK):
        raise NotJsonError("is empty. Send a JSON object.")
    if is_nested_too_deeply(text):
        raise NotJsonError(_TOO_DEEP)
    try:
        value = json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_without_duplicates,
        )
    except json.JSONDecodeError as error:
        raise NotJsonError(_where(text, error.pos), says_where=True) from None
    try:
        json.dumps(value, default=str, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8, so nothing can store it.
        raise NotJsonError(r"contains half of a character: a lone surrogate such as \ud800.") from None
    return value


def read_leniently(text: str) -> Any:
    """Returns the value of a JSON text, even one that only Python's own reader accepts. Raises NotJsonError.

    It is for texts that do not come from a caller: messages, cached entries and inputs of executions.
    """
    if is_nested_too_deeply(text):
        raise NotJsonError(_TOO_DEEP)
    try:
        return json.loads(text, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise NotJsonError(_where(text, error.pos), says_where=True) from None


def is_nested_too_deeply(text: str) -> bool:
    """Returns whether a JSON text nests objects and lists more than MOST_NESTED deep. See decision D061."""
    depth, in_text = 0, False
    for found in _MARK.finditer(text):
        mark = found[0]
        if mark == '"':
            in_text = not in_text
        elif in_text or mark[0] == "\\":
            continue
        elif mark in "[{":
            depth += 1
            if depth > MOST_NESTED:
                return True
        else:
            depth -= 1
    return False


def whole_number(text: str) -> int | None:
    """Returns the integer that a JSON number equals: `10`, `10.0`, `1e1`. None for any other text."""
    return as_integer(Decimal(text)) if _NUMBER.fullmatch(text) else None


def as_integer(number: Decimal | float) -> int | None:
    """Returns the integer that `number` equals, or None if it is not an integer.

    The result is limited to -10^30 to 10^30, because a short text can be a huge number.
    """
    number = Decimal(number)
    if not number.is_finite() or (number.adjusted() < _LONGEST_INTEGER and number != number.to_integral_value()):
        return None
    largest = Decimal(10) ** _LONGEST_INTEGER
    return int(min(max(number, -largest), largest))


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _LONGEST_INTEGER else Decimal(text)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise NotJsonError("contains a number whose exponent has too many digits.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonError(f"contains {name}, which JSON does not allow.")


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            shown = shown_name(name.encode(errors="replace").decode())
            raise NotJsonError(f"has the name {shown} twice in one object.")
        result[name] = value
    return result


def _where(text: str, place: int) -> str:
    """Returns what is wrong at `place`. It finds extra commas itself: Python versions name different sides of them."""
    before, after = text[:place].rstrip(_BLANK), text[place:].lstrip(_BLANK)
    if before.endswith(",") and after[:1] in ("]", "}"):
        return f"has an extra comma at {_position(text, len(before) - 1)}."
    if after.startswith(",") and after[1:].lstrip(_BLANK)[:1] in ("]", "}"):
        return f"has an extra comma at {_position(text, len(text) - len(after))}."
    return f"is not JSON: see {_position(text, place)}."


def _position(text: str, place: int) -> str:
    return f"line {text.count(chr(10), 0, place) + 1}, column {place - text.rfind(chr(10), 0, place)}"
