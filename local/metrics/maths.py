"""CloudWatch's metric math, as far as our alarms and dashboards use it.

`+ - * /`, comparisons, `AND`, `OR`, brackets, and the functions IF, FILL, SUM, MAX and MIN. Pure.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping

Series = Mapping[int, float]
"""The values of a metric, by the time in seconds at which their period begins."""

_Value = float | None
"""A number, or None where a period has no value."""

_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_AGGREGATES: dict[str, Callable[[Iterable[float]], float]] = {"SUM": sum, "MAX": max, "MIN": min}


class UnknownMathError(ValueError):
    """The expression uses something that this module does not know."""


def evaluated(expression: str, known: Mapping[str, Series], periods: Iterable[int]) -> Series:
    """The values of `expression` in `periods`. `known` has the series of each id.

    A missing value counts as 0 if another operand has one. Otherwise the period has no value, as after a division by
    zero. Raises UnknownMathError.
    """
    # CloudWatch's words for these are not Python's.
    python = re.sub(r"\b(AND|OR)\b|&&|\|\|", lambda word: " and " if word[0] in ("AND", "&&") else " or ", expression)
    try:
        tree = ast.parse(python.strip(), mode="eval").body
    except SyntaxError:
        raise UnknownMathError(expression) from None
    found = {at: _value(tree, {id: series.get(at) for id, series in known.items()}) for at in periods}
    return {at: value for at, value in found.items() if value is not None}


def _value(node: ast.expr, known: Mapping[str, _Value]) -> _Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _applied(lambda one: -one, [operand], known)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _applied(_OPERATORS[type(op)], [left, right], known)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return _applied(_OPERATORS[type(op)], [left, right], known)
        case ast.BoolOp(op=op, values=values):
            combine = all if isinstance(op, ast.And) else any
            return _applied(lambda *many: combine(many), values, known)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _called(name, arguments, known)
    raise UnknownMathError(ast.unparse(node))


def _called(name: str, arguments: list[ast.expr], known: Mapping[str, _Value]) -> _Value:
    match name, arguments:
        case "FILL", [one, ast.Constant(value=int() | float() as instead)]:
            value = _value(one, known)
            return float(instead) if value is None else value
        case "IF", [condition, yes, no]:
            holds = _value(condition, known)
            return None if holds is None else _value(yes if holds else no, known)
        case (("SUM" | "MAX" | "MIN"), [ast.List(elts=elements)]):
            found = [value for one in elements if (value := _value(one, known)) is not None]
            return float(_AGGREGATES[name](found)) if found else None
    raise UnknownMathError(f"{name} with {len(arguments)} arguments")


def _applied(function: Callable[..., float], operands: Iterable[ast.expr], known: Mapping[str, _Value]) -> _Value:
    values = [(_value(one, known), _is_series(one)) for one in operands]
    if all(value is None for value, is_series in values if is_series) and any(is_series for _, is_series in values):
        return None
    try:
        return float(function(*(value or 0.0 for value, _ in values)))
    except ZeroDivisionError:
        return None


def _is_series(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) and part.id[0].islower() for part in ast.walk(node))


def ids(expression: str) -> set[str]:
    """The ids that the expression may use. They begin with a small letter, unlike functions."""
    return {*re.findall(r"\b[a-z][A-Za-z0-9_]*\b", expression)}
