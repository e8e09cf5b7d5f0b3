import base64
import json
from types import ModuleType
from typing import Any
from urllib.parse import urljoin

import pytest
from botocore.exceptions import ConnectionClosedError

from common import codes, http
from common.jsontext import MAX_BODY_BYTES
from common.shape import Shape
from orders import close_order, submission
from reminders import validation
from tests.support.handlers.events import REQUEST_ID, post, refused_field, signed_in, status_and_body

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
SHAPE = Shape(SCHEMA, forms={})


@http.api
def echo(event):
    body = http.json_body(event, shape=SHAPE)
    return http.reply(200, {name: str(value) for name, value in body.items()})


@http.api
def fails(event):
    raise ConnectionClosedError(endpoint_url=f"https://example.com/?card={CARD}")


@http.api
def has_a_bug(event):
    return buggy(event)


def buggy(event):
    raise KeyError(CARD)


@pytest.mark.parametrize(
    ("handler", "body", "headers", "status", "sentence"),
    [
        (fails, "", {}, 503, "A service is not available. Try again."),
        (has_a_bug, "", {}, 500, "The API failed and logged the error. Report it to the people who run the API."),
        (echo, "{}", {}, 400, "The request body is invalid."),
        (echo, "{}", {"Content-Type": "text/plain"}, 415, "Send the body as application/json."),
        (echo, "{}", {"Content-Type": "application/json; charset=latin-1"}, 415, "Send the body in UTF-8."),
        (
            echo,
            '"\ufffd"',
            {},
            400,
            "The body is not in UTF-8, or contains the character U+FFFD, which stands for unreadable bytes.",
        ),
        (
            echo,
            "\ufffd",
            {"Content-Encoding": "br"},
            415,
            "The body cannot be decompressed. Send it without Content-Encoding.",
        ),
    ],
)
def test_a_refusal_says_in_a_sentence_what_to_do(handler, body, headers, status, sentence):
    event = post(body)
    event["headers"] |= headers

    found, answer = status_and_body(handler(event, None))

    assert (found, answer["error"]["message"]) == (status, sentence)


def test_a_bug_is_logged_with_its_place_and_without_its_text(caplog):
    reply = has_a_bug({}, None)

    status, body = status_and_body(reply)
    assert (status, body["error"]["code"]) == (500, "InternalError")
    assert reply["headers"]["Access-Control-Allow-Origin"] == "*"
    (line,) = caplog.records
    assert line.getMessage() == f"a bug: KeyError in {__file__}, line {buggy.__code__.co_firstlineno + 1}"
    assert not hasattr(line, "RequestId")
    assert CARD not in reply["body"] + caplog.text


JSON_TYPES = [
    *("application/json", "APPLICATION/JSON", " application/json ;", "application/json;", "application/json ; ;"),
    *(f"application/json;{space}charset={name}" for space in ("", " ", "\t") for name in ("utf-8", "UTF-8", '"Utf-8"')),
    *("application/json; charset=us-ascii", "application/json; charset=utf8", "application/json; CHARSET=utf-8"),
    *("application/json; charset=utf-8; charset=utf-8", 'application/json; profile="a;charset=latin-1"; v=1'),
]
OTHER_TYPES = [
    *(None, "", ";", "text/plain", "text/json", "application/x-www-form-urlencoded", "application", "application/"),
    *("application/jsonp", "application/json5", "application/vnd.api+json", "application/json text/plain"),
    *("application/json, application/json", "application/json; charset", "application/json; charset=", "json"),
    *("application/json; charset=u tf-8", 'application/json; charset="utf-8', "application/json;; charset==utf-8"),
    "application/json;" + " \t" * 4000 + "\x00",
    "application/json" + "; " * 4000 + "=",
]
OTHER_CHARSETS = [
    *("iso-8859-1", "ISO-8859-1", '"iso-8859-1"', "latin1", "windows-1252", "utf-16", "UTF-16LE", "utf-32", "utf-7"),
    *(
        "shift_jis",
        "gbk",
        "none",
        '""',
        "utf-8; charset=iso-8859-1",
        "iso-8859-1; charset=utf-8",
        "utf-8-sig",
        "utf-8X",
        "cp65001",
    ),
]


