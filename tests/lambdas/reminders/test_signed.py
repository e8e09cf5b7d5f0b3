"""Signed texts: the tokens of links and the tags of mails."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from reminders import mail_tag, signed, stop_link

KEY = "0123456789abcdef" * 2
DUE = datetime(2027, 1, 27, 8, tzinfo=UTC)
TEXT = signed.write("a purpose", "r-1", 7, KEY)


def test_a_text_says_what_was_written():
    found = signed.read(TEXT)

    assert found and (found.reminder_id, found.number, len(found.signature)) == ("r-1", 7, 16)
    assert re.fullmatch("[A-Za-z0-9_-]+", TEXT)


def test_a_text_is_the_same_as_in_mails_that_were_sent_before():
    assert TEXT == "s0PJYEtX__fH3XBf24buqgAAAAAHci0x"


@pytest.mark.parametrize(
    ("purpose", "reminder_id", "number", "key", "is_valid"),
    [
        ("a purpose", "r-1", 7, KEY, True),
        ("another", "r-1", 7, KEY, False),
        ("a purpose", "r-2", 7, KEY, False),
        ("a purpose", "r-1", 8, KEY, False),
        ("a purpose", "r-1", 7, "f" * 32, False),
        ("a purpose", "r-1", 7, "", False),
        ("a purpose", "r-1", 7, None, False),
    ],
)
def test_a_text_is_valid_for_one_purpose_reminder_number_and_key(purpose, reminder_id, number, key, is_valid):
    found = signed.read(TEXT)
    assert found

    other = found._replace(reminder_id=reminder_id, number=number)

    assert signed.is_valid(other, purpose, key) == is_valid


def test_a_text_that_is_signed_without_a_key_is_invalid():
    found = signed.read(signed.write("a purpose", "r-1", 7, ""))

    assert found and not signed.is_valid(found, "a purpose", "")


@pytest.mark.parametrize(
    "text",
    ["", "A" * 29, "A" * 257, TEXT + "=", TEXT + "\n", "é" * 40, "A" * 33, "____" * 12],
    ids=["empty", "short", "long", "padded", "two lines", "no ASCII", "no Base64", "no UTF-8"],
)
def test_any_other_text_is_not_read(text):
    assert signed.read(text) is None


@pytest.mark.parametrize("reminder_id", ["r", "n" * 80, "ü" * 80])
def test_a_reminder_with_any_id_has_a_link_and_a_tag(reminder_id):
    link = signed.read(stop_link.token_of(reminder_id, KEY, due=DUE))
    tag = signed.read(mail_tag.tag_of(reminder_id, KEY, occurrence=3))

    assert link and (link.reminder_id, link.number) == (reminder_id, int((DUE + timedelta(days=30)).timestamp()))
    assert tag and (tag.reminder_id, tag.number) == (reminder_id, 3)
    assert mail_tag.is_valid(tag, KEY) and stop_link.is_valid(link, KEY, now=DUE)
    assert not mail_tag.is_valid(link, KEY) and not stop_link.is_valid(tag._replace(number=link.number), KEY, now=DUE)


def test_an_id_that_is_too_long_has_no_tag():
    longest, longer = "n" * 171, "n" * 172

    assert len(mail_tag.tag_of(longest, KEY, occurrence=1)) == 256
    assert mail_tag.tag_of(longer, KEY, occurrence=1) == ""


def test_a_link_expires_30_days_after_its_reminder_was_due():
    token = signed.read(stop_link.token_of("r-1", KEY, due=DUE))
    assert token

    assert stop_link.is_valid(token, KEY, now=DUE + timedelta(days=30, seconds=-1))
    assert not stop_link.is_valid(token, KEY, now=DUE + timedelta(days=30))


def test_a_text_with_any_last_letter_is_read():
    texts = {signed.write("a purpose", f"r-{number}", number, KEY): f"r-{number}" for number in range(300)}

    assert {text: found.reminder_id for text in texts if (found := signed.read(text))} == texts


def test_each_reminder_has_a_random_key():
    first, second = stop_link.new_key(), stop_link.new_key()

    assert first != second
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in (first, second))
