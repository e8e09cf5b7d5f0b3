"""What a rehearsal judges without a cloud: the promises to callers, and the earlier version. See tools/rehearse."""

import copy
import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local.settings import PROJECT
from tests.rehearsal import checks, command, documents, everything
from tests.rehearsal.checks import Check
from tests.rehearsal.everything import Rehearsal
from tests.rehearsal.report import page
from tests.rehearsal.traffic import EXPECTED, Traffic
from tools.rehearse import versions
from tools.rehearse.contracts import breaks_of_api, breaks_of_message
from tools.rehearse.versions import UnknownVersionError

Plant = Callable[[dict[str, Any]], Any]
ORDERS = json.loads((PROJECT / "docs" / "openapi" / "orders.json").read_text())
MESSAGE = json.loads((PROJECT / "lambdas" / "orders" / "messages" / "escalation.schema.json").read_text())


def schemas(document: Mapping[str, Any]) -> Any:
    return document["components"]["schemas"]


BREAKS: dict[str, tuple[Plant, str]] = {
    "call gone": (lambda d: d["paths"]["/parked"].pop("get"), "GET /parked is gone"),
    "new required field": (
        lambda d: schemas(d)["Order"]["required"].append("Channel"),
        "POST /orders: the request: the field Channel is required now",
    ),
    "request field gone": (
        lambda d: schemas(d)["Order"]["properties"].pop("ItemName"),
        "POST /orders: the request: the field ItemName is gone",
    ),
    "stricter text": (
        lambda d: schemas(d)["Order"]["properties"]["ItemName"].update(maxLength=3),
        "POST /orders: the request: ItemName has the lower maxLength 3 now",
    ),
    "other pattern": (
        lambda d: schemas(d)["Order"]["properties"]["OrderId"].update(pattern="^A"),
        "POST /orders: the request: OrderId has another pattern now",
    ),
    "response gone": (
        lambda d: d["paths"]["/orders"]["post"]["responses"].pop("202"),
        "POST /orders: the response 202 is gone",
    ),
    "header gone": (
        lambda d: d["paths"]["/orders/{OrderId}"]["get"]["responses"]["200"]["headers"].pop("X-Cache"),
        "GET /orders/{OrderId}: the response 200 has no header X-Cache any more",
    ),
    "parameter gone": (
        lambda d: d["paths"]["/orders"]["get"]["parameters"].pop(0),
        "GET /orders: the parameter corrected is gone",
    ),
    "parameter required": (
        lambda d: d["paths"]["/orders"]["get"]["parameters"][0].update(required=True),
        "GET /orders: the parameter corrected is required now",
    ),
    "text of a response may be null": (
        lambda d: schemas(d)["Contact"]["properties"]["Email"].update(type=["string", "null"]),
        "GET /orders/{OrderId}/contact: the response 200: Email may now be null",
    ),
}


@pytest.mark.parametrize(("plant", "says"), BREAKS.values(), ids=BREAKS)
def test_each_break_of_an_api_is_named(plant: Plant, says: str) -> None:
    planted = copy.deepcopy(ORDERS)
    plant(planted)

    assert says in [*breaks_of_api(ORDERS, planted)]


COMPATIBLE: dict[str, Plant] = {
    "nothing": lambda d: None,
    "new call": lambda d: d["paths"].update({"/new": d["paths"]["/parked"]}),
    "new optional field": lambda d: schemas(d)["Order"]["properties"].update(Channel={"type": "string"}),
    "looser text": lambda d: schemas(d)["Order"]["properties"]["ItemName"].update(maxLength=10_000),
    "new response": lambda d: d["paths"]["/orders"]["post"]["responses"].update({"418": {"description": "no"}}),
    "new optional parameter": lambda d: d["paths"]["/orders"]["get"]["parameters"].append(
        {"in": "query", "name": "new", "schema": {}}
    ),
    "other description": lambda d: schemas(d)["Order"].update(description="other"),
}


@pytest.mark.parametrize("plant", COMPATIBLE.values(), ids=COMPATIBLE)
def test_additions_to_an_api_are_no_break(plant: Plant) -> None:
    planted = copy.deepcopy(ORDERS)
    plant(planted)

    assert [*breaks_of_api(ORDERS, planted)] == []


def test_a_message_keeps_its_fields_and_their_types() -> None:
    planted = copy.deepcopy(MESSAGE)
    del planted["properties"]["ItemName"]
    planted["required"].remove("Price")
    planted["properties"]["Name"]["type"] = ["string", "null"]
    planted["properties"]["Note"] = {"type": "string"}

    assert [*breaks_of_message(MESSAGE, planted)] == [
        "Name may now be null",
        "the field ItemName is gone",
        "the field Price may be missing now",
    ]


@pytest.fixture
def version(tmp_path: Path) -> Path:
    """A copy of the documents and messages, in which a test plants a break."""
    shutil.copytree(PROJECT / "docs" / "openapi", tmp_path / "docs" / "openapi")
    shutil.copytree(PROJECT / "lambdas" / "orders" / "messages", tmp_path / "lambdas" / "orders" / "messages")
    return tmp_path


