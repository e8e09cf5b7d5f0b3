import pytest

from reminders.errors import InvalidReminderError
from reminders.validation import check_addresses


@pytest.mark.parametrize(
    ("preference", "given", "missing"),
    [
        ("email", {"phone"}, "email"),
        ("sms", {"email"}, "phone"),
        ("both", {"email"}, "phone"),
        ("both", {"phone"}, "email"),
    ],
)
def test_a_preference_needs_its_address(preference, given, missing):
    with pytest.raises(InvalidReminderError) as caught:
        check_addresses({"preference": preference, **dict.fromkeys(given, "x")})

    assert caught.value.field == missing


@pytest.mark.parametrize(
    ("preference", "given"), [("email", {"email"}), ("sms", {"phone"}), ("both", {"email", "phone"}), ("topic", set())]
)
def test_a_preference_with_its_address_is_accepted(preference, given):
    check_addresses({"preference": preference, **dict.fromkeys(given, "x")})
