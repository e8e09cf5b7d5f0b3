"""A sample of `make proof PART=leaks`: card numbers and people in some places, in some forms."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tests.proof.leaks import answers, made, persons, report, stores
from tests.proof.leaks.cards import Case, Planting, cases, requests, wrongly_accepted
from tests.proof.leaks.client import Client, Sent
from tests.proof.leaks.forms import FORMS, LEAKS
from tests.proof.leaks.people import ADDRESS, NAME, NUMBER, People
from tests.proof.leaks.people import FORMS as FORMS_OF_PEOPLE
from tests.proof.leaks.places import CC, GIVEN, PASSES, PLACES, TEXTS
from tests.proof.leaks.stores import Search
from tests.support.cloud.apps import Apps
from tests.support.cloud.traces import Plants
from tests.support.cloud.written import ENCRYPTED, of_execution

SEED = "a sample"
CASES, PEOPLE = 40, 4


@pytest.fixture
def planting() -> Planting:
    return Planting(SEED)


@pytest.fixture
def people() -> People:
    return People(SEED)


def sample(planting: Planting) -> list[Case]:
    """Some cases of each kind of place. Some cards are in CC, so that the search has something to find."""
    every = cases(planting.random, texts=1, others=2, given=30)
    given = [case for case in every if case[0] in CC]
    return planting.random.sample(every, CASES) + planting.random.sample(given, 5)


def test_a_sample_of_cards_and_people_is_nowhere_but_where_it_may_be(
    apps: Apps, planting: Planting, people: People
) -> None:
    began, client = datetime.now(UTC), Client(apps)
    ids = made(apps, 2)

    sent = client.all(list(requests(planting, ids, sample(planting))))
    strangers = persons.strangers(client, people, ids, PEOPLE)
    search = Search(planting.plants, people).read(stores.recent(apps, began)).read(answers([*sent, *strangers]))

    assert wrongly_accepted(planting, sent) == []
    assert list(report.of_cards(planting, search)) == []
    assert list(report.of_people(search)) == []
    assert {plant for plant, place in search.cards if place == ENCRYPTED} & planting.given
    assert {"table", "queue", "log", "history", "encrypted", "metric", "refusal"} <= search.searched.keys()


def places_of(planting: Planting, plant: str, *places: str) -> list[str]:
    """The failures of a search that has found a plant in these places."""
    search = Search(planting.plants, People(SEED)).read((place, planting.plants.cards[plant]) for place in places)
    return list(report.of_cards(planting, search))


def test_a_card_counts_as_a_leak_in_each_place_where_it_may_not_be(planting: Planting) -> None:
    given, _ = planting.card("CC", "raw", kind=GIVEN)
    hidden, _ = planting.card("Name", "within a longer number")
    other, _ = planting.card("header Cookie", "raw")

    assert places_of(planting, given, ENCRYPTED) == []
    assert len(places_of(planting, given, "table T", "log group L", "history: TaskFailed in 'X'", "refusal")) == 4
    assert places_of(planting, hidden, "table T", ENCRYPTED, "answer") == []
    assert len(places_of(planting, hidden, "log group L", "refusal", "metric", "trace")) == 4
    assert len(places_of(planting, other, "table T", ENCRYPTED, "answer", "file state/engine/sqs.json")) == 4


@pytest.mark.parametrize("form", FORMS_OF_PEOPLE)
def test_a_person_is_found_in_each_form(people: People, form: str) -> None:
    write = FORMS_OF_PEOPLE[form]
    for _ in range(20):
        person = people.new()
        for what, text in ((NAME, person.name), (ADDRESS, person.address), (NUMBER, person.number)):
            assert people.traces(f'{{"message": "{write(text)}"}}') == {(person.address, what)}


def test_a_person_in_a_log_or_in_a_refusal_is_a_failure(people: People) -> None:
    person = people.new()
    pieces = [("log group L", person.name), ("refusal", person.number), ("table T", person.address)]

    search = Search(Plants(SEED), people).read(pieces)

    assert list(report.of_people(search)) == [
        "a person's name is in log group L, 1 people",
        "a person's number is in refusal, 1 people",
    ]


def test_a_card_that_is_stored_must_be_refused_unless_its_form_does_not_count(planting: Planting) -> None:
    refused, _ = planting.card("Name", "base64")
    passes, _ = planting.card("Name", "in words")
    elsewhere, _ = planting.card("broken JSON", "raw")

    accepted = wrongly_accepted(planting, [Sent(one, 202, "") for one in (refused, passes, elsewhere)])

    assert accepted == [f"{refused}: answered 202"]


def test_every_text_that_is_stored_gets_every_form(planting: Planting) -> None:
    every = cases(planting.random, texts=1, others=1, given=3)

    assert {case for case in every if case[0] in TEXTS} == {(place, form) for place in TEXTS for form in FORMS}
    assert {place for place, _ in every} == PLACES.keys()
    assert PASSES.keys() == TEXTS.keys()


def test_the_same_seed_plants_the_same(planting: Planting) -> None:
    def planted(planting: Planting) -> list[tuple[str, str]]:
        every = cases(planting.random, texts=1, others=1, given=3)
        return [planting.card(place, form) for place, form in planting.random.sample(every, 50)]

    assert planted(planting) == planted(Planting(SEED))


@pytest.mark.parametrize("form", LEAKS)
def test_a_leak_on_purpose_is_found_in_each_form(planting: Planting, form: str) -> None:
    plant = "a leak"
    card = planting.plants.card(plant, digits=16)

    assert places_of(planting, plant, "log group L") != []
    assert {one.plant for one in planting.plants.traces(f"x {LEAKS[form](card)} y")} == {plant}


@pytest.mark.parametrize(
    "write", [str, lambda text: json.dumps({"a": text}), str.encode], ids=["text", "JSON", "bytes"]
)
def test_the_search_finds_each_form_that_is_planted(planting: Planting, write: Callable[[str], str | bytes]) -> None:
    planted = [planting.card("header Cookie", form, digits=digits) for form in FORMS for digits in (14, 16, 19)]

    search = Search(planting.plants, People(SEED)).read(("log group L", write(text)) for _, text in planted)

    assert [plant for plant, _ in planted if (plant, "log group L") not in search.cards] == []


def events() -> Iterator[dict[str, object]]:
    given = {"name": "Are details Proper", "input": "in", "output": "out"}
    yield {"type": "TaskStateEntered", "stateEnteredEventDetails": given}
    yield {"type": "TaskFailed", "taskFailedEventDetails": {"cause": "in"}}


def test_an_execution_has_its_input_apart_from_the_rest() -> None:
    pieces = list(of_execution({"executionArn": "arn", "input": "in"}, events()))

    assert [place for place, text in pieces if "in" in json.loads(text)] == [ENCRYPTED, ENCRYPTED]
    assert [place for place, _ in pieces] == [
        "execution",
        ENCRYPTED,
        ENCRYPTED,
        "history: TaskStateEntered in 'Are details Proper'",
        "history: TaskFailed in 'Are details Proper'",
    ]
