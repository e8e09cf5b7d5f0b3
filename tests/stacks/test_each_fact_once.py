"""Each closed list has one owner in Python. This one test compares every copy of the list with its owner.

See decision D123.
"""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

from common import caller
from common.codes import CODES
from local.settings import PROJECT
from orders import order, rules, search_query
from reminders import channels as reminder_channels
from reminders import mail, recurrence, reminder
from stacks.rest_api import REFUSALS
from tests.support.documents import operations
from tests.support.workflows.asl import load, states, texts
from tools.remindme import requests
from tools.remindme.shown import AFTERWARDS, OWN_ADDRESSES


def _text(file: str) -> str:
    return (PROJECT / file).read_text()


def _cases(file: str, name: str) -> set[Any]:
    """The texts that a function distinguishes with `match`."""
    (function,) = [node for node in ast.walk(ast.parse(_text(file))) if getattr(node, "name", "") == name]
    values = [node.value for node in ast.walk(function) if isinstance(node, ast.MatchValue)]
    return {ast.literal_eval(value) for value in values}


def _options(file: str, name: str) -> set[Any]:
    """The values of a `Literal` type."""
    (value,) = [
        node.value
        for node in ast.parse(_text(file)).body
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == name
    ]
    assert isinstance(value, ast.Subscript)
    return set(ast.literal_eval(value.slice))


REASONS, UNITS = set(rules.REASONS), set(recurrence.MOST)
CHANNELS, PREFERENCES = set(reminder_channels.CHANNELS), set(reminder_channels.PREFERENCES)
ORDERS, REMINDERS = set(order.STATUSES), set(reminder.STATUSES)
FEEDBACK = {reminder.UNDELIVERED, reminder.REJECTED, reminder.BOUNCED, reminder.COMPLAINED}
STATES = {order.UPDATE_THE_TABLE, order.ARE_DETAILS_PROPER}
ADDRESS_FIELDS = set(reminder_channels.HIDDEN)
LISTS: list[set[Any]] = [
    set(order.LISTED),
    *(REASONS, ORDERS, STATES, REMINDERS, CHANNELS, PREFERENCES, FEEDBACK),
    {order.FULFILLMENT_QUEUE, order.ESCALATION_QUEUE},
    {order.BY_OWNER, order.BY_OPERATOR},
    {search_query.ME},
    {search_query.TRUE},
    {"reminderId", *reminder.CARRIED},
    *({True}, {0, 1}),
    _cases("lambdas/reminders/list_reminders.py", "_due"),
    _options("lambdas/orders/cache.py", "State"),
]
"""The closed lists, and the values of `sendNow`, `fold`, `when` and `X-Cache`. Each `enum`, and each list in a
workflow, must be one of them."""

WRITTEN_BY_FUNCTIONS = {
    order.CLOSED,
    *(reminder.SCHEDULED, reminder.CANCELLED, reminder.SENDING, reminder.SENT, reminder.PARTLY_SENT),
}
"""The statuses that no workflow writes."""

NOT_ON_THE_PAGE = {"topic"}
"""The channels that the page does not offer."""

NOT_CODES = {"GET", "MFA_SETUP", "SOFTWARE_TOKEN_MFA", "NEW_PASSWORD_REQUIRED", "ALARM"}
"""Other texts that the page compares with: an HTTP method, Cognito's challenges, and a state of an alarm."""

ONLY_THE_GATEWAY = {(429, "Throttled")}
"""Errors that no function answers."""

THE_GATEWAYS_WORD = {(403, "ACCESS_DENIED")}
"""One of API Gateway's own codes. The documents list it in place of all of them."""


class Place(NamedTuple):
    """A copy of a list: its place, its values, and the values that it should have."""

    where: str
    found: set[Any]
    expected: set[Any]


def test_every_copy_of_a_list_equals_its_owners_list() -> None:
    """Each line of the failure names one place to change."""
    places = [*_of_schemas(), *_of_workflows(), *_of_the_page(), *_of_documents(), *_of_programs()]
    wrong = [
        f"{where}: missing {sorted(expected - found) or 'nothing'}, unknown {sorted(found - expected) or 'nothing'}"
        for where, found, expected in places
        if found != expected
    ]

    assert not wrong, "\n".join(["", *wrong])


