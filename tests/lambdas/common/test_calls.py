"""What a recorded call sends to X-Ray, and which debug lines it writes."""

import contextlib
import importlib
import json
import logging
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from fastjsonschema import compile as compiled
from moto import mock_aws

import common
from common import aws, calls, codes, http
from local.settings import PROJECT

HEADER = "Root=1-581cf771-a006649127e371903a2de979;Parent=70de5b6f19ff9a0a;Sampled=1;Lineage=1:456f6a97:0"
EVENT = {"requestContext": {"requestId": "3f2a9c1e-7b4d-4e8f-9a6b-c0d1e2f3a4b5"}}
CARD = "4242424242424242"

PART = {
    "type": "object",
    "required": ["id", "name", "start_time", "end_time", "namespace"],
    "additionalProperties": False,
    "properties": {
        "id": {"pattern": "^[0-9a-f]{16}$"},
        "name": {"type": "string", "pattern": r"^[\w\s.:/%&#=+\\@-]{1,200}$"},
        "start_time": {"type": "number"},
        "end_time": {"type": "number"},
        "namespace": {"enum": ["aws", "remote"]},
        "error": {"type": "boolean"},
        "fault": {"type": "boolean"},
        "http": {
            "properties": {"response": {"properties": {"status": {"type": "integer"}}, "additionalProperties": False}},
            "additionalProperties": False,
        },
        "aws": {
            "additionalProperties": False,
            "properties": {
                name: {"type": "string", "maxLength": 250}
                for name in ("operation", "table_name", "queue_url", "request_id", "region")
            },
        },
    },
}
DOCUMENT = {
    **PART,
    "required": ["id", "name", "start_time", "end_time", "trace_id", "parent_id", "type"],
    "properties": {
        **PART["properties"],  # type: ignore[dict-item]  # PART is a dictionary of several types
        "type": {"const": "subsegment"},
        "trace_id": {"pattern": "^1-[0-9a-f]{8}-[0-9a-f]{24}$"},
        "parent_id": {"pattern": "^[0-9a-f]{16}$"},
        "annotations": {
            "propertyNames": {"pattern": "^[A-Za-z0-9_]+$"},
            "additionalProperties": {"type": "string", "maxLength": 1000},
        },
        "subsegments": {"type": "array", "items": PART},
    },
}
"""As in https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html, as far as we send it."""


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], dict[str, Any] | None]]:
    """Lambda's daemon. The call that the test makes is sampled. Returns the document that was sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(60)
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)

        def sent() -> dict[str, Any] | None:
            # Packets on 127.0.0.1 are there when `sendto` returns.
            server.setblocking(False)
            try:
                header, _, document = server.recv(65_536).partition(b"\n")
            except BlockingIOError:
                return None
            assert json.loads(header) == {"format": "json", "version": 1}
            found: dict[str, Any] = json.loads(document)
            compiled(DOCUMENT)(found)
            return found

        yield sent


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No call is recorded after a test."""
    yield
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    # Neither a trace nor an id makes this call one that is recorded.
    assert calls.begin("none", None) is None


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        # moto begins a session of its own.
        calls.report_calls()
        yield boto3.client("dynamodb", region_name="us-east-1", config=aws.BRIEFLY)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """The debug lines of a call, all of which are sampled."""
    monkeypatch.setattr(calls, "SHARE", 1.0)
    found: list[dict[str, Any]] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(vars(record))  # type: ignore[method-assign]  # as logging allows
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)
    monkeypatch.setattr(calls, "SHARE", 0.5)
    calls.begin("test", "ffffffff")


def api(answer: Callable[[], Any]) -> Callable[[], Any]:
    def handle(event: http.Event) -> http.Reply:
        return http.reply(200, answer())

    return lambda: http.api(handle)(EVENT, None)


@pytest.fixture(autouse=True)
def origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGIN", "*")


