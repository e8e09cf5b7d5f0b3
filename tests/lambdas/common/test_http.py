import base64
import json
import sys
from collections.abc import Iterator

import pytest
from botocore.exceptions import ConnectionClosedError

from common import http
from tests.lambdas.api import post, refused_field, status_and_body

CARD = "4111111111111111"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text"],
    "properties": {
        "text": {"type": "string"},
        "number": {"type": "number"},
        "kind": {"enum": ["a", "b"]},
        "part": {
            "type": "object",
            "additionalProperties": False,
            "required": ["one", "two"],
            "properties": {"one": {"type": "integer", "maximum": 7}, "two": {}},
        },
    },
}


@http.api
def echo(event):
    body = http.json_body(event, schema=SCHEMA)
    return http.reply(200, {name: str(value) for name, value in body.items()})


@http.api
def fails(event):
    raise ConnectionClosedError(endpoint_url=f"https://example.com/?card={CARD}")


@http.api
def has_a_bug(event):
    raise KeyError(CARD)


def test_a_bug_is_answered_and_logged_by_its_place_without_its_text(caplog):
    reply = has_a_bug({}, None)

    status, body = status_and_body(reply)
    assert (status, body["error"]["code"]) == (500, "InternalError")
    assert reply["headers"]["Access-Control-Allow-Origin"] == "*"
    assert "KeyError" in caplog.text and "test_http.py" in caplog.text
    assert CARD not in reply["body"] + caplog.text


@pytest.mark.parametrize(
    "content_type", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", " application/json ;"]
)
@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
def test_json_is_told_by_its_type_in_any_case_and_with_parameters(name, content_type):
    event = post({"text": "é"}) | {"headers": {name: content_type}}

    assert status_and_body(echo(event, None)) == (200, {"text": "é"})


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "text/json", "application/x-www-form-urlencoded"])
def test_another_type_is_refused(content_type):
    reply = echo(post({"text": "x"}, content_type=content_type), None)

    status, body = status_and_body(reply)
    assert (status, body["error"]["code"], body["error"]["details"]) == (415, "UnsupportedMediaType", [])


def test_a_request_without_headers_is_refused():
    assert status_and_body(echo({"headers": None, "body": None}, None))[0] == 415


def test_a_base64_body_is_decoded():
    event = post(base64.b64encode('{"text": "é"}'.encode()).decode()) | {"isBase64Encoded": True}

    assert status_and_body(echo(event, None)) == (200, {"text": "é"})


@pytest.mark.parametrize(
    "body", ["%%%%", "abc", "{}", "eyJ0ZXh0*Ijoi*IGEgIn0=", base64.b64encode(b'{"text": "\xff"}').decode()]
)
def test_a_broken_base64_body_is_refused(body):
    event = post(body) | {"isBase64Encoded": True}

    status, answer = status_and_body(echo(event, None))
    assert (status, answer["error"]["code"]) == (400, "InvalidJson")


