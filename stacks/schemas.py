"""Reads the JSON schemas of requests and responses. They are files next to the functions in `lambdas/`."""

import json
from pathlib import Path
from typing import Any

LAMBDAS = Path(__file__).parent.parent / "lambdas"
_OF_A_FILE = ("$schema", "title")


def load(file: str | Path) -> dict[str, Any]:
    """Returns the schema in `file`, a path below `lambdas/`.

    Replaces each `{"$ref": "a.schema.json"}` with the schema in that file of the same folder.
    """
    path = LAMBDAS / file

    def resolved(value: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in value:
            return value
        return {name: part for name, part in load(path.with_name(value["$ref"])).items() if name not in _OF_A_FILE}

    schema: dict[str, Any] = json.loads(path.read_text(), object_hook=resolved)
    return schema
