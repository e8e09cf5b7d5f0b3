"""A destroyed stage leaves behind exactly the resources that docs/deploying.md names."""

import re

import pytest

from local.settings import PROJECT

DEPLOYING = (PROJECT / "docs" / "deploying.md").read_text()
EVERYTHING = "everything"


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


def written() -> dict[str, dict[str, set[str]]]:
    """The resources that each stack leaves behind according to the document's table, in `dev` and in `prod`."""
    table = DEPLOYING.partition("| stack | of every stage | of `prod` too |\n|---|---|---|\n")[2].partition("\n\n")[0]
    columns: dict[str, dict[str, set[str]]] = {"dev": {}, "prod": {}}
    for line in table.splitlines():
        stack, of_every_stage, of_prod = (_named(cell) for cell in line.split("|")[1:-1])
        (name,) = stack
        for stage, ids in (("dev", of_every_stage), ("prod", of_every_stage | of_prod)):
            if ids:
                columns[stage][name] = ids
    return columns


def _named(cell: str) -> set[str]:
    return {EVERYTHING} if cell.strip().startswith(EVERYTHING) else set(re.findall("`([A-Za-z]+)`", cell))


@pytest.mark.parametrize("with_everything", ["dev", "prod"], indirect=True)
def test_the_document_names_what_stays_when_a_stage_is_destroyed(with_everything):
    """Add what is missing to the table in docs/deploying.md, "Removing it"."""
    assert kept(with_everything) == written()[with_everything.stage.name]


def test_only_a_stage_that_keeps_its_data_leaves_data_behind(with_everything):
    types = {
        resource["Type"].split("::")[1]
        for resource in with_everything.resources().values()
        if resource.get("DeletionPolicy") == "Retain"
    }

    assert bool(types & {"DynamoDB", "Cognito", "KMS", "SecretsManager"}) == with_everything.stage.deletion_protection


def test_the_document_says_what_the_doctor_says():
    """The advice that it quotes is the doctor's own (tests/tools/test_doctor.py)."""
    assert (
        "problem: deployed with CACHE=off\n  repeat it, or choose another value: make deploy STAGE=dev SENDER="
        in DEPLOYING
    )
