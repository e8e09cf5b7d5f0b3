"""The channels, and the two fields that name them."""

from itertools import chain, combinations

import pytest

from reminders.channels import CHANNELS, PREFERENCES, addresses_of, channels_of, preference_of

SETS = [list(one) for one in chain.from_iterable(combinations(CHANNELS, size) for size in range(1, len(CHANNELS) + 1))]


@pytest.mark.parametrize("channels", SETS, ids="+".join)
def test_every_set_of_channels_has_a_preference_that_names_no_other_channel(channels):
    """Answers must have a preference: the contract requires it."""
    preference = preference_of(channels)

    assert preference in PREFERENCES, "each channel needs its own value of `preference`: docs/changing.md"
    assert set(PREFERENCES[preference]) <= set(channels)


@pytest.mark.parametrize("preference", PREFERENCES)
def test_each_preference_and_its_channels_correspond(preference):
    assert channels_of({"preference": preference}) == PREFERENCES[preference]
    assert preference_of(PREFERENCES[preference]) == preference


def test_channels_have_the_same_order_for_every_order_in_the_request():
    assert channels_of({"channels": list(reversed(CHANNELS))}) == list(CHANNELS)


def test_only_channels_with_an_address_need_one():
    assert addresses_of(["email", "sms", "topic"]) == {"email": "email", "phone": "sms"}
    assert addresses_of(["topic"]) == {}
