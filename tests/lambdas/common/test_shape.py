"""Each faulty field of a request is named once, in words that people know."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import codes
from common.codes import Detail
from common.shape import Shape, ShapeError
from local.settings import PROJECT
from orders import close_order, submission
from reminders import validation
from tests.support.orders import an_order
from tests.support.texts import INVISIBLE, VISIBLE

CARD = "4242424242424242"
ORDER = an_order(CC=CARD)
REPEATED = {"every": "1d", "times": 3}
REMINDER = {"message": "Feed the cat", "preference": "email", "waitSeconds": 60, "subject": "Cat", "repeat": REPEATED}
SHAPES: dict[str, tuple[Shape, dict[str, Any]]] = {
    "Order": (submission.SHAPE, ORDER),
    "Closing": (close_order.SHAPE, {"note": "Called the customer"}),
    "Reminder": (validation.SHAPE, REMINDER),
    "ReminderChange": (validation.CHANGE, {**REMINDER, "message": "New"}),
}
"""The shape of each request with a body, and a valid body, by the schema's title."""

A_REGULAR_EXPRESSION = re.compile(r"[\^$\\\[\]{}|]|\bu[0-9A-F]{4}")


def fields(schema: dict[str, Any], within: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema["properties"].items():
        yield within + name, field
        if "properties" in field:
            yield from fields(field, f"{within}{name}.")


def changed(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    name, _, rest = path.partition(".")
    return {**body, name: changed(body.get(name, {}), rest, value) if rest else value}


def details(shape: Shape, body: object) -> list[Detail]:
    try:
        shape.fitted(body)
    except ShapeError as error:
        return error.details
    return []


ALL_FIELDS = [
    pytest.param(title, path, field, id=f"{title}.{path}")
    for title, (shape, _) in SHAPES.items()
    for path, field in fields(dict(shape.schema))
]


def test_every_documented_request_has_a_shape():
    documents = [json.loads(file.read_text()) for file in PROJECT.glob("docs/openapi/*.json")]
    bodies = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for document in documents
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "requestBody" in operation
    }

    assert bodies == SHAPES.keys()


@pytest.mark.parametrize(("title", "path", "field"), ALL_FIELDS)
def test_every_pattern_has_a_problem_and_no_problem_is_a_regular_expression(title, path, field):
    shape, body = SHAPES[title]
    odd = [
        None,
        True,
        [],
        {},
        7,
        -1,
        10.5,
        10**40,
        "",
        "\x00",
        "x" * 2000,
        "ö",
        "١",
        "\ufffd",
        "\ud800",
        "a\nb\x85",
        " ",
    ]
    odd += [f"{field.get('enum', ['x'])[0]}\n", {"x": 1}, "1 day", "2027", "Ada <ada@example.com>", "+1 555 555 0100"]

    problems = [one["problem"] for value in odd for one in details(shape, changed(body, path, value))]

    assert "pattern" not in field or path in shape.forms
    assert problems
    assert not [one for one in problems if A_REGULAR_EXPRESSION.search(one) or "must match" in one or "rule" in one]
    assert all(re.match("(must|may|is|has|contains|does) ", one) for one in problems), problems


def test_each_faulty_field_has_its_own_detail_in_the_order_of_the_fields():
    body = {"CC": 7, "Name": " ", "Price": None, "ItemName": "a\x07", "CVV": "123", CARD: "x"}

    assert details(submission.SHAPE, body) == [
        codes.MISSING().of("OrderId"),
        codes.NOTHING_VISIBLE().of("Name"),
        codes.NOT_ONE_LINE().of("ItemName"),
        codes.WRONG_TYPE(types=["string", "number"]).of("Price"),
        codes.WRONG_TYPE(types=["string"]).of("CC"),
        codes.UNKNOWN_FIELD().of("#" * 16),
        codes.UNKNOWN_FIELD().of("CVV"),
    ]


def test_a_fault_within_a_field_is_named_by_its_path():
    body = {**REMINDER, "preference": "fax", "repeat": {"times": 0, "often": True}, "fold": 2, "waitSeconds": -1.5}

    assert details(validation.SHAPE, body) == [
        codes.UNKNOWN_VALUE(allowed=["email", "sms", "both", "topic"]).of("preference"),
        codes.NOT_WHOLE_NUMBER(smallest=0, largest=31_536_000).of("waitSeconds"),
        codes.UNKNOWN_VALUE(allowed=[0, 1]).of("fold"),
        codes.MISSING().of("repeat.every"),
        codes.TOO_SMALL(smallest=1).of("repeat.times"),
        codes.UNKNOWN_FIELD().of("repeat.often"),
    ]


@pytest.mark.parametrize(
    ("rules", "value", "problem"),
    [
        ({"type": "string", "minLength": 3}, "ab", codes.TOO_SHORT(shortest=3)),
        ({"type": "integer", "multipleOf": 2}, 7, codes.BREAKS_RULE(rule="multipleOf")),
        ({"type": ["integer", "string"]}, None, codes.WRONG_TYPE(types=["integer", "string"])),
    ],
)
def test_rules_that_no_schema_uses_yet_have_a_problem_too(rules, value, problem):
    shape = Shape({"type": "object", "properties": {"x": rules}}, forms={})

    assert details(shape, {"x": value}) == [problem.of("x")]


FORM = codes.NOT_CHANNELS(allowed=["a", "b"])
LIST = {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}


@pytest.mark.parametrize(
    ("rules", "value", "problem"),
    [
        *((LIST, value, FORM) for value in ([], ["a", "a"], [7], ["a", None])),
        (LIST, "a", codes.WRONG_TYPE(types=["array"])),
        ({"type": ["integer", "string"]}, None, FORM),
        ({"type": ["number", "string"]}, None, codes.WRONG_TYPE(types=["number", "string"])),
        ({"type": "string", "pattern": "^a$"}, "b", FORM),
        ({"type": "string", "minLength": 1}, "", codes.EMPTY()),
        ({"type": "string", "minLength": 2}, "a", codes.TOO_SHORT(shortest=2)),
        ({"type": "string", "maxLength": 2}, "abc", codes.TOO_LONG(longest=2)),
        ({"type": "integer", "minimum": 2}, 1, codes.TOO_SMALL(smallest=2)),
        ({"type": "integer", "maximum": 2}, 3, codes.TOO_BIG(largest=2)),
        ({"enum": [True, "a", 1]}, "b", codes.UNKNOWN_VALUE(allowed=["true", "a", 1])),
    ],
)
def test_each_rule_has_its_own_problem(rules, value, problem):
    shape = Shape({"type": "object", "properties": {"x": rules}}, forms={"x": FORM})

    assert details(shape, {"x": value}) == [problem.of("x")]


SCHEMA = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {
        "text": {"type": "string"},
        "part": {
            "type": ["object", "null"],
            "required": ["note"],
            "properties": {
                "note": {"type": "string"},
                "rate": {"type": ["number", "null"]},
                "count": {"type": ["integer", "null"]},
                "deep": {"type": "object", "additionalProperties": False, "properties": {"n": {"type": "integer"}}},
            },
        },
    },
}


