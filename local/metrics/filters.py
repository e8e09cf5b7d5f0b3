"""Matches lines of a log with the JSON patterns of metric filters, as far as our templates use them. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_CONDITION = re.compile(r"\$\.(?P<field>[\w.]+)\s*(?P<op>=|!=|>=|<=|>|<)\s*(?P<value>\"[^\"]*\"|[-\w.*]+)")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class UnknownPatternError(ValueError):
    """The pattern uses something that this module does not know."""


def counted(definition: Mapping[str, Any], line: str) -> float | None:
    """What a filter with this pattern and this value adds for a line. None if the line does not match.

    `definition` has `filterPattern` and one of `metricTransformations`. Raises UnknownPatternError.
    """
    fields = _fields(line)
    if not matches(definition["filterPattern"], fields):
        return None
    value = definition["metricTransformations"][0]["metricValue"]
    found = _field(fields, value[2:]) if value.startswith("$.") else value
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


def matches(pattern: str, fields: Mapping[str, Any] | None) -> bool:
    """Whether the fields of a line match `{ $.field > 0 }`, or several conditions with `&&`.

    Raises UnknownPatternError.
    """
    parts = pattern.strip().removeprefix("{").removesuffix("}").split("&&")
    conditions = [part.strip().strip("()").strip() for part in parts]
    found = [_CONDITION.fullmatch(condition) for condition in conditions]
    if not pattern.strip().startswith("{") or None in found:
        raise UnknownPatternError(pattern)
    return fields is not None and all(_holds(condition, fields) for condition in found if condition)


def _holds(condition: re.Match[str], fields: Mapping[str, Any]) -> bool:
    value, wanted = _field(fields, condition["field"]), condition["value"]
    try:
        number = float(wanted)
    except ValueError:
        text = re.escape(wanted.strip('"')).replace(r"\*", ".*")
        is_like = isinstance(value, str) and re.fullmatch(text, value) is not None
        return is_like == (condition["op"] == "=")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and _OPERATORS[condition["op"]](value, number)


def _field(fields: Any, path: str) -> Any:
    for name in path.split("."):
        fields = fields.get(name) if isinstance(fields, dict) else None
    return fields


def _fields(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
