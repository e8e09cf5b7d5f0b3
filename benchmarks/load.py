"""Measures how many orders the laptop cloud settles under load, beside the original design on the same engine.

Both designs are measured in turn, on one new laptop cloud.
"""

import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from urllib.parse import urlsplit

from benchmarks.lookups import cloud_of_its_own
from benchmarks.report import Ratio, Section
from local import users
from local.cloud import Cloud, Places

FEW, MANY = 8, 32
ROUNDS = 5
CHECK_ROUNDS = 1
SECONDS = 160
SECONDS_OF_A_ROUND = 2.5
LOOKUPS = 3
PAUSE_SECONDS = 0.1
GIVE_UP_SECONDS = 60
ADDITIONS = 20_000_000

TEXT = """\
In each round, both designs are measured one after the other on the same warm cloud, for {seconds} seconds each. Each
client places its next order when the last one has arrived in its queue.

- "Ours" are orders at the API: sign-in, claim, Express workflow, cache, message, outcome on the row.
- "Original" are executions of the original's workflow: Standard, five states, one function. They have no API, no
  sign-in and no outcome, and they process a repeated order twice.
- In the last two rows each client places an order, looks it up {lookups} times, {pause} seconds apart, and begins
  again.

After {orders:,} orders the engine has {megabytes} MB of memory, and there are {processes} processes of functions.

Before each round, {additions} million additions in a loop of Python took {loop:.2f} seconds (the median). If this
time differs in two runs, only the ratios can be compared.
"""

STACK = "original-design"
VERIFY = """\
def handler(order, context):
    good = len(order["CC"]) == 16 and int(order["Price"]) > 0
    return {**order, "Status": 1 if good else 0}
"""
WORKFLOW = {
    "Comment": "A state machine that automates a order fulfillment.",
    "StartAt": "Update the order table",
    "States": {
        "Update the order table": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {
                "TableName": "${OrderTable}",
                "Item": {name: {"S.$": f"$.{name}"} for name in ("OrderId", "Name", "ItemName", "Price", "CC")},
            },
            "ResultPath": None,
            "Next": "Are details Proper",
        },
        "Are details Proper": {"Type": "Task", "Resource": "${VerifyCCAndPrice}", "Next": "Put message in Queue"},
        "Put message in Queue": {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": "$.Status",
                    "NumericEquals": status,
                    "Next": f"Put message in order {queue} Queue",
                }
                for status, queue in ((1, "OrderFulfillment"), (0, "Escalation"))
            ],
        },
        **{
            f"Put message in order {queue} Queue": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {"QueueUrl": f"${{{queue}Queue}}", "MessageBody": {"OrderId.$": "$.OrderId"}},
                "End": True,
            }
            for queue in ("OrderFulfillment", "Escalation")
        },
    },
}
"""The original's workflow, of five states."""
TEMPLATE = {
    "Resources": {
        "OrderTable": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "OrderId", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "OrderId", "KeyType": "HASH"}],
            },
        },
        "OrderFulfillmentQueue": {"Type": "AWS::SQS::Queue"},
        "EscalationQueue": {"Type": "AWS::SQS::Queue"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
                        }
                    ],
                }
            },
        },
        "VerifyCCAndPrice": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": VERIFY},
            },
        },
        "OrderFulfillmentStateMachine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineType": "STANDARD",
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionString": json.dumps(WORKFLOW),
                "DefinitionSubstitutions": {
                    "OrderTable": {"Ref": "OrderTable"},
                    "VerifyCCAndPrice": {"Fn::GetAtt": ["VerifyCCAndPrice", "Arn"]},
                    "OrderFulfillmentQueue": {"Ref": "OrderFulfillmentQueue"},
                    "EscalationQueue": {"Ref": "EscalationQueue"},
                },
            },
        },
    },
    "Outputs": {
        "Workflow": {"Value": {"Ref": "OrderFulfillmentStateMachine"}},
        "Queue": {"Value": {"Ref": "OrderFulfillmentQueue"}},
    },
}


def an_order() -> dict[str, str]:
    """A good order with a new id. Letters only, because the API refuses ids that look like card numbers."""
    order_id = "load-" + "".join(chr(ord("a") + byte % 26) for byte in uuid.uuid4().bytes)
    return {"OrderId": order_id, "Name": "Ada", "ItemName": "Lamp", "Price": "12", "CC": "4242424242424242"}


class Connection:
    """One client's connection to the engine, which stays open from request to request."""

    def __init__(self, endpoint: str) -> None:
        self._http = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=GIVE_UP_SECONDS)

    def send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        return answer.status, answer.read().decode()