def test_a_sampled_call_sends_its_calls_of_aws_and_what_people_search_for(daemon, dynamodb) -> None:
    def answer() -> dict[str, str]:
        with pytest.raises(ClientError):
            dynamodb.get_item(TableName="Orders", Key={"OrderId": {"S": "A-1"}})
        with calls.part("Redis"):
            pass
        return {"OrderId": "A-1", "Status": "RECEIVED"}

    api(answer)()

    document = daemon()
    assert (document["trace_id"], document["parent_id"]) == ("1-581cf771-a006649127e371903a2de979", "70de5b6f19ff9a0a")
    assert document["annotations"] == {
        "OrderId": "A-1",
        "Outcome": "RECEIVED",
        "RequestId": EVENT["requestContext"]["requestId"],
    }
    read, redis = document["subsegments"]
    assert (read["name"], read["namespace"], read["error"]) == ("DynamoDB", "aws", True)
    assert (read["aws"]["operation"], read["aws"]["table_name"]) == ("GetItem", "Orders")
    assert read["aws"]["request_id"]
    assert read["http"] == {"response": {"status": 400}}
    assert (redis["name"], redis["namespace"]) == ("Redis", "remote")
    assert not {"error", "fault"} & {*document, *redis}
    assert document["start_time"] <= read["start_time"] <= read["end_time"] <= document["end_time"]


def test_a_call_of_a_queue_is_recorded_with_the_address_of_the_queue(daemon, dynamodb) -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName="parked")["QueueUrl"]

    api(lambda: {"Messages": len(sqs.receive_message(QueueUrl=url).get("Messages", []))})()

    (part,) = daemon()["subsegments"]
    assert (part["name"], part["aws"]["operation"], part["aws"]["queue_url"]) == ("SQS", "ReceiveMessage", url)
    assert part["http"] == {"response": {"status": 200}}
    assert not {"error", "fault"} & part.keys()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"reminderId": "r-1", "status": "SENT"}, {"ReminderId": "r-1", "Outcome": "SENT"}),
        ({"OrderId": 7, "Status": None}, {}),
        ({"error": {"code": "NotFound"}, "Status": "RECEIVED"}, {"Outcome": "NotFound"}),
    ],
)
def test_only_texts_of_an_answer_are_searched_for(daemon, body, found) -> None:
    api(lambda: body)()

    assert daemon()["annotations"] == {"RequestId": EVENT["requestContext"]["requestId"], **found}


def test_a_long_text_is_shortened_in_a_trace(daemon) -> None:
    api(lambda: {"OrderId": "x" * 1001})()

    assert daemon()["annotations"]["OrderId"] == "x" * 1000


def test_a_refusal_is_an_outcome(daemon) -> None:
    def answer() -> dict[str, str]:
        raise http.RequestError(404, "NotFound", "There is no such order.")

    api(answer)()

    assert daemon()["annotations"]["Outcome"] == "NotFound"


def test_no_card_number_gets_into_a_trace(daemon) -> None:
    api(lambda: {"OrderId": CARD, "Status": "RECEIVED"})()

    assert CARD not in json.dumps(daemon())


def test_a_call_without_an_answer_is_recorded_with_its_error(daemon, dynamodb) -> None:
    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://example.com")

    dynamodb.meta.events.register_first("before-send", refuse)

    def answer() -> dict[str, str]:
        with pytest.raises(EndpointConnectionError):
            dynamodb.list_tables()
        return {}

    api(answer)()

    (part,) = daemon()["subsegments"]
    assert part["fault"] is True and "http" not in part


@pytest.mark.parametrize(
    "header",
    [
        "",
        HEADER.replace("Sampled=1", "Sampled=0"),
        "Root=1-581cf771-a006649127e371903a2de979",
        "Root=1-581cf771-a006649127e371903a2de979;Sampled=1",
        "Sampled=1",
        "a;Parent=",
    ],
)
def test_a_call_that_x_ray_does_not_sample_sends_nothing(daemon, monkeypatch, header) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)

    api(dict)()

    assert daemon() is None