@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
def test_the_json_type_is_accepted_in_any_case_and_with_parameters(name):
    for content_type in JSON_TYPES:
        event = post({"text": "é"}) | {"headers": {name: content_type}}

        assert status_and_body(echo(event, None)) == (200, {"text": "é"}), content_type


@pytest.mark.parametrize("refused", [OTHER_TYPES, [f"application/json; charset={one}" for one in OTHER_CHARSETS]])
def test_another_type_or_charset_is_refused(refused):
    for content_type in refused:
        reply = echo(post({"text": "x"}, content_type=content_type), None)

        status, body = status_and_body(reply)
        assert (status, body["error"]["code"], body["error"]["details"]) == (415, "UnsupportedMediaType", []), (
            content_type
        )
        if refused is not OTHER_TYPES:
            assert "UTF-8" in body["error"]["message"]


def test_two_content_types_must_both_be_json():
    for values, expected in [(["application/json"] * 2, 200), (["text/plain", "application/json"], 415)]:
        event = post({"text": "x"}) | {"multiValueHeaders": {"Content-Type": values}}

        assert status_and_body(echo(event, None))[0] == expected


BROKEN_BYTES = [
    '{"text": "Zoë"}'.encode("latin-1"),
    '{"text": "Zoë"}'.encode("utf-16"),
    '{"text": "Zoë"}'.encode()[:-3] + b'"}',
    b'{"text": "\xc0\x80"}',
    b'{"text": "\xed\xa0\x80"}',
    b'{"text": "\xf5\x80\x80\x80"}',
]


@pytest.mark.parametrize("in_base64", [False, True])
def test_bytes_that_are_not_utf_8_are_refused(in_base64):
    """API Gateway replaces these bytes by U+FFFD. No client sends U+FFFD on purpose."""
    for raw in [*BROKEN_BYTES, '{"text": "Zo\ufffd"}'.encode()]:
        body = base64.b64encode(raw).decode() if in_base64 else raw.decode(errors="replace")

        status, answer = status_and_body(echo(post(body) | {"isBase64Encoded": in_base64}, None))

        assert (status, answer["error"]["code"]) == (400, "InvalidJson"), raw
        assert answer["error"]["message"].startswith("The body is not in UTF-8")


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", "\x1f\ufffd\x08\x00", 415),
        ("br", "\ufffd", 415),
        ("identity, GZIP", "", 415),
        ("identity", "\ufffd", 400),
        ("Identity, ", "\ufffd", 400),
        ("", "{", 400),
        # API Gateway has decompressed the body and keeps the header.
        ("gzip", '{"text": "x"}', 200),
        ("gzip", '{"text": 7}', 400),
    ],
)
def test_a_body_that_is_still_compressed_gets_another_answer_than_a_broken_one(coding, body, status):
    event = post(body)
    event["headers"]["Content-Encoding"] = coding

    found, answer = status_and_body(echo(event, None))

    assert found == status
    if status == 415:
        assert answer["error"]["code"] == "UnsupportedMediaType"
        assert "Content-Encoding" in answer["error"]["message"]


def test_a_request_without_headers_is_refused():
    assert status_and_body(echo({"headers": None, "body": None}, None))[0] == 415


@pytest.mark.parametrize("body", [None, "", " "])
def test_a_missing_body_is_refused(body):
    status, answer = status_and_body(echo(post("{}") | {"body": body}, None))

    assert (status, answer["error"]["message"]) == (400, "The body is empty. Send a JSON object.")


def test_a_base64_body_is_decoded():
    event = post(base64.b64encode('{"text": "é"}'.encode()).decode()) | {"isBase64Encoded": True}

    assert status_and_body(echo(event, None)) == (200, {"text": "é"})


@pytest.mark.parametrize(
    "body", ["%%%%", "abc", "{}", "ä", "eyJ0ZXh0*Ijoi*IGEgIn0=", base64.b64encode(b'{"text": "\xff"}').decode()]
)
def test_a_broken_base64_body_is_refused(body):
    event = post(body) | {"isBase64Encoded": True}

    status, answer = status_and_body(echo(event, None))
    assert (status, answer["error"]["code"]) == (400, "InvalidJson")


