"""A destroyed stage leaves behind exactly the resources that docs/deploying.md names."""

import re

import pytest

from costs.prices import usd
from local.settings import PROJECT
from stacks.config import STAGES
from stacks.stage import LAPTOP_ACCOUNT
from tools.teardown.kinds import BOOTSTRAP, GB, KINDS, PARTS
from tools.teardown.left import VERSIONS

DEPLOYING = (PROJECT / "docs" / "deploying.md").read_text()
EVERYTHING = "everything"
ON_AWS = {name: stage for name, stage in STAGES.items() if stage.only_account != LAPTOP_ACCOUNT}
LOSES_DATA = " and ".join(f"`{name}`" for name, stage in ON_AWS.items() if not stage.deletion_protection)
HEAD = (
    "| stack | stays after every stage "
    f"| also stays after a stage that keeps its data (every stage except {LOSES_DATA}) |"
)


def kept(deployment) -> dict[str, set[str]]:
    """The construct ids of the resources that each stack leaves behind; EVERYTHING if it leaves all of them."""
    found: dict[str, set[str]] = {}
    for path, resource in deployment.resources().items():
        if resource.get("DeletionPolicy") == "Retain":
            stack, _, id = path.partition("/")
            found.setdefault(stack, set()).add(id)
    return {
        stack: {EVERYTHING} if len(ids) == len(deployment.templates[stack]["Resources"]) else ids
        for stack, ids in found.items()
    }


def written(*, keeps_data: bool) -> dict[str, set[str]]:
    """The resources that each stack leaves behind according to the document's table."""
    table = DEPLOYING.partition(f"{HEAD}\n|---|---|---|\n")[2].partition("\n\n")[0]
    stacks: dict[str, set[str]] = {}
    for line in table.splitlines():
        stack, of_every_stage, of_those_that_keep_data = (_named(cell) for cell in line.split("|")[1:-1])
        (name,) = stack
        if ids := of_every_stage | (of_those_that_keep_data if keeps_data else set()):
            stacks[name] = ids
    return stacks


def _named(cell: str) -> set[str]:
    return {EVERYTHING} if cell.strip().startswith(EVERYTHING) else set(re.findall("`([A-Za-z]+)`", cell))


def test_the_table_says_which_stages_keep_their_data():
    assert HEAD in DEPLOYING.splitlines()


def test_the_document_names_what_stays_when_a_stage_is_destroyed(with_everything):
    """If this fails, update the table in docs/deploying.md, "Removing it"."""
    assert kept(with_everything) == written(keeps_data=with_everything.stage.deletion_protection)


def test_only_a_stage_that_keeps_its_data_leaves_data_behind(with_everything):
    types = {
        resource["Type"].split("::")[1]
        for resource in with_everything.resources().values()
        if resource.get("DeletionPolicy") == "Retain"
    }

    assert bool(types & {"DynamoDB", "Cognito", "KMS", "SecretsManager"}) == with_everything.stage.deletion_protection


def test_the_program_knows_why_each_resource_stays(with_everything):
    """If this fails, add the type to tools/teardown/kinds.py, and run `make docs`."""
    stay = {
        resource["Type"]
        for resource in with_everything.resources().values()
        if "Retain" in (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
    }

    assert stay <= KINDS.keys() | PARTS | VERSIONS


def test_the_prices_of_what_stays_are_the_known_ones():
    known = {
        "AWS::DynamoDB::Table": usd("dynamodb.gb_month", 1) + usd("dynamodb.backup_gb_month", 1),
        "AWS::Logs::LogGroup": usd("logs.stored_byte_month", GB),
        "AWS::KMS::Key": usd("idle.key_month", 1),
        "AWS::SecretsManager::Secret": usd("idle.secret_month", 1),
    }

    assert {type: float(re.match("[0-9.]+", KINDS[type].price)[0]) for type in known} == pytest.approx(known)
    assert float(BOOTSTRAP.price.split()[0]) == usd("idle.s3_gb_month", 1)
    assert {kind.price.split()[0] for type, kind in KINDS.items() if type not in known} == {"0"}


def test_the_document_says_what_the_doctor_says():
    """The advice that it quotes is the doctor's own (tests/tools/test_doctor.py)."""
    assert (
        "problem: the last deployment had CACHE=off, and this one leaves it out\n"
        "  repeat it, or give another value: make deploy STAGE=dev SENDER=" in DEPLOYING
    )