def test_without_a_daemon_nothing_is_sent(daemon, monkeypatch) -> None:
    monkeypatch.delenv("AWS_XRAY_DAEMON_ADDRESS")

    assert api(dict)()["statusCode"] == 200
    assert daemon() is None


def test_a_daemon_that_cannot_be_reached_does_not_matter(daemon, monkeypatch) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "no such host.invalid:2000")

    assert api(dict)()["statusCode"] == 200


def test_a_trace_stays_small_enough_for_one_packet(daemon) -> None:
    def answer() -> dict[str, str]:
        for _ in range(1000):
            with calls.part("Redis"):
                pass
        return {}

    api(answer)()

    assert len(daemon()["subsegments"]) == 100


def test_a_part_that_has_not_ended_is_left_out(daemon) -> None:
    """A thread may still wait for it when the answer is there."""
    with contextlib.ExitStack() as later:

        def answer() -> dict[str, str]:
            with calls.part("DynamoDB"):
                pass
            later.enter_context(calls.part("Redis"))
            return {}

        api(answer)()

    assert [part["name"] for part in daemon()["subsegments"]] == ["DynamoDB"]


def test_a_call_in_the_background_is_recorded_under_its_own_id(lines, monkeypatch) -> None:
    monkeypatch.setattr(calls, "SHARE", 0.5)

    @calls.recorded
    def handler(event: object, context: object) -> str:
        with pytest.raises(TimeoutError), calls.part("Redis"):
            raise TimeoutError
        return "done"

    for end in ("00000000", "ffffffff"):
        assert handler({}, SimpleNamespace(aws_request_id=f"3f2a9c1e-7b4d-4e8f-9a6b-c0d1{end}")) == "done"

    (line,) = lines
    assert (line["Call"], line["Error"]) == ("Redis", "TimeoutError")
    assert line["Milliseconds"] >= 0


def test_a_call_in_the_background_sends_its_trace_under_the_name_of_its_module(daemon) -> None:
    @calls.recorded
    def handler(event: object, context: object) -> None:
        with calls.part("Redis"):
            pass
        raise KeyError(CARD)

    with pytest.raises(KeyError):
        handler({}, None)

    document = daemon()
    assert document["name"] == __name__
    assert [part["name"] for part in document["subsegments"]] == ["Redis"]


def test_a_call_that_is_not_recorded_runs_as_usual() -> None:
    @calls.recorded
    def handler(event: object, context: object) -> list[object]:
        with calls.part("Redis"):
            return [event]

    assert handler("event", None) == ["event"]


def test_a_line_says_how_long_a_call_took(lines, monkeypatch) -> None:
    times = iter([50.0, 100.0, 100.51234])
    monkeypatch.setattr(calls, "time", SimpleNamespace(time=lambda: next(times)))
    calls.begin("test", "00000000")

    with calls.part("Redis"):
        pass

    (line,) = lines
    assert line["Milliseconds"] == 512.3


def test_a_sampled_call_writes_a_debug_line_for_each_call_of_aws_and_for_its_answer(lines, dynamodb) -> None:
    def answer() -> dict[str, str]:
        dynamodb.list_tables()
        return {"OrderId": CARD, "Status": "RECEIVED"}

    api(answer)()

    call, answered = [line for line in lines if line["name"].startswith("common.")]
    assert (call["msg"], call["Call"]) == ("call", "DynamoDB.ListTables")
    assert "Error" not in call
    assert answered["msg"] == "answered"
    assert (answered["Outcome"], answered["Status"]) == ("RECEIVED", 200)
    assert not [line for line in lines if line["name"].startswith("botocore")], "they have the bodies of requests"


def test_a_sampled_answer_says_whether_it_came_from_the_cache(lines) -> None:
    http.api(lambda event: http.reply(200, {}, headers={"X-Cache": "HIT"}))(EVENT, None)

    [answered] = [line for line in lines if line.get("msg") == "answered"]
    assert answered["Cache"] == "HIT"


