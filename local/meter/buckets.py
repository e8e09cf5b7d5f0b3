"""Counts requests to S3, KMS and Secrets Manager."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app

from local.meter import counter

Handler = Callable[..., Awaitable[Any]]


def apply() -> None:
    for service, count in (("s3", _count_object), ("kms", _count_key), ("secretsmanager", _count_secret)):
        app.SERVICE_HANDLERS[service] = _counting(app.SERVICE_HANDLERS[service], count)


def _counting(handler: Handler, count: Callable[[str, str, bytes], None]) -> Handler:
    async def counted(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
        answer = await handler(method, path, headers, body, query_params)
        if answer[0] < 500:
            count(method, path, body)
        return answer

    return counted


def _count_object(method: str, path: str, body: bytes) -> None:
    unit = {"GET": "s3.get", "HEAD": "s3.get", "PUT": "s3.put", "POST": "s3.put"}.get(method)
    if unit:
        counter.add(unit, path.strip("/").partition("/")[0])


def _count_key(method: str, path: str, body: bytes) -> None:
    counter.add("kms.request", str(json.loads(body or b"{}").get("KeyId", "a data key")).rpartition("/")[2])


def _count_secret(method: str, path: str, body: bytes) -> None:
    counter.add("secretsmanager.request", str(json.loads(body or b"{}").get("SecretId", "")).rpartition(":")[2])
