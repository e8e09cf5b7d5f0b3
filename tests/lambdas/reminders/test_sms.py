import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.errors import InvalidReminderError
from reminders.sms import LONGEST_GSM, LONGEST_UCS2, check, segments, text_of

SENDABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("“Feed” the ‘cat’ – now…", "\"Feed\" the 'cat' - now..."),
        ("l’été à 9\u202f h «\u00a0ici\u00a0»", 'l\'été à 9  h " ici "'),
        ("one\ttwo", "one two"),
        ("Zoë’s cat", "Zoë’s cat"),
        ("“Feed” the 🐈 – now…", "“Feed” the 🐈 – now…"),
        ("Größe: 5 € {Ñandú}", "Größe: 5 € {Ñandú}"),
        ("{% $states.input %}", "{% $states.input %}"),
    ],
)
def test_quotes_and_dashes_become_plain_if_the_text_then_fits_the_gsm_alphabet(message, text):
    assert text_of(message) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # 153 is odd, and an escape stays with its letter. So one part has 76 of these characters.
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("🐈" * 35, 1),
        ("🐈" * 36, 2),
        ("🐈" * 66, 2),
        ("🐈" * 67, 3),
        ("a" * 159 + "ж", 3),
        ("a" * LONGEST_GSM, 10),
        ("ж" * LONGEST_UCS2, 10),
    ],
)
def test_a_text_has_the_number_of_parts_that_is_charged(text, parts):
    assert segments(text) == parts


@given(message=SENDABLE)
def test_the_sent_text_has_no_more_parts_than_the_message(message):
    assert segments(text_of(message)) <= segments(message)


@given(message=SENDABLE)
def test_making_a_text_plain_twice_changes_nothing_more(message):
    assert text_of(text_of(message)) == text_of(message)


@pytest.mark.parametrize("message", ["a" * LONGEST_GSM, "€" * (LONGEST_GSM // 2), "ж" * LONGEST_UCS2, "“" * 1400])
def test_the_longest_texts_are_accepted(message):
    check(message)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("a" * 1531, "is too long for a text message: it takes 1531 characters, and the limit is 1530"),
        ("€" * 766, "is too long for a text message: it takes 1532 characters, and the limit is 1530"),
        ("…" * 511, "is too long for a text message: it takes 1533 characters, and the limit is 1530"),
        (
            "ж" * 631,
            "is too long for a text message: it takes 631 characters, and the limit is 630, or 1530 if all characters"
            " are in the GSM alphabet",
        ),
        (
            "a" * 629 + "🐈",
            "is too long for a text message: it takes 631 characters, and the limit is 630, or 1530 if all characters"
            " are in the GSM alphabet",
        ),
    ],
)
def test_a_longer_text_is_refused_with_its_size(message, problem):
    with pytest.raises(InvalidReminderError) as caught:
        check(message)

    assert (caught.value.field, str(caught.value)) == ("message", problem)
