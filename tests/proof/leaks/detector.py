"""Plants leaks into every store on purpose, so that a search that misses one of them fails."""

import gzip
import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import redis

from tests.proof.leaks.forms import LEAKS
from tests.support import queues
from tests.support.cloud.apps import Apps
from tests.support.cloud.traces import Plants
from tests.support.names import unique

Leak = Callable[[Apps, str], None]


def _row(apps: Apps, text: str) -> None:
    _put(apps, {"OrderId": {"S": unique("leak-")}, "ItemName": {"S": text}})


def _deleted_row(apps: Apps, text: str) -> None:
    key = {"OrderId": {"S": unique("leak-")}}
    _put(apps, {**key, "ItemName": {"S": text}})
    apps.cloud.engine.client("dynamodb").delete_item(TableName=apps.places.order_table, Key=key)


def _put(apps: Apps, item: dict[str, Any]) -> None:
    apps.cloud.engine.client("dynamodb").put_item(TableName=apps.places.order_table, Item=item)


def _message(apps: Apps, text: str) -> None:
    apps.cloud.engine.client("sqs").send_message(QueueUrl=apps.places.escalation_queue, MessageBody=text)


def _dead_letter(apps: Apps, text: str) -> None:
    sqs = apps.cloud.engine.client("sqs")
    url = queues.dead_letters_of(sqs, apps.places.fulfillment_queue)
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"note": text}))


def _log_line(apps: Apps, text: str) -> None:
    client = apps.cloud.engine.client("logs")
    group, stream = sorted(apps.cloud.functions().values())[0], unique("leak-")
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    newest = {"timestamp": int(time.time() * 1000), "message": f'{{"message":"order received","OrderId":"{text}"}}'}
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[newest])


def _execution(apps: Apps, text: str) -> None:
    """An execution of a small workflow that returns its input. It has the leak in its output and its history."""
    states = apps.cloud.engine.client("stepfunctions")
    name = "returns-its-input"
    arn = apps.places.reminder_workflow.rpartition(":")[0] + f":{name}"
    if arn not in {one["stateMachineArn"] for one in states.list_state_machines(maxResults=1000)["stateMachines"]}:
        role = states.describe_state_machine(stateMachineArn=apps.places.reminder_workflow)["roleArn"]
        states.create_state_machine(
            name=name,
            definition=json.dumps({"StartAt": "Return", "States": {"Return": {"Type": "Pass", "End": True}}}),
            roleArn=role,
        )
    apps.finished(states.start_execution(stateMachineArn=arn, input=json.dumps({"note": text}))["executionArn"])


def _cache_entry(apps: Apps, text: str) -> None:
    with redis.Redis.from_url(apps.places.redis_url) as cache:
        cache.set(f"order:{unique('leak-')}", json.dumps({"Name": text}))


def _cache_command(apps: Apps, text: str) -> None:
    with redis.Redis.from_url(apps.places.redis_url) as cache:
        cache.get(text)


def _object(apps: Apps, text: str) -> None:
    _upload(apps, text.encode())


def _archive(apps: Apps, text: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.py", f"# {text}\n" * 9)
    _upload(apps, content.getvalue())


def _compressed(apps: Apps, text: str) -> None:
    _upload(apps, gzip.compress(f"{text}\n".encode() * 9))


def _upload(apps: Apps, body: bytes) -> None:
    s3 = apps.cloud.engine.client("s3")
    bucket = next(one["Name"] for one in s3.list_buckets()["Buckets"])
    s3.put_object(Bucket=bucket, Key=f"leaks/{uuid.uuid4()}", Body=body)


def _mail(apps: Apps, text: str) -> None:
    apps.cloud.engine.client("ses").send_email(
        Source=apps.places.sender,
        Destination={"ToAddresses": ["ada@example.com"]},
        Message={"Subject": {"Data": "A leak"}, "Body": {"Text": {"Data": f"Hello,\n\n{text}"}}},
    )


def _text_message(apps: Apps, text: str) -> None:
    apps.cloud.engine.client("sns").publish(PhoneNumber="+15555550100", Message=text)


def _topic(apps: Apps, text: str) -> None:
    apps.cloud.engine.client("sns").publish(TopicArn=apps.places.topic, Message=text)


def _metric(apps: Apps, text: str) -> None:
    metric = {
        "MetricName": "Orders",
        # CloudWatch accepts only ASCII.
        "Dimensions": [{"Name": "Id", "Value": ascii(text)}],
        "Value": 1,
    }
    apps.cloud.engine.client("cloudwatch").put_metric_data(Namespace="Leaks", MetricData=[metric])


def _user(apps: Apps, text: str) -> None:
    apps.cloud.engine.client("cognito-idp").admin_create_user(
        UserPoolId=apps.places.user_pool,
        Username=f"{unique('leak-')}@example.com",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "name", "Value": text}],
    )


def _file(apps: Apps, text: str) -> None:
    (apps.cloud.settings.home / f"{unique('leak-')}.log").write_text(f"GET /orders/{text} HTTP/1.1\n")


STORES: Mapping[str, tuple[str, Leak]] = {
    "a row": ("table .*OrderTable.*", _row),
    "a deleted row": ("stream of .*OrderTable.*", _deleted_row),
    "a message": ("queue .*EscalationQueue.*", _message),
    "a dead letter": ("queue .*DeadLetters.*", _dead_letter),
    "a line of a log": ("log group .*", _log_line),
    "the output of an execution": ("execution", _execution),
    "the history of an execution": ("history: .*", _execution),
    "an entry of the cache": ("cache", _cache_entry),
    "a command to the cache": ("slow log of the cache", _cache_command),
    "an object": ("file state/s3/.*", _object),
    "an archive": ("file state/s3/.*", _archive),
    "a compressed object": ("file state/s3/.*", _compressed),
    "a mail": ("mail", _mail),
    "a text message": ("text message", _text_message),
    "a message to the topic": ("queue .*inbox", _topic),
    "a metric": ("metric", _metric),
    "a user": ("user pool", _user),
    "a file": (".*[.]log", _file),
}
"""The pattern of each store's place, and how to leak a text into it."""

GONE_WITH_THE_CLOUD = {"a deleted row", "a command to the cache", "a mail", "a metric"}
"""The stores that a stopped cloud has in no file."""


def planted(apps: Apps, plants: Plants) -> list[tuple[str, str, str]]:
    """Leaks a card into each store in each form. Returns the plants with the patterns of their places and the store."""
    leaks = []
    for store, (pattern, leak) in STORES.items():
        for form, write in LEAKS.items():
            plant = f"leak in {store}, {form}"
            leak(apps, write(plants.card(plant, digits=16)))
            leaks.append((plant, pattern, store))
    return leaks