class Ours:
    """Orders are placed at the API, with a signed-in person's token."""

    def __init__(self, places: Places, token: str) -> None:
        self.queue = places.fulfillment_queue
        self._api = urlsplit(f"{places.orders_api}/orders")
        self._headers = {"Authorization": token, "Content-Type": "application/json"}
        self._mine = threading.local()

    def place(self, order: dict[str, str]) -> None:
        if not hasattr(self._mine, "connection"):
            self._mine.connection = Connection(self._api.geturl())
        status, text = self._mine.connection.send("POST", self._api.path, json.dumps(order), self._headers)
        if status != 202:
            raise SystemExit(f"an order was answered {status}: {text}")

    def look_up(self, order_id: str) -> None:
        status, text = self._mine.connection.send("GET", f"{self._api.path}/{order_id}", None, self._headers)
        if status != 200:
            raise SystemExit(f"a lookup was answered {status}: {text}")


class Original:
    """Executions of the original's workflow are started one by one, as the original says."""

    def __init__(self, cloud: Cloud) -> None:
        cloudformation = cloud.engine.client("cloudformation")
        cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"])
        cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
        outputs = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
        values = {one["OutputKey"]: one["OutputValue"] for one in outputs}
        self.queue, self._workflow = values["Queue"], values["Workflow"]
        self._states = cloud.engine.own_client("stepfunctions")

    def place(self, order: dict[str, str]) -> None:
        self._states.start_execution(stateMachineArn=self._workflow, name=order["OrderId"], input=json.dumps(order))


class Arrivals:
    """Notices when the message about an order is in the queue."""

    def __init__(self, cloud: Cloud, queue: str) -> None:
        self._sqs, self._queue = cloud.engine.own_client("sqs"), queue
        self._waiting: dict[str, threading.Event] = {}
        self._done = threading.Event()

    @contextmanager
    def watched(self) -> Iterator["Arrivals"]:
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield self
        finally:
            self._done.set()
            thread.join()

    def expect(self, order_id: str) -> threading.Event:
        return self._waiting.setdefault(order_id, threading.Event())

    def _watch(self) -> None:
        while not self._done.is_set():
            answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            messages = answer.get("Messages", [])
            for message in messages:
                self.expect(json.loads(message["Body"])["OrderId"]).set()
            if messages:
                entries = [
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages)
                ]
                self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)


@dataclass
class Measured:
    """What one design did. Each list has an item for each round, `requests` and `settled` one for each order."""

    few_a_second: list[float] = field(default_factory=list)
    """Orders settled per second with FEW clients."""
    many_a_second: list[float] = field(default_factory=list)
    many_requests: list[float] = field(default_factory=list)
    """Seconds of each request with MANY clients."""
    many_settled: list[float] = field(default_factory=list)
    """Seconds from each request until the order was in its queue, with MANY clients."""


def load(
    design: Ours | Original, arrivals: Arrivals, *, clients: int, seconds: float
) -> tuple[float, list[float], list[float]]:
    """Runs `clients` clients. Each places its next order when its last one is settled.

    Returns the orders settled per second, the seconds of each request, and the seconds until each order was settled.
    """
    requests: list[float] = []
    settled: list[float] = []
    together = threading.Barrier(clients + 1)
    end = 0.0

    def orders(_: int) -> None:
        together.wait()
        while (began := time.perf_counter()) < end:
            order = an_order()
            arrived = arrivals.expect(order["OrderId"])
            design.place(order)
            requests.append(time.perf_counter() - began)
            if not arrived.wait(GIVE_UP_SECONDS):
                raise SystemExit(f"{order['OrderId']} was not in its queue within {GIVE_UP_SECONDS} seconds")
            settled.append(time.perf_counter() - began)

    with ThreadPoolExecutor(clients) as pool:
        done = [pool.submit(orders, number) for number in range(clients)]
        began = time.perf_counter()
        end = began + seconds
        together.wait()
        for one in done:
            one.result()
    return len(settled) / (time.perf_counter() - began), requests, settled


def with_lookups(ours: Ours, *, clients: int, seconds: float) -> list[float]:
    """The load of `benchmarks.engine`: each client places an order, looks it up LOOKUPS times, and begins again.

    Returns the seconds of each request.
    """
    requests: list[float] = []
    end = time.perf_counter() + seconds

    def orders(_: int) -> None:
        while time.perf_counter() < end:
            order = an_order()
            began = time.perf_counter()
            ours.place(order)
            requests.append(time.perf_counter() - began)
            for _ in range(LOOKUPS):
                time.sleep(PAUSE_SECONDS)
                began = time.perf_counter()
                ours.look_up(order["OrderId"])
                requests.append(time.perf_counter() - began)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(orders, range(clients)))
    return requests