def body_of(size: int, *, letter: str) -> str:
    """Returns a valid body of `size` bytes."""
    room = size - len('{"text":""}')
    return '{"text":"' + letter * (room // len(letter.encode())) + "x" * (room % len(letter.encode())) + '"}'


def longest(schema: dict[str, Any]) -> Any:
    """Returns a value of the schema with the longest texts, which may break the patterns."""
    if schema.get("type") == "object":
        return {name: longest(one) for name, one in schema["properties"].items()}
    if schema.get("type") == "array":
        return schema["items"]["enum"]
    # The patterns of texts name the few characters that are forbidden. All other strings are in ASCII.
    letter = "🐈" if schema.get("pattern", "").startswith("^[^") else "x"
    return letter * schema.get("maxLength", 64)


@pytest.mark.parametrize("module", [submission, close_order, validation])
def test_the_longest_valid_body_fits_if_its_emoji_are_escaped(module: ModuleType) -> None:
    shapes = [one for one in vars(module).values() if isinstance(one, Shape)]
    bodies = [json.dumps(longest(one.schema), ensure_ascii=True) for one in shapes]

    assert bodies and all(len(one) <= MAX_BODY_BYTES for one in bodies)


@pytest.mark.parametrize("in_base64", [False, True])
@pytest.mark.parametrize("letter", ["x", "é", "🐈"])
@pytest.mark.parametrize(("size", "status"), [(24_576, 200), (24_577, 413), (10_000_000, 413)])
def test_the_size_of_a_body_is_limited_in_bytes(size, status, letter, in_base64):
    text = body_of(size, letter=letter)
    event = post(base64.b64encode(text.encode()).decode() if in_base64 else text) | {"isBase64Encoded": in_base64}

    assert status_and_body(echo(event, None))[0] == status


@pytest.mark.parametrize(("length", "status"), [(32_772, 400), (32_773, 413), (10_000_000, 413)])
def test_a_text_that_is_too_long_for_any_body_is_refused_before_it_is_decoded(length, status):
    """The base64 text of the longest body has 32,768 letters."""
    event = post("%" * length) | {"isBase64Encoded": True}

    found, answer = status_and_body(echo(event, None))

    code, message = {
        400: ("InvalidJson", "The body is not valid Base64."),
        413: ("TooLarge", "The body may have at most 24576 bytes."),
    }[status]
    assert (found, answer["error"]["code"], answer["error"]["message"]) == (status, code, message)


@pytest.mark.parametrize("number", ["0", "-1", "12.50", "0.1", "1e2", "123456789012345678901234567890.5"])
def test_numbers_are_not_rounded(number):
    _, body = status_and_body(echo(post('{"text": "", "number": ' + number + "}"), None))

    assert body["number"] == number.replace("1e2", "1E+2")


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
def test_invalid_json_that_python_accepts_is_refused(body):
    status, answer = status_and_body(echo(post(body), None))

    assert (status, answer["error"]["code"]) == (400, "InvalidJson")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("extra", "extra"),
        (CARD, "#" * 16),
        ("4111 1111-1111.1111", "#### ####-####.####"),
        ("４１１１１１１１１１１１１１１１", "#" * 16),
        ("x" * 100, "#" * 64),
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
        ({"one": 1}, "part.two", codes.MISSING()),
        ({"one": 1, "two": 2, CARD: 3}, "part." + "#" * 16, codes.UNKNOWN_FIELD()),
        ({"one": 8, "two": 2}, "part.one", codes.TOO_BIG(largest=7)),
        ([], "part", codes.WRONG_TYPE(types=["object"])),
    ],
)
def test_a_field_within_a_field_is_named_by_its_path(part, field, problem):
    status, body = status_and_body(echo(post({"text": "x", "part": part}), None))

    assert (status, body["error"]["code"]) == (400, "InvalidRequest")
    assert body["error"]["details"] == [problem.of(field)]


@pytest.mark.parametrize(
    "base", ["https://0123456789.execute-api.us-east-1.amazonaws.com/v1", "https://api.example.com/shop"]
)
@pytest.mark.parametrize("slashes", ["", "/"])
@pytest.mark.parametrize(
    ("path", "at"),
    [("/orders", "orders/A-1"), ("/orders/A-1", "A-1"), ("/orders/X", "X"), ("/reminders", "reminders/r")],
)
def test_a_location_leads_to_the_new_resource_from_every_address_of_the_route(base, slashes, path, at):
    """API Gateway accepts slashes at the end of a path, and passes them to the function."""
    found = http.location({"path": path + slashes}, at)["Location"]

    assert urljoin(base + path + slashes, found) == f"{base}/{path.split('/')[1]}/{at.rpartition('/')[2]}"