def _of_schemas() -> Iterator[Place]:
    """Every `enum`, and every pattern with the units of a repeat, in the schemas and in the OpenAPI documents."""
    for file in [*PROJECT.glob("lambdas/**/*.schema.json"), *PROJECT.glob("docs/openapi/*.json")]:
        for path, schema in _objects(json.loads(file.read_text())):
            where = f"{file.relative_to(PROJECT)}: {path}"
            if "enum" in schema:
                found = set(schema["enum"])
                is_accepted = file.name == "accepted.schema.json" or "/AcceptedOrder/" in path
                yield Place(where, found, {order.RECEIVED} if is_accepted else _list_of(found))
            if units := re.search(r"\[([A-Za-z]+)\]\$$", schema.get("pattern", "")):
                yield Place(where, set(units[1]), UNITS)
            if units := re.findall(r"\)([A-Za-z])(?=[|)])", schema.get("pattern", "")):
                yield Place(where, set(units), UNITS)


def _of_workflows() -> Iterator[Place]:
    for file, statuses in (("order_fulfillment.asl.json", ORDERS), ("reminder.asl.json", REMINDERS)):
        machine, where = load(file), f"statemachines/{file}"
        for listed in re.findall(r" in \[((?:'[^']*'(?:, )?)+)\]", "\n".join(texts(machine))):
            found = set(re.findall("'([^']*)'", listed))
            if expected := _list_of(found):
                yield Place(f"{where}: in [{listed}]", found, expected)
        written, named = _statuses_in(machine)
        yield Place(f"{where}: statuses that it writes", written, statuses - WRITTEN_BY_FUNCTIONS)
        yield Place(f"{where}: statuses that it asks for", named, named & statuses)
    orders, delivery = load("order_fulfillment.asl.json")["States"], load("reminder_delivery.asl.json")["States"]
    (escalated,) = (one for one in orders["Put message in Queue"]["Choices"] if "Escalation" in one["Next"])
    agreed_on = set(re.findall("'([A-Z_0-9]+)'", escalated["Condition"]))
    yield Place("statemachines/order_fulfillment.asl.json: Put message in Queue", agreed_on, REASONS)
    yield Place("statemachines/order_fulfillment.asl.json: names of states", orders.keys() & STATES, STATES)
    which_channel = delivery["EmailandSMS"]["ItemProcessor"]["States"]["Which channel"]
    yield Place("statemachines/reminder_delivery.asl.json: Which channel", _compared_with(which_channel), CHANNELS)
    alone = _compared_with(delivery["ChoiceState"])
    yield Place("statemachines/reminder_delivery.asl.json: ChoiceState", alone, alone & CHANNELS)


def _compared_with(choice: dict[str, Any]) -> set[str]:
    """The texts that the rules of a Choice state compare with."""
    return {text for one in choice["Choices"] for text in re.findall(r"'(\w+)'", one["Condition"])}


