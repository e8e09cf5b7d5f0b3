import sys
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.cards import groups_of, is_identifier, is_split_card, looks_like_card, masked, passes_luhn, without_cards

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
def test_a_card_number_is_found_within_any_text(card, around):
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
        "42424242-42424242",
        "4242 42424242 4242",
        "424242 4242424242",
        "424242424242 4242",
        "+4242424242424242",
        "x4242 4242 4242 4242",
        "4242 4242 4242 4242x",
        "4242424242424242aaaaaaaaaaaaaaaa",
        "2026-11-21, 4242 4242 4242 4242",
    ],
)
def test_a_card_number_is_found_in_printed_groups_and_in_any_script(text):
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
        "1234 5678 9012 3452",
        "1234 567890 12347",
        "80000",
    ],
)
def test_ordinary_texts_and_numbers_are_not_card_numbers(text):
    assert not looks_like_card(text)


@pytest.mark.parametrize("card", [*CARDS.values(), "4222222222222"])
def test_only_the_right_check_digit_passes(card):
    """The Maestro number has a 9 that is not doubled."""
    others = [card[:-1] + digit for digit in "0123456789" if digit != card[-1]]

    assert passes_luhn(card)
    assert not any(passes_luhn(other) for other in others)


@given(st.uuids(version=4))
def test_a_uuid_is_an_identifier_with_and_without_dashes(identifier: uuid.UUID):
    for text in (str(identifier), identifier.hex):
        assert is_identifier(text) or not set(text) & set("abcdef")


@pytest.mark.parametrize("text", ["", "4242424242424242", "4" * 32, "a" * 31, "a" * 65, "x" * 32, "a" * 32 + "\n"])
def test_other_texts_are_not_identifiers(text):
    assert not is_identifier(text)


@given(st.sampled_from(list(CARDS.values())), st.text(max_size=20), st.text(max_size=20))
def test_a_masked_text_never_contains_the_number(card, before, after):
    assert card not in masked(before + card + after)


def test_masking_keeps_the_rest_of_the_text():
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
def test_several_card_numbers_are_hidden_in_any_order(text):
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
def test_a_card_number_in_odd_groups_is_hidden_next_to_other_digits(text, shown):
    assert looks_like_card(text)
    assert without_cards(text) == shown


@pytest.mark.parametrize(
    "card",
    [
        "4242 4242 4242 4242",
        "6759 6498 2643 8453 3",
        "6212 3456 7890 1234 57",
        "4000 1234 5678 9012 343",
        "622202 1234567890128",
        "3782 822463 10005",
        "3056 930902 5904",
        "4242 - 4242 - 4242 - 4242",
    ],
)
@pytest.mark.parametrize("around", ["{}", "7 {} 9", "7, {}, 9", "x {} y"])
def test_exactly_the_groups_of_a_printed_card_number_are_hidden_among_other_groups(card, around):
    assert without_cards(around.format(card)) == around.format("#")


@pytest.mark.parametrize("card", ["30569309025904", *CARDS.values(), "67596498264384533", "621234567890123457"])
@pytest.mark.parametrize("around", ["{}", "1 {}", "{} 1"])
def test_exactly_the_digits_of_a_card_number_are_hidden_in_a_row_of_single_digits(card, around):
    assert without_cards(around.format(" ".join(card))) == around.format("#")


def test_a_long_row_of_single_digits_is_hidden_as_a_whole():
    """A search of these rows would take too long."""
    assert without_cards("x " + "1 " * 21 + "y") == "x # y"
    assert not looks_like_card("x " + "1 " * 20 + "y")


@pytest.mark.parametrize("digit", ["٤", "४", "²", "④", "𝟜"])
@pytest.mark.parametrize("card", ["4242424242424242", "4242    4242    4242    4242"])
def test_a_card_number_is_hidden_next_to_digits_of_another_script(digit, card):
    assert without_cards(f"{digit}{card}") == f"{digit}#"
    assert without_cards(f"{card}{digit}") == f"#{digit}"


def test_a_card_number_is_hidden_next_to_an_iban_and_a_parcel_number():
    text = "IBAN DE89 3704 0044 0532 0130 00, parcel 9405 4242 4242 4242 4242 42, card {}"

    assert without_cards(text.format("4242 4242 4242 4242, done")) == text.format("#, done")


def test_people_see_all_numbers_except_card_numbers():
    text = "order 1763709340123457, card 4242 4242 4242 4242 or 4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2"

    assert without_cards(text) == "order 1763709340123457, card # or #"


