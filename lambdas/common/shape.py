"""What a JSON object must look like, and what is wrong with one, in words. Pure."""

import json
from collections.abc import Iterator, Mapping, Set
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import fastjsonschema

from common.jsontext import as_integer
from common.texts import has_noncharacter, is_broken, is_visible, shown_name

Detail: TypeAlias = dict[str, str]
"""`{"field": name, "problem": what to say after the name}`. Never a part of the object's values."""

WHOLE = "(body)"
"""The `field` of a problem of the object itself."""

MOST_UNKNOWN = 10
"""How many unknown fields are named."""

ONE_LINE = "must be on one line, without control characters"
LINES = "must not contain control characters other than tabs and line breaks"
INVISIBLE = "must contain visible text"
BROKEN = "contains broken characters: the text was read or cut in the wrong encoding"

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "array": "a list",
    "boolean": "true or false",
    "null": "null",
}


class ShapeError(ValueError):
    """An object with another shape. `details` has one entry for each faulty field."""

    def __init__(self, details: list[Detail]) -> None:
        super().__init__("; ".join(f"{one['field']} {one['problem']}" for one in details))
        self.details = details


class Shape:
    """The shape that a JSON schema of an object describes, and what the schema cannot say.

    `words` has for each field with a `pattern` what to tell people instead of the pattern. `texts` are the fields that
    people read: they must contain visible text. A field within a field has a path: `repeat.every`.

    Only what the schema says of the object's own fields is validated, one field after the other, so that every faulty
    one is named. What it says of several fields together (`oneOf`) is for the caller.
    """

    def __init__(self, schema: Mapping[str, Any], *, words: Mapping[str, str], texts: Set[str] = frozenset()) -> None:
        self.schema = schema
        self.words = words
        self.texts = texts
        self._validators = {path: fastjsonschema.compile(dict(field)) for path, field in _leaves(schema)}

    @classmethod
    def of(cls, file: Path, *, words: Mapping[str, str], texts: Set[str] = frozenset()) -> "Shape":
        """The shape that the JSON schema in `file` describes."""
        return cls(json.loads(file.read_text()), words=words, texts=texts)

    def fitted(self, body: object) -> dict[str, Any]:
        """`body`, with an `int` for each integer, which JSON may also write as `10.0` or `1e1`. Raises ShapeError."""
        fitted = _with_integers(body, self.schema)
        if details := list(self._faults(fitted, self.schema)):
            raise ShapeError(details)
        assert isinstance(fitted, dict)
        return fitted

    def _faults(self, value: object, schema: Mapping[str, Any], within: str = "") -> Iterator[Detail]:
        if not isinstance(value, dict):
            yield {"field": within[:-1] or WHOLE, "problem": "must be an object"}
            return
        for name, field in schema["properties"].items():
            path = within + name
            if name not in value:
                if name in schema.get("required", ()):
                    yield {"field": path, "problem": "is missing"}
            elif "properties" in field:
                yield from self._faults(value[name], field, f"{path}.")
            elif problem := self._problem(value[name], path):
                yield {"field": path, "problem": problem}
        if schema.get("additionalProperties") is False:
            yield from _unknown(value.keys() - schema["properties"].keys(), within)

    def _problem(self, value: object, path: str) -> str | None:
        if isinstance(value, str) and is_broken(value):
            return BROKEN
        try:
            self._validators[path](value)
        except fastjsonschema.JsonSchemaValueException as error:
            return self._in_words(error, path)
        if path in self.texts and isinstance(value, str):
            if has_noncharacter(value):
                return self.words[path]
            if not is_visible(value):
                return INVISIBLE
        return None

    def _in_words(self, error: fastjsonschema.JsonSchemaValueException, path: str) -> str:
        rule = error.rule_definition
        match error.rule:
            case "type" if isinstance(rule, str):
                return f"must be {_TYPES[rule]}"
            case "type" if "integer" in rule and path in self.words:
                # The field may also be text, and the words say which text.
                return self.words[path]
            case "type":
                return f"must be {_either([_TYPES[one] for one in rule])}"
            case "pattern":
                return self.words[path]
            case "minLength" if rule == 1:
                return "must not be empty"
            case "minLength":
                return f"must have at least {rule} characters"
            case "maxLength":
                return f"may have at most {rule} characters"
            case "minimum":
                return f"must be at least {rule}"
            case "maximum":
                return f"must be at most {rule}"
            case "enum":
                return f"must be {_either([str(one) for one in rule])}"
        return f"breaks the rule {error.rule}"


def _leaves(schema: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each field that is not an object with fields of its own, by its path."""
    for name, field in schema["properties"].items():
        if "properties" in field:
            yield from _leaves(field, f"{within}{name}.")
        else:
            yield within + name, field


def _unknown(names: Set[str], within: str) -> Iterator[Detail]:
    shown = sorted({shown_name(name) for name in names})
    for name in shown[:MOST_UNKNOWN]:
        yield {"field": within + name, "problem": "is not a field of this request"}
    if more := len(shown) - MOST_UNKNOWN:
        if more > 0:
            yield {"field": within[:-1] or WHOLE, "problem": f"has {more} more unknown fields"}


def _with_integers(value: object, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, dict) and "properties" in schema:
        fields = schema["properties"]
        return {name: _with_integers(one, fields.get(name, {})) for name, one in value.items()}
    types = schema.get("type")
    is_integer = types == "integer" or (isinstance(types, list) and "integer" in types)
    if is_integer and isinstance(value, Decimal | float):
        integer = as_integer(value)
        return value if integer is None else integer
    return value


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
