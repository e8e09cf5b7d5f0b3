"""Validates JSON objects against a JSON schema, and says what is wrong with each field. Pure."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import fastjsonschema

from common import codes
from common.codes import Detail, Problem
from common.jsontext import as_integer
from common.texts import has_noncharacter, is_broken, is_visible, shown_name

WHOLE = "(body)"
"""The `field` of a problem that the whole object has."""

MOST_UNKNOWN = 10
"""At most this number of unknown fields is named. The others are counted."""


Across: TypeAlias = Callable[[Mapping[str, Any]], Iterable[Detail]]


class ShapeError(ValueError):
    """An invalid object. `details` has one entry for each faulty field."""

    def __init__(self, details: list[Detail]) -> None:
        super().__init__("; ".join(f"{one['field']} {one['problem']}" for one in details))
        self.details = details


class Shape:
    """The JSON schema of an object, with rules that the schema cannot express.

    - `forms` has the problem to report if a value breaks its field's `pattern`, or if a list is wrong.
    - `texts` are the fields that people read. They must contain visible text.
    - `across` finds problems between fields. It gets the whole object, even if single fields are invalid.

    A field within a field has a path: `repeat.every`.

    Each field is validated by itself, so that every faulty field is named. The schema's rules for the whole object,
    apart from `required` and `additionalProperties`, are not validated.

    See decision D057.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        *,
        forms: Mapping[str, Problem],
        texts: Set[str] = frozenset(),
        across: Across = lambda _: (),
    ) -> None:
        self.schema = schema
        self.forms = forms
        self.texts = texts
        self.across = across
        self._validators = {path: fastjsonschema.compile(dict(field)) for path, field in _leaves(schema)}

    @classmethod
    def of(
        cls,
        file: Path,
        *,
        forms: Mapping[str, Problem],
        texts: Set[str] = frozenset(),
        across: Across = lambda _: (),
    ) -> "Shape":
        """Returns the shape with the JSON schema in `file`."""
        return cls(json.loads(file.read_text()), forms=forms, texts=texts, across=across)

    def fitted(self, body: object) -> dict[str, Any]:
        """Returns `body` with an `int` for each integer, even one written as `10.0` or `1e1`. Raises ShapeError."""
        fitted = _with_integers(body, self.schema)
        details = list(self._faults(fitted, self.schema))
        if isinstance(fitted, dict):
            details += self.across(fitted)
        if details:
            raise ShapeError(details)
        assert isinstance(fitted, dict)
        return fitted

    def _faults(self, value: object, schema: Mapping[str, Any], within: str = "") -> Iterator[Detail]:
        if not isinstance(value, dict):
            yield codes.WRONG_TYPE(types=["object"]).of(within[:-1] or WHOLE)
            return
        for name, field in schema["properties"].items():
            path = within + name
            if name not in value:
                if name in schema.get("required", ()):
                    yield codes.MISSING().of(path)
            elif "properties" in field:
                if not (value[name] is None and "null" in field["type"]):
                    yield from self._faults(value[name], field, f"{path}.")
            elif problem := self._problem(value[name], path):
                yield problem.of(path)
        if schema.get("additionalProperties") is False:
            yield from _unknown(value.keys() - schema["properties"].keys(), within)

    def _problem(self, value: object, path: str) -> Problem | None:
        if isinstance(value, str) and is_broken(value):
            return codes.BROKEN_CHARACTERS()
        try:
            self._validators[path](value)
        except fastjsonschema.JsonSchemaValueException as error:
            return self._broken_rule(error, path)
        if path in self.texts and isinstance(value, str):
            if has_noncharacter(value):
                return self.forms[path]
            if not is_visible(value):
                return codes.NOTHING_VISIBLE()
        return None

    def _broken_rule(self, error: fastjsonschema.JsonSchemaValueException, path: str) -> Problem:
        rule = error.rule_definition
        is_item = len(error.path) > 1
        match error.rule:
            case _ if is_item or error.rule in ("minItems", "uniqueItems"):
                return self.forms[path]
            case "type" if isinstance(rule, str):
                return codes.WRONG_TYPE(types=[rule])
            case "type" if "integer" in rule and path in self.forms:
                # The field may also be text, and `forms` says what both must look like.
                return self.forms[path]
            case "type":
                return codes.WRONG_TYPE(types=rule)
            case "pattern":
                return self.forms[path]
            case "minLength" if rule == 1:
                return codes.EMPTY()
            case "minLength":
                return codes.TOO_SHORT(shortest=rule)
            case "maxLength":
                return codes.TOO_LONG(longest=rule)
            case "minimum":
                return codes.TOO_SMALL(smallest=rule)
            case "maximum":
                return codes.TOO_BIG(largest=rule)
            case "enum":
                # The values of an error are text and whole numbers.
                return codes.UNKNOWN_VALUE(allowed=["true" if one is True else one for one in rule])
        return codes.BREAKS_RULE(rule=str(error.rule))


def _leaves(schema: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the path and the schema of each field that has no fields within it."""
    for name, field in schema["properties"].items():
        if "properties" in field:
            yield from _leaves(field, f"{within}{name}.")
        else:
            yield within + name, field


def _unknown(names: Set[str], within: str) -> Iterator[Detail]:
    shown = sorted({shown_name(name) for name in names})
    for name in shown[:MOST_UNKNOWN]:
        yield codes.UNKNOWN_FIELD().of(within + name)
    if (more := len(shown) - MOST_UNKNOWN) > 0:
        yield codes.MORE_UNKNOWN_FIELDS(count=more).of(within[:-1] or WHOLE)


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
