"""Starts both workflows by hand with hostile inputs, as docs/input.md describes, and checks what became of each."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from reminders.reminder import NOBODY
from tests.proof.requests import stores
from tests.proof.requests.bodies import Bodies, valid
from tests.proof.requests.client import at_once
from tests.proof.requests.values import WRONG_TYPES, Values
from tests.support import documents
from tests.support.cloud import balance
from tests.support.cloud.apps import FINISHED, Apps
from tests.support.cloud.records import PARKED, QUEUE_OF
from tests.support.names import unique
from tests.support.waiting import eventually

REFUSAL = "InvalidReminderError"
"""The error with which the reminder workflow refuses an input."""

WITHOUT_A_MESSAGE = {"DUPLICATE", "NO_CLAIM"}
"""The outcomes of an order's execution whose order belongs to another execution, or that needs a claim without one."""

AT_MOST = 800
"""The starts in one batch. The engine knows the last 2,000 Express executions."""


@dataclass
class Started:
    """How the executions ended."""

    starts: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def run(apps: Apps, seed: str, *, orders: int, reminders: int, shared: bool = False) -> Started:
    """Starts the workflows so often. Nothing else may use the apps meanwhile.

    `shared`: what existed before may change, because other tests have used the cloud.
    """
    inputs, found = Inputs(apps, seed), Started()
    ours = inputs.ids if shared else None
    for _ in range(0, orders, AT_MOST):
        _orders(apps, list(inputs.orders(min(AT_MOST, orders))), found, ours)
    for _ in range(0, reminders, AT_MOST):
        _reminders(apps, list(inputs.reminders(min(AT_MOST, reminders))), found, ours)
    return found


class Inputs:
    """Makes hostile inputs. The same seed makes the same ones, apart from the ids of what exists already."""

    def __init__(self, apps: Apps, seed: str) -> None:
        self._random = random.Random(f"starts {seed}")
        self._bodies, self._values = Bodies(self._random), Values(self._random)
        victim = apps.as_new_person()
        self._order = {**valid("PlaceOrder", unique(), order_id=""), "Price": "0"}
        assert victim.post_order(self._order)[0] == 202
        apps.settled(self._order["OrderId"])
        body = {"message": "Tea", "preference": "email", "waitSeconds": 31_000_000}
        self._reminder_id: str = victim.post_reminder(body)[1]["reminderId"]

    @property
    def ids(self) -> Set[str]:
        """The order and the reminder that exist, and that some inputs name."""
        return {str(self._order["OrderId"]), self._reminder_id}

    def orders(self, count: int) -> Iterator[str]:
        for _ in range(count):
            order = valid("PlaceOrder", unique(), order_id="")
            match self._random.randrange(8):
                case 0:
                    given: Any = self._random.choice([*WRONG_TYPES, self._values.text(), [order]])
                case 1:
                    internal = {"Claimed": True, "ExecutionId": "x", "RequestId": self._values.text(), "Owner": "ada"}
                    name = self._random.choice(list(internal))
                    given = {**order, name: internal[name]}
                case 2:
                    given = {**self._order, self._random.choice(["Name", "Price", "CC"]): self._values.text()}
                    given |= self._random.choice([{}, {"Claimed": True}])
                case _:
                    given = json.loads(self._bodies.odd(documents.operation("PlaceOrder"), order)[1])
            yield _sendable(given)

    def reminders(self, count: int) -> Iterator[str]:
        for _ in range(count):
            reminder = {**valid("CreateReminder", unique(), order_id=""), "email": "ada@example.com"}
            match self._random.randrange(8):
                case 0:
                    given: Any = self._random.choice([*WRONG_TYPES, self._values.text(), [reminder]])
                case 1:
                    ours = {"reminderId": self._reminder_id, "requestId": "x", "waitUntil": "2027-01-01T00:00:00Z"}
                    given = {
                        **reminder,
                        **dict(self._random.sample(sorted(ours.items()), self._random.randrange(1, 4))),
                    }
                case _:
                    given = json.loads(self._bodies.odd(documents.operation("CreateReminder"), reminder)[1])
            yield _sendable(given)


def _sendable(given: Any) -> str:
    """`given` as Step Functions accepts it: UTF-8, so without halves of characters."""
    text = json.dumps(given, ensure_ascii=False).encode(errors="replace").decode()
    return text if len(text) < 200_000 else "{}"


def _orders(apps: Apps, inputs: list[str], found: Started, ours: Set[str] | None) -> None:
    before = stores.seen(apps)
    arns = _started(apps, apps.places.order_workflow, inputs)
    ended = _ended(apps, apps.places.order_workflow, arns)
    after = stores.seen(apps)
    messages: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for id in after.messages.keys() - before.messages.keys():
        queue, body = after.messages[id]
        fields = json.loads(body)
        messages.setdefault(_name(fields.get("ExecutionId", ":" * 7)), []).append((queue, fields))
    for arn, given in zip(arns, inputs, strict=True):
        about = messages.pop(_name(arn), [])
        if not about and (outcome := _outcome(apps, arn)) in WITHOUT_A_MESSAGE:
            found.ends[f"order {outcome}"] += 1
            continue
        problem = _problem(about, after.orders, json.loads(given), _name(arn))
        if ended[arn] != "SUCCEEDED" or problem:
            found.failures.append(f"the order workflow ended {ended[arn]}, {problem or 'in order'}, for {given[:300]}")
        else:
            found.ends[f"order in {about[0][0]}"] += 1
    found.starts += len(inputs)
    if ours is None:
        found.failures += [f"a message of the execution {name!r}, which nobody started" for name in messages]
    # Orders that existed do not change, even if an execution has their id.
    existed = before.orders.keys() if ours is None else before.orders.keys() & ours
    found.failures += [f"the order {id!r} changed" for id in existed if after.orders.get(id) != before.orders[id]]
    names = {_name(arn) for arn in arns}
    found.failures += [
        f"the order {id!r} has a row of another execution"
        for id in after.orders.keys() - before.orders.keys()
        if _name(after.orders[id]["ExecutionId"]) not in names
    ]


