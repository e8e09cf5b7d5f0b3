"""Faults that the drills make on a laptop cloud. Each is undone at the end of its block."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from local import deploy
from tests.drill.drills import Fault
from tests.support import queues
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.balance import functions_of
from tests.support.cloud.faults import States, changed
from tests.support.waiting import eventually

ORDERS, REMINDERS, ACCOUNT = deploy.ORDERS_STACK, deploy.REMINDERS_STACK, deploy.ACCOUNT_STACK
REQUESTS = 6
"""At least as many as `least_requests` of the stage `local`."""

AN_HOUR = 3600


def function(apps: Apps, stack: str, construct: str) -> str:
    """The name of a deployed function."""
    return functions_of(apps.cloud, stack)[construct]


def queue(apps: Apps, construct: str) -> str:
    """The URL of the queue with this construct id."""
    found = apps.cloud.engine.client("sqs").list_queues()["QueueUrls"]
    [url] = [one for one in found if construct in one and f"{construct}DeadLetters" not in one]
    return str(url)


def invoke(apps: Apps, stack: str, construct: str, event: Any) -> None:
    """Calls a function, and does not care whether it fails."""
    apps.cloud.engine.client("lambda").invoke(
        FunctionName=function(apps, stack, construct), Payload=json.dumps(event).encode()
    )


@contextmanager
def configured(apps: Apps, stack: str, construct: str, **changes: Any) -> Iterator[None]:
    """Changes the configuration of a function inside the block. `Variables` adds to its environment."""
    client, name = apps.cloud.engine.client("lambda"), function(apps, stack, construct)
    usual = client.get_function_configuration(FunctionName=name)
    environment = usual["Environment"]["Variables"]
    changed = {key: value for key, value in changes.items() if key != "Variables"}
    if "Variables" in changes:
        changed["Environment"] = {"Variables": {**environment, **changes["Variables"]}}
    client.update_function_configuration(FunctionName=name, **changed)
    try:
        yield
    finally:
        client.update_function_configuration(
            FunctionName=name, Handler=usual["Handler"], Environment={"Variables": environment}
        )


def broken(stack: str, construct: str, event: Any) -> Fault:
    """A function without its handler, as after a bad deployment, is called."""

    @contextmanager
    def make(apps: Apps) -> Iterator[None]:
        with configured(apps, stack, construct, Handler="gone.handler"):
            invoke(apps, stack, construct, event)
            yield

    return make


def answers_with_errors(stack: str, construct: str, ask: Callable[[Apps], Any]) -> Fault:
    """A function of an API has no handler, and gets some requests."""

    @contextmanager
    def make(apps: Apps) -> Iterator[None]:
        with configured(apps, stack, construct, Handler="gone.handler"):
            for _ in range(REQUESTS):
                ask(apps)
            yield

    return make


def answers_slowly(stack: str, construct: str, ask: Callable[[Apps], Any]) -> Fault:
    """DynamoDB accepts the connections of a function of an API and never answers, and the function gets requests."""

    @contextmanager
    def make(apps: Apps) -> Iterator[None]:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(100)
            address = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with (
                configured(apps, stack, construct, Variables={"AWS_ENDPOINT_URL_DYNAMODB": address}),
                ThreadPoolExecutor(REQUESTS) as together,
            ):
                list(together.map(lambda _: ask(apps), range(REQUESTS)))
                yield

    return make


@contextmanager
def held(apps: Apps, stack: str, construct: str) -> Iterator[None]:
    """Stops a function from getting messages or changes inside the block."""
    client, name = apps.cloud.engine.client("lambda"), function(apps, stack, construct)
    mappings = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    for one in mappings:
        client.update_event_source_mapping(UUID=one["UUID"], Enabled=False)
    try:
        yield
    finally:
        for one in mappings:
            client.update_event_source_mapping(UUID=one["UUID"], Enabled=True)


def emptied(apps: Apps, *urls: str) -> ExitStack:
    """Empties queues at the end of the block."""
    stack = ExitStack()
    for url in urls:
        stack.callback(apps.cloud.engine.client("sqs").purge_queue, QueueUrl=url)
    return stack


def waits(construct: str, *, put: Callable[[Apps], object], consumer: tuple[str, str] | None = None) -> Fault:
    """A message stays in a queue, because its consumer does not read."""

    @contextmanager
    def make(apps: Apps) -> Iterator[None]:
        url = queue(apps, construct)
        with emptied(apps, url), held(apps, *consumer) if consumer else ExitStack():
            put(apps)
            eventually(lambda: apps.cloud.engine.queued(url))
            yield

    return make


def given_up(construct: str, *, put: Callable[[Apps], object], consumer: tuple[str, str] | None = None) -> Fault:
    """A consumer fails at a message again and again, until SQS moves it to the dead-letter queue."""

    @contextmanager
    def make(apps: Apps) -> Iterator[None]:
        sqs, url = apps.cloud.engine.client("sqs"), queue(apps, construct)
        dead = queues.dead_letters_of(sqs, url)
        with emptied(apps, url, dead), held(apps, *consumer) if consumer else ExitStack():
            put(apps)

            def attempt() -> list[Any]:
                for _ in range(50):
                    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
                return apps.cloud.engine.queued(dead)

            eventually(attempt)
            yield

    return make


def sent(construct: str, body: Any) -> Callable[[Apps], None]:
    """Sends a message to a queue by hand."""

    def send(apps: Apps) -> None:
        apps.cloud.engine.client("sqs").send_message(QueueUrl=queue(apps, construct), MessageBody=json.dumps(body))

    return send


def good_order(apps: Apps) -> str:
    order = new_order()
    assert apps.post_order(order)[0] == 202
    return order["OrderId"]


def bad_order(apps: Apps) -> str:
    order = {**new_order(), "Price": "-1"}
    assert apps.post_order(order)[0] == 202
    return order["OrderId"]


def started(workflow: Callable[[Apps], str], value: Any) -> Callable[[Apps], None]:
    """Starts a workflow by hand, and waits for its end."""

    def start(apps: Apps) -> None:
        apps.finished(apps.start(workflow(apps), value))

    return start


def fails(workflow: Callable[[Apps], str]) -> Fault:
    """The first state of a workflow fails at once."""

    def change(states: States) -> None:
        for name in states:
            states[name] = {"Type": "Fail", "Error": "Drill"}

    @contextmanager
    def make(apps: Apps) -> Iterator[None]:
        with changed(apps, change, workflow=workflow(apps)):
            started(workflow, {})(apps)
            yield

    return make


def called(stack: str, construct: str, event: Callable[[], Any]) -> Fault:
    """A function gets an event."""

    @contextmanager
    def make(apps: Apps) -> Iterator[None]:
        invoke(apps, stack, construct, event())
        yield

    return make


def done(act: Callable[[Apps], object], *queues_to_empty: str) -> Fault:
    """Something that somebody does, which leaves messages in these queues."""

    @contextmanager
    def make(apps: Apps) -> Iterator[None]:
        with emptied(apps, *(queue(apps, one) for one in queues_to_empty)):
            act(apps)
            yield

    return make


def old_change() -> dict[str, Any]:
    """A record of the order table's stream that is an hour old."""
    key = {"OrderId": {"S": "drill-1"}}
    change = {"ApproximateCreationDateTime": time.time() - AN_HOUR, "Keys": key}
    return {"Records": [{"eventSource": "aws:dynamodb", "eventName": "REMOVE", "dynamodb": change}]}


@contextmanager
def refused(apps: Apps) -> Iterator[None]:
    """Lambda refuses the calls of a function, as if the account had no concurrent functions left."""
    client, name = apps.cloud.engine.client("lambda"), function(apps, ORDERS, "GetOrder")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        with suppress(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName=name, Payload=b"{}")
        yield
    finally:
        client.delete_function_concurrency(FunctionName=name)
