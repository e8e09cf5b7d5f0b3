"""Both apps on a laptop cloud: calls their APIs, starts workflows, and reads tables and queues."""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local import users
from local.cloud import Cloud, Places
from local.engine import send
from local.users import OPERATOR, PERSON, User
from tests.support import queues, refusals
from tests.support.cloud import balance
from tests.support.cloud.records import Answer
from tests.support.names import unique
from tests.support.waiting import eventually

FINISHED = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


def is_finished(execution: Mapping[str, Any]) -> bool:
    """Whether an execution has ended. `execution` is an answer of `describe_execution`."""
    return execution["status"] in FINISHED


RENEWED_AFTER_SECONDS = 50 * 60


def new_order() -> dict[str, str]:
    """A good order with a new OrderId."""
    return {
        "OrderId": unique("T-"),
        "Name": "Zoë O'Brien 🐈",
        "ItemName": "Lenovo ThinkPad E14",
        "Price": "12.50",
        "CC": "4242424242424242",
    }


class Apps:
    """Both apps, called by one user."""

    def __init__(self, cloud: Cloud, places: Places, *, user: User) -> None:
        self.cloud = cloud
        self.places = places
        self.user = user
        self._sign_in()

    @property
    def token(self) -> str:
        """An ID token. It is valid for an hour, and a long run takes more."""
        if time.monotonic() > self._signed_in + RENEWED_AFTER_SECONDS:
            self._sign_in()
        return self._token

    def _sign_in(self) -> None:
        self._signed_in = time.monotonic()
        self._token = users.sign_in(self.cloud.engine.client("cognito-idp"), self.places.web_client, self.user)

    def as_operator(self) -> "Apps":
        return Apps(self.cloud, self.places, user=self.cloud.users()[OPERATOR])

    def as_person(self, email: str | None = None) -> "Apps":
        """The same apps, called by a person: the demo person, or a new one with this address."""
        user = self.cloud.users()[PERSON]
        if email:
            user = replace(user, email=email)
            phone = f"+1555{str(uuid.uuid4().int)[:7]}"
            users.add(self.cloud.engine.client("cognito-idp"), self.places.user_pool, user, phone=phone)
        return Apps(self.cloud, self.places, user=user)

    def as_new_person(self) -> "Apps":
        """The same apps, called by a new person."""
        return self.as_person(f"{unique()}@example.com")

    def post_order(self, order: dict[str, Any]) -> tuple[int, Any]:
        return self._call("POST", f"{self.places.orders_api}/orders", order)[:2]

    def put_order(self, order: dict[str, Any]) -> tuple[int, Any]:
        return self._call("PUT", f"{self.places.orders_api}/orders/{order['OrderId']}", order)[:2]

    def get_order(self, order_id: str) -> tuple[int, Any, str]:
        """Looks up an order. Returns the status, the body and `X-Cache`."""
        status, body, headers = self._call("GET", f"{self.places.orders_api}/orders/{order_id}")
        return status, body, headers.get("X-Cache", "")

    def post_reminder(self, reminder: dict[str, Any]) -> tuple[int, Any]:
        return self._call("POST", f"{self.places.reminders_api}/reminders", reminder)[:2]

    def start(self, workflow: str, workflow_input: Any, *, name: str | None = None) -> str:
        """Starts a workflow by hand, like `aws stepfunctions start-execution`. Returns the execution's ARN."""
        started = self.cloud.engine.client("stepfunctions").start_execution(
            stateMachineArn=workflow, name=name or str(uuid.uuid4()), input=json.dumps(workflow_input)
        )
        balance.BY_HAND.add(started["executionArn"])
        return str(started["executionArn"])

    def finished(self, execution: str) -> dict[str, Any]:
        """Waits until an execution, Express or Standard, has ended. Returns its description."""
        states = self.cloud.engine.executions()

        found: dict[str, Any] = eventually(lambda: states.describe_execution(executionArn=execution), until=is_finished)
        return found

    def row(self, order_id: str) -> dict[str, Any] | None:
        key = {"OrderId": {"S": order_id}}
        table = self.cloud.engine.client("dynamodb")
        row: dict[str, Any] | None = table.get_item(TableName=self.places.order_table, Key=key).get("Item")
        return row

    def settled(self, order_id: str) -> dict[str, Any]:
        """Waits until an order is no longer RECEIVED. Returns its row."""
        return eventually(lambda: self.row(order_id), until=lambda row: row["Status"]["S"] != "RECEIVED")

    def shown(self, order_id: str, status: str) -> dict[str, Any]:
        """Waits until a lookup, which may use the cache, shows this status. Returns the order."""
        return eventually(lambda: self.get_order(order_id)[1], until=lambda body: body.get("Status") == status)

    def queued(self, order_id: str) -> list[tuple[str, dict[str, Any]]]:
        """The messages about an order, each with the name of its queue."""
        return [
            (name, body)
            for name, url in self.places.queues.items()
            for message in self.cloud.engine.queued(url)
            if (body := json.loads(message["Body"])).get("OrderId") == order_id
        ]

    def parked(self, execution: str) -> list[dict[str, Any]]:
        """The messages that an execution sent to the parked queue."""
        bodies = [json.loads(message["Body"]) for message in self.cloud.engine.queued(self.places.parked_queue)]
        return [body for body in bodies if body.get("ExecutionId") == execution]

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any, Any]:
        """Calls the orders API. Returns the status, the body and the headers."""
        return self._call(method, f"{self.places.orders_api}{path}", body)

    def call_reminders(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        """Calls the reminders API. Returns the status, the body and the headers."""
        return self._call(method, f"{self.places.reminders_api}{path}", body, headers)

    def call_account(self, method: str, query: str = "") -> tuple[int, Any]:
        """Calls the account API. Returns the status and the body."""
        return self._call(method, f"{self.places.account_api}/account{query}")[:2]

    def _call(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Any]:
        response = send(method, url, body=body, token=self.token, headers=headers)
        answer = json.loads(response.text)
        # If a function dies, the engine answers in another form than AWS: see docs/local.md.
        if 400 <= response.status_code < 500 or "error" in answer:
            refusals.check(answer)
        if response.status_code == 503 and "error" in answer:
            assert response.headers["Retry-After"] == "1", response.headers
            assert response.headers["Access-Control-Allow-Origin"], response.headers
        balance.ANSWERS.append(Answer(method, url, body, response.status_code, answer))
        return response.status_code, answer, response.headers


def dead_letters_of(apps: Apps, name: str) -> str:
    """The URL of a queue's dead-letter queue."""
    return queues.dead_letters_of(apps.cloud.engine.client("sqs"), apps.places.queues[name])
