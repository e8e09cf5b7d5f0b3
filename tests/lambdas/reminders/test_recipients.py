"""To whom a caller may send reminders."""

import pytest

from common import codes
from common.caller import Caller
from common.http import RequestError
from reminders.errors import InvalidReminderError
from reminders.recipients import addressed

EMAIL, PHONE = "jo@example.com", "+4915112345678"
LISTED = frozenset({"desk@example.com", "+15555550199"})


def caller(*, email: str | None = EMAIL, phone: str | None = PHONE, is_operator: bool = False) -> Caller:
    return Caller(id="jo", email=email, phone=phone, is_operator=is_operator)


@pytest.mark.parametrize(
    ("channels", "addresses"),
    [
        (["email"], {"email": EMAIL}),
        (["sms"], {"phone": PHONE}),
        (["email", "sms"], {"email": EMAIL, "phone": PHONE}),
    ],
)
def test_a_missing_address_is_the_callers_own(channels, addresses):
    request = {"message": "x", "channels": channels}

    assert addressed(request, caller(), listed=LISTED) == {**request, **addresses}


@pytest.mark.parametrize("email", [EMAIL, "JO@Example.com", "desk@example.com", "DESK@example.com"])
def test_the_callers_own_and_listed_addresses_are_kept_as_written(email):
    assert addressed({"channels": ["email"], "email": email}, caller(), listed=LISTED)["email"] == email


def test_every_address_that_is_not_allowed_is_named_at_once():
    request = {"channels": ["email", "sms"], "email": "flo@example.com", "phone": "+15555550123"}

    with pytest.raises(InvalidReminderError) as caught:
        addressed(request, caller(), listed=LISTED)

    assert caught.value.details == [codes.NOT_YOUR_ADDRESS().of("email"), codes.NOT_YOUR_ADDRESS().of("phone")]


def test_a_caller_without_an_address_may_use_only_listed_ones():
    somebody = caller(email=None)
    with pytest.raises(InvalidReminderError) as missing:
        addressed({"channels": ["email"]}, somebody, listed=LISTED)
    with pytest.raises(InvalidReminderError) as named:
        addressed({"channels": ["email"], "email": EMAIL}, somebody, listed=LISTED)

    assert missing.value.details == [codes.NONE_VERIFIED_FOR_CHANNEL(channel="email").of("email")]
    assert named.value.details == [codes.NOT_YOUR_ADDRESS().of("email")]
    desk = {"channels": ["email"], "email": "desk@example.com"}
    assert addressed(desk, somebody, listed=LISTED) == desk


@pytest.mark.parametrize("channels", [["topic"], ["email", "topic"]])
def test_only_operators_may_use_the_topic(channels):
    with pytest.raises(RequestError) as caught:
        addressed({"channels": channels}, caller(), listed=LISTED)

    assert (caught.value.status, caught.value.code) == (403, "Forbidden")
    assert caught.value.message == "Only operators may use the topic. Choose email, sms or both."
    assert addressed({"channels": channels}, caller(is_operator=True), listed=LISTED)["channels"] == channels
