"""Counts requests to APIs and to the page, and answers at PATH with the counts."""

import functools
import json
import os
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from ministack import app
from ministack.core.router import extract_access_key_id
from ministack.services import apigateway_v1

from costs import logs
from local.meter import busy, counter, functions, messages, workflows
from local.meter.path import PATH

Handler = Callable[..., Awaitable[Any]]

HEADERS = 350
"""Bytes of the headers of a response, about."""

# The engine does not keep the format of an API's stage.
ACCESS_LINE = logs.size([logs.access_line()])

_since = datetime.now(UTC)


def apply() -> None:
    app._dispatch_service_request = _of_others_than_root(app._dispatch_service_request)
    app._handle_execute_api_request = _counting_api(app._handle_execute_api_request)
    app._handle_cloudfront_dataplane_request = _counting_page(app._handle_cloudfront_dataplane_request)
    app._handle_pre_body_request = _with_counts(app._handle_pre_body_request)


def _of_others_than_root(dispatch: Handler) -> Handler:
    @functools.wraps(dispatch)
    async def dispatched(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any, request_id: str
    ) -> Any:
        key = extract_access_key_id(headers, query_params)
        root = key == os.environ["AWS_ACCESS_KEY_ID"] or bool(re.fullmatch("[0-9]{12}", key or ""))
        token = counter.uncounted.set(root)
        try:
            return await dispatch(method, path, headers, body, query_params, request_id)
        finally:
            counter.uncounted.reset(token)

    return dispatched


def _counting_api(handle: Handler) -> Handler:
    @functools.wraps(handle)
    async def counted(host: str, path: str, *rest: Any, **more: Any) -> Any:
        answer = await handle(host, path, *rest, **more)
        found = app._parse_execute_api_url(host, path)
        if answer is not None and found and apigateway_v1.find_api_scope(found[0]):
            api = found[0]
            counter.add("apigateway.request", api)
            counter.add("apigateway.out_byte", api, HEADERS + _length(answer[2]))
            counter.add("logs.access_byte", api, ACCESS_LINE)
        return answer

    return counted


def _counting_page(handle: Handler) -> Handler:
    @functools.wraps(handle)
    async def counted(host: str, *rest: Any, **more: Any) -> Any:
        answer = await handle(host, *rest, **more)
        if answer is not None:
            label = str(app._parse_cloudfront_dataplane_host(host))
            counter.add("cloudfront.request", label)
            counter.add("cloudfront.out_byte", label, HEADERS + _length(answer[2]))
        return answer

    return counted


def _length(body: Any) -> int:
    return len(body if isinstance(body, bytes) else str(body).encode())


def _with_counts(handle: Handler) -> Handler:
    @functools.wraps(handle)
    async def handled(method: str, path: str, *rest: Any, **more: Any) -> Any:
        if path != PATH:
            return await handle(method, path, *rest, **more)
        global _since
        if method == "DELETE":
            counter.reset()
            _since = datetime.now(UTC)
        polls = messages.polls((datetime.now(UTC) - _since).total_seconds())
        answer = {
            "since": _since.isoformat(),
            "counts": {**counter.counts(), **({"sqs.poll": polls} if polls else {})},
            "levels": {**workflows.levels(), **functions.levels()},
            "busy": busy.reasons(),
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    return handled
