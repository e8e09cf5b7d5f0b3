"""The templates that the scanners read, and what cdk-nag finds while they are synthesised."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from terminal.errors import CommandError
from tools.install import ROOT
from tools.security import CDK_NAG, FOLDER
from tools.security.findings import Finding

OUTPUT = FOLDER / "templates"
STAGES = ("dev", "prod")
"""The stages for AWS. AWS never sees the laptop cloud's stage."""

DEPLOYER = "deployer"
"""The folder with the optional stack for workflows on GitHub."""

SUFFIX = ".template.json"
BY_FINDING = re.compile(r"(?P<rule>[\w-]+?)\[(?P<detail>.*)\]", re.DOTALL)
"""A rule of cdk-nag that reports several findings of one resource."""


def synthesise() -> list[Path]:
    """Writes the templates of the stages, and cdk-nag's reports beside them, into one folder for each stage.

    Another process does this, because CDK prints each finding. Raises CommandError if it fails.
    """
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    log = OUTPUT / "synthesis.log"
    with log.open("w") as file:
        done = subprocess.run(
            [sys.executable, "-c", f"from {__name__} import write; write()"],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        last = "\n".join(log.read_text().splitlines()[-10:])
        raise CommandError(f"the templates could not be synthesised:\n{last}\nThe whole output is in {log}")
    return [folder / stage for folder in (OUTPUT, OUTPUT / DEPLOYER) for stage in STAGES]


def write() -> None:
    """Writes the templates in this process. `synthesise` starts it."""
    from tools import validation

    sys.path.append(str(CDK_NAG))
    for build, folder in ((_whole_stage, OUTPUT), (_deployer, OUTPUT / DEPLOYER)):
        for stage in STAGES:
            try:
                validation.synthesise(folder, stage=stage, build=build)
            except RuntimeError as error:
                # CDK writes the templates and the report, and then fails because the report has findings.
                if not str(error).startswith("ValidationFailed"):
                    raise


def _whole_stage(cdk_app: Any, stage: Any) -> None:
    import app

    _watch(cdk_app)
    app.build(cdk_app, stage=stage)


def _deployer(cdk_app: Any, stage: Any) -> None:
    import app

    _watch(cdk_app)
    app.build_deployer(cdk_app, stage=stage, repository="owner/name", provider="new")


def _watch(cdk_app: Any) -> None:
    import aws_cdk as cdk
    import cdk_nag

    cdk.Validations.of(cdk_app).add_plugins(cdk_nag.AwsSolutionsChecks(cdk_app), cdk_nag.ServerlessChecks(cdk_app))


def of_cdk_nag(folder: Path) -> Iterator[Finding]:
    report = json.loads((folder / "validation-report.json").read_text())
    for violation in (one for plugin in report["pluginReports"] for one in plugin["violations"]):
        name = violation["ruleName"]
        several = BY_FINDING.fullmatch(name)
        rule, detail = (several["rule"], f" {several['detail']}") if several else (name, "")
        for construct in violation["violatingConstructs"]:
            yield Finding(rule, construct["constructPath"] + detail, violation["description"])


def files(folders: list[Path]) -> list[Path]:
    return sorted(file for folder in folders for file in folder.glob(f"*{SUFFIX}"))


def path_of(template: Path, logical_id: str) -> str:
    """The path of the construct of a resource, such as `Orders/OrderTable/Resource`."""
    resource = json.loads(template.read_text())["Resources"].get(logical_id, {})
    stack = template.name.removesuffix(SUFFIX)
    return str(resource.get("Metadata", {}).get("aws:cdk:path") or f"{stack}/{logical_id}")
