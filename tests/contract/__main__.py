"""Checks the OpenAPI documents against the running APIs, lints them, and tries clients that are generated from them.

`make contract` installs the tools into build/contract, runs this on a new laptop cloud, and writes docs/contract.md.

See decision D067.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local import users
from local.cloud import Cloud
from local.engine import send
from local.processes import free_port
from local.settings import PROJECT, Settings
from local.users import OPERATOR, PERSON
from terminal import program
from tools.openapi import DOCUMENTS

TOOLS = PROJECT / "build" / "contract"
"""The folder of the tools of `make contract`, and of the files that they generate."""

HERE = Path(__file__).parent
REPORT = PROJECT / "docs" / "contract.md"
CALLED = ("orders", "reminders")
"""The APIs that get requests. The API of accounts would delete the user who calls."""
NAMES = ("account", *CALLED)
ROLES = (PERSON, OPERATOR)
SEED = 1
CARD = "4242424242424242"

HEAD = """\
# Contract tests: the APIs compared with their OpenAPI documents

`make contract` wrote this page on {today}. It takes some minutes and is not part of `make test`.
Its tools have their own versions ([requirements](../tests/contract/requirements.txt),
[package-lock](../tests/contract/package-lock.json)) and their own folder, `build/contract`.

- [schemathesis](https://schemathesis.io) generates valid and invalid requests from the documents. It compares every
  response with them: status, headers, body, and the code of each error.
- A schema cannot express some rules. The documents state them in words, and
  [unsaid.py](../tests/contract/unsaid.py) applies them.
- The linters run with all their recommended rules. They and the generators also read the document of accounts. That API
  gets no requests here, because one of them deletes the user who calls.
- Each generated client makes [a journey](../tests/contract/journey.py) through both APIs.

[hooks.py](../tests/contract/hooks.py) ignores two kinds of findings. A cancelled reminder can still be looked up, as
the document says. An undeclared method gets 404, not 405, because for API Gateway it is the same as an unknown path.

| check | with | result |
| --- | --- | --- |
"""


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


def npm_version(package: str) -> str:
    return str(json.loads((TOOLS / "node_modules" / package / "package.json").read_text())["version"])


def python_version(package: str) -> str:
    pinned = re.search(rf"^{package}==(.*)$", (HERE / "requirements.txt").read_text(), re.M)
    assert pinned, package
    return pinned[1]


def lints() -> Iterator[Result]:
    """Runs the linters with their recommended rules. Warnings count."""
    rules = TOOLS / "spectral.json"
    rules.write_text(json.dumps({"extends": ["spectral:oas"]}))
    for name in NAMES:
        document = DOCUMENTS / f"{name}.json"
        tool = f"Redocly CLI {npm_version('@redocly/cli')}, `recommended`"
        _, output = run("redocly", "lint", "--extends", "recommended", "--format", "json", document)
        totals = json.loads(output[output.index("{") : output.rindex("}") + 1])["totals"]
        said = f"{totals['errors']} errors, {totals['warnings']} warnings"
        yield Result(f"lint of {name}", tool, said, not (totals["errors"] or totals["warnings"]), output)
        tool = f"Spectral {npm_version('@stoplight/spectral-cli')}, `spectral:oas`"
        written = TOOLS / "spectral-result.json"
        _, output = run("spectral", "lint", "--ruleset", rules, "--format", "json", "--output", written, document)
        problems = json.loads(written.read_text())
        yield Result(f"lint of {name}", tool, f"{len(problems)} problems", not problems, json.dumps(problems, indent=1))


def clients() -> Iterator[Result]:
    """Generates a Python client and TypeScript types for each document, and compiles the types."""
    for name in NAMES:
        folder = TOOLS / "python" / name
        done, output = run(
            *("openapi-python-client", "generate", "--overwrite", "--fail-on-warning"),
            *("--path", DOCUMENTS / f"{name}.json", "--output-path", folder),
        )
        models = len(list((folder / f"{name}_client" / "models").glob("[!_]*.py")))
        tool = f"openapi-python-client {python_version('openapi-python-client')}"
        yield Result(
            f"Python client of {name}", tool, f"{models} models, no warning" if done else "failed", done, output
        )
        done, output = run("openapi-typescript", DOCUMENTS / f"{name}.json", "--output", TOOLS / "ts" / f"{name}.ts")
        if not done:
            yield Result(f"types of {name}", "openapi-typescript", "failed", done, output)
    (TOOLS / "ts" / "journey.ts").write_text((HERE / "journey.ts").read_text())
    options = "--strict --target es2022 --module nodenext --types node --outDir out".split()
    files = [f"ts/{name}.ts" for name in (*NAMES, "journey")]
    done, output = run("tsc", *options, *files)
    tool = f"openapi-typescript {npm_version('openapi-typescript')}, TypeScript {npm_version('typescript')}"
    yield Result("TypeScript types of all", tool, "`tsc --strict` passes" if done else "failed", done, output)


@contextmanager
def cloud_of_its_own() -> Iterator[Cloud]:
    with TemporaryDirectory() as home:
        cloud = Cloud(Settings(home=Path(home), port=free_port(), redis_port=free_port()))
        cloud.up(print)
        try:
            yield cloud
        finally:
            cloud.down()


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


def cases(apis: Apis) -> Iterator[Result]:
    """Runs schemathesis with all its checks, as a person and as an operator."""
    for name in CALLED:
        for role in ROLES:
            _, output = run(
                *("schemathesis", "run", DOCUMENTS / f"{name}.json", "--url", apis.urls[name]),
                *("--header", f"Authorization: Bearer {apis.token(role)}"),
                *("--checks", "all", "--seed", str(SEED), "--no-color"),
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


def journeys(apis: Apis) -> Iterator[Result]:
    """Runs a journey with the generated clients of each language."""
    paths = os.pathsep.join(str(TOOLS / "python" / name) for name in CALLED)
    python = TOOLS / "venv" / "bin" / "python"
    commands: Mapping[str, Callable[[], tuple[bool, str]]] = {
        "journey with the Python clients": lambda: run(
            python, HERE / "journey.py", PYTHONPATH=paths, **apis.environment()
        ),
        "journey with openapi-fetch": lambda: run("node", TOOLS / "out" / "journey.js", **apis.environment()),
    }
    tools = ("httpx " + python_version("httpx"), "openapi-fetch " + npm_version("openapi-fetch"))
    for (what, command), tool in zip(commands.items(), tools, strict=True):
        done, output = command()
        yield Result(what, tool, "as expected" if done else "failed", done, output)


def results() -> Iterator[Result]:
    yield from lints()
    yield from clients()
    with cloud_of_its_own() as cloud:
        apis = Apis(cloud)
        yield from journeys(apis)
        yield from cases(apis)


def main() -> int:
    # A signal ends this like Ctrl-C, so that the laptop cloud is stopped.
    return program.run(_parse_and_run, said_of=lambda error: None)


def _parse_and_run() -> int:
    argparse.ArgumentParser(prog="python -m tests.contract", description=__doc__).parse_args()
    if not (TOOLS / "installed").exists():
        print("error: the tools are not installed: run `make contract`", file=sys.stderr)
        return 1
    began, lines, bad = time.monotonic(), [], 0
    for one in results():
        print(f"{'ok' if one.is_good else 'FAILED':7}{one.what}: {one.result} ({one.tool})", flush=True)
        if not one.is_good:
            bad += 1
            print(one.output)
        lines.append(f"| {one.what} | {one.tool} | {one.result} |\n")
    print(f"{time.monotonic() - began:.0f} seconds")
    if bad == 0:
        REPORT.write_text(HEAD.format(today=date.today().isoformat()) + "".join(lines))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