def plant_in(file: Path, plant: Plant) -> None:
    document = json.loads(file.read_text())
    plant(document)
    file.write_text(json.dumps(document))


def test_the_documents_of_two_versions_are_compared(version: Path) -> None:
    assert documents.compared(PROJECT, version) == Check(documents.NAME, "3 documents, 3 messages")

    plant_in(version / "docs/openapi/orders.json", lambda d: schemas(d)["Order"]["required"].append("Channel"))
    plant_in(version / "lambdas/orders/messages/parked.schema.json", lambda d: d["properties"].pop("Queue"))
    (version / "docs/openapi/account.json").unlink()

    problems = documents.compared(PROJECT, version).problems
    assert {
        "docs/openapi/account.json is gone",
        "orders.json: POST /orders: the request: the field Channel is required now",
        "parked.schema.json: the field Queue is gone",
    } <= {*problems}


def test_a_combination_of_fields_that_is_refused_now_is_named_by_an_example(version: Path) -> None:
    """A schema has it in `oneOf`, which only an example shows."""
    plant_in(
        version / "docs/openapi/reminders.json",
        lambda d: schemas(d)["Reminder"]["allOf"].append({"required": ["subject"]}),
    )

    problems = documents.compared(PROJECT, version).problems
    says = "POST /reminders: the old example inAnHour is refused: it: 'subject' is a required property"
    assert f"reminders.json: {says}" in problems


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, which has the tag v1."""

    def git(*arguments: str) -> None:
        person = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *person, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    for name in versions.LOCKED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("one==1\n")
    git("add", ".")
    git("commit", "-m", "First")
    git("tag", "v1")
    return tmp_path


def test_an_earlier_version_is_exported_once(repository: Path) -> None:
    commit = versions.commit_of("v1", project=repository)
    folder = versions.export(commit, project=repository)

    assert folder == repository / "build" / "rehearsal" / commit
    assert versions.needs_own_packages(folder, project=repository) == []
    (folder / "mark").touch()
    (repository / "constraints.txt").write_text("one==2\n")
    assert (versions.export(commit, project=repository) / "mark").exists()
    assert versions.needs_own_packages(folder, project=repository) == ["constraints.txt"]
    assert versions.described(commit, project=repository) == "v1"
    assert versions.described(None, project=repository) == "v1, with changes"
    assert versions.last_tag(project=repository) == "v1"


@pytest.mark.parametrize("name", ["v2", "--all", "v1^{tree}", "v1; touch here", ""])
def test_an_unknown_version_says_what_to_do(repository: Path, name: str) -> None:
    with pytest.raises(UnknownVersionError, match="Name a tag or a commit, such as FROM=v0.1.0"):
        versions.commit_of(name, project=repository)


def test_an_unknown_version_ends_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main("no-such-version", report=None) == 2
    assert "git knows no version 'no-such-version'" in capsys.readouterr().err


def test_a_machine_without_git_is_told_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert command.main(None, report=None) == 2
    assert "install git" in capsys.readouterr().err


def test_two_rehearsals_do_not_prepare_a_version_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def export(commit: str, *, project: Path) -> Path:
        other = os.open(project / versions.FOLDER, os.O_RDONLY)
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnknownVersionError("another one has to wait") from None
        finally:
            os.close(other)
        return project

    monkeypatch.setattr(versions, "export", export)

    assert command.main("HEAD", report=None) == 2
    assert "another one has to wait" in capsys.readouterr().err


def test_a_share_of_server_errors_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    traffic = Traffic(None, least=0)  # type: ignore[arg-type]  # it sends nothing
    traffic.answers.update({("order", 202): 97, ("order", 503): 2, ("look up", 404): 1})
    traffic.broken.append("look up: ValueError")

    assert everything.answered(traffic).problems == [
        "1 x look up: 404",
        "3 of 101 requests had no good answer, more than 2.0%: 2 x order: 503, look up: ValueError",
    ]
    assert all(EXPECTED.values())


def test_the_report_names_each_check_and_what_breaks() -> None:
    seen = Rehearsal({"upgrade": [Check("it works", "1 thing", ["it does not"])]})

    text = page(seen, Check("fits", "2"), name="v1", old="v1", new="v1-1-gabc", today=date(2026, 11, 27))

    assert "| result | refused: 1 problem |" in text
    assert "| upgrade | it works | FAILED | 1 thing |" in text
    assert "- upgrade: it does not" in text


def test_the_last_report_has_each_check_in_both_directions() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| ok \|", (PROJECT / "docs" / "rehearsal.md").read_text(), re.M)
    names = [everything.KEPT, everything.ANSWERED, *checks.NAMES]

    expected = [(move, name) for move in (everything.UPGRADE, everything.BACK) for name in names]
    assert rows == [("documents", documents.NAME), *expected], "run `make rehearse FROM=...`"
