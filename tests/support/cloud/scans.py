"""Reads all rows of tables, and all records of their streams.

botocore would need many times as long to read the answers, and there are many scans.
"""

import json
from collections.abc import Iterator
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from local.cloud import Cloud
from local.engine import CREDENTIALS
from local.settings import REGION


def rows(cloud: Cloud, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table, from a consistent read."""
    asked: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
    while True:
        answer = _answer(cloud, "DynamoDB_20120810.Scan", **asked)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def records(cloud: Cloud, stream: str, shard: str) -> Iterator[dict[str, Any]]:
    """The records of one shard of a stream, oldest first. `stream` is its ARN."""
    client = cloud.engine.client("dynamodbstreams")
    asked = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    position = client.get_shard_iterator(**asked)["ShardIterator"]
    while position:
        answer = _answer(cloud, "DynamoDBStreams_20120810.GetRecords", ShardIterator=position)
        position = answer.get("NextShardIterator") if answer["Records"] else None
        yield from answer["Records"]


def _answer(cloud: Cloud, target: str, **parameters: Any) -> Any:
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}
    request = AWSRequest("POST", cloud.settings.endpoint, data=json.dumps(parameters), headers=headers)
    SigV4Auth(CREDENTIALS, "dynamodb", REGION).add_auth(request)
    response = URLLib3Session().send(request.prepare())
    assert response.status_code == 200, response.text
    return json.loads(response.content)
