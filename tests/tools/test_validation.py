"""`make check` stops at templates that CDK warns about."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

from tools import validation

SAID = "It has no dead-letter queue."


def assembly(folder: Path, said: Callable[[Any], None], *, violations: list[dict[str, str]]) -> Any:
    """A stack with one queue, about which `said` adds messages, and a report of CDK with `violations`."""
    # CDK would take four seconds to load its own validation.
    app = cdk.App(outdir=str(folder), builtin_cloud_formation_validation=False)
    said(cdk.Annotations.of(sqs.CfnQueue(cdk.Stack(app, "Orders"), "Queue")))
    report = {"pluginReports": [{"violations": []}, {"violations": violations}]}
    (folder / validation.REPORT).write_text(json.dumps(report))
    return app.synth()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (lambda annotations: None, []),
        (lambda annotations: annotations.add_info(SAID), []),
        (lambda annotations: annotations.add_warning(SAID), [f"/Orders/Queue: {SAID}"]),
        (lambda annotations: annotations.add_error(SAID), [f"/Orders/Queue: {SAID}"]),
    ],
)
def test_templates_with_a_warning_are_refused(said: Callable[[Any], None], found: list[str], tmp_path: Path) -> None:
    assert list(validation.findings(assembly(tmp_path, said, violations=[]))) == found


@pytest.mark.parametrize(
    ("severity", "found"), [("info", []), ("warning", [f"E3002: {SAID}"]), ("error", [f"E3002: {SAID}"])]
)
def test_templates_that_cdks_validation_warns_about_are_refused(
    severity: str, found: list[str], tmp_path: Path
) -> None:
    violation = {"ruleName": "E3002", "description": SAID, "severity": severity}

    assert list(validation.findings(assembly(tmp_path, lambda annotations: None, violations=[violation]))) == found


def test_templates_that_cdk_has_not_validated_are_refused(tmp_path: Path) -> None:
    made = assembly(tmp_path, lambda annotations: None, violations=[])
    (tmp_path / validation.REPORT).unlink()

    with pytest.raises(FileNotFoundError):
        list(validation.findings(made))


@pytest.mark.parametrize("found", [[], [SAID]])
def test_the_program_fails_if_it_finds_something(
    found: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stages: list[str] = []

    def synthesise(folder: Path, *, stage: str) -> str:
        stages.append(stage)
        return stage

    monkeypatch.setattr("sys.argv", ["validation"])
    monkeypatch.setattr("gc.disable", lambda: None)
    monkeypatch.setattr(validation, "synthesise", synthesise)
    monkeypatch.setattr(validation, "findings", lambda assembly: found if assembly == "dev" else [])

    if found:
        with pytest.raises(SystemExit, match="the templates have warnings or errors: dev. The messages above say why"):
            validation.main()
    else:
        validation.main()

    assert stages == ["dev", "prod"]
    assert capsys.readouterr().err == "".join(f"{one}\n" for one in found)