def test_a_refused_request_is_a_line_with_its_reason_and_without_its_input(capsys) -> None:
    details = [codes.NOT_ONE_LINE().of("Price"), codes.LOOKS_LIKE_CARD().of("Price"), codes.NOT_ONE_LINE().of("Name")]

    def answer() -> dict[str, str]:
        raise http.RequestError(400, "InvalidRequest", "The request body is invalid.", details)

    api(answer)()

    assert json.loads(capsys.readouterr().out) == {
        "message": "request refused",
        "Status": 400,
        "Code": "InvalidRequest",
        "Problems": "LooksLikeCard, NotOneLine",
        "RequestId": EVENT["requestContext"]["requestId"],
    }


def test_a_share_of_the_calls_is_sampled() -> None:
    ids = [str(uuid.UUID(int=number * 2**32 // 1000, version=4)) for number in range(1000)]

    assert len([id for id in ids if calls.is_sampled(id, 0.25)]) == 250
    assert not [id for id in ids if calls.is_sampled(id, 0)]
    assert calls.is_sampled("ffffffff-ffff-4fff-bfff-ffff00000000", 0.25), "only the last 32 bits count"
    assert all(calls.is_sampled(id, 1) for id in (*ids, None, "", "no id"))
    assert not [id for id in (None, "", "no id") if calls.is_sampled(id, 0.5)]


def test_each_call_decides_anew_about_its_debug_lines(lines, monkeypatch) -> None:
    monkeypatch.setattr(calls, "SHARE", 0.5)
    for id in ("00000000", "ffffffff", "00000001"):
        calls.begin("test", id)
        calls.logger.debug(id)

    assert [line["msg"] for line in lines] == ["00000000", "00000001"]


def test_without_a_share_no_call_is_recorded() -> None:
    assert calls.begin("test", "00000000") is None


SCRIPT = """
import logging, sys
logging.basicConfig(level="DEBUG", stream=sys.stdout, format="%(message)s")
from common import calls, logs
ours = logs.logger_of("ours")
calls.begin("test", "00000000")
ours.debug("ours")
for level in ("debug", "info"):
    getattr(logging.getLogger("botocore.parsers"), level)(f"botocore {level}")
"""


def test_libraries_write_no_debug_lines_although_the_level_of_lambda_is_debug() -> None:
    """Their lines have the bodies of requests, with names and addresses."""
    settings = {"DEBUG_SAMPLE": "0.5", "LOG_LEVEL": "INFO", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {**os.environ, **settings, "PYTHONPATH": str(PROJECT / "lambdas")}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["ours", "botocore info"]


def test_a_function_that_samples_debug_lines_sets_the_level_of_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for holder, name in ((boto3, "DEFAULT_SESSION"), (common, "calls")):
        monkeypatch.setattr(holder, name, getattr(holder, name))
    monkeypatch.delitem(sys.modules, "common.calls")
    monkeypatch.setenv("DEBUG_SAMPLE", "0.25")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")

    before, level = boto3.DEFAULT_SESSION, logging.root.level

    made = importlib.import_module("common.calls")
    set_to = logging.root.level
    # Also forgets which levels loggers have found enabled meanwhile.
    logging.root.setLevel(level)

    assert (made.SHARE, set_to) == (0.25, logging.ERROR)
    assert boto3.DEFAULT_SESSION is not before, "new clients report their calls"


def test_making_a_client_does_not_look_into_the_folders_of_all_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        botocore.loaders.Loader, "list_available_services", lambda *_: pytest.fail("looked into all folders")
    )

    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    # The tests share one loader, which has been changed already.
    monkeypatch.setattr(botocore.session, "create_loader", botocore.loaders.create_loader)

    calls.report_calls()
    # No function and no other test uses this service, so its model was not read before.
    client = boto3.client("polly", region_name="us-east-1")

    assert client.meta.service_model.service_name == "polly"


def test_the_names_of_services_are_those_of_botocore() -> None:
    loader = botocore.loaders.Loader()

    assert set(calls.services(loader, "service-2")) >= set(loader.list_available_services("service-2"))
