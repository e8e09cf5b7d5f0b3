"""AWS's rules for definitions: each rule finds its bad example, and nothing in our workflows."""

import pytest

from tests.facts.facts import FACTS, definition_of
from tests.support.workflows.asl import STATE_MACHINES, load
from tests.support.workflows.aws_rules import refusals

DEFINITIONS = [fact for fact in FACTS if "states" in fact and "QueryLanguage" not in fact.get("machine", {})]


@pytest.mark.parametrize("file_name", sorted(path.name for path in STATE_MACHINES.glob("*.asl.json")))
def test_aws_accepts_our_workflows(file_name):
    assert list(refusals(load(file_name))) == []


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in DEFINITIONS if "finds" in fact])
def test_definitions_that_aws_refuses_are_found(fact):
    found = list(refusals(definition_of(fact)))

    assert [one for one in found if one.startswith(fact["finds"])], found


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in DEFINITIONS if "finds" not in fact])
def test_definitions_that_aws_accepts_pass(fact):
    assert list(refusals(definition_of(fact))) == []