@pytest.mark.parametrize("event", [{}, {"path": None}, {"path": ""}])
def test_a_location_is_written_even_without_the_path_of_the_request(event):
    assert http.location(event, "A-1") == {"Location": "A-1"}


def test_an_answer_may_have_further_headers_and_keeps_letters_of_every_script():
    reply = http.reply(201, {"text": "é"}, headers={"Location": "A-1"})

    assert reply["body"] == '{"text": "é"}'
    assert (reply["headers"]["Location"], reply["headers"]["Content-Type"]) == ("A-1", "application/json")


def test_a_temporary_refusal_says_when_to_retry():
    @http.api
    def busy(event):
        raise http.RequestError(
            503, "Unavailable", "An earlier request for this order has just failed. Send the order again."
        )

    @http.api
    def limited(event):
        raise http.RequestError(429, "TooMany", "Wait.", retry_after=60)

    assert busy({}, None)["headers"]["Retry-After"] == "1"
    assert limited({}, None)["headers"]["Retry-After"] == "60"
    assert "Retry-After" not in echo(post("{"), None)["headers"]


def test_a_failing_service_is_logged_without_its_message(caplog):
    reply = fails({}, None)

    assert status_and_body(reply)[0] == 503
    assert reply["headers"]["Retry-After"] == "1"
    assert status_and_body(reply)[1]["error"]["code"] == "Unavailable"
    assert caplog.messages == ["a call to AWS failed: ConnectionClosedError"]
    assert CARD not in reply["body"] + caplog.text


@pytest.mark.parametrize(
    "refusal",
    [http.RequestError(409, "Conflict", "No."), http.RequestError(404, "NotFound", "No.", [codes.EMPTY().of("x")])],
)
def test_all_refusals_have_the_same_format_and_the_allowed_origin_can_read_them(refusal):
    @http.api
    def refuses(event):
        raise refusal

    answer = refuses({}, None)

    error = {"code": refusal.code, "message": "No.", "details": refusal.details}
    assert (answer["statusCode"], json.loads(answer["body"])) == (refusal.status, {"error": error})
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert answer["headers"]["Cache-Control"] == "no-store"


def test_every_answer_has_the_id_of_its_request_and_an_error_also_in_its_body():
    event = signed_in(post({"text": "a"}))

    good = echo(event, None)
    replies = [handler(event, None) for handler in (fails, has_a_bug)] + [echo(signed_in(post({})), None)]

    assert good["headers"]["X-Request-Id"] == REQUEST_ID
    shown = {"Location", "Retry-After", "X-Cache", "X-Request-Id"}
    assert set(good["headers"]["Access-Control-Expose-Headers"].split(", ")) == shown
    assert [reply["statusCode"] for reply in replies] == [503, 500, 400]
    for reply in replies:
        assert reply["headers"]["X-Request-Id"] == status_and_body(reply)[1]["error"]["requestId"] == REQUEST_ID


@pytest.mark.parametrize("handler", [fails, has_a_bug])
def test_a_failure_is_found_in_the_log_by_the_id_of_its_answer(handler, caplog):
    """Lambda's own id of the call, which its lines have, is another one."""
    handler(signed_in(post({"text": "a"})), None)

    (line,) = caplog.records
    assert (line.levelname, line.RequestId) == ("ERROR", REQUEST_ID)


def test_a_call_that_did_not_come_from_api_gateway_has_no_id():
    reply = echo(post({}), None)

    assert "X-Request-Id" not in reply["headers"]
    assert "requestId" not in status_and_body(reply)[1]["error"]


@pytest.mark.parametrize("id", [CARD, "41111111-1111-1111-0000-000000000000", "a@b.example", f"{REQUEST_ID}x"])
def test_an_id_that_the_caller_chose_is_left_out_unless_it_is_a_uuid(id, capsys):
    """A caller replaces API Gateway's id with the header `x-amzn-RequestId`."""
    event = signed_in(post({}))
    event["requestContext"]["requestId"] = id

    reply = echo(event, None)

    assert reply["statusCode"] == 400
    assert id not in json.dumps(reply) + capsys.readouterr().out
