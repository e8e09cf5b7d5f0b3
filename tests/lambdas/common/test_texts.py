"""A text needs a character that people can see. Invisible characters within a text are allowed."""

import pytest

from common.texts import is_visible, shown_name
from tests.support.texts import INVISIBLE, VISIBLE


def test_blanks_format_characters_fillers_and_lone_marks_are_not_visible():
    assert [text for text in INVISIBLE if is_visible(text)] == []


def test_letters_of_every_script_signs_and_emoji_are_visible():
    assert [text for text in VISIBLE if not is_visible(text)] == []


@pytest.mark.parametrize("name", ["4242 4242", "٤٢٤٢", "４２４２", "𝟒𝟐", "⁴²⁴²", "④②", "Ⅳ", "四二", "½"])
def test_the_shown_name_of_a_field_has_no_digits_of_any_kind(name):
    assert set(shown_name(name)) <= {"#", " "}