def measure(rounds: int) -> Section:
    """Measures both designs in turn, on one new laptop cloud, after a round that warms it up."""
    with cloud_of_its_own() as (cloud, places):
        ours = Ours(places, cloud.sign_in(users.PERSON))
        designs: tuple[Ours | Original, ...] = (ours, Original(cloud))
        found = Measured(), Measured()
        lookups: list[float] = []
        loops: list[float] = []
        with ExitStack() as stack:
            watching = [stack.enter_context(Arrivals(cloud, one.queue).watched()) for one in designs]
            for design, arrivals in zip(designs, watching, strict=True):
                load(design, arrivals, clients=MANY, seconds=SECONDS_OF_A_ROUND)
            for _ in range(rounds):
                loops.append(loop_seconds())
                for design, arrivals, measured in zip(designs, watching, found, strict=True):
                    rate, _, _ = load(design, arrivals, clients=FEW, seconds=SECONDS_OF_A_ROUND)
                    measured.few_a_second.append(rate)
                    rate, requests, settled = load(design, arrivals, clients=MANY, seconds=SECONDS_OF_A_ROUND)
                    measured.many_a_second.append(rate)
                    measured.many_requests += requests
                    measured.many_settled += settled
                lookups += with_lookups(ours, clients=MANY, seconds=SECONDS_OF_A_ROUND)
        engine = cloud.engine.daemon.process()
        if not engine:
            raise SystemExit("the engine does not run")
        processes, megabytes = len(engine.children(recursive=True)), engine.memory_info().rss // 2**20
    return section_of(*found, lookups, loop=median(loops), processes=processes, megabytes=megabytes)


def loop_seconds() -> float:
    """The seconds of a fixed loop, as a measure of the machine's speed."""
    began, total = time.perf_counter(), 0
    for number in range(ADDITIONS):
        total += number
    return time.perf_counter() - began


def p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[-1]


def section_of(
    ours: Measured, original: Measured, lookups: list[float], *, loop: float, processes: int, megabytes: int
) -> Section:
    """The medians of both designs and their ratio.

    `lookups` are the seconds of the requests of `with_lookups`, and `loop` is the median of `loop_seconds`.
    """
    shown: tuple[tuple[str, Callable[[Measured], float]], ...] = (
        (f"{FEW} clients: orders settled per second, median of the rounds", lambda one: median(one.few_a_second)),
        (f"{MANY} clients: orders settled per second, median of the rounds", lambda one: median(one.many_a_second)),
        (f"{MANY} clients: request p50, ms", lambda one: 1000 * median(one.many_requests)),
        (f"{MANY} clients: request p99, ms", lambda one: 1000 * p99(one.many_requests)),
        (f"{MANY} clients: placed until settled p50, ms", lambda one: 1000 * median(one.many_settled)),
        (f"{MANY} clients: placed until settled p99, ms", lambda one: 1000 * p99(one.many_settled)),
    )
    rows = [
        f"| {what} | {show(ours):,.0f} | {show(original):,.0f} | {show(ours) / show(original):.2f} |"
        for what, show in shown
    ]
    for name, value in (("p50", median(lookups)), ("p99", p99(lookups))):
        rows.append(f"| {MANY} clients that also look up: request {name}, ms | {1000 * value:,.0f} | | |")
    orders = sum(
        int(rate * SECONDS_OF_A_ROUND) for one in (ours, original) for rate in one.few_a_second + one.many_a_second
    )
    text = TEXT.format(
        seconds=SECONDS_OF_A_ROUND,
        lookups=LOOKUPS,
        pause=PAUSE_SECONDS,
        orders=orders,
        additions=ADDITIONS // 10**6,
        loop=loop,
        processes=processes,
        megabytes=megabytes,
    )
    table = "\n".join(["| | ours | original | ratio |", "|---|---:|---:|---:|", *rows])
    ratio = median(ours.few_a_second) / median(original.few_a_second)
    name = f"load: orders per second with {FEW} clients, ours / original"
    # Both differ by more than a quarter from run to run if other programs use the processors.
    ratios = [Ratio(name=name, value=ratio, better="higher", gate=False)]
    return Section(title="How the laptop cloud works under load", text=f"{text}\n{table}", ratios=ratios)