def _statuses_in(machine: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The statuses that the updates of a workflow write, and all statuses that they name."""
    written, named = set(), set()
    for _, state in states(machine):
        arguments = state.get("Arguments")
        if isinstance(arguments, dict) and "UpdateExpression" in arguments:
            values = _texts_of(arguments["ExpressionAttributeValues"])
            for name in re.findall(r"#status = (:\w+)", arguments["UpdateExpression"]):
                variable = re.fullmatch(r"\{% \$(\w+) %\}", values[name])
                written |= _assigned(machine, variable[1]) if variable else {values[name]}
            named |= {value for value in values.values() if re.fullmatch("[A-Z][A-Z_]+", value)}
    return written, named


def _texts_of(values: dict[str, Any] | str) -> dict[str, str]:
    """The texts of an update, by name. The whole object may be one expression, which names variables."""
    if isinstance(values, str):
        return {name: f"{{% {text} %}}" for name, text in re.findall(r"'(:\w+)': \{'S': (\$\w+)\}", values)}
    return {name: value.get("S", "") for name, value in values.items()}


def _assigned(machine: dict[str, Any], variable: str) -> set[str]:
    """Every text that a workflow puts into a variable."""
    parts = [part for _, state in states(machine) for part in (state, *state.get("Catch", []))]
    assigned = [part["Assign"][variable] for part in parts if variable in part.get("Assign", {})]
    return {word for text in assigned for word in (re.findall("'([A-Z_]+)'", text) if "{%" in text else [text])}


ASK_THE_PAGE = """
import * as orders from "./website/orders.js";
import * as reminders from "./website/reminders.js";
import * as requests from "./website/reminder-requests.js";
const statuses = Object.keys(reminders.STATUSES);
console.log(JSON.stringify({
  reasons: orders.REASONS,
  orders: Object.keys(orders.STATUSES),
  states: orders.STATES.map(({ name }) => name),
  outcomes: Object.keys(orders.ENDS),
  ends: [orders.CHOICE, ...Object.values(orders.ENDS).map(({ name }) => name)],
  reminders: statuses,
  waiting: statuses.filter((status) => reminders.isWaiting({ status })),
  channels: Object.keys(reminders.CHANNELS),
  offered: requests.WAYS.flatMap(([way]) => requests.channelsOf(way)),
  steps: Object.keys(reminders.STEPS),
}));
"""


def _of_the_page() -> Iterator[Place]:
    command = ["node", "--input-type=module", "-e", ASK_THE_PAGE]
    page = json.loads(subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout)
    words = {(code, text.replace("’", "'")) for code, text in page["reasons"].items()}
    yield Place("website/orders.js: REASONS", words, set(rules.REASONS.items()))
    yield Place("website/orders.js: STATUSES", set(page["orders"]), ORDERS)
    yield Place("website/orders.js: STATES", STATES & set(page["states"]), STATES)
    yield Place("website/orders.js: ENDS", set(page["outcomes"]), order.FINAL - {order.CLOSED})
    ends = set(page["ends"])
    yield Place("website/orders.js: states of ENDS", ends, ends & load("order_fulfillment.asl.json")["States"].keys())
    afterwards = _text("website/reminders.js").partition("const AFTERWARDS = {")[2].partition("  sms:")[0]
    yield Place("website/reminders.js: AFTERWARDS", set(re.findall(r"^    ([A-Z]+):", afterwards, re.M)), FEEDBACK)
    yield Place("website/reminders.js: STATUSES", set(page["reminders"]), REMINDERS)
    yield Place("website/reminders.js: isWaiting", set(page["waiting"]), {reminder.SCHEDULED, reminder.SENDING})
    yield Place("website/reminders.js: CHANNELS", set(page["channels"]), CHANNELS)
    yield Place("website/reminder-requests.js: ADDRESSES", _keys("website/reminder-requests.js", "ADDRESSES"), CHANNELS)
    yield Place("website/reminders.js: STEPS", set(page["steps"]), UNITS)
    (words,) = re.findall("^const WORDS = {(.*?)^};", _text("website/reminders.js"), re.M | re.S)
    said = re.findall(r'^  "([A-Za-z.]+) (\w+)": \({ (.*?) }\)', words, re.M)
    yield Place("website/reminders.js: WORDS", {code for _, code, _ in said}, set(re.findall(r' (\w+)":', words)))
    for field, code, names in said:
        values = {value.strip() for value in names.split(",")}
        yield Place(f"website/reminders.js: WORDS of {field} {code}", values, values & set(CODES.get(code, ())))
    yield Place("website/reminder-requests.js: WAYS", set(page["offered"]), CHANNELS - NOT_ON_THE_PAGE)
    group = set(re.findall('^const OPERATORS = "(.*)";', _text("website/session.js"), re.M))
    yield Place("website/session.js: OPERATORS", group, {caller.OPERATORS})
    for file in PROJECT.glob("website/**/*.js"):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            codes = set(re.findall('[!=]== "([A-Z][A-Z_]+)"', line)) - NOT_CODES
            yield Place(f"{file.relative_to(PROJECT)}:{number}", codes, codes & (REASONS | ORDERS | REMINDERS))


def _of_documents() -> Iterator[Place]:
    """Every line that lists reasons. messages.md must have one."""
    for file in [*PROJECT.glob("docs/*.md"), PROJECT / "README.md"]:
        lines = [set(re.findall("`([A-Z]+(?:_[A-Z0-9]+)+)`", line)) for line in file.read_text().splitlines()]
        listed = {number: codes for number, codes in enumerate(lines, 1) if len(codes & REASONS) > 1}
        if file.name == "messages.md" and not listed:
            yield Place("docs/messages.md: Reasons", set(), REASONS)
        for number, codes in listed.items():
            yield Place(f"{file.relative_to(PROJECT)}:{number}", codes, REASONS)


def _of_programs() -> Iterator[Place]:
    ends = {sample["expect"]["Status"] for sample in json.loads(_text("local/sample-orders.json"))}
    yield Place("tools/remindme/shown.py: AFTERWARDS", set(AFTERWARDS), FEEDBACK)
    yield Place("local/sample-orders.json: Status", ends, ends & ORDERS)
    channels = set(requests.channels(email="me", sms="me", topic=True)["channels"])
    yield Place("tools/remindme/requests.py: channels", channels, CHANNELS)
    yield Place("tools/remindme/shown.py: OWN_ADDRESSES", set(OWN_ADDRESSES), ADDRESS_FIELDS)
    named = {channel for one in reminder_channels.PREFERENCES.values() for channel in one}
    yield Place("lambdas/reminders/channels.py: channels of PREFERENCES", named, named & CHANNELS)
    fields = json.loads(_text("lambdas/reminders/reminder.schema.json"))["properties"].keys()
    yield Place("lambdas/reminders/reminder.schema.json: addresses", fields & ADDRESS_FIELDS, ADDRESS_FIELDS)
    yield Place("lambdas/reminders/recurrence.py: LEAST", set(recurrence.LEAST), UNITS)
    yield Place("lambdas/reminders/mail.py: _UNITS", set(mail.UNITS), UNITS)
    (units,) = re.findall(r"a number and a unit \((.*)\), such as", _text("lambdas/common/codes.py"))
    named = set(units.replace(" for months", "").split(", "))
    yield Place("lambdas/common/codes.py: NOT_AN_INTERVAL", named, UNITS)
    gateway = {(refusal.status, refusal.code) for refusal in REFUSALS.values() if refusal.status and refusal.code}
    yield Place("stacks/rest_api.py: REFUSALS", gateway, gateway & (_refusals() | ONLY_THE_GATEWAY))
    codes = {
        (int(status), code)
        for one in operations()
        for status, answer in one.said["responses"].items()
        if status >= "400"
        for code in answer["content"]["application/json"]["examples"]
    }
    yield Place("docs/openapi: codes of errors", codes, _refusals() | gateway | THE_GATEWAYS_WORD)


def _refusals() -> set[tuple[Any, ...]]:
    """The status and the code of every RequestError that a function raises."""
    calls = [
        node
        for file in PROJECT.glob("lambdas/**/*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "RequestError"
    ]
    return {tuple(part.value for part in call.args[:2] if isinstance(part, ast.Constant)) for call in calls}


def _keys(file: str, name: str) -> set[str]:
    """The keys of an object that a JavaScript module does not export."""
    (body,) = re.findall(rf"^const {name} = {{(.*?)}};", _text(file), re.M | re.S)
    return set(re.findall(r"(\w+): ", body))


def _objects(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a JSON value, with its place."""
    if isinstance(value, dict):
        yield path, value
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _objects(inner, f"{path}/{name}")


def _list_of(found: set[Any]) -> set[Any]:
    """The closed list that shares most values with those found; empty if no list shares any."""
    most = max(LISTS, key=lambda one: len(one & found))
    return most if most & found else set()
