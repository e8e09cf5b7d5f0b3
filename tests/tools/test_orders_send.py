"""Orders are read from files and sent to the API. A real HTTP server replaces the API."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common import codes, jsontext
from common.codes import Detail
from terminal.errors import CommandError
from tests.support.cognito import SignedInPerson
from tests.support.commands import Command
from tests.support.orders import an_order
from tests.support.orders_stack import CARD
from tests.support.servers import served
from tools.accounts.pool import NotNowError
from tools.api import Answer, Api
from tools.orders import calls, files
from tools.orders.files import MAX_FILE_BYTES

ORDER = an_order(Name="Zoë 🐈", ItemName="Lamp", CC=CARD)


class FakeApi:
    """Answers by OrderId, and keeps the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.requests: list[tuple[str, str, Any, str]] = []
        """Method, path, body and the Authorization header."""

    def answer(self, method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
        self.requests.append((method, path, body, token))
        order_id = body.get("OrderId") or path.split("/")[3]
        return self.answers.get(order_id, (202, {"OrderId": order_id, "Status": "RECEIVED"}))


@pytest.fixture
def fake_api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def api(fake_api: FakeApi) -> Iterator[Api]:
    with served(fake_api.answer) as url:
        yield Api(url, SignedInPerson())


def refusal(code: str, *details: Detail) -> dict[str, Any]:
    return {"error": {"code": code, "message": "The request body is invalid.", "details": list(details)}}


def test_each_order_is_posted_with_a_token(api: Api, fake_api: FakeApi) -> None:
    [sent] = calls.submit(api, [ORDER])

    assert (sent.position, sent.order_id, sent.status, sent.outcome, sent.taken) == (1, "A-1", 202, "RECEIVED", True)
    assert fake_api.requests == [("POST", "/v1/orders", ORDER, "token-0")]


def test_if_a_token_is_refused_the_order_is_sent_again_with_a_new_one() -> None:
    tokens: list[str] = []

    def answer(method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
        tokens.append(token)
        return (401, refusal("UNAUTHORIZED")) if token == "token-0" else (202, {"Status": "RECEIVED"})

    with served(answer) as url:
        [sent] = calls.submit(Api(url, SignedInPerson()), [ORDER])

    assert sent.taken
    assert tokens == ["token-0", "token-1"]


def test_without_a_token_no_order_is_sent(fake_api: FakeApi) -> None:
    somebody = SignedInPerson()
    somebody.failures = [NotNowError("cannot sign in")]

    with served(fake_api.answer) as url, pytest.raises(CommandError, match="cannot sign in"):
        list(calls.submit(Api(url, somebody), [ORDER, ORDER]))

    assert fake_api.requests == []


def test_if_the_api_refuses_every_token_the_sending_ends_with_how_to_sign_in(api: Api, fake_api: FakeApi) -> None:
    fake_api.answers = {"A-1": (401, refusal("UNAUTHORIZED"))}

    with pytest.raises(CommandError, match="refuses this sign-in: .* run `sign in`"):
        list(calls.submit(api, [ORDER, ORDER]))

    assert len(fake_api.requests) == 2


def test_if_an_order_is_refused_the_others_are_still_sent(api: Api, fake_api: FakeApi) -> None:
    problem = codes.WRONG_TYPE(types=["string"]).of("Name")
    fake_api.answers = {"B": (400, refusal("InvalidRequest", problem)), "C": (409, refusal("Conflict"))}

    sent = list(calls.submit(api, [{**ORDER, "OrderId": id} for id in "ABCD"]))

    assert [(one.status, one.taken) for one in sent] == [(202, True), (400, False), (409, False), (202, True)]
    assert sent[1].outcome == "InvalidRequest: The request body is invalid; Name must be text"


def test_missing_fields_are_named_in_one_sentence(api: Api, fake_api: FakeApi) -> None:
    details = [codes.MISSING().of(name) for name in ("Name", "Price", "CC")]
    fake_api.answers = {"A-1": (400, refusal("InvalidRequest", *details, codes.EMPTY().of("ItemName")))}

    [sent] = calls.submit(api, [ORDER])

    problems = "Name, Price and CC are missing; ItemName must not be empty"
    assert sent.outcome == f"InvalidRequest: The request body is invalid; {problems}"


def test_an_order_without_an_answer_may_be_accepted_and_the_others_are_sent(api: Api, fake_api: FakeApi) -> None:
    fake_api.answers = {"A": (0, None)}

    lost, sent = calls.submit(api, [{**ORDER, "OrderId": id} for id in "AB"])

    assert (lost.status, lost.taken, sent.status) == (0, False, 202)
    assert "no answer" in lost.outcome and "The order may have been accepted" in lost.outcome


def test_an_answer_from_outside_the_app_is_not_repeated(api: Api, fake_api: FakeApi) -> None:
    fake_api.answers = {"A-1": (403, f"<p>You sent {CARD}</p>".encode())}

    [sent] = calls.submit(api, [ORDER])

    assert (sent.status, sent.outcome) == (403, "the request was refused before it reached the app")


def test_a_corrected_order_is_put_to_its_own_path(api: Api, fake_api: FakeApi) -> None:
    order = {**ORDER, "OrderId": "a/../b é"}

    [sent] = calls.correct(api, [order])

    assert sent.taken
    assert [request[:3] for request in fake_api.requests] == [("PUT", "/v1/orders/a%2F..%2Fb%20%C3%A9", order)]


@pytest.mark.parametrize("order_id", [None, "", 7])
def test_a_corrected_order_without_an_id_is_not_sent_and_the_others_are(
    api: Api, fake_api: FakeApi, order_id: Any
) -> None:
    sent = list(calls.correct(api, [{**ORDER, "OrderId": order_id}, ORDER]))

    assert [one.outcome for one in sent] == [
        "not sent, because the OrderId is missing or not text: correct the file",
        "RECEIVED",
    ]
    assert len(fake_api.requests) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(404, "NotFound"), (409, "Conflict"), (400, "InvalidRequest"), (503, "Unavailable")]
)
def test_the_outcome_of_a_refused_correction_begins_with_the_code(
    api: Api, fake_api: FakeApi, status: int, code: str
) -> None:
    fake_api.answers = {"A-1": (status, refusal(code))}

    [sent] = calls.correct(api, [ORDER])

    assert (sent.status, sent.taken) == (status, False)
    assert sent.outcome.startswith(f"{code}: ")


