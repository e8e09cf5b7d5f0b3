"""Measures the rules for card numbers with both corpora."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from orders.rules import fields_with_card
from reminders.errors import InvalidReminderError
from reminders.validation import check_texts
from tests.corpora.cards import Cards
from tests.corpora.ordinary import Ordinary

ORDER = {"OrderId": "A-1", "Name": "Jo", "ItemName": "Keyboard", "Price": "12.50", "CC": "4242424242424242"}


class Line(NamedTuple):
    """One part of a corpus. `wrong` has the ordinary texts that are refused, or the card numbers that are not found."""

    corpus: str
    size: int
    taken_for_cards: int
    wrong: list[Any]


def measured(*, seed: int) -> Iterator[Line]:
    """Measures each part of both corpora."""
    ordinary, cards = Ordinary(seed), Cards(seed)
    yield _line("order numbers", ({"OrderId": one} for one in ordinary.order_ids()), are_cards=False)
    yield _line("names", ({"Name": one} for one in ordinary.names()), are_cards=False)
    yield _line("items", ({"ItemName": one} for one in ordinary.items()), are_cards=False)
    yield _line("prices", ({"Price": one} for one in ordinary.prices()), are_cards=False)
    yield _line("whole orders", whole_orders(ordinary, 5_000), are_cards=False)
    yield _line("reminders", ({"message": one} for one in ordinary.messages()), are_cards=False)
    yield _line("tokens and links", ({"message": one} for one in ordinary.encoded()), are_cards=False)
    yield _line("cards in a text of an order", ({"Name": one} for one in cards.texts()), are_cards=True)
    yield _line("cards in a reminder", ({"message": one} for one in cards.texts(2)), are_cards=True)
    yield _line("encoded cards in an item", ({"ItemName": one} for one in cards.encoded()), are_cards=True)
    yield _line("cards as an order number", ({"OrderId": one} for one in cards.order_ids()), are_cards=True)
    yield _line("cards in two fields", cards.splits(), are_cards=True)


def whole_orders(ordinary: Ordinary, count: int) -> Iterator[dict[str, Any]]:
    parts = ordinary.order_ids(5), ordinary.names(5), ordinary.items(5), ordinary.prices(5)
    for _ in range(count):
        chosen = (ordinary.random.choice(part) for part in parts)
        yield {**dict(zip(("OrderId", "Name", "ItemName", "Price"), chosen, strict=True)), "CC": ORDER["CC"]}


def is_taken_for_card(fields: dict[str, Any]) -> bool:
    """Whether the rules refuse an order or a reminder with these fields because of a card number."""
    if "message" not in fields:
        return bool(fields_with_card({**ORDER, **fields}))
    try:
        check_texts(fields)
    except InvalidReminderError:
        return True
    return False


def _line(corpus: str, texts: Iterable[dict[str, Any]], *, are_cards: bool) -> Line:
    verdicts = [(one, is_taken_for_card(one)) for one in texts]
    return Line(
        corpus,
        len(verdicts),
        sum(taken for _, taken in verdicts),
        [one for one, taken in verdicts if taken != are_cards],
    )
