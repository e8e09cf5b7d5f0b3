"""Measures lookups and lists of orders in a table of a thousand rows and in one of a hundred thousand.

The functions run in this process, on the laptop cloud's DynamoDB without its HTTP. What they read is counted by AWS's
rules, in calls and in read units. The engine reads every row of a table for each query, so its own time says nothing
about AWS. It is left out, and only the time of our code is compared.
"""

import gc
import importlib
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from types import ModuleType, SimpleNamespace
from typing import Any, TypeAlias

import boto3

from benchmarks.report import Ratio, Section
from common.caller import OPERATORS
from costs import capacity
from local.settings import REGION
from orders.order import ESCALATED, FULFILLMENT_QUEUED, OWN_SHARDS, SHARDS, own_part, todo

ROUNDS, CHECK_ROUNDS = 5, 3
SECONDS = 110

FEW, MANY = 1_000, 100_000
OF_THE_PERSON, FOR_PEOPLE = 200, 100
"""Orders of the person who lists, and orders that wait for an operator. Both tables have as many."""

PERSON = "4a1b"
CALLS_A_ROUND = {"look up": 200, "list": 20}
"""A lookup takes so little time that only many of them give a reliable number."""

HANDLERS = {"look up": "orders.get_order", "list": "orders.list_orders"}

TITLE = "What lookups and lists cost in a large table"

TEXT = """\
A lookup or a list costs the same, however many orders there are. Both tables have {own} orders of the person who lists,
and {waiting} that wait for an operator. A page has 20 orders. Read units are counted by AWS's rules. The last column
compares the CPU time of our code with 100,000 and with 1,000 rows. The time of the engine is left out: it reads every
row of a table for each query, and AWS does not. The column of a million rows is modelled: the same pages, with order
ids that are longer by one digit."""


@dataclass
class Counted:
    """What one call of a function read."""

    calls: int = 0
    units: float = 0
    modelled: float = 0
    engine: float = 0
    seconds: float = 0

    def of_one(self, calls: int, *, seconds: float) -> "Counted":
        """The mean of some calls of a function, which took so many seconds together."""
        return Counted(
            calls=self.calls // calls,
            units=self.units / calls,
            modelled=self.modelled / calls,
            engine=self.engine / calls,
            seconds=seconds / calls,
        )


Found: TypeAlias = dict[str, dict[int, list[Counted]]]
"""What was counted in each round, for each kind of request and each number of rows."""


@dataclass
class Engine:
    """Answers the DynamoDB calls of boto3 with the engine's functions, in this process, and counts what they read."""

    module: ModuleType
    table: str = ""
    counted: Counted = field(default_factory=Counted)

    def answer(self, model: Any, params: Mapping[str, Any], **_: Any) -> Any:
        began = time.process_time()
        request = json.loads(params["body"])
        if "RequestItems" in request:
            [asked] = request["RequestItems"].values()
            request["RequestItems"] = {self.table: asked}
        else:
            request["TableName"] = self.table
        status, _headers, body = self.operation(model.name)(request)
        answer = json.loads(body)
        if status != 200:
            raise SystemExit(f"{model.name}: {answer}")
        self.counted.calls += 1
        self.counted.units += units(model.name, request, answer)
        self.counted.modelled += units(model.name, request, answer, longer=1)
        if "Responses" in answer:
            [found] = answer["Responses"].values()
            answer["Responses"] = {os.environ["ORDER_TABLE"]: found}
        self.counted.engine += time.process_time() - began
        return SimpleNamespace(status_code=status), answer

    def operation(self, name: str) -> Callable[[Any], Any]:
        """The engine's function for an operation: `_batch_get_item` for BatchGetItem."""
        words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        operation: Callable[[Any], Any] = getattr(self.module, words)
        return operation


def units(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any], *, longer: int = 0) -> float:
    """The read units of a call. A query pays for all that it reads together, other calls for each row.

    `longer` adds bytes to each row.
    """
    match operation:
        case "GetItem":
            consistent = bool(request.get("ConsistentRead"))
            return capacity.read_units(capacity.size(answer.get("Item", {})) + longer, consistent=consistent)
        case "BatchGetItem":
            [asked] = request["RequestItems"].values()
            consistent = bool(asked.get("ConsistentRead"))
            read = [row for of in answer["Responses"].values() for row in of]
            return sum(capacity.read_units(capacity.size(row) + longer, consistent=consistent) for row in read)
        case "Query":
            if answer["ScannedCount"] != answer["Count"]:
                raise SystemExit(f"a query reads {answer['ScannedCount']} rows for {answer['Count']}")
            return capacity.read_units(sum(capacity.size(row) + longer for row in answer["Items"]), consistent=False)
    raise SystemExit(f"{operation} is not a call that this benchmark knows")


def schema() -> dict[str, Any]:
    """The order table of the template, as a request of CreateTable."""
    import aws_cdk as cdk

    from stacks.config import LOCAL
    from stacks.order_table import OrderTable

    with TemporaryDirectory() as folder:
        app = cdk.App(outdir=folder)
        stack = cdk.Stack(app, "Rows")
        OrderTable(stack, "OrderTable", stage=LOCAL)
        [resource] = app.synth().stacks[0].template["Resources"].values()
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return {name: resource["Properties"][name] for name in wanted}


