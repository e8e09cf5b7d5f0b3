"""The engine agrees with each fact of AWS, or docs/local.md lists the fact."""

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from local.cloud import Cloud, Places
from local.settings import PROJECT
from tests.facts.asking import Asking, agrees
from tests.facts.facts import DOCUMENT, FACTS, Fact, count, is_listed

ASKED = [fact for fact in FACTS if "test" not in fact]
PATH = r"(?:lambdas|local|stacks|statemachines|tools|website|docs|tests)(?:/[a-z_0-9*-]+)*(?:\.[a-z.]+)?"


@pytest.fixture(scope="module")
def answers(cloud: Cloud, places: Places) -> Iterator[dict[str, "Future[Any]"]]:
    """The answers of AWS and of the engine, by the facts' ids. All facts are asked at once."""
    asking = Asking(cloud, places)
    with ThreadPoolExecutor(12) as pool:
        yield {fact["id"]: pool.submit(asking.answers, fact) for fact in ASKED}


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in ASKED])
def test_the_engine_agrees_with_aws_or_the_fact_is_listed(fact: Fact, answers: dict[str, "Future[Any]"]) -> None:
    expected, actual = answers[fact["id"]].result()

    if is_listed(fact):
        assert not agrees(expected, actual), "the engine agrees now: take the fact out of the table in docs/local.md"
    else:
        assert agrees(expected, actual), f"{fact['fact']} AWS: {expected}. The engine: {actual}"


def test_the_document_has_the_number_of_facts() -> None:
    assert re.findall(r"[0-9]+ of [0-9]+ agree, [0-9]+ listed", DOCUMENT) == [count()]


def test_the_table_of_facts_names_only_facts() -> None:
    table = DOCUMENT.partition("### Facts of AWS")[2].partition("\n#")[0]

    assert {
        name
        for row in re.findall(r"^.*\|$", table, re.MULTILINE)
        for name in re.findall("`([a-z0-9]+-[a-z0-9-]+)`", row)
    } <= {fact["id"] for fact in FACTS}


def test_each_fact_is_listed_once() -> None:
    ids = [fact["id"] for fact in FACTS]

    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in FACTS])
def test_a_fact_names_its_source_and_the_files_that_rely_on_it(fact: Fact) -> None:
    assert fact["fact"].endswith(".") and fact["source"]
    assert fact["how"] in ("recorded", "documented", "by analogy")
    assert bool(re.fullmatch("20[0-9]{2}-[0-9]{2}-[0-9]{2}", fact.get("date", ""))) == (fact["how"] == "recorded")
    assert len(fact.keys() & {"states", "calls", "request", "test"}) == 1
    for place in fact["reliedOn"]:
        path = re.match(PATH, place)
        assert path and list(PROJECT.glob(path[0])), f"{place} does not exist"


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in FACTS if "test" in fact])
def test_a_fact_with_another_test_names_an_existing_test(fact: Fact) -> None:
    file, _, name = fact["test"].partition("::")

    assert f"def {name}(" in (PROJECT / file).read_text()


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"b": 2}, False),
        ({"a": None}, {}, True),
        ({"a": None}, {"a": 1}, False),
        ({"a": {}}, {"a": {}}, True),
        ({"a": {}}, {"a": {"b": 1}}, False),
        ([1], [1, 2], False),
        ("^a+$", "aa", True),
        ("^a+$", "ab", False),
        (1, True, False),
        (True, 1, False),
        ("1", 1, False),
    ],
)
def test_only_the_given_parts_of_an_answer_are_compared(expected: Any, actual: Any, same: bool) -> None:
    assert agrees(expected, actual) == same
