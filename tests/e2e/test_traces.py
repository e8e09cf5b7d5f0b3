"""The search for planted cards finds each form of them, and nothing else. The tests need no cloud."""

import base64
import html
import json
import uuid
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from tests.support.cloud.traces import PIECE, Plants, Trace, full_width, grouped, json_escaped

PLACES = [f"place {number}" for number in range(16)]


@pytest.fixture
def plants() -> Plants:
    plants = Plants("the search")
    for place in PLACES:
        plants.card(place)
    return plants


FORMS: dict[str, tuple[Callable[[str], str], str]] = {
    "raw": (str, "plain"),
    "spaced": (grouped, "plain"),
    "dashed": (lambda card: grouped(card, "-"), "plain"),
    "dotted with blanks": (lambda card: grouped(card, ". "), "plain"),
    "with no-break spaces": (lambda card: grouped(card, "\xa0"), "plain"),
    "digit by digit": (" ".join, "plain"),
    "full-width": (full_width, "plain"),
    "beside other digits": (lambda card: f"17{card}99", "plain"),
    "cut off": (lambda card: card[: PIECE + 1], "plain"),
    "without its beginning": (lambda card: card[-PIECE:], "plain"),
    "in a URL": (lambda card: quote(grouped(card)), "escaped"),
    "in a form": (lambda card: quote_plus(grouped(card)), "plain"),
    "in a URL within a URL": (lambda card: quote(quote(grouped(card))), "escaped"),
    "digits in a URL": (lambda card: "".join(f"%{ord(digit):x}" for digit in card), "escaped"),
    "full-width in a URL": (lambda card: quote(full_width(card)), "escaped"),
    "JSON-escaped": (json_escaped, "escaped"),
    "JSON in JSON": (lambda card: json.dumps(json.dumps({"note": full_width(card)})), "escaped"),
    "HTML": (lambda card: "".join(f"&#{ord(digit)};" for digit in card), "escaped"),
    "no-break spaces in HTML": (lambda card: grouped(card, "&nbsp;"), "escaped"),
    "escaped in base64": (lambda card: base64.b64encode(json_escaped(card).encode()).decode(), "base64"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_planted_card_is_found_with_its_place_and_form(plants: Plants, form: str) -> None:
    leak, named = FORMS[form]

    found = {place: plants.traces(f'{{"note": "é {leak(plants.card(place))}."}}') for place in PLACES}

    assert found == {place: {Trace(place, named)} for place in PLACES}


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "x", "xy", "xyz", '{"CC": "', "ÿ?>", "ÿþ~~"])
@pytest.mark.parametrize("mark", ["", " ", "-"])
def test_a_card_in_base64_is_found_at_any_offset(
    plants: Plants, encode: Callable[[bytes], bytes], before: str, mark: str
) -> None:
    for place in PLACES:
        text = before + grouped(plants.card(place), mark) + "~ÿ?"

        for written in (encode(text.encode()), b"x: " + encode(text.encode()), b"ab" + encode(text.encode())):
            assert plants.traces(written) == {Trace(place, "base64")}


def test_binary_data_is_searched_too(plants: Plants) -> None:
    assert plants.traces(b"\x00\xff\xfe" + plants.card(PLACES[0]).encode() + b"\x80") == {Trace(PLACES[0], "plain")}


def test_several_cards_in_one_text_are_each_found(plants: Plants) -> None:
    first, second = (plants.card(place) for place in PLACES[:2])

    found = plants.traces(f"{first} {base64.b64encode(second.encode()).decode()}")

    assert found == {Trace(PLACES[0], "plain"), Trace(PLACES[1], "base64")}


def test_harmless_numbers_are_not_found(plants: Plants) -> None:
    others = Plants("another test")
    kept = [
        *(card[-4:] for card in plants.cards.values()),
        *(f"{card[:6]}******{card[-4:]}" for card in plants.cards.values()),
        *(f"{card[:6]}{card[-4:]}" for card in plants.cards.values()),
        *(str(uuid.uuid4()) for _ in range(1000)),
        *(uuid.uuid4().hex for _ in range(1000)),
        *(others.card(place) for place in PLACES),
        "4242424242424242",
        "2026-11-21T08:00:23.247Z",
        "1795248023247",
    ]

    assert plants.traces(json.dumps(kept)) == set()
    assert plants.traces(base64.b64encode("\n".join(kept).encode())) == set()


def test_each_place_has_its_own_card_which_passes_the_checksum(plants: Plants) -> None:
    def luhn(card: str) -> int:
        digits = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(card))]
        return sum(n - 9 if n > 9 else n for n in digits) % 10

    again = Plants("the search")

    assert len(set(plants.cards.values())) == len(PLACES)
    assert {luhn(card) for card in plants.cards.values()} == {0}
    assert {len(card) for card in plants.cards.values()} == {14, 15, 16, 19}
    assert [again.card(place) for place in PLACES] == list(plants.cards.values())


def test_a_trace_does_not_show_the_number(plants: Plants) -> None:
    found = plants.traces(" ".join(plants.cards.values()))

    assert len(found) == len(PLACES)
    assert plants.traces(html.escape(repr(found))) == set()