def rows(number: int) -> Iterator[dict[str, Any]]:
    """Rows of a table with `number` orders. The person's orders, and those that wait, are spread over all of them."""
    own, waiting = number // OF_THE_PERSON, number // FOR_PEOPLE
    for at in range(number):
        when = f"2026-11-{1 + at % 28:02}T{at % 24:02}:{at % 60:02}:00.{at:06}Z"
        waits = at % waiting == 1
        shard = at // waiting % SHARDS
        owner = PERSON if at % own == 0 else f"{at % 9973:04x}"
        row = {
            "OrderId": f"S4-{number}-{at:07}",
            "Name": "Ada Lovelace",
            "ItemName": "Reading lamp, brass",
            "Price": "80000",
            "CardLast4": "4242",
            "OrderDigest": "d" * 64,
            "Owner": owner,
            "OwnPart": own_part(owner, at // own % OWN_SHARDS),
            "Status": ESCALATED if waits else FULFILLMENT_QUEUED,
            "ReceivedAt": when,
            "UpdatedAt": when,
            "ExecutionId": f"arn:aws:states:us-east-1:000000000000:express:OrderFulfillment:S4-{at:07}:{'e' * 36}",
            "ExecutionName": f"S4-{at:07}",
        }
        more: dict[str, Any] = {"Reasons": {"L": [{"S": "PRICE_NOT_POSITIVE"}] if waits else []}}
        if waits:
            more["Todo"] = {"S": todo(ESCALATED, shard)}
        yield {name: {"S": value} for name, value in row.items()} | more


def filled(engine: Engine, number: int) -> str:
    """Makes a table with `number` orders, and returns its name."""
    name = f"orders-{number}"
    engine.operation("CreateTable")({"TableName": name, **schema()})
    put = engine.operation("PutItem")
    for row in rows(number):
        status, _headers, body = put({"TableName": name, "Item": row})
        if status != 200:
            raise SystemExit(str(body))
    return name


def asked(handler: Callable[[Any, object], Any], event: Mapping[str, Any]) -> dict[str, Any]:
    reply = handler(event, None)
    if reply["statusCode"] != 200:
        raise SystemExit(f"the function answered {reply['statusCode']}: {reply['body']}")
    answer: dict[str, Any] = json.loads(reply["body"])
    return answer


def event(*, operator: bool = False, path: dict[str, str] | None = None, query: dict[str, str] | None = None) -> Any:
    claims = {"sub": PERSON, "token_use": "id", **({"cognito:groups": OPERATORS} if operator else {})}
    return {
        "pathParameters": path,
        "queryStringParameters": query,
        "requestContext": {"authorizer": {"claims": claims}},
    }


def requests(number: int, next_page: str) -> dict[str, tuple[str, Any]]:
    """Each kind of request: its function and its event."""
    return {
        "look up an order": ("look up", event(path={"OrderId": f"S4-{number}-{0:07}"})),
        "list your own orders": ("list", event()),
        "list your own orders, second page": ("list", event(query={"next": next_page})),
        "list orders that wait for an operator": ("list", event(operator=True, query={"status": ESCALATED})),
    }


def table_of(found: Found) -> str:
    """The measurements as a table in Markdown."""
    lines = [
        "| | calls | read units, 1,000 rows | 100,000 rows | 1,000,000 rows (modelled) | time of our code, ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for kind, sizes in found.items():
        few, many = sizes[FEW], sizes[MANY]
        time_ratio = statistics.median(_own(many)) / statistics.median(_own(few))
        lines.append(
            f"| {kind} | {many[0].calls} | {few[0].units:g} | {many[0].units:g} | {many[0].modelled:g} "
            f"| {time_ratio:.2f} |"
        )
    return "\n".join(lines)


def _own(counted: list[Counted]) -> list[float]:
    return [one.seconds - one.engine for one in counted]


def measured(rounds: int) -> Found:
    """Measures each kind of request with both tables in turn."""
    engine = Engine(importlib.import_module("ministack.services.dynamodb"))
    os.environ |= {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "ALLOWED_ORIGIN": "*",
        "ORDER_TABLE": "orders",
        "STAGE": "local",
    }
    # Without a cache each lookup reads the table.
    os.environ.pop("REDIS_URL", None)
    # It sets up the session of all clients, so it comes before the engine's answers.
    importlib.import_module("common.calls")
    boto3._get_default_session().events.register("before-call.dynamodb", engine.answer)
    handlers = {name: importlib.import_module(module).handler for name, module in HANDLERS.items()}
    tables = {number: filled(engine, number) for number in (FEW, MANY)}
    # Otherwise Python's garbage collector searches all these rows now and then while our code runs.
    gc.freeze()

    def once(number: int, name: str, request: Any) -> Counted:
        engine.table, engine.counted = tables[number], Counted()
        # The functions write their metrics to the standard output.
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
            began = time.process_time()
            for _ in range(CALLS_A_ROUND[name]):
                asked(handlers[name], request)
            seconds = time.process_time() - began
        return engine.counted.of_one(CALLS_A_ROUND[name], seconds=seconds)

    found: Found = {}
    for kind in requests(FEW, ""):
        sides: dict[int, list[Counted]] = {number: [] for number in tables}
        prepared = {}
        for number in tables:
            engine.table = tables[number]
            following = asked(handlers["list"], event())["next"]
            prepared[number] = requests(number, following)[kind]
            once(number, *prepared[number])
        for turn in range(rounds):
            # Every second round is in the reverse order, so no table is always first.
            for number in sorted(tables, reverse=bool(turn % 2)):
                sides[number].append(once(number, *prepared[number]))
        found[kind] = sides
    return found


def measure(rounds: int) -> Section:
    found = measured(rounds)
    text = TEXT.format(own=OF_THE_PERSON, waiting=FOR_PEOPLE)
    ratios = [
        Ratio(
            name=f"rows: read units to {kind}, 100,000 rows / 1,000 rows",
            value=sides[MANY][0].units / sides[FEW][0].units,
            better="lower",
        )
        for kind, sides in found.items()
    ]
    return Section(title=TITLE, text=f"{text}\n\n{table_of(found)}", ratios=ratios)