def body_of(size: int, *, letter: str) -> str:
    """A valid body of `size` bytes."""
    room = size - len('{"text":""}')
    return '{"text":"' + letter * (room // len(letter.encode())) + "x" * (room % len(letter.encode())) + '"}'


@pytest.mark.parametrize("in_base64", [False, True])
@pytest.mark.parametrize("letter", ["x", "é", "🐈"])
@pytest.mark.parametrize(("size", "status"), [(16_384, 200), (16_385, 413), (10_000_000, 413)])
def test_a_body_has_a_size_in_bytes(size, status, letter, in_base64):
    text = body_of(size, letter=letter)
    event = post(base64.b64encode(text.encode()).decode() if in_base64 else text) | {"isBase64Encoded": in_base64}

    assert status_and_body(echo(event, None))[0] == status


@pytest.mark.parametrize("number", ["0", "-1", "12.50", "0.1", "1e2", "123456789012345678901234567890.5"])
def test_numbers_are_not_rounded(number):
    _, body = status_and_body(echo(post('{"text": "", "number": ' + number + "}"), None))

    assert body["number"] == number.replace("1e2", "1E+2")


@pytest.fixture
def pythons_own_recursion_limit() -> Iterator[None]:
    """A library that other tests of the same run import has raised it."""
    raised = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(raised)


@pytest.mark.parametrize(
    "body",
    [
        '{"text": "a", "text": "b"}',
        '{"text": "a", "te\\u0078t": "b"}',
        '{"text": "a", "number": NaN}',
        '{"text": "a", "number": Infinity}',
        '{"text": "\\ud800"}',
        '{"text": "\\udc00\\ud83d"}',
        '{"\\ud800": "a"}',
        '{"text": "line\nbreak"}',
        '\ufeff{"text": "a"}',
        '{"text": ' + "[" * 8000 + "]" * 8000 + "}",
        '{"text":' * 2000,
    ],
    ids=lambda body: ascii(body[:30]),
)
@pytest.mark.usefixtures("pythons_own_recursion_limit")
def test_what_python_reads_and_json_does_not_allow_is_refused(body):
    status, answer = status_and_body(echo(post(body), None))

    assert (status, answer["error"]["code"]) == (400, "InvalidJson")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("extra", "extra"),
        (CARD, "#" * 16),
        ("4111 1111-1111.1111", "#### ####-####.####"),
        ("４１１１１１１１１１１１１１１１", "#" * 16),
        ("x" * 100, "x" * 64),
    ],
)
def test_an_unknown_name_is_shown_shortened_and_without_digits(name, shown):
    reply = echo(post({"text": "x", name: CARD}), None)

    assert refused_field(reply) == shown
    assert CARD not in reply["body"]


@pytest.mark.parametrize(
    ("body", "field"),
    [({"text": 4111}, "text"), ({"text": "", "number": CARD}, "number"), ({"text": "", "kind": CARD}, "kind")],
)
def test_a_wrong_value_is_named_by_its_field_and_not_repeated(body, field, caplog):
    reply = echo(post(body), None)

    assert refused_field(reply) == field
    assert "4111" not in reply["body"] + caplog.text


@pytest.mark.parametrize(
    ("part", "field", "problem"),
    [
        ({}, "part.one, part.two", "is missing"),
        ({"one": 1, "two": 2, CARD: 3}, "part." + "#" * 16, "is not a field of this request"),
        ({"one": 8, "two": 2}, "part.one", "must be 7 at the most"),
    ],
)
def test_a_field_within_a_field_is_named_by_its_way(part, field, problem):
    status, body = status_and_body(echo(post({"text": "x", "part": part}), None))

    assert (status, body["error"]["details"]) == (400, [{"field": field, "problem": problem}])


def test_whoever_is_refused_for_the_moment_is_told_when_to_try_again():
    @http.api
    def busy(event):
        raise http.RequestError(503, "Unavailable", "The order is being withdrawn. Try again.")

    assert busy({}, None)["headers"]["Retry-After"] == "1"
    assert "Retry-After" not in echo(post("{"), None)["headers"]


def test_a_failing_service_is_logged_by_name_and_its_message_kept_back(caplog):
    reply = fails({}, None)

    assert status_and_body(reply)[0] == 503
    assert reply["headers"]["Retry-After"] == "1"
    assert "ConnectionClosedError" in caplog.text
    assert CARD not in reply["body"] + caplog.text


@pytest.mark.parametrize(
    "refusal", [http.RequestError(409, "Conflict", "No."), http.RequestError(404, "NotFound", "No.", [{"field": "x"}])]
)
def test_every_refusal_has_one_shape_and_is_readable_from_the_allowed_origin(refusal):
    @http.api
    def refuses(event):
        raise refusal

    answer = refuses({}, None)

    error = {"code": refusal.code, "message": "No.", "details": refusal.details}
    assert (answer["statusCode"], json.loads(answer["body"])) == (refusal.status, {"error": error})
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert answer["headers"]["Cache-Control"] == "no-store"
