import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders import mask

NAMES = st.text("abcXYZ019.!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=64)
LABELS = st.text("abcxyz019-", min_size=1, max_size=20)
DOMAINS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ada@example.com", "a…@example.com"),
        ("a@example.com", "a…@example.com"),
        ('"a@b"@example.com', '"…@example.com'),
        ("ada", "…"),
        ("@example.com", "…"),
        ("ada@", "…"),
        ("", "…"),
    ],
)
def test_an_address_shows_its_first_letter_and_domain(address, shown):
    assert mask.email(address) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+15555550100", "+1…0100"),
        ("+79161234567", "+7…4567"),
        ("+4915112345678", "+49…5678"),
        ("+353861234567", "+353…4567"),
        ("+2901234", "+290…34"),
        ("+1234567", "+1…567"),
        ("+123456", "…"),
        ("0151 12345678", "…"),
        ("+1555555010x", "…"),
        ("+15555550100\n", "…"),
        ("+１5555550100", "…"),
        ("", "…"),
    ],
)
def test_a_number_shows_its_country_and_last_digits(number, shown):
    assert mask.phone(number) == shown


@given(name=NAMES, domain=DOMAINS)
def test_any_address_shows_nothing_more(name, domain):
    assert mask.email(f"{name}@{domain}") == f"{name[0]}…@{domain}"


@given(number=NUMBERS)
def test_any_number_shows_nothing_more(number):
    shown = re.fullmatch(r"\+([0-9]{1,3})…([0-9]{1,4})", mask.phone(number))

    assert shown
    country, last = shown.groups()
    assert number.startswith(f"+{country}") and number.endswith(last)
    rest = len(number) - 1 - len(country)
    assert len(last) == min(4, rest // 2)


@given(text=st.text(max_size=50))
def test_an_invalid_address_shows_nothing_more(text):
    assert len(mask.email(text)) <= len(text) + 1
    assert mask.phone(text) == "…" or text.startswith("+")


@given(name=NAMES, domain=DOMAINS, number=NUMBERS)
def test_a_services_error_text_is_shown_without_addresses(name, domain, number):
    said = f"Not verified: {name}@{domain}, b@b.c; PhoneNumber Reason: {number} is not valid, '{number}'"

    shown = mask.text(said)

    hidden = mask.phone(number)
    expected = f"Not verified: {name[0]}…@{domain}, b…@b.c; PhoneNumber Reason: {hidden} is not valid, '{hidden}'"
    assert shown == expected


def test_a_text_without_an_address_does_not_change():
    said = "Rate exceeded (request 2c1f-4242), at 2027-01-27T09:00:00+01:00, @ noon"

    assert mask.text(said) == said
