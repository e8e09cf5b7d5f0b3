"""A card number is also found if the text encodes it."""

import base64

import pytest

from common.cards import looks_like_card, masked, without_cards
from common.encoded import decoded

ENCODED = {
    "base64": "NDI0MjQyNDI0MjQyNDI0Mg==",
    "base64 without padding": "NDI0MjQyNDI0MjQyNDI0Mg",
    "base64 of 14 digits": "MzA1NjkzMDkwMjU5MDQ=",
    "base64 of 15 digits": "Mzc4MjgyMjQ2MzEwMDA1",
    "base64 of groups": "NDI0MiA0MjQyIDQyNDIgNDI0Mg",
    "base64 of JSON": "eyJDQyI6ICI0MjQyNDI0MjQyNDI0MjQyIn0=",
    "base64 of full-width digits": "77yU77yS77yU77yS77yU77yS77yU77yS77yU77yS77yU77yS77yU77yS77yU77yS",
    "base64 for URLs, with other text": "w78_NDI0MjQyNDI0MjQyNDI0Mn4-",
    "base64 for URLs, with a dash": "eDQyNDI-PzQyNDI-PzQyNDI-PzQyNDI",
    "base64 for URLs, with an underscore": "eDQyNDI_PjQyNDI_PjQyNDI_PjQyNDI",
    "base64 of base64": "TkRJME1qUXlOREkwTWpReU5ESTBNZz09",
    "digits in a URL": "%34%32%34%32%34%32%34%32%34%32%34%32%34%32%34%32",
    "blanks in a URL": "4242%204242%204242%204242",
    "full-width digits in a URL": "%EF%BC%94%EF%BC%92" * 8,
    "a URL in a URL": "4242%25204242%25204242%25204242",
    "HTML": "&#52;&#50;" * 8,
    "HTML, hexadecimal": "&#x34;&#X32;" * 8,
    "HTML blanks": "4242&nbsp;4242&nbsp;4242&nbsp;4242",
    "JSON": "\\u0034\\u0032" * 8,
    "JSON in JSON": "\\\\uff14\\\\uff12" * 8,
    "JSON, a pair of surrogates for each digit": "\\ud835\\udfd2\\ud835\\udfd0" * 8,
    "hexadecimal": "34323432343234323432343234323432",
}


@pytest.mark.parametrize("text", ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("around", ["{}", "my card is {} thanks", "ü:{}:ü"])
def test_an_encoded_card_number_is_found_and_hidden(text, around):
    written = around.format(text)

    assert looks_like_card(written)
    assert looks_like_card(written, odd_groups=False)
    assert without_cards(written) == masked(written) == around.format("#" + "=" * text.count("="))


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz", "/a/", "-_-_"])
@pytest.mark.parametrize("after", ["", "x", "xx", "xxx", "xxxx", "=="])
@pytest.mark.parametrize("name", ["base64 without padding", "base64 of 15 digits", "base64 of groups"])
def test_a_card_number_in_base64_is_found_among_other_letters(before, after, name):
    assert looks_like_card(f"{before}{ENCODED[name]}{after}")


@pytest.mark.parametrize("before", range(4))
def test_base64_is_read_from_each_of_four_characters(before):
    """The number has 15 digits, so nothing of it can be read from another character."""
    written = "xyz"[:before] + base64.b64encode(b"378282246310005").decode()

    assert [one.text[:15] for one in decoded(written)] == ["378282246310005"]


@pytest.mark.parametrize(
    "text",
    [
        "abcdefghijklmnopqrstuvwxyz",
        "/usr/lib/python3/site-packages/botocore/client.py",
        "Aa/9" * 10,
        base64.b64encode(b"1234567890123 and more").decode(),
    ],
)
def test_words_and_base64_of_fewer_than_14_digits_are_not_decoded(text):
    assert list(decoded(text)) == []


def test_a_card_number_that_is_partly_encoded_is_hidden_and_the_rest_of_the_text_stays():
    text = "Caf&eacute; at 7&nbsp;am, 42%342424242&#52;2424\\u0032, b&uuml;ro"

    assert without_cards(text) == "Caf&eacute; at 7&nbsp;am, #, b&uuml;ro"


def test_unusual_groups_count_in_encoded_text_only_where_they_count_in_plain_text():
    encoded_text = base64.b64encode(b"42424242 42424242").decode()

    assert looks_like_card(encoded_text)
    assert not looks_like_card(encoded_text, odd_groups=False)


def test_a_wrong_check_digit_counts_in_encoded_text_only_where_it_counts_in_plain_text():
    encoded_text = base64.b64encode(b"4242424242424243").decode()

    assert looks_like_card(encoded_text)
    assert not looks_like_card(encoded_text, any_check_digit=False)


@pytest.mark.parametrize(
    "text",
    [
        "MTIzNDU2Nzg5MDEyMzQ1Ng==",  # 16 digits that no issuer gives out
        "https://example.com/a%20b?from=2026-11-21%2010%3A00&to=2026-11-21%2011%3A00",
        "Tom &amp; Jerry, 4 &times; 25 cm, 12 &euro;",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "4%32&#%u00&;\\u12",
        "%" * 40,
        "100%ff, 5%E4",
        "\\ud800 \\ude00",
        "None" * 25,  # in base64 a digit and two broken bytes, again and again
        base64.b64encode(b"4\xff2\xff" * 15).decode(),
        base64.b64encode(b"4\x012\x02" * 15).decode(),
    ],
)
def test_encoded_texts_without_a_card_number_are_accepted(text):
    assert not looks_like_card(text)
    assert without_cards(text) == text


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.replace("%", "%25").replace(" ", "%20"),
        lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    ],
    ids=["URL", "base64"],
)
def test_a_text_is_decoded_only_three_times(encode):
    """Otherwise a hostile text would take too long."""
    text = "4242 4242 4242 4242"
    for _ in range(3):
        text = encode(text)
    assert looks_like_card(text)
    assert masked(text) == "#"

    assert not looks_like_card(encode(text))


def test_a_text_in_a_log_is_decoded_only_three_times():
    text = b"4242424242424242"
    for _ in range(4):
        text = base64.b64encode(text)

    assert masked(text.decode()) == text.decode()
