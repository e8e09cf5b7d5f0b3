"""Runs both corpora through the rules of orders and reminders, and samples through the log mask and the workflow."""

import pytest

from common.cards import looks_like_card, masked
from orders.rules import fields_with_card
from tests.corpora.cards import Cards
from tests.corpora.measure import ORDER, Line, measured, whole_orders
from tests.corpora.ordinary import Ordinary
from tests.support.workflows.asl import load, walked

SEED = 20261125
MACHINE = load("order_fulfillment.asl.json")


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return list(measured(seed=SEED))


@pytest.mark.long
def test_no_ordinary_text_is_refused_and_every_card_number_is_found(lines):
    assert {line.corpus: line.wrong[:5] for line in lines if line.wrong} == {}


@pytest.mark.long
def test_the_corpora_are_large(lines):
    sizes = {line.corpus: line.size for line in lines}

    assert sizes["order numbers"] >= 10_000
    assert sum(size for corpus, size in sizes.items() if corpus.startswith("cards")) >= 10_000


def test_no_card_number_is_left_in_a_masked_text():
    cards = Cards(SEED)

    kept = [text for text in cards.texts(1) if not looks_like_card(text) or looks_like_card(masked(text))]

    assert kept == []


def is_taken(order):
    """Whether the order workflow accepts an order."""
    place, variables = walked(MACHINE, order)
    assert variables.get("failure") in (None, {"State": "Is it an order", "Error": "CardNumberInTextError"}), order
    return place == "Update the order table"


def test_the_workflow_accepts_ordinary_orders():
    ordinary = Ordinary(SEED)
    orders = [{**one, "Price": str(one["Price"])} for one in whole_orders(ordinary, 60)]
    orders += [ORDER | {"Name": text} for text in ordinary.messages(1)]
    orders += [ORDER | {"OrderId": text} for text in ordinary.order_ids(1)]

    assert [one for one in orders if not fields_with_card(one) and not is_taken(one)] == []


@pytest.mark.long
def test_the_workflow_finds_card_numbers_in_the_digits_0_to_9():
    cards = Cards(SEED)
    texts = [text for text in cards.texts(1) if text.isascii()]
    orders = [ORDER | {"Name": text} for text in cards.random.sample(texts, 60)]
    orders += [ORDER | {"OrderId": text} for text in cards.order_ids(2)]
    orders += [ORDER | fields for fields in cards.splits(5)]

    assert [one for one in orders if is_taken(one)] == []
