"""A text needs a character that people can see. Invisible characters within a text are allowed."""

import pytest

from common.texts import has_noncharacter, is_broken, is_visible, shown_name
from tests.support.texts import INVISIBLE, VISIBLE


def test_blanks_format_characters_fillers_and_lone_marks_are_not_visible():
    assert [text for text in INVISIBLE if is_visible(text)] == []


def test_letters_of_every_script_signs_and_emoji_are_visible():
    assert [text for text in VISIBLE if not is_visible(text)] == []


@pytest.mark.parametrize("name", ["4242 4242", "٤٢٤٢", "４２４２", "𝟒𝟐", "⁴²⁴²", "④②", "Ⅳ", "四二", "½"])
def test_the_shown_name_of_a_field_has_no_digits_of_any_kind(name):
    assert set(shown_name(name)) <= {"#", " "}


def test_the_shown_name_of_a_field_is_short_and_printable():
    assert shown_name("a\nb\u200bc") == "#?#?#"
    assert (shown_name("x" * 20), shown_name("x" * 70)) == ("x" * 20, "#" * 64)


@pytest.mark.parametrize("text", ["\ufffd", "\ud800", "\udfff", "a\udbffb", "\udc00"])
def test_a_text_with_unreadable_bytes_or_half_of_a_pair_is_broken(text):
    assert is_broken(text)


@pytest.mark.parametrize("text", ["", "a", "\ud7ff", "\ue000", "\ufffc", "\ufffe", "🐈"])
def test_other_texts_are_not_broken(text):
    assert not is_broken(text)


@pytest.mark.parametrize(
    "text", ["\ufdd0", "\ufdef", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff", "a\ufdd1", "\ufddfa"]
)
def test_code_points_that_no_character_has_are_found(text):
    assert has_noncharacter(text)


@pytest.mark.parametrize("text", ["", "a", "\ufdcf", "\ufdf0", "\ufffd", "\U0001fffd", "\U00020000"])
def test_code_points_beside_them_are_characters(text):
    assert not has_noncharacter(text)


@pytest.mark.parametrize("text", ["\u2065", "\ufff0", "\ufff8", "\U000e0000", "\U000e0fff"])
def test_unassigned_code_points_that_programs_ignore_are_not_visible(text):
    assert not is_visible(text)


@pytest.mark.parametrize("text", ["\uffef", "\U000dfffd", "\U000e1000"])
def test_other_unassigned_code_points_are_visible(text):
    assert is_visible(text)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Qty", "Qty"),
        ("ada.lovelace@example.com", "###.########@#######.###"),
        ("Ada Lovelace", "### ########"),
        ("Zoë\u00a0O'Brien", "###?#'#####"),
        ("a@1", "#@#"),
        ("QWRhIExvdmVs=", "############="),
        ("QWRhIExvdmVsYWNlLCBBZGE", "#######################"),
        ("wait-seconds_from.now", "####-#######_####.###"),
        ("wait_seconds_from.it", "wait_seconds_from.it"),
    ],
)
def test_the_shown_name_of_a_field_has_no_name_and_no_address_of_a_person(name, shown):
    assert shown_name(name) == shown