@pytest.mark.parametrize("written", ["12.505", "12.50", "1e3", "0.1", "123456789.1234", "7"])
def test_a_price_without_quotation_marks_arrives_unchanged(
    api: Api, fake_api: FakeApi, orders_file: Callable[[Any], str], written: str
) -> None:
    file = orders_file(f'{{"OrderId": "A-1", "Price": {written}}}'.encode())

    list(calls.submit(api, files.read(file)))

    [(_, _, body, _)] = fake_api.requests
    assert str(body["Price"]) == {"1e3": "1000"}.get(written, written)


@pytest.mark.parametrize("written", ["9" * 5000, "1e999", "1." + "4" * 5000, "4242424242424242"])
def test_a_number_of_any_size_is_sent_as_json(written: str, orders_file: Callable[[Any], str]) -> None:
    [order] = files.read(orders_file(f'{{"OrderId": "A-1", "CC": {written}, "Price": {written}}}'.encode()))

    assert jsontext.read(files.to_json(order))["OrderId"] == "A-1"


def test_a_card_number_instead_of_an_id_is_hidden(api: Api) -> None:
    [sent] = calls.submit(api, [{**ORDER, "OrderId": "4242 4242 4242 4242\x1b[2J", "CC": "A-1"}])

    assert sent.order_id == r"#\x1b[2J"


