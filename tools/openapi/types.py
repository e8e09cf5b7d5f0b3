"""Writes the schemas of an OpenAPI document as TypeScript types. The page's type check uses them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / "website" / "types"

NAMES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def types(document: Mapping[str, Any]) -> str:
    """Returns one exported type for each schema of the document. Raises KeyError for an unknown kind of schema."""
    head = f"// Written by `make openapi` from the schemas of the API {document['info']['title']}.\n"
    schemas = document["components"]["schemas"]
    return head + "".join(f"\nexport type {name} = {_type(schema)};\n" for name, schema in schemas.items())


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
