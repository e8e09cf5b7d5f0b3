"""Reads everything that a laptop cloud has written."""

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import redis

from local.cloud import Cloud
from tests.support.cloud import scans

Piece: TypeAlias = tuple[str, str | bytes]
"""The place of a piece of data, and its content."""

ALWAYS = datetime.fromtimestamp(0, UTC)

MAY_HOLD_A_CARD = {
    ("ExecutionStarted", ""),
    ("ChoiceStateEntered", "Is it an order"),
    ("ChoiceStateExited", "Is it an order"),
    ("ChoiceStateEntered", "Are there enough digits for a card"),
    ("ChoiceStateExited", "Are there enough digits for a card"),
    ("PassStateEntered", "Leave out IBANs and parcels"),
    ("PassStateExited", "Leave out IBANs and parcels"),
    ("PassStateEntered", "Find groups of digits"),
    ("PassStateExited", "Find groups of digits"),
    ("PassStateEntered", "Tell other numbers by their groups"),
    ("PassStateExited", "Tell other numbers by their groups"),
    ("PassStateEntered", "Read the numbers"),
    ("PassStateExited", "Read the numbers"),
    ("PassStateEntered", "Keep numbers that issuers use"),
    ("PassStateExited", "Keep numbers that issuers use"),
    ("ChoiceStateEntered", "Does it hold a card number"),
    ("ChoiceStateExited", "Does it hold a card number"),
    ("PassStateEntered", "Not an order"),
    ("TaskStateEntered", "Update the order table"),
    ("TaskStateExited", "Update the order table"),
    ("TaskStateEntered", "Are details Proper"),
    ("TaskScheduled", "Are details Proper"),
}
"""The events of the order workflow's history, with their states, whose input, parameters or output may have the card.

The execution's input has the card number until it is checked. On AWS, the workflow's own key encrypts the history.
"""


ENCRYPTED = "encrypted data"
"""The place of the inputs of executions, and of MAY_HOLD_A_CARD."""


def everything(cloud: Cloud, *, since: datetime, encrypted: bool = False) -> Iterator[Piece]:
    """Everything that `cloud` has written, but not what is older than `since`: executions, log entries, files, and
    records of streams.

    If `encrypted`, also the inputs of executions and MAY_HOLD_A_CARD, with the place ENCRYPTED.
    """
    yield from logs(cloud, since=since)
    yield from without_logs(cloud, since=since, encrypted=encrypted)
    yield from files(cloud.settings.home, since=since)


def without_logs(cloud: Cloud, *, since: datetime, executions: bool = True, encrypted: bool = False) -> Iterator[Piece]:
    """Everything but the logs and the files. Executions and records of streams are not older than `since`.

    If `encrypted`, also the inputs of executions and MAY_HOLD_A_CARD, with the place ENCRYPTED. `executions` can leave
    out all executions.
    """
    yield from _tables(cloud, since)
    yield from _queues(cloud)
    if executions:
        yield from (piece for piece in _executions(cloud, since) if encrypted or piece[0] != ENCRYPTED)
    yield from _cache(cloud)
    yield from (("mail", json.dumps(mail)) for mail in cloud.engine.mails())
    yield from (("text message", json.dumps(text)) for text in cloud.engine.texts())
    yield from _metrics(cloud)


def inputs(cloud: Cloud, *, since: datetime) -> Iterator[Piece]:
    """The inputs of the executions that started after `since`. `everything` leaves the inputs out."""
    states = cloud.engine.executions()
    for execution in _begun(cloud, since):
        yield "input", states.describe_execution(executionArn=execution["executionArn"])["input"]


def _tables(cloud: Cloud, since: datetime) -> Iterator[Piece]:
    """The rows of each table, and its stream, which has every image of a row, including deleted rows.

    Records of streams that are older than `since` are left out.
    """
    dynamodb, streams = cloud.engine.client("dynamodb"), cloud.engine.client("dynamodbstreams")
    for table in dynamodb.get_paginator("list_tables").paginate().search("TableNames"):
        yield from ((f"table {table}", json.dumps(row)) for row in scans.rows(cloud, table))
    for stream in streams.list_streams()["Streams"]:
        arn = stream["StreamArn"]
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            yield from (
                (f"stream of {stream['TableName']}", json.dumps(record))
                for record in scans.records(cloud, arn, shard["ShardId"])
                # The time of a record is rounded to seconds.
                if record["dynamodb"]["ApproximateCreationDateTime"] >= int(since.timestamp())
            )


def _queues(cloud: Cloud) -> Iterator[Piece]:
    for url in cloud.engine.client("sqs").get_paginator("list_queues").paginate().search("QueueUrls"):
        name = url.rpartition("/")[2]
        yield from ((f"queue {name}", json.dumps(message)) for message in cloud.engine.queued(url))


def logs(cloud: Cloud, *, since: datetime = ALWAYS) -> Iterator[Piece]:
    """Each entry of each log that is not older than `since`."""
    client = cloud.engine.client("logs")
    for group in client.get_paginator("describe_log_groups").paginate().search("logGroups[].logGroupName"):
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since.timestamp() * 1000)
        )
        yield from ((f"log group {group}", json.dumps(event)) for page in pages for event in page["events"])