@pytest.mark.parametrize(
    "text",
    ["4242424242424242aaaaaaaaaaaaaaaa", "aaaaaaaa-4242-4242-4242-424200000000", "31234567891234a890abcdefabcdef12"],
)
def test_people_see_identifiers_whatever_digits_are_in_them(text):
    assert without_cards(text) == text


@pytest.mark.parametrize(
    ("text", "groups"),
    [("", []), ("42", ["42"]), ("42-７, 042", ["42", "7", "042"]), ("42 x", []), ("é42", []), ("#!", [])],
)
def test_the_groups_of_a_text_without_letters_are_read(text, groups):
    assert groups_of(text) == groups


def test_two_card_numbers_that_touch_are_hidden_one_by_one():
    assert without_cards("&#52;&#50;" * 8 + "NDI0MjQyNDI0MjQyNDI0Mg") == "##"


@pytest.mark.parametrize(
    "text",
    [
        "4242          4242\t\t4242\n\n4242",
        "4242\u3000\u3000\u3000\u30004242\u00a0\u2003\u00a0 42424242",
        "⁴²⁴²⁴²⁴²⁴²⁴²⁴²⁴²",
        "₄₂₄₂ ₄₂₄₂ ₄₂₄₂ ₄₂₄₂",
        "④②④②④②④②④②④②④②④②",
        "⑷⑵⑷⑵ ⑷⑵⑷⑵ ⑷⑵⑷⑵ ⑷⑵⑷⑵",
        "㊱⑫⑫⑫⑫⑫⑯",
        "4242\x1f\x1f\x1f\x1f4242\u2028\u2028\u2028\u20284242\u2029\u2029\u2029\u20294242",
        "⒋⒉⒋⒉⒋⒉⒋⒉⒋⒉⒋⒉⒋⒉⒋⒉",
        "𝟜𝟚𝟜𝟚𝟜𝟚𝟜𝟚𝟜𝟚𝟜𝟚𝟜𝟚𝟜𝟚",
        "❹➁➃❷⓸⓶④②4²₄２٤২𝟰🯲",
        "㊷㊷㊷㊷㊷㊷㊷㊷",
        "4\ufe0f\u20e32\ufe0f\u20e3 " * 8,
        "4\u03322\u0332" * 8,
        "4\u0332\u0333\u0334\u03352\u0332\u0333\u0334\u0335" * 8,
        "4\u00ad\u00ad\u00ad\u00ad2\u00ad\u00ad\u00ad\u00ad" * 8,
        "4\u20dd\u20dd\u20dd\u20dd2\u20dd\u20dd\u20dd\u20dd" * 8,
        "42\u200b42\u200b4\u200d24242424242",
        "42 42 42 42 42 42 42 42",
        "622202 1234567890128",
    ],
)
def test_a_card_number_is_found_in_every_style_of_digits_and_with_any_number_of_blanks(text):
    assert looks_like_card(text)
    for hide in (masked, without_cards):
        assert hide(f"x {text} y").startswith("x #")
        assert not looks_like_card(hide(text))


@pytest.mark.parametrize(
    "text",
    [
        "Ⅳ Ⅱ " * 8,
        "4½ 2½ " * 7,
        "四二四二四二四二四二四二四二四二",
        "m² " * 16,
        "① one ② two ③ three " * 3,
        "5¹⁄₂ x 4 " * 5,
        "4௱௱௱௱105",
    ],
)
def test_letter_numerals_fractions_and_numbered_lists_are_not_digits_of_a_card(text):
    assert not looks_like_card(text)


@pytest.mark.parametrize("length", range(12, 21))
@pytest.mark.parametrize(
    "begins", ["30", "34", "36", "4", "51", "2221", "2721", "3527", "3528", "50", "59", "62", "7", "1"]
)
def test_first_digits_count_only_with_their_issuers_lengths(begins, length):
    lengths = {
        **{"30": {14}, "36": {14, 16}, "34": {15}, "4": {16, 19}, "51": {16}, "2221": {16}, "3528": {16, 19}},
        **{"50": {16, 19}, "59": {16, 19}, "62": {16, 17, 18, 19}},
    }
    body = begins + "9" * (length - len(begins) - 1)
    card = next(body + digit for digit in "0123456789" if passes_luhn(body + digit))

    assert looks_like_card(card) is (length in lengths.get(begins, set()))


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("4242424242424243", True),
        ("4242 4242 4242 4243", True),
        ("378282246310006", True),
        ("3782-822463-10006", True),
        ("4242.4242.4242.4243", True),
        ("4242_4242_4242_4243", True),
        ("4242/4242/4242/4243", False),
        ("x4242424242424243", False),
        ("4000 3000 2500 1800", False),
        ("30569309025905", False),
        ("4000000000000000007", False),
        ("424242 4242424243", False),
        ("4242 4242 4242 4243x", False),
        ("+3782 822463 10006", False),
    ],
)
def test_any_check_digit_counts_only_in_one_run_or_in_printed_groups(text, counts):
    assert looks_like_card(text) is (without_cards(text) != text) is counts
    assert not looks_like_card(text, any_check_digit=False)


