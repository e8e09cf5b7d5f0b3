"""Runs schemathesis: it generates requests from the OpenAPI documents, and compares the answers with the documents."""

import json
import os
import re
import subprocess
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import users
from local.cloud import Cloud
from local.engine import send
from local.settings import PROJECT
from local.users import OPERATOR, PERSON
from tools.openapi import DOCUMENTS

TOOLS = PROJECT / "build" / "contract"
"""The folder of the tools of `make contract`, and of the files that they generate."""

HERE = Path(__file__).parent
CALLED = ("orders", "reminders")
"""The APIs that get requests. The API of accounts would delete the user who calls."""
ROLES = (PERSON, OPERATOR)
SEED = 1
CARD = "4242424242424242"


@dataclass(frozen=True)
class Result:
    """A line of the report."""

    what: str
    tool: str
    result: str
    is_good: bool
    output: str = ""


def run(*command: str | Path, **environment: str) -> tuple[bool, str]:
    """Runs a command. Returns whether it succeeded, and its output."""
    path = os.pathsep.join([str(TOOLS / "venv" / "bin"), str(TOOLS / "node_modules" / ".bin"), os.environ["PATH"]])
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=TOOLS,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return ran.returncode == 0, ran.stdout


def python_version(package: str) -> str:
    pinned = re.search(rf"^{package}==(.*)$", (HERE / "requirements.txt").read_text(), re.M)
    assert pinned, package
    return pinned[1]


class Apis:
    """Both APIs, with orders, reminders, parked messages and dead letters in them."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        places = cloud.places()
        self.urls = {"orders": places.orders_api, "reminders": places.reminders_api}
        self.ids: dict[str, list[str]] = {"OrderId": [], "reminderId": [], "MessageId": []}
        for role in ROLES:
            token = self.token(role)
            for price in ("12.50", "-1", "-2", "-3"):
                order_id = f"contract-{uuid.uuid4().hex[:8]}"
                order = {"OrderId": order_id, "Name": "Ada", "ItemName": "Lamp", "Price": price, "CC": CARD}
                self._send("orders", "POST", "/orders", token, order)
                self.ids["OrderId"].append(order_id)
            reminder = {"message": "Water the plants", "preference": "email", "waitSeconds": 3600}
            for _ in range(5):
                scheduled = self._send("reminders", "POST", "/reminders", token, reminder)
                self.ids["reminderId"].append(scheduled["reminderId"])
        sqs = cloud.engine.client("sqs")
        for number in range(20):
            sqs.send_message(QueueUrl=places.parked_queue, MessageBody=json.dumps({"OrderId": f"parked-{number}"}))
        for url in (places.fulfillment_queue, places.escalation_queue):
            policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
            arn = json.loads(policy["RedrivePolicy"])["deadLetterTargetArn"]
            dead_letters = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
            for number in range(20):
                sqs.send_message(QueueUrl=dead_letters, MessageBody=json.dumps({"OrderId": f"dead-{number}"}))
        parked = self._send("orders", "GET", "/parked", self.token(OPERATOR))
        self.ids["MessageId"] = [item["MessageId"] for item in parked["items"]]

    def token(self, role: str) -> str:
        """A new ID token. It is valid for an hour."""
        cognito, client = self._cloud.engine.client("cognito-idp"), self._cloud.places().web_client
        return users.sign_in(cognito, client, self._cloud.users()[role])

    def environment(self) -> dict[str, str]:
        """The environment variables that the journeys read."""
        tokens = {f"CONTRACT_{role.upper()}": self.token(role) for role in ROLES}
        return tokens | {f"CONTRACT_{name.upper()}": url for name, url in self.urls.items()}

    def _send(self, api: str, method: str, path: str, token: str, body: Any = None) -> Any:
        response = send(method, self.urls[api] + path, body=body, token=token)
        assert response.status_code < 300, response.text
        return json.loads(response.text)


def cases(apis: Apis, *, seed: int = SEED) -> Iterator[Result]:
    """Runs schemathesis with all its checks, as a person and as an operator.

    Both APIs get their requests at once, because schemathesis waits for each answer before its next request.
    """
    with ThreadPoolExecutor() as pool:
        for results in pool.map(lambda name: [*_of_api(apis, name, seed)], CALLED):
            yield from results


def _of_api(apis: Apis, name: str, seed: int) -> Iterator[Result]:
    for role in ROLES:
        _, output = run(
            *("schemathesis", "run", DOCUMENTS / f"{name}.json", "--url", apis.urls[name]),
            *("--header", f"Authorization: Bearer {apis.token(role)}"),
            *("--checks", "all", "--seed", str(seed), "--no-color"),
            PYTHONPATH=str(PROJECT),
            SCHEMATHESIS_HOOKS="tests.contract.hooks",
            CONTRACT_IDS=json.dumps(apis.ids),
        )
        (TOOLS / f"schemathesis-{name}-{role}.log").write_text(output)
        yield _summary(f"{name}, as {'an' if role == OPERATOR else 'a'} {role}", output)


def _summary(what: str, output: str) -> Result:
    counts = re.search(r"([0-9,]+) generated(?:, ([0-9,]+) found [0-9,]+ unique)?", output)
    is_good = counts is not None and counts[2] is None and "Errors:" not in output
    said = f"{counts[1]} cases, {counts[2] or 0} findings" if counts else "failed"
    return Result(what, f"schemathesis {python_version('schemathesis')}, all checks", said, is_good, output)
