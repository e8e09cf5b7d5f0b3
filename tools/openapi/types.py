"""Writes the schemas of an OpenAPI document as TypeScript types. The page's type check uses them."""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / "website" / "types"

NAMES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


SHARED = "shared"
"""The file of the types that all APIs have, without its ending."""


def files(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Returns the text of each file in FOLDER by its name: SHARED, and one for each of the `documents`.

    A file has one exported type for each schema. Raises KeyError for an unknown kind of schema.
    """
    first, *others = (document["components"]["schemas"] for document in documents.values())
    shared = {name: schema for name, schema in first.items() if all(one.get(name) == schema for one in others)}
    written = {f"{SHARED}.d.ts": _file("all APIs", shared)}
    for name, document in documents.items():
        own = {one: schema for one, schema in document["components"]["schemas"].items() if one not in shared}
        written[f"{name}.d.ts"] = _file(f"the API {document['info']['title']}", own, shared=shared)
    return written


def _file(source: str, schemas: Mapping[str, Any], *, shared: Collection[str] = ()) -> str:
    types = "".join(f"\nexport type {name} = {_type(schema)};\n" for name, schema in schemas.items())
    used = [name for name in shared if re.search(rf"\b{name}\b", types)]
    imported = f'\nimport type {{ {", ".join(used)} }} from "./{SHARED}.js";\n' if used else ""
    return f"// Written by `make openapi` from the schemas of {source}.\n{imported}{types}"


def _type(schema: Mapping[str, Any], indent: str = "") -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(one, indent) for one in schema["anyOf"])
    if isinstance(schema["type"], list):
        return " | ".join(_type({**schema, "type": name}, indent) for name in schema["type"])
    if schema["type"] == "array":
        return f"Array<{_type(schema['items'], indent)}>"
    if schema["type"] == "object":
        return _object(schema, indent)
    return NAMES[schema["type"]]


def _object(schema: Mapping[str, Any], indent: str) -> str:
    if "properties" not in schema:
        return (
            f"Record<string, {_type(schema['additionalProperties'])}>"
            if schema.get("additionalProperties")
            else "object"
        )
    inner = f"{indent}  "
    lines = [
        f"{inner}{name}{'' if name in schema.get('required', ()) else '?'}: {_type(one, inner)};\n"
        for name, one in schema["properties"].items()
    ]
    return "{\n" + "".join(lines) + indent + "}"
