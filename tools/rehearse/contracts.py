"""Compares the OpenAPI documents and the messages' schemas of two versions, and names what breaks callers.

A caller that fits the old version must fit the new one. So a request may not become stricter, and a response or a
message may not become looser. Combinations of fields (`oneOf`, `allOf`, `not`) are compared by the documents' examples.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
REFERENCE = "#/components/schemas/"


@dataclass(frozen=True)
class Sides:
    """Both documents, in which `$ref`s are looked up, and the direction of the compared schema."""

    old: Json
    new: Json
    sent_by_caller: bool


def breaks_of_api(old: Json, new: Json) -> Iterator[str]:
    """A sentence for each difference of two OpenAPI documents that breaks a caller of the old one."""
    for path, operations in old["paths"].items():
        for method, operation in operations.items():
            call = f"{method.upper()} {path}"
            then = new["paths"].get(path, {}).get(method)
            if then is None:
                yield f"{call} is gone"
            else:
                yield from (f"{call}: {problem}" for problem in _of_operation(operation, then, old, new))


def breaks_of_message(old: Json, new: Json) -> Iterator[str]:
    """A sentence for each difference of two schemas of a message that breaks an application that reads it."""
    return _of_schema(old, new, "", Sides(old, new, sent_by_caller=False))


def _of_operation(old: Json, new: Json, old_document: Json, new_document: Json) -> Iterator[str]:
    requests, responses = (Sides(old_document, new_document, sent_by_caller=sent) for sent in (True, False))
    yield from _of_parameters(old, new, requests)
    if new.get("requestBody", {}).get("required") and not old.get("requestBody", {}).get("required"):
        yield "the request now needs a body"
    for before, after in _bodies(old.get("requestBody", {}), new.get("requestBody", {})):
        if after is None:
            yield f"the request may no longer be {before[0]}"
        else:
            yield from _named("the request", _of_schema(before[1], after, "", requests))
    for status, response in old["responses"].items():
        if status not in new["responses"]:
            yield f"the response {status} is gone"
            continue
        then = new["responses"][status]
        for name in response.get("headers", {}):
            if name not in then.get("headers", {}):
                yield f"the response {status} has no header {name} any more"
        for before, after in _bodies(response, then):
            if after is None:
                yield f"the response {status} is no longer {before[0]}"
            else:
                yield from _named(f"the response {status}", _of_schema(before[1], after, "", responses))


def _of_parameters(old: Json, new: Json, sides: Sides) -> Iterator[str]:
    before, after = ({(one["in"], one["name"]): one for one in side.get("parameters", ())} for side in (old, new))
    for key, one in after.items():
        if one.get("required") and not before.get(key, {}).get("required"):
            yield f"the parameter {key[1]} is required now"
    for key, one in before.items():
        if key not in after:
            yield f"the parameter {key[1]} is gone"
        else:
            problems = _of_schema(one["schema"], after[key]["schema"], "", sides)
            yield from _named(f"the parameter {key[1]}", problems)


def _bodies(old: Json, new: Json) -> Iterator[tuple[tuple[str, Json], Json | None]]:
    """The old content types with their schemas, each with the new schema."""
    for content_type, body in old.get("content", {}).items():
        then = new.get("content", {}).get(content_type)
        yield (content_type, body.get("schema", {})), then and then.get("schema", {})


def _named(what: str, problems: Iterator[str]) -> Iterator[str]:
    return (f"{what}: {problem}" for problem in problems)


def _of_schema(old: Json, new: Json, field: str, sides: Sides, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """A sentence for each break. `field` is the way to this schema, `seen` are the `$ref`s on this way."""
    reference = old.get("$ref", "")
    if reference in seen:
        return
    seen |= {reference} - {""}
    old, new = _plain(old, sides.old), _plain(new, sides.new)
    yield from _of_values(old, new, field or "it", sides)
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, schema in before.items():
        way = f"{field}.{name}" if field else name
        if name in after:
            yield from _of_schema(schema, after[name], way, sides, seen)
        elif not sides.sent_by_caller or new.get("additionalProperties") is False:
            yield f"the field {way} is gone"
    required, then = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(then - required if sides.sent_by_caller else required - then):
        way = f"{field}.{name}" if field else name
        if sides.sent_by_caller:
            yield f"the field {way} is required now"
        elif name in after:
            yield f"the field {way} may be missing now"
    if "items" in old and "items" in new:
        yield from _of_schema(old["items"], new["items"], f"{field}[]", sides, seen)


def _of_values(old: Json, new: Json, field: str, sides: Sides) -> Iterator[str]:
    """The breaks of the values that a field may have."""
    before, after = _types(old), _types(new)
    stricter, looser = (before - after if after else set()), (after - before if before else set())
    if "number" in after:
        stricter -= {"integer"}
    if changed := stricter if sides.sent_by_caller else looser:
        yield f"{field} {'may no longer be' if sides.sent_by_caller else 'may now be'} {' or '.join(sorted(changed))}"
    gone = [value for value in old.get("enum", ()) if "enum" in new and value not in new["enum"]]
    if gone:
        yield f"{field} has no value {', '.join(map(str, gone))} any more"
    if not sides.sent_by_caller:
        return
    if "enum" in new and "enum" not in old:
        yield f"{field} may have only the values {', '.join(map(str, new['enum']))} now"
    for name in LOWER_BOUNDS:
        if name in new and new[name] > old.get(name, float("-inf")):
            yield f"{field} has the higher {name} {new[name]} now"
    for name in UPPER_BOUNDS:
        if name in new and new[name] < old.get(name, float("inf")):
            yield f"{field} has the lower {name} {new[name]} now"
    for name in ("pattern", "format"):
        if name in new and new[name] != old.get(name):
            yield f"{field} has another {name} now"
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield f"{field} may not repeat items now"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{field} may not have further fields now"


def _plain(schema: Json, document: Json) -> Json:
    """The schema without `$ref`, and without an `anyOf` that only allows null."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].removeprefix(REFERENCE)]
    others = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(others) == 1 and len(schema["anyOf"]) == 2:
        whole = _plain(others[0], document)
        return {**whole, "type": sorted(_types(whole) | {"null"})}
    return schema


def _types(schema: Json) -> set[str]:
    types = schema.get("type", [])
    return {types} if isinstance(types, str) else set(types)