def test_a_file_has_one_order_or_several_or_samples(orders_file: Callable[[Any], str]) -> None:
    sample = {"order": ORDER, "expect": {"Status": "ESCALATED"}}

    assert files.read(orders_file(ORDER)) == [ORDER]
    assert files.read(orders_file([ORDER, sample])) == [ORDER, ORDER]
    assert files.read(orders_file(b"\xef\xbb\xbf" + json.dumps(ORDER).encode())) == [ORDER]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (f'[\n  {{"CC": "{CARD}",,}}]'.encode(), "the input has an extra comma at line 2, column 29"),
        (f'[\r\n  {{"CC": "{CARD}",}}]'.encode(), "the input has an extra comma at line 2, column 28"),
        (
            f'{{"CC": "{CARD}", "CC": "{CARD}"}}'.encode(),
            "the name CC twice in one object (up to line 1, column 52)",
        ),
        (
            f'[{{"a": {{"CC": 1}}, "CC": "\\"{CARD}"}},\n {{"C\\u0043": [{{"CC": 1}}, "CC"],\n "CC": 1}}]'.encode(),
            "has the name CC twice in one object (up to line 3, column 9)",
        ),
        (
            f'{{"CC": "{CARD}",\n"Price": NaN}}'.encode(),
            "NaN, which JSON does not allow (up to line 2, column 12)",
        ),
        (
            f'{{"NaN": "{CARD} Infinity", "Price": -Infinity}}'.encode(),
            "-Infinity, which JSON does not allow (up to line",
        ),
        (f'{{\n"CC": "{CARD}\xe9"}}'.encode("latin-1"), "the input is not UTF-8 (line 2, column 24)"),
        (f'{{"Name": "Zoë \xff{CARD}"}}'.encode("utf-16"), "the input is UTF-16: save it as UTF-8"),
        (
            b'{"Price": "1e' + b"9" * 30 + b'", "x": 1e' + b"9" * 30 + b"}",
            "contains a number whose exponent has too many digits (up to line 1, column 72)",
        ),
        (b"[" * 33, "may be within each other (up to line 1, column 33)"),
        (b"[" * 100_000 + b"]" * 100_000, "may be within each other (up to line 1, column 33)"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "may be within each other (up to line 1, column 161)"),
        (b"[" * 32 + b'"[{[{' + b"]" * 31, "the input is not JSON: see line 1, column 33"),
        (b'"' + b'\\"' * 1_000_000, "the input is not JSON: see line 1, column 1"),
        (rb'{"Name": "\ud800"}', "contains half of a character: a lone surrogate such as"),
        (
            f'{{"CC": "{CARD}"}}\n{{"CC": "{CARD}"}}\n'.encode(),
            "see line 2, column 1. Write several orders as one list",
        ),
        (f'{{"CC": "{CARD}\0"}}'.encode(), "the input is not JSON: see line 1, column 25"),
        (f'{{"CC": "{CARD}\n"}}'.encode(), "the input is not JSON: see line 1, column 25"),
        (f'[{{}}, "{CARD}"]'.encode(), "order 2 is not an object"),
        (f'{{"order": "{CARD}"}}'.encode(), "order 1 is not an object"),
        (CARD.encode(), "order 1 is not an object"),
        (b"[]", "an empty list"),
        (b"", "the input is empty: write at least one order into it"),
        (b"\xef\xbb\xbf \r\n", "the input is empty: write at least one order into it"),
    ],
)
def test_a_malformed_file_is_refused_with_line_and_column_but_without_its_content(
    orders_file: Callable[[Any], str], content: bytes, complaint: str
) -> None:
    with pytest.raises(CommandError) as raised:
        files.read(orders_file(content))

    assert complaint in str(raised.value)
    assert "4242" not in str(raised.value) and "4444" not in str(raised.value)


def test_a_file_may_be_a_pipe_and_its_orders_may_be_nested(tmp_path: Path) -> None:
    """As in `submit <(make-orders)`. The API validates the fields of an order."""
    nested = [{"OrderId": "A", "x": eval("[" * 30 + "]" * 30)}]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=[json.dumps(nested)])
    writer.start()

    assert files.read(str(pipe)) == nested
    writer.join()


def test_a_file_that_is_too_large_is_refused(orders_file: Callable[[Any], str]) -> None:
    with pytest.raises(CommandError, match="the input is too large"):
        files.read(orders_file(b" " * (MAX_FILE_BYTES + 1)))


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        ("no-such-file", "cannot read no-such-file: No such file or directory"),
        (f"no/{CARD}", "cannot read no/#"),
        ("nul\0byte", r"cannot read nul\x00byte: not a valid file name"),
        (f'{{"CC": "{CARD}"}}', "would stay in the history of the shell"),
        ("/", "cannot read /: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported(command: Command, file: str, complaint: str) -> None:
    run = command("submit", file)

    assert (run.status, run.out) == (1, "")
    assert complaint in run.err and CARD not in run.err


def test_an_order_is_closed_with_a_note(api: Api, fake_api: FakeApi) -> None:
    closed = {"OrderId": "a b", "Status": "CLOSED", "Note": "Not wanted."}
    fake_api.answers = {"a%20b": (200, closed)}

    assert calls.close(api, "a b", "Not wanted.") == closed
    assert fake_api.requests == [("POST", "/v1/orders/a%20b/close", {"note": "Not wanted."}, "token-0")]


def test_a_refused_closing_is_reported_with_its_code(api: Api, fake_api: FakeApi) -> None:
    fake_api.answers = {"A-1": (409, refusal("Conflict"))}

    with pytest.raises(CommandError, match="409: Conflict"):
        calls.close(api, "A-1", "Not wanted.")


def test_an_error_without_a_wrong_field_names_its_request_and_no_other_text() -> None:
    id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def problem(request_id: object, details: list[dict[str, str]]) -> str:
        error = {"code": "Conflict", "message": "No.", "details": details, "requestId": request_id}
        return Answer(409, {"error": error}, {}).problem

    assert problem(id, []) == f"Conflict: No. (request {id})"
    assert problem("4242424242424242", []) == problem(None, []) == problem(7, []) == "Conflict: No."
    assert problem(id, [{"field": "Name", "problem": "is empty"}]) == "Conflict: No; Name is empty"
