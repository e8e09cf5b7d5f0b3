"""The types of the APIs that the page's checks use: website/types."""

import pytest

from tests.support.documents import NAMES, document
from tools.openapi import types


@pytest.mark.parametrize("name", NAMES)
def test_the_types_of_the_page_are_up_to_date(name: str) -> None:
    written = (types.FOLDER / name).with_suffix(".d.ts").read_text()

    assert written == types.types(document(name)), "run `make openapi`"


def test_every_kind_of_schema_has_a_type() -> None:
    thing = {
        "type": "object",
        "required": ["a", "c"],
        "properties": {
            "a": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
            "b": {"type": ["integer", "null"]},
            "c": {"anyOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]},
            "d": {"type": "object", "properties": {"e": {"type": "boolean"}}},
        },
    }
    schemas = {"Part": {"type": "string", "enum": ["x", "y"]}, "Thing": thing}

    written = types.types({"info": {"title": "Orders"}, "components": {"schemas": schemas}})

    head, *rest = written.split("\n", 2)
    assert "make openapi" in head and "Orders" in head
    assert rest[-1] == (
        'export type Part = "x" | "y";\n\n'
        "export type Thing = {\n  a: Array<Part>;\n  b?: number | null;\n  c: Part | null;\n"
        "  d?: {\n    e?: boolean;\n  };\n};\n"
    )