@pytest.mark.parametrize(
    "text",
    [
        "IBAN DE12 5001 0517 0648 4898 90",
        "SIRET 362 521 879 00035",
        "4242424242424 242",
        "4000 4000 4500 3500",
        "36 37 38 39 40 43 49",
        "38 22 14 13 12 11 10",
        "301226 12345674",
        "3612 20261121 10",
        "30-11-2026-14-30-13",
        "+36 30 123 4567 8900",
        "+378282246310005",
        "SMS to +6136234800: 850850",
        "Order 4529329612-000056 is late",
        "A4529329612_000056x",
        "23.11.2026 - 27.11.2026",
        "30/11/2026 14:30:15",
        "9405 5036 9930 0123 4567 89",
        "9405 4242 4242 4242 4242 42",
        "356938035643809",
        "503-8153781-8423834",
    ],
)
def test_ibans_parcel_and_phone_numbers_are_not_card_numbers(text):
    assert not looks_like_card(text)


def test_a_card_number_is_found_in_an_iban_with_wrong_check_digits():
    assert not looks_like_card("AT61 1904 3002 3457 3201")
    assert looks_like_card("AT62 4242 4242 4242 4242")


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("424242424242", "4242", True),
        ("4242", "424242424242", True),
        ("4242 4242", "4242-4242", True),
        ("⁴²⁴²", "４２４２４２４２４２４２", True),
        ("42424242424", "24242", True),
        ("4242424242424242", "", False),
        ("Jo 4242", "424242424242", False),
        ("4242", "424242424243", False),
        ("4000 3500", "2500 1800", False),
        ("4000 4000", "4500 3500", False),
        ("4242", "424242424242 Jo", False),
    ],
)
def test_a_card_number_may_be_split_over_two_texts_without_letters(first, second, together):
    assert is_split_card(first, second) is together


HOSTILE = [
    "4 2",
    "42 ",
    "4" * 5,
    "4242 ",
    "9 4 ",
    "DE12 3456 ",
    "4\u200b",
    " " * 3 + "4",
    "+4 2",
    "①\u3000",
    "4-4.",
    "9400 1234 ",
    "%34",
    "%25",
    "&#52;",
    "\\u0034",
    "MTIz",
    "34",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_search_takes_at_most_about_twice_as_many_steps_for_a_text_of_double_length(piece):
    """Counts executed lines of Python. Regular expressions are left out: none can match a text in two ways."""

    def steps(length: int) -> int:
        count = 0

        def tracer(frame, event, arg):
            nonlocal count
            count += 1
            return tracer

        text = (piece * length)[:length]
        sys.settrace(tracer)
        try:
            looks_like_card(text)
        finally:
            sys.settrace(None)
        return count

    assert steps(4_000) < 2.5 * steps(2_000) + 1_000


def iban(account: str) -> str:
    """An IBAN in groups of four, with the right check digits (ISO 13616-1)."""
    check = 98 - int(account + "131400") % 97
    text = f"DE{check:02}{account}"
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@pytest.mark.parametrize("rest", ["00", "17", "42", "99"])
def test_an_iban_may_have_the_digits_of_a_card_number(rest):
    right = iban(f"4242424242424242{rest}")
    wrong = f"DE{(int(right[2:4]) + 1) % 100:02}{right[4:]}"

    assert not looks_like_card(f"to {right}, please")
    assert looks_like_card(f"to {wrong}, please")


def test_odd_groups_are_a_card_number_only_if_the_same_separator_is_between_them():
    assert looks_like_card("42424-24242-424242")
    assert looks_like_card("40001-23456-78901-2343"), "the longest number has 19 digits"
    assert not looks_like_card("42424-24242 424242")
    assert not looks_like_card("42424-24242.424242")