def _outcome(apps: Apps, arn: str) -> object:
    execution = apps.cloud.engine.executions().describe_execution(executionArn=arn)
    output = json.loads(execution.get("output") or "{}")
    return output.get("Outcome") if isinstance(output, dict) else None


def _problem(messages: list[tuple[str, Mapping[str, Any]]], rows: Mapping[str, Any], given: Any, execution: str) -> str:
    """What is wrong with the end of an execution. It has one message, and the row says the same. Empty if it does."""
    if len(messages) != 1:
        return f"with messages in {[queue for queue, _ in messages]}"
    (queue, message) = messages[0]
    row = (
        rows.get(given.get("OrderId", ""))
        if isinstance(given, dict) and isinstance(given.get("OrderId"), str)
        else None
    )
    is_own = row is not None and _name(row["ExecutionId"]) == execution
    if queue == PARKED:
        return f"parked, with a row that is {row['Status']}" if row and is_own and row["Status"] != "PARKED" else ""
    if not row or not is_own or QUEUE_OF[row["Status"]] != queue:
        return f"in {queue}, with the row {row}"
    kept = all(given[name] == row[name] == message[name] for name in ("OrderId", "Name", "ItemName"))
    return "" if kept else f"kept as {row} and {message}"


def _reminders(apps: Apps, inputs: list[str], found: Started, ours: Set[str] | None) -> None:
    before = stores.seen(apps)
    arns = _started(apps, apps.places.reminder_workflow, inputs)
    # An execution whose input names a reminder waits as if the API had started it. Its message will be ignored.
    of_others = {arn for arn, given in zip(arns, inputs, strict=True) if _names_a_reminder(given)}
    rows = _settled_rows(apps, [arn for arn in arns if arn not in of_others])
    client = apps.cloud.engine.client("stepfunctions")
    for arn, given in zip(arns, inputs, strict=True):
        execution = client.describe_execution(executionArn=arn)
        row = rows.get(arn.rpartition(":")[2])
        if row is None:
            if execution["status"] == "FAILED" and execution.get("error") == REFUSAL:
                found.ends["reminder refused"] += 1
            elif arn in of_others and execution["status"] in ("SUCCEEDED", "RUNNING"):
                found.ends["reminder of another execution"] += 1
            else:
                found.failures.append(f"{execution['status']} {execution.get('error')} without a row for {given[:300]}")
            continue
        found.ends["reminder accepted"] += 1
        sent = json.loads(given)
        if (row["Owner"], row["Message"]) != (NOBODY, sent["message"]):
            found.failures.append(f"the row has {row['Message']!r} of {row['Owner']} for {given[:300]}")
    found.starts += len(inputs)
    own = stores.Accepted(changed={arn.rpartition(":")[2] for arn in arns} & rows.keys())
    stores.at_rest(apps, own)
    after = stores.seen(apps)
    found.failures += stores.traces(before, after, own, ours=ours)


def _started(apps: Apps, workflow: str, inputs: list[str]) -> list[str]:
    client = apps.cloud.engine.client("stepfunctions")

    def start(given: str) -> str:
        arn = client.start_execution(stateMachineArn=workflow, name=unique(length=20), input=given)["executionArn"]
        balance.BY_HAND.add(arn)
        return str(arn)

    return list(at_once(start, inputs))


def _ended(apps: Apps, workflow: str, arns: list[str]) -> Mapping[str, str]:
    """Waits until all executions have ended. Returns the status of each."""
    client = apps.cloud.engine.executions()
    names = {_name(arn): arn for arn in arns}

    def statuses() -> Mapping[str, str]:
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=workflow)
        found = [one for page in pages for one in page["executions"] if one["name"] in names]
        return {names[one["name"]]: one["status"] for one in found}

    return eventually(
        statuses, until=lambda found: len(found) == len(arns) and set(found.values()) <= FINISHED, every=0.3
    )


def _settled_rows(apps: Apps, arns: list[str]) -> Mapping[str, Mapping[str, Any]]:
    """Waits until each execution has ended or waits for its reminder's time. Returns the rows of reminders."""

    def look() -> Mapping[str, Mapping[str, Any]] | None:
        # Before the rows, so that an execution that has ended meanwhile has its row.
        running = balance.running_in(apps.cloud, apps.places.reminder_workflow)
        rows = balance.reminder_rows(apps.cloud, apps.places)
        for arn in arns:
            row = rows.get(_name(arn))
            if row is None and arn in running:
                return None
            if row and row["Status"] == "SENDING":
                return None
        return rows

    return eventually(look, every=0.3)


def _names_a_reminder(given: str) -> bool:
    value = json.loads(given)
    return isinstance(value, dict) and "reminderId" in value


def _name(arn: str) -> str:
    """The name in the ARN of an execution. Express adds an id to the ARN."""
    return arn.split(":")[7]
