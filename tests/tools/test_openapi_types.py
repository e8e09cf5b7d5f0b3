"""The types of the APIs that the page's checks use: website/types."""

from pathlib import Path

from tests.support.documents import NAMES, document
from tools.openapi import types


def test_the_types_of_the_page_are_up_to_date() -> None:
    written = types.files({Path(name).stem: document(name) for name in NAMES})

    assert written == {name: (types.FOLDER / name).read_text() for name in written}, "run `make openapi`"
    assert "ErrorAnswer" in written["shared.d.ts"]


def test_what_all_apis_have_is_written_once() -> None:
    part = {"type": "string"}
    thing = {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}
    documents = {
        "orders": {"info": {"title": "Orders"}, "components": {"schemas": {"Part": part, "Thing": thing}}},
        "others": {"info": {"title": "Others"}, "components": {"schemas": {"Part": part, "Thing": part}}},
    }

    written = types.files(documents)

    assert written["shared.d.ts"].endswith("all APIs.\n\nexport type Part = string;\n")
    assert written["orders.d.ts"].endswith(
        'Orders.\n\nimport type { Part } from "./shared.js";\n\nexport type Thing = Array<Part>;\n'
    )
    assert written["others.d.ts"].endswith("Others.\n\nexport type Thing = string;\n")


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

    orders = {"info": {"title": "Orders"}, "components": {"schemas": schemas}}
    others = {"info": {"title": "Others"}, "components": {"schemas": {}}}
    written = types.files({"orders": orders, "others": others})["orders.d.ts"]

    head, *rest = written.split("\n", 2)
    assert "make openapi" in head and "Orders" in head
    assert rest[-1] == (
        'export type Part = "x" | "y";\n\n'
        "export type Thing = {\n  a: Array<Part>;\n  b?: number | null;\n  c: Part | null;\n"
        "  d?: {\n    e?: boolean;\n  };\n};\n"
    )
