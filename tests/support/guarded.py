"""A deployed stage `dev` on a simulated AWS, and new templates for the guards to judge."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3

from tests.support.aws_answers import refusal
from tests.support.orders_stack import REGION

SESSION = boto3.Session("x", "x", region_name=REGION)

CDK = """\
#!/bin/sh
echo "$*" >> "{record}"
echo "{says}"
exit {status}
"""


class Stage:
    """`deployed` and `planned` are the templates by the ids of their stacks, such as Orders.

    `prepared` are the answers of DescribeChangeSet by the names of the stacks. There is no change set for the others.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.deployed: dict[str, dict[str, Any]] = {"Orders": template("OrderTable"), "Website": template("Site")}
        self.planned = copy.deepcopy(self.deployed)
        self.prepared: dict[str, list[dict[str, Any]]] = {}
        self.removed: list[str] = []
        self._asked: dict[str, Any] = {}
        self.cdk_does()

    @property
    def cdk(self) -> Path:
        return self.folder / "cdk"

    def cdk_does(self, says: str = "", status: int = 0) -> None:
        self.cdk.write_text(CDK.format(record=self.folder / "calls", says=says, status=status))
        self.cdk.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """The arguments of each call of CDK."""
        record = self.folder / "calls"
        return record.read_text().splitlines() if record.exists() else []

    def synthesise(self) -> Path:
        """Writes the planned templates into a folder, as CDK does, and returns the folder."""
        folder = self.folder / "cdk.out"
        folder.mkdir(exist_ok=True)
        artifacts: dict[str, Any] = {"Tree": {"type": "cdk:tree"}}
        for id, planned in self.planned.items():
            (folder / f"{id}.template.json").write_text(json.dumps(planned))
            properties = {"stackName": f"dev-{id.lower()}", "templateFile": f"{id}.template.json"}
            artifacts[id] = {"type": "aws:cloudformation:stack", "properties": properties}
        (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
        return folder

    def note(self, params: dict[str, Any], **_: Any) -> None:
        self._asked = params

    def answer(self, model: Any, **_: Any) -> Any:
        name = self._asked["StackName"]
        id = next((id for id in self.deployed if f"dev-{id.lower()}" == name), None)
        match model.name:
            case "DescribeStacks" if id:
                return SimpleNamespace(status_code=200), {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}
            case "GetTemplate" if id:
                return SimpleNamespace(status_code=200), {"TemplateBody": self.deployed[id]}
            case "DescribeChangeSet" if pages := self.prepared.get(name):
                at = int(self._asked.get("NextToken", 0))
                more = {"NextToken": str(at + 1)} if at + 1 < len(pages) else {}
                return SimpleNamespace(status_code=200), {**pages[at], **more}
            case "DescribeChangeSet":
                return refusal(model, "ChangeSetNotFound", "it does not exist")
            case "DeleteChangeSet":
                self.removed.append(name)
                return SimpleNamespace(status_code=200), {}
            case _:
                return refusal(model, "ValidationError", "it does not exist")


def template(*tables: str) -> dict[str, Any]:
    return {"Resources": {id: a_table(id) for id in tables}}


def a_table(id: str) -> dict[str, Any]:
    return {"Type": "AWS::DynamoDB::Table", "Metadata": {"aws:cdk:path": f"Orders/{id}/Resource"}}


def a_change_set(*changes: dict[str, Any], status: str = "CREATE_COMPLETE", reason: str = "") -> dict[str, Any]:
    """A page of DescribeChangeSet's answer."""
    listed = [{"Type": "Resource", "ResourceChange": change} for change in changes]
    return {"Status": status, "StatusReason": reason, "Changes": listed}


@contextmanager
def guarded(folder: Path) -> Iterator[Stage]:
    """Answers the clients of SESSION inside the block."""
    stage = Stage(folder)
    SESSION.events.register("before-parameter-build", stage.note, unique_id="note")
    SESSION.events.register("before-call", stage.answer, unique_id="answer")
    yield stage
    SESSION.events.unregister("before-parameter-build", unique_id="note")
    SESSION.events.unregister("before-call", unique_id="answer")