def must_have_a_part(body):
    return [codes.MISSING().of("part")] if "part" not in body else []


@pytest.fixture(params=["schema", "file"])
def nested(request, tmp_path) -> Shape:
    """A shape with fields within fields, made of a schema and of a file."""
    more: dict[str, Any] = {"forms": {"text": FORM}, "texts": {"text", "part.note"}, "across": must_have_a_part}
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(SCHEMA))
    return Shape.of(file, **more) if request.param == "file" else Shape(SCHEMA, **more)


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, [codes.MISSING().of("text"), codes.MISSING().of("part")]),
        ({"text": "a", "part": None}, []),
        ({"text": "a", "part": 7}, [codes.WRONG_TYPE(types=["object"]).of("part")]),
        ({"text": "a", "part": {}}, [codes.MISSING().of("part.note")]),
        ({"text": "a", "part": {"note": "b", "more": 1}}, []),
        ({"text": " ", "part": {"note": "\u200b"}}, [codes.NOTHING_VISIBLE().of(one) for one in ("text", "part.note")]),
        ({"text": "\ufdd0", "part": None}, [FORM.of("text")]),
        ({"text": "a", "part": {"note": "b", "deep": None}}, [codes.WRONG_TYPE(types=["object"]).of("part.deep")]),
        (
            {"text": "a", "part": {"note": "b", "deep": {"n": "1", "z": 1, "y": 1}}},
            [
                codes.WRONG_TYPE(types=["integer"]).of("part.deep.n"),
                codes.UNKNOWN_FIELD().of("part.deep.y"),
                codes.UNKNOWN_FIELD().of("part.deep.z"),
            ],
        ),
        (
            {"text": "a", "part": {"note": "b", "deep": {"x" * length: 1 for length in range(1, 12)}}},
            [
                *(codes.UNKNOWN_FIELD().of("part.deep." + "x" * length) for length in range(1, 11)),
                codes.MORE_UNKNOWN_FIELDS(count=1).of("part.deep"),
            ],
        ),
    ],
)
def test_fields_within_fields_follow_all_rules(nested, body, problems):
    assert details(nested, body) == problems