def _executions(cloud: Cloud, since: datetime) -> Iterator[Piece]:
    states = cloud.engine.executions()
    for execution in _begun(cloud, since):
        arn = execution["executionArn"]
        description = states.describe_execution(executionArn=arn)
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn, maxResults=1000)
        yield from of_execution(description, pages.search("events"))


def of_execution(description: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> Iterator[Piece]:
    """An execution and its history. Its input and MAY_HOLD_A_CARD have the place ENCRYPTED."""
    yield "execution", json.dumps({**description, "input": None, "events": None, "ResponseMetadata": None}, default=str)
    yield ENCRYPTED, json.dumps(description.get("input"))
    state = ""
    for event in events:
        details: dict[str, Any] = next((event[key] for key in event if key.endswith("EventDetails")), {})
        state = details.get("name", state)
        if (event["type"], state) in MAY_HOLD_A_CARD:
            yield ENCRYPTED, json.dumps([details.get(name) for name in ("input", "parameters", "output")])
            details = {**details, "input": None, "parameters": None, "output": None}
        yield f"history: {event['type']} in {state!r}", json.dumps(details)


def _begun(cloud: Cloud, since: datetime) -> Iterator[dict[str, Any]]:
    states = cloud.engine.executions()
    for machine in states.get_paginator("list_state_machines").paginate().search("stateMachines[].stateMachineArn"):
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
        yield from (one for page in pages for one in page["executions"] if one["startDate"] >= since)


def _cache(cloud: Cloud) -> Iterator[Piece]:
    """Each key with its value, and the slow log."""
    with redis.Redis.from_url(cloud.settings.redis_url) as operator:
        for key in operator.scan_iter():
            # A key that has expired in the meantime has no value.
            value = operator.get(key) if operator.type(key) == b"string" else operator.dump(key)
            yield "cache", key + b" " + (value or b"")
        yield from (("slow log of the cache", entry["command"]) for entry in operator.slowlog_get(-1))


def _metrics(cloud: Cloud) -> Iterator[Piece]:
    """Each metric with its dimensions, and what alarms have said."""
    client = cloud.engine.client("cloudwatch")
    for page in client.get_paginator("list_metrics").paginate():
        yield from (("metric", json.dumps(metric)) for metric in page["Metrics"])
    for page in client.get_paginator("describe_alarm_history").paginate():
        yield from (("alarm history", json.dumps(item, default=str)) for item in page["AlarmHistoryItems"])


def users(cloud: Cloud) -> Iterator[Piece]:
    """Each user of the pool."""
    pages = cloud.engine.client("cognito-idp").get_paginator("list_users").paginate(UserPoolId=cloud.places().user_pool)
    yield from (("user pool", json.dumps(user, default=str)) for page in pages for user in page["Users"])


def files(home: Path, *, since: datetime = ALWAYS, encrypted: bool = False) -> Iterator[Piece]:
    """Each file of the cloud: logs, templates, the bootstrap bucket, the functions' folders. Equal files come once.

    Files that were written before `since` are left out. A stopped engine has the executions in a file. `encrypted`
    means the same as for `everything`.
    """
    seen: set[bytes] = set()

    def new(content: bytes) -> bool:
        before = len(seen)
        seen.add(hashlib.sha256(content).digest())
        return len(seen) > before

    for file in sorted(file for file in home.rglob("*") if file.is_file()):
        try:
            if file.stat().st_mtime < since.timestamp():
                continue
            content = file.read_bytes()
        except FileNotFoundError:  # A function that has just ended deletes its files.
            continue
        place = f"file {'/'.join(file.relative_to(home).parts[:3])}"
        if not new(content):
            continue
        if file.name == EXECUTIONS:
            yield from (
                (f"{place}: {inside}" if inside != ENCRYPTED else inside, piece)
                for inside, piece in _saved_executions(content)
                if encrypted or inside != ENCRYPTED
            )
        elif zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = ((name, archive.read(name)) for name in archive.namelist())
                yield from ((place, name.encode() + b" " + member) for name, member in members if new(member))
        elif content.startswith(GZIP):
            yield place, gzip.decompress(content)
        else:
            yield place, content


GZIP = b"\x1f\x8b\x08"
EXECUTIONS = "stepfunctions.json"
"""The file in which the engine keeps the executions when it stops."""


def _saved_executions(content: bytes) -> Iterator[Piece]:
    saved = json.loads(content)
    stores = saved.get("payload", saved)
    executions = stores.pop("executions")
    yield "all but executions", json.dumps(stores)
    for execution in _with_events(executions):
        yield from of_execution(execution, execution["events"])


def _with_events(saved: Any) -> Iterator[dict[str, Any]]:
    """The executions in the engine's own form of a dictionary, at any depth."""
    if isinstance(saved, dict) and isinstance(saved.get("events"), list):
        yield saved
    elif isinstance(saved, dict | list):
        for inner in saved.values() if isinstance(saved, dict) else saved:
            yield from _with_events(inner)
