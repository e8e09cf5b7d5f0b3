"""Counts requests to SQS, publishes of SNS, and calls of other services that the engine serves one by one."""

import functools
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.services import lambda_svc, ses_v2, sns, sqs, stepfunctions

from local.meter import counter

CHUNK = 64 * 1024
"""SQS, SNS and EventBridge bill each started 64 KB as a request."""

POLLERS, POLL_SECONDS = 5, 20
"""Lambda reads each queue with five long polls. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""

Handler = Callable[..., Awaitable[Any]]


def apply() -> None:
    sqs._dispatch = _counting_requests(sqs._dispatch)
    sqs._receive_messages_for_esm = _counting_receives(sqs._receive_messages_for_esm)
    sqs._delete_messages_for_esm = _counting_deletes(sqs._delete_messages_for_esm)
    stepfunctions._SERVICE_DISPATCH = {
        resource: _counting_integration(handler) for resource, handler in stepfunctions._SERVICE_DISPATCH.items()
    }
    sns._publish = _counting_publishes(sns._publish)
    sns._fanout = _counting_deliveries(sns._fanout)
    for service, count in (("ses", _count_mail), ("events", _count_events)):
        app.SERVICE_HANDLERS[service] = _counting_calls(app.SERVICE_HANDLERS[service], count)
    # The engine calls this handler directly.
    ses_v2.handle_request = _counting_calls(ses_v2.handle_request, _count_mail)


def polls(seconds: float) -> dict[str, float]:
    """The empty receives of Lambda in that time, by queue. The engine itself polls at another pace."""
    found: dict[str, float] = {}
    for _, _, mapping in lambda_svc._iter_all_esms():
        source = str(mapping.get("EventSourceArn", ""))
        if ":sqs:" in source and mapping.get("Enabled", True):
            found[source.rpartition(":")[2]] = round(seconds * POLLERS / POLL_SECONDS)
    return found


def chunks(bytes: int) -> int:
    return max(1, -(-bytes // CHUNK))


def _queue(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def _size_of(messages: Iterable[dict[str, Any]]) -> int:
    """The bytes of messages, sent or received, with their attributes."""
    return sum(
        len(str(message.get("MessageBody") or message.get("Body") or message.get("body") or "").encode())
        + len(json.dumps(message.get("MessageAttributes") or {}))
        - len("{}")
        for message in messages
    )


def _counting_requests(dispatch: Handler) -> Handler:
    """Each call is one request, a batch too. Larger messages are several."""

    @functools.wraps(dispatch)
    async def counted(action: str, data: dict[str, Any], url: str) -> Any:
        result = await dispatch(action, data, url)
        sent = data.get("Entries") or [data] if action.startswith("SendMessage") else result.get("Messages") or ()
        queue = data.get("QueueUrl") or url or result.get("QueueUrl") or data.get("QueueName") or "all"
        counter.add("sqs.request", _queue(queue), chunks(_size_of(sent)))
        return result

    return counted


def _counting_receives(receive: Callable[..., Any]) -> Callable[..., Any]:
    """Lambda's own receives. AWS polls at its own pace, so empty ones do not count here."""

    @functools.wraps(receive)
    def counted(url: str, at_most: int) -> Any:
        messages = receive(url, at_most)
        if messages:
            counter.add("sqs.request", _queue(url), chunks(_size_of(messages)))
        return messages

    return counted


def _counting_deletes(delete: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(delete)
    def counted(url: str, handles: set[str]) -> Any:
        if handles:
            counter.add("sqs.request", _queue(url))
        return delete(url, handles)

    return counted


def _counting_integration(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A workflow's calls. They do not pass `_dispatch`. Calls of SNS and DynamoDB count elsewhere."""

    @functools.wraps(handler)
    def counted(resource: str, data: dict[str, Any]) -> Any:
        result = handler(resource, data)
        if ":sqs:sendMessage" in resource:
            body = data.get("MessageBody")
            text = body if isinstance(body, str) else json.dumps(body)
            counter.add("sqs.request", _queue(data["QueueUrl"]), chunks(_size_of([{**data, "MessageBody": text}])))
        elif ":events:putEvents" in resource:
            _add_events(data.get("Entries") or ())
        return result

    return counted


def _counting_publishes(publish: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(publish)
    def counted(params: dict[str, Any]) -> Any:
        answer = publish(params)
        if answer[0] < 400:
            text = str(sns._p(params, "Message"))
            topic = sns._p(params, "TopicArn") or sns._p(params, "TargetArn")
            number = sns._p(params, "PhoneNumber")
            if number and not topic:
                counter.add("sns.sms", "US" if number.startswith("+1") else "others")
            else:
                counter.add("sns.publish", topic.rpartition(":")[2], chunks(len(text.encode())))
        return answer

    return counted


def _counting_deliveries(fan_out: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fan_out)
    def counted(topic_arn: str, *rest: Any, **more: Any) -> Any:
        topic = sns._topic_by_arn_any_scope(topic_arn) or {}
        for subscription in topic.get("subscriptions", ()):
            if subscription.get("confirmed") and subscription.get("protocol") in ("email", "email-json"):
                counter.add("sns.email", topic_arn.rpartition(":")[2])
        return fan_out(topic_arn, *rest, **more)

    return counted


def _counting_calls(handler: Handler, count: Callable[[dict[str, str], bytes], None]) -> Handler:
    async def counted(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
        answer = await handler(method, path, headers, body, query_params)
        if answer[0] < 400:
            count(headers, body)
        return answer

    return counted


def _count_mail(headers: dict[str, str], body: bytes) -> None:
    """Each recipient is a mail."""
    if body.startswith(b"{"):
        request = json.loads(body)
        addresses = [one for many in (request.get("Destination") or {}).values() for one in many]
        sender = request.get("FromEmailAddress")
    else:
        form = parse_qs(body.decode())
        if not form.get("Action", [""])[0].startswith("Send"):
            return
        addresses = [name for name in form if "Addresses.member." in name and name.startswith("Destination")]
        sender = form.get("Source", [None])[0]
    if sender:
        counter.add("ses.mail", sender, len(addresses))


def _count_events(headers: dict[str, str], body: bytes) -> None:
    if headers.get("x-amz-target", "").endswith(".PutEvents"):
        _add_events(json.loads(body).get("Entries") or ())


def _add_events(entries: Iterable[dict[str, Any]]) -> None:
    for entry in entries:
        bus = str(entry.get("EventBusName") or "default").rpartition("/")[2]
        counter.add("events.event", bus, chunks(len(json.dumps(entry))))
