"""The generated parts of the docs say what the templates and the workflows say."""

import json
import re
from dataclasses import replace

import aws_cdk as cdk
import pytest

import app
from stacks.config import DEV
from tools import docs
from tools.docs import __main__ as program
from tools.docs import workflows
from tools.docs.deployment import Stack


@pytest.fixture(scope="module")
def stacks(synthesised) -> list[Stack]:
    """What `program.synthesise` returns."""
    made = synthesised(stage="dev", consumer="on")
    return [
        Stack(name=name, template=template, after=made.dependencies[name]) for name, template in made.templates.items()
    ]


@pytest.fixture(scope="module")
def parts(stacks) -> dict[str, str]:
    return program.parts(stacks)


def test_the_program_reads_the_stacks_of_dev_with_the_consumer(monkeypatch):
    stages = []

    def build(cdk_app, *, stage):
        stages.append(stage)
        orders, website = cdk.Stack(cdk_app, "Orders"), cdk.Stack(cdk_app, "Website")
        cdk.CfnResource(orders, "Queue", type="AWS::SQS::Queue")
        website.add_stack_dependency(orders)

    monkeypatch.setattr(app, "build", build)
    found = {stack.name: stack for stack in program.synthesise()}

    assert stages == [replace(DEV, example_consumer=True)]
    assert {name: stack.after & found.keys() for name, stack in found.items()} == {
        "Orders": set(),
        "Website": {"Orders"},
    }
    assert [*found["Orders"].resources("AWS::SQS::Queue")] == [("Queue", {})]


def test_every_generated_part_is_up_to_date(parts):
    assert docs.stale(parts) == [], "run python -m tools.docs"


def test_every_part_stands_on_one_page(parts):
    named = [name for page in docs.pages() for name in docs.names_in(page.read_text())]

    assert sorted(named) == sorted(parts)


def test_every_state_of_the_workflows_is_drawn(parts):
    """By its name, or as one of several states that are drawn as one."""
    for name, picture in workflows.PICTURES.items():
        states = list(json.loads((workflows.FOLDER / picture.file).read_text())["States"])
        merged = [states[states.index(first) : states.index(last) + 1] for first, last in picture.merged.values()]
        hidden = {state for several in merged for state in several}

        assert set(re.findall("<b>(.*?)</b>", parts[name])) == (set(states) - hidden) | picture.merged.keys()


def test_the_pictures_and_the_text_name_states_functions_and_tables_that_exist(stacks):
    text = "".join((docs.FOLDER / name).read_text() for name in ("architecture.md", "data-model.md"))
    pictures = "".join(re.findall(r"^```mermaid\n(sequence.*?)^```", text, re.M | re.S))
    prose = re.sub(r"^```.*?^```|`[^`]*`", "", text, flags=re.M | re.S)
    known = {
        name
        for picture in workflows.PICTURES.values()
        for name in json.loads((workflows.FOLDER / picture.file).read_text())["States"]
    }
    resources = {
        name
        for stack in stacks
        for type in ("AWS::Lambda::Function", "AWS::DynamoDB::Table")
        for name, _ in stack.resources(type)
    }

    states = {*re.findall(r'"([^"]+)"', prose), *re.findall(r"w->>\w+: ([A-Z][^:\n]+)", pictures)}
    drawn = re.findall(r"participant \w+ as ([A-Z]\w+[A-Z]\w+)$", pictures, re.M)
    assert states - known == {"no such order"}
    assert set(drawn) - resources == set()
    assert {"PlaceOrder", "OrderTable", "VerifyCCAndPrice", "CancelReminder"} <= set(drawn)
