"""Mutants of JSON documents: state machines and templates. Each changes one place of a document."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]
GONE = object()


@dataclass(frozen=True)
class Mutant:
    """A change of the value at `path`. `changed` returns the new value, or GONE to remove it."""

    document: str
    path: Path
    kind: str
    changed: Callable[[Any], Any] = field(compare=False, repr=False)
    group: str = ""
    number: int = 1

    @property
    def name(self) -> str:
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.document}: {' / '.join(map(str, self.path))} {self.kind}{again}"

    def apply(self, document: Any) -> bool:
        """Changes a document. Returns whether it has the path."""
        *way, last = self.path
        for step in way:
            if not _has(document, step):
                return False
            document = document[step]
        if not _has(document, last):
            return False
        made = self.changed(document[last])
        if made is GONE:
            del document[last]
        else:
            document[last] = made
        return True


def _has(document: Any, step: str | int) -> bool:
    if isinstance(document, dict):
        return step in document
    return isinstance(document, list) and isinstance(step, int) and step < len(document)


def numbered(mutants: Iterator[Mutant]) -> Iterator[Mutant]:
    """Gives equal names numbers."""
    seen: Counter[str] = Counter()
    for one in mutants:
        seen[one.name] += 1
        yield Mutant(one.document, one.path, one.kind, one.changed, one.group, seen[one.name])


def removed(_: Any) -> Any:
    return GONE


def to(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def of_scalar(document: str, path: Path, value: Any) -> Iterator[Mutant]:
    """Mutants of a boolean, a number or a text."""
    match value:
        case bool():
            yield Mutant(document, path, f"{value} -> {not value}", to(not value))
        case int() | float():
            for other in (value + 1, value - 1):
                yield Mutant(document, path, f"{value} -> {other}", to(other))
        case str() if re.fullmatch("[0-9]+", value):
            yield Mutant(document, path, f"{value} -> {int(value) + 1}", to(str(int(value) + 1)))
        case str():
            yield Mutant(document, path, f"text {value[:40]!r} changed", to(f"{value}X"))


JSONATA = (
    (r"\band\b", "or"),
    (r"\bor\b", "and"),
    (r"!=", "="),
    (r"(?<![!<>:])=", "!="),
    (r"<=", "<"),
    (r">=", ">"),
    (r"(?<= )>(?= )", ">="),
    (r"(?<= )<(?= )", "<="),
    (r"\bin \[", "= ["),
    (r"\$not\(", "$boolean("),
    (r"\$floor\(", "$ceil("),
    (r" \+ ", " - "),
    (r" \* ", " / "),
    (r"'[^']*'", "'other'"),
    (r"\btrue\b", "false"),
    (r"(?<![\w'\\u-])\d+(?![\w'\\-])", 1),
    (r"(?<![\w'\\u-])\d+(?![\w'\\-])", -1),
)
"""Parts of JSONata expressions, and what they become. A number is added to the number that is there."""

DYNAMODB = (
    (r"\bAND\b", "OR"),
    (r"\bOR\b", "AND"),
    (r"attribute_not_exists", "attribute_exists"),
    (r"(?<=\) )?(?<= )= (?=:)", "<> "),
    (r"if_not_exists\((\w+), (:\w+)\)", r"\2"),
    (r", #?\w+ = [#:]\w+", ""),
    (r" REMOVE \w+", ""),
)
"""The same for expressions of DynamoDB."""


def of_expression(document: str, path: Path, text: str, table: tuple[tuple[str, Any], ...]) -> Iterator[Mutant]:
    """Mutants of an expression: each part that the table knows, at each of its places."""
    for pattern, other in table:
        for number, found in enumerate(re.finditer(pattern, text)):
            made = str(int(found[0]) + other) if isinstance(other, int) else found.expand(other)

            def changed(value: str, pattern: str = pattern, number: int = number, made: str = made) -> Any:
                places = [*re.finditer(pattern, value)]
                return value[: places[number].start()] + made + value[places[number].end() :]

            yield Mutant(document, path, f"{found[0].strip()} -> {made.strip()} at {found.start()}", changed)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each value inside a document, with its path. Containers come before their content."""
    pairs: Mapping[Any, Any] | Any = (
        value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
    )
    for key, inner in pairs.items():
        yield (*path, key), inner
        yield from leaves(inner, (*path, key))