def test_numbers_within_fields_become_integers_and_other_values_stay(nested):
    two = Decimal("2.0")
    body = {"text": "a", "part": {"note": "b", "deep": {"n": two}, "rate": two, "count": two, "more": two}}

    fitted = nested.fitted(body)

    assert fitted == body
    assert type(fitted["part"]["deep"]["n"]) is type(fitted["part"]["count"]) is int
    assert type(fitted["part"]["rate"]) is type(fitted["part"]["more"]) is Decimal


def test_the_error_of_a_shape_says_which_field_has_which_problem(nested):
    with pytest.raises(ShapeError, match="^text is missing; part is missing$"):
        nested.fitted({})


@pytest.mark.parametrize("body", [None, [], [ORDER], "text", 7, True])
def test_a_body_that_is_not_an_object_is_named_as_a_whole(body):
    assert details(submission.SHAPE, body) == [codes.WRONG_TYPE(types=["object"]).of("(body)")]


def test_an_answer_names_at_most_ten_unknown_fields():
    many = details(submission.SHAPE, ORDER | {f"x{'y' * place}": 1 for place in range(50)})

    assert len(many) == 11
    assert many[-1] == codes.MORE_UNKNOWN_FIELDS(count=40).of("(body)")


@pytest.mark.parametrize(("title", "path"), [(title, path) for title, (one, _) in SHAPES.items() for path in one.texts])
def test_a_text_needs_a_visible_character_and_is_not_changed(title, path):
    shape, body = SHAPES[title]
    said = {"Empty", "NothingVisible", "NotOneLine", "ControlCharacters"}

    for text in INVISIBLE:
        (detail,) = details(shape, changed(body, path, text))
        assert (detail["field"], detail["code"] in said) == (path, True), ascii(text)
    for text in VISIBLE:
        assert shape.fitted(changed(body, path, text))[path] == text, ascii(text)
    for text in ("Zo\ufffd", "\ufffd", "a\ud800", "\udc00\ud83d"):
        assert details(shape, changed(body, path, text)) == [codes.BROKEN_CHARACTERS().of(path)], ascii(text)


@pytest.mark.parametrize(("title", "path"), [(title, path) for title, (one, _) in SHAPES.items() for path in one.texts])
def test_a_control_character_is_refused_in_every_text(title, path):
    """SQS and SNS refuse characters that XML 1.0 cannot contain. A line break in a subject could begin a header."""
    shape, body = SHAPES[title]
    controls = [*range(0x20), *range(0x7F, 0xA0), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF]
    lines = {0x2028, 0x2029}
    allowed = {ord(one) for one in "\t\n\r"} if path == "message" else set()

    refused = {one for one in {*controls, *lines} if details(shape, changed(body, path, f"a{chr(one)}b"))}

    assert refused == {*controls, *(lines if path != "message" else ())} - allowed


WHOLE_NUMBERS = [
    (title, path)
    for title, (one, _) in SHAPES.items()
    for path, field in fields(dict(one.schema))
    if "integer" in field["type"]
]


@pytest.mark.parametrize(("title", "path"), WHOLE_NUMBERS)
def test_an_integer_may_be_written_with_a_point_or_an_exponent(title, path):
    shape, body = SHAPES[title]

    def kept(value: object) -> object:
        found: Any = shape.fitted(changed(body, path, value))
        for name in path.split("."):
            found = found[name]
        return found

    for value in (1, Decimal("1.0"), Decimal("1E0"), Decimal("1.000"), Decimal("10e-1"), 1.0):
        assert (kept(value), type(kept(value))) == (1, int), value
    for value in (Decimal("1.5"), 1.5, Decimal("1e-999999999"), True, None, [1], Decimal("0.999999999999999999999999")):
        assert [one["field"] for one in details(shape, changed(body, path, value))] == [path], value
    for value in (Decimal("1e999999999"), Decimal("-1e999999999"), 1e300, -1e300, 10**400):
        found = details(shape, changed(body, path, value))
        assert not found or found[0]["code"] in ("TooBig", "TooSmall", "UnknownValue"), value


def test_the_schemas_contain_integers():
    assert {path for _, path in WHOLE_NUMBERS} >= {"fold", "repeat.times", "waitSeconds"}


@given(
    st.dictionaries(
        st.sampled_from([*ORDER, "x", "1" * 16]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2),
    )
)
def test_any_body_has_at_most_one_detail_for_each_field(body):
    named = [one["field"] for one in details(submission.SHAPE, body)]

    assert len(named) == len(set(named))
