"""Reads the OpenAPI documents, and makes values that fit their schemas or narrowly miss them."""

import functools
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator

from tools.openapi import DOCUMENTS

Schema: TypeAlias = Mapping[str, Any]

NAMES = ("account.json", "orders.json", "reminders.json")
_LONGEST_NUMBER = 10**13


@dataclass(frozen=True)
class Operation:
    """One operation of one API."""

    document: str
    path: str
    method: str
    said: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.said["operationId"])

    def parameter(self, name: str) -> Mapping[str, Any]:
        (found,) = [one for one in self.said["parameters"] if one["name"] == name]
        return dict(found)

    def body_schema(self) -> Schema:
        schema: Schema = resolved(self.document, self.said["requestBody"]["content"]["application/json"]["schema"])
        return schema


@functools.cache
def document(name: str) -> dict[str, Any]:
    return dict(json.loads((DOCUMENTS / name).read_text()))


def operations() -> Iterator[Operation]:
    for name in NAMES:
        for path, methods in document(name)["paths"].items():
            for method, said in methods.items():
                yield Operation(name, path, method.upper(), said)


def operation(id: str) -> Operation:
    (found,) = [one for one in operations() if one.id == id]
    return found


def resolved(name: str, value: Any) -> Any:
    """Replaces every reference in `value` with its target. `value` is a part of the document `name`."""
    if isinstance(value, list):
        return [resolved(name, one) for one in value]
    if not isinstance(value, Mapping):
        return value
    if "$ref" in value:
        return resolved(name, document(name)["components"]["schemas"][value["$ref"].rpartition("/")[2]])
    return {key: resolved(name, one) for key, one in value.items()}


def fits(schema: Schema, value: Any) -> bool:
    return bool(OAS31Validator(schema).is_valid(value))


def fitting(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that fit a resolved schema: any of its alternatives, with any optional fields."""
    return _drawn(schema).filter(functools.partial(fits, schema))


def just_outside(schema: Schema) -> list[Any]:
    """Values that narrowly miss the resolved schema of one field."""
    values: list[Any] = [None, True, [], {}, "", "\u0007x", "x y", "-1", -1, 0.5]
    if "maxLength" in schema:
        values.append("x" * (schema["maxLength"] + 1))
    if "minimum" in schema:
        values += [schema["minimum"] - 1, schema["maximum"] + 1]
    if "enum" in schema:
        values += [str(one).swapcase() for one in schema["enum"]]
    values += [f"{one}." for one in schema.get("enum", []) if isinstance(one, str)]
    return [value for value in values if not fits(schema, value)]


def _drawn(schema: Schema) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([_drawn(one) for one in schema["anyOf"]])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of_type(one, schema) for one in types])


def _of_type(type: str, schema: Schema) -> st.SearchStrategy[Any]:
    least, most = schema.get("minimum", -_LONGEST_NUMBER), schema.get("maximum", _LONGEST_NUMBER)
    match type:
        case "object":
            choices = itertools.product(*(group.get("oneOf") or group["anyOf"] for group in schema.get("allOf", [])))
            return st.one_of([_object(functools.reduce(_narrowed, choice, schema)) for choice in choices])
        case "array":
            return st.lists(_drawn(schema["items"]), min_size=schema.get("minItems", 0), max_size=5, unique=True)
        case "string":
            return _text(schema)
        case "null":
            return st.none()
        case "integer":
            return st.integers(least, most)
        case "number":
            return st.integers(int(least), int(most)) | st.floats(least, most)
    raise AssertionError(f"the type {type} is new to the documents: add it to {__file__}")


def _narrowed(schema: Schema, alternative: Schema) -> Schema:
    """Narrows an object's schema to one alternative, which forbids a field with `{"not": {}}`."""
    more = alternative.get("properties", {})
    return {
        "required": [*schema.get("required", ()), *alternative.get("required", ())],
        "properties": {
            name: {**field, **more.get(name, {})}
            for name, field in schema["properties"].items()
            if more.get(name) != {"not": {}}
        },
    }


def _object(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    fields = {name: _drawn(field) for name, field in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=fields)


def _text(schema: Schema) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 50)
    pattern = schema.get("pattern", "")
    # In JSON Schema, `$` matches only at the end of the text. In Python it also matches before a final line break.
    whole = re.compile(pattern.removesuffix("$"))
    if pattern.startswith("^[^"):
        return st.text(min_size=least, max_size=most).filter(whole.fullmatch)
    if pattern:
        return st.from_regex(whole, fullmatch=True).filter(lambda text: least <= len(text) <= most)
    return st.text(min_size=least, max_size=most)
