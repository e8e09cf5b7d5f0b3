import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.cards import is_identifier, looks_like_card, masked, passes_luhn, without_cards

CARDS = {
    "Visa": "4242424242424242",
    "Mastercard": "5555555555554444",
    "Mastercard, 2 series": "2223003122003222",
    "American Express": "378282246310005",
    "Diners": "30569309025904",
    "Discover": "6011111111111117",
    "JCB": "3530111333300000",
    "Maestro": "6759649826438453",
    "Visa, 19 digits": "4000000000000000006",
}


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
@pytest.mark.parametrize("around", ["{}", "no {}!", "x{}y", "'{}'", "\n{}\n", "0x{}", "CC={}&"])
def test_a_card_number_is_seen_whatever_stands_around_it(card, around):
    assert looks_like_card(around.format(card))


@pytest.mark.parametrize(
    "text",
    [
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "4242\u00a04242\u00a04242\u00a04242",
        "4242\u200b4242\u200b4242\u200b4242",
        "4242, 4242, 4242, 4242",
        "3782 822463 10005",
        "3056 930902 5904",
        "4000 0000 0000 0000 006",
        "４２４２４２４２４２４２４２４２",
        "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "4242 - 4242 - 4242 - 4242",
        "42424242 42424242",
        "4242 42424242 4242",
        "424242 4242424242",
        "x4242 4242 4242 4242",
        "4242 4242 4242 4242x",
        "4242424242424242aaaaaaaaaaaaaaaa",
        "2026-11-21, 4242 4242 4242 4242",
    ],
)
def test_a_card_number_is_seen_as_cards_print_it_and_in_any_script(text):
    assert looks_like_card(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "O'Brien",
        "T-123456789012",
        "20261121040000123",
        "1732180000000000000",
        "4006381333931",
        "2026-11-21 10:00:00",
        "+49 30 1234 5678",
        "550e8400-e29b-41d4-a716-446655440000",
        "12345678-1234-4123-8123-446655440000",
        "2026-11-21 - 2026-12-24",
        "030 1234567, 030 7654321",
        "4242 4242 4242 421x",
        "80000",
    ],
)
def test_what_people_write_and_programs_count_is_no_card_number(text):
    assert not looks_like_card(text)


@pytest.mark.parametrize("card", [*CARDS.values(), "4222222222222"])
def test_the_check_digit_of_a_card_number_is_right_and_no_other_digit_would_be(card):
    """Maestro's has a 9 that is not doubled."""
    others = [card[:-1] + digit for digit in "0123456789" if digit != card[-1]]

    assert passes_luhn(card)
    assert not any(passes_luhn(other) for other in others)


@given(st.uuids(version=4))
def test_a_uuid_is_an_identifier_with_and_without_dashes(identifier: uuid.UUID):
    for text in (str(identifier), identifier.hex):
        assert is_identifier(text) or not set(text) & set("abcdef")


@pytest.mark.parametrize("text", ["", "4242424242424242", "4" * 32, "a" * 31, "a" * 65, "x" * 32, "a" * 32 + "\n"])
def test_other_text_is_no_identifier(text):
    assert not is_identifier(text)


@given(st.sampled_from(list(CARDS.values())), st.text(max_size=20), st.text(max_size=20))
def test_a_masked_text_never_holds_the_number(card, before, after):
    assert card not in masked(before + card + after)


def test_what_is_masked_keeps_the_rest():
    assert masked("order A-1, card 4242 4242 4242 4242, price ١٢.50") == "order A-1, card #, price ١٢.50"
    assert masked("４２４２４２４２４２４２４２４２") == "#"


@pytest.mark.parametrize(
    ("digits", "hidden"), [("123456789012", False), ("1234567890123", True), ("4222222222222", True)]
)
def test_a_run_of_thirteen_digits_is_masked_in_logs(digits, hidden):
    assert masked(f"number {digits}.") == ("number #." if hidden else f"number {digits}.")


@pytest.mark.parametrize(
    "text",
    [
        "{apart}, Visa no. x {whole}",
        "{whole} and {printed} and {apart}",
        "{apart} and {printed} and {whole}",
        "{printed} and {apart} and {whole}",
    ],
)
def test_people_are_shown_no_card_number_in_whatever_order_several_stand(text):
    cards = {"whole": "4242424242424242", "printed": "5555 5555 5555 4444", "apart": "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2"}

    assert without_cards(text.format(**cards)) == text.format(whole="#", printed="#", apart="#")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026, 4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2", "2026, #"),
        ("7 4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2 9", "7 # 9"),
        ("12-4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2-7", "12-#-7"),
        ("٤ ٢ ٤ ٢ ٤ ٢ ٤ ٢ ٤ ٢ ٤ ٢ ٤ ٢ ٤ ٢, ٧", "#, ٧"),
        ("424242 4242424242, 555555 5555554444", "#, #"),
        ("42424242 42424242 / 378282 246310005", "# / #"),
    ],
)
def test_a_card_number_that_is_broken_up_oddly_is_hidden_next_to_other_digits(text, shown):
    assert looks_like_card(text)
    assert without_cards(text) == shown


def test_a_longer_number_that_begins_with_a_card_number_is_hidden_whole():
    assert without_cards("4242 4242 4242 4242, 6d") == "#d"


def test_people_are_shown_every_number_but_card_numbers():
    text = "order 1763709340123457, card 4242 4242 4242 4242 or 4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2"

    assert without_cards(text) == "order 1763709340123457, card # or #"
    assert without_cards("31234567891234a890abcdefabcdef12") == "31234567891234a890abcdefabcdef12"
