"""What the proof of permissions relies on: it finds the calls of code, and evaluates policies as AWS documents it."""

from pathlib import Path
from typing import Any

import pytest

from tests.proof.permissions import reach
from tests.proof.permissions.compare import compare
from tests.proof.permissions.policy import Grant, Need, allows

CODE = {
    "app/__init__.py": "",
    "app/handler.py": """
import os
from functools import partial

from app import queues, table
from app.answers import api

URLS = {"one": "ONE_QUEUE", "two": "TWO_QUEUE"}

@api
def handler(event):
    def inner(name):
        return queues.Hold(queues.client(), os.environ[URLS[name]])
    with inner("one") as hold:
        hold.take()
    table.all_of("ByOwner", remove=False)
    partial(queues.ask, "get_queue_attributes")()
    return [*map(queues.told, ["x"])]
""",
    "app/answers.py": """
def api(handler):
    return lambda event, context: handler(event)
""",
    "app/queues.py": """
import os
import boto3

def client():
    return boto3.client("sqs")

def ask(operation):
    return getattr(client(), operation)(QueueUrl=os.environ["ASKED_QUEUE"])

def told(name):
    boto3.client("sns").publish(TopicArn=os.environ["TOPIC"])

def never():
    client().purge_queue(QueueUrl=os.environ["ONE_QUEUE"])

class Hold:
    def __init__(self, sqs, url):
        self._sqs, self._url = sqs, url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._sqs.change_message_visibility_batch(QueueUrl=self._url)

    def take(self):
        found = self._sqs.receive_message(QueueUrl=self._url)
        if not [one for one in ["A_NAME"] if one in found]:
            self._sqs.delete_message_batch(QueueUrl=self._url)
        return found
""",
    "app/table.py": """
import os
import boto3

rows = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def all_of(index, *, remove):
    found = rows.query(IndexName=index)
    if remove:
        rows.delete_item(Key={})
    return found
""",
}


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in CODE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(reach, "LAMBDAS", tmp_path)
    reach.tree_of.cache_clear()


def variables(call: reach.Call, parameter: str) -> set[Any]:
    return {one[1] for one in call.parameters.get(parameter, ()) if one[0] == "variable"}


@pytest.mark.usefixtures("code")
def test_the_calls_of_code_are_found_with_what_names_their_resources() -> None:
    found = reach.Reach("app.handler.handler")

    assert found.unknown == set()
    assert {(call.service, call.operation) for call in found.calls} == {
        ("sqs", "ChangeMessageVisibilityBatch"),
        ("sqs", "ReceiveMessage"),
        ("sqs", "DeleteMessageBatch"),
        ("sqs", "GetQueueAttributes"),
        ("sns", "Publish"),
        ("dynamodb", "Query"),
    }
    by_name = {call.operation: call for call in found.calls}
    assert variables(by_name["GetQueueAttributes"], "QueueUrl") == {"ASKED_QUEUE"}
    assert variables(by_name["ReceiveMessage"], "QueueUrl") == {"ONE_QUEUE", "TWO_QUEUE"}
    assert variables(by_name["Query"], "TableName") == {"TABLE"}
    assert ("constant", "ByOwner") in by_name["Query"].parameters["IndexName"]


QUEUE = "arn:aws:sqs:us-east-1:111122223333:orders"
SEND = Need("role", "sqs:SendMessage", QUEUE, "a test")
TEXT = Need("role", "sns:Publish", "+15555550100", "a test")
NO_TOPIC = {"Effect": "Allow", "Action": "sns:Publish", "NotResource": "arn:aws:sns:*:*:*"}
THROUGH = Need("role", "kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/1", "a test", (("kms:ViaService", "s"),))


def statement(action: str, resource: str, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}


@pytest.mark.parametrize(
    ("given", "need", "allowed"),
    [
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
        (statement("sqs:SendMessage", QUEUE), SEND, True),
        (statement("sqs:sendmessage", QUEUE), SEND, True),
        (statement("sqs:SendMessage", QUEUE.upper()), SEND, False),
        (statement("sqs:SendMessage", f"{QUEUE}-of-another"), SEND, False),
        (statement("sqs:SendMessage", "arn:aws:sqs:*:*:orders"), SEND, True),
        (statement("sqs:Send*", "*"), SEND, True),
        (statement("sqs:GetQueueUrl", QUEUE), SEND, False),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html
        (NO_TOPIC, TEXT, True),
        (NO_TOPIC, Need("role", "sns:Publish", "arn:aws:sns:us-east-1:111122223333:topic", ""), False),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
        (statement("kms:Decrypt", "*", StringEquals={"kms:ViaService": "s"}), THROUGH, True),
        (statement("kms:Decrypt", "*", StringEquals={"kms:ViaService": "t"}), THROUGH, False),
        (statement("kms:Decrypt", "*", StringEquals={"kms:EncryptionContext:a": "s"}), THROUGH, False),
    ],
)
def test_a_policy_is_evaluated_as_aws_documents_it(given: dict[str, Any], need: Need, allowed: bool) -> None:
    assert allows([given], need) is allowed


def test_a_comparison_names_what_is_missing_unused_and_too_wide() -> None:
    right = Grant("role", "sqs:SendMessage", QUEUE)

    assert compare([SEND], [right]).failures == []
    assert compare([SEND], []).missing == [SEND]
    assert compare([SEND], [right, unused := Grant("role", "sqs:GetQueueUrl", QUEUE)]).unused == [unused]
    assert compare([SEND], [Grant("role", "sqs:SendMessage", "*")]).wide
    assert compare([SEND], [Grant("another", "sqs:SendMessage", QUEUE)]).missing == [SEND]
    assert compare([SEND], [right], ["calls something"]).failures == ["unknown: calls something"]
