"""Answers of AWS that arrived damaged. botocore alone takes some of them for empty answers."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from zlib import crc32

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from common import calls
from common.answers import DamagedAnswerError
from common.aws import BRIEFLY

ITEM = json.dumps({"Item": {"OrderId": {"S": "1"}}}).encode()
PUBLISHED = b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
PAGE = b"<!DOCTYPE html><p>Bad gateway"


class Raw(BytesIO):
    """The body of an answer."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Returns a function that makes a client, to whose calls the service gives these answers one after the other."""
    # As in a function. Afterwards the other tests have their own session again.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.DEFAULT_SESSION)
    calls.report_calls()

    def client(service: str, *answers: tuple[int, bytes], **headers: str) -> Any:
        made = boto3.client(service, config=BRIEFLY)
        left = [AWSResponse("https://aws.example.com", status, headers, Raw(body)) for status, body in answers]
        # Before the simulated AWS of the other tests.
        made.meta.events.register_first("before-send", lambda **_: left.pop(0))
        return made

    return client


def get(client: Any) -> Any:
    return client.get_item(TableName="Orders", Key={"OrderId": {"S": "1"}}).get("Item")


@pytest.mark.parametrize("body", [b"", ITEM[:20], b"[]", b"<html></html>", ITEM[:20] + b"\xff" + ITEM[20:]])
def test_a_damaged_answer_is_not_an_empty_one(answering: Callable[..., Any], body: bytes) -> None:
    with pytest.raises(DamagedAnswerError, match="The answer of DynamoDB to GetItem is damaged"):
        get(answering("dynamodb", (200, body)))


def test_a_whole_answer_is_read(answering: Callable[..., Any]) -> None:
    assert get(answering("dynamodb", (200, ITEM))) == {"OrderId": {"S": "1"}}
    assert get(answering("dynamodb", (200, b"{}"))) is None
    assert get(answering("dynamodb", (200, ITEM), **{"x-amz-crc32": str(crc32(ITEM))})) == {"OrderId": {"S": "1"}}


@pytest.mark.parametrize("last", [ITEM.replace(b'"1"', b'"2"'), ITEM[:20], b"\xff"])
def test_an_answer_that_differs_from_its_checksum_is_asked_for_again(
    answering: Callable[..., Any], last: bytes
) -> None:
    whole = {"x-amz-crc32": str(crc32(ITEM))}

    assert get(answering("dynamodb", (200, last), (200, ITEM), **whole)) == {"OrderId": {"S": "1"}}
    with pytest.raises(DamagedAnswerError):
        get(answering("dynamodb", (200, ITEM[:20]), (200, last), **whole))


def test_an_error_keeps_its_status_if_its_body_is_damaged(answering: Callable[..., Any]) -> None:
    with pytest.raises(ClientError) as refused:
        get(answering("dynamodb", (400, b'{"__type": "Throt\xff')))

    assert refused.value.response["Error"]["Code"] == "400"
    for status in (500, 502):
        with pytest.raises(ClientError, match=str(status)):
            answering("sns", (status, PAGE), (status, PAGE)).publish(Message="x", TopicArn="t")


@pytest.mark.parametrize("body", [PUBLISHED[:30], b""])
@pytest.mark.parametrize("status", [200, 400])
def test_a_damaged_answer_in_xml_is_an_error_of_botocore(
    answering: Callable[..., Any], status: int, body: bytes
) -> None:
    with pytest.raises(DamagedAnswerError):
        answering("sns", (status, body)).publish(Message="x", TopicArn="t")


def test_an_answer_without_results_may_be_empty(answering: Callable[..., Any]) -> None:
    answering("sqs", (200, b"")).delete_message(QueueUrl="https://queue.example.com/1/q", ReceiptHandle="r")
    answering("sqs", (200, b"")).receive_message(QueueUrl="https://queue.example.com/1/q")
    answering("s3", (200, b"")).put_object(Bucket="site", Key="index.html", Body=b"")

    with pytest.raises(ClientError, match="404"):
        answering("s3", (404, b"")).head_object(Bucket="site", Key="index.html")
    with pytest.raises(ClientError, match="403"):
        answering("s3", (403, b"")).list_objects_v2(Bucket="site")


def test_an_answer_with_only_some_of_its_results_in_headers_may_not_be_empty(answering: Callable[..., Any]) -> None:
    with pytest.raises(DamagedAnswerError):
        answering("s3", (200, b"")).list_objects_v2(Bucket="site")


def test_a_stream_is_not_read_before_somebody_asks_for_it(answering: Callable[..., Any]) -> None:
    stream = answering("s3", (200, b"<p>a page")).get_object(Bucket="site", Key="index.html")["Body"]

    assert stream.read() == b"<p>a page"


def test_a_whole_answer_in_xml_is_read(answering: Callable[..., Any]) -> None:
    assert answering("sns", (200, PUBLISHED)).publish(Message="x", TopicArn="t")["MessageId"] == "1"


def test_a_failed_answer_is_repeated_although_its_body_is_damaged(answering: Callable[..., Any]) -> None:
    client = answering("sns", (503, PAGE), (200, PUBLISHED))

    assert client.publish(Message="x", TopicArn="t")["MessageId"] == "1"
