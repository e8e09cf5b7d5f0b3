"""The rate of a stage, as instances of SendReminder and the pause of each."""

from dataclasses import replace

import pytest

from sending.pace import LONGEST
from stacks.config import LOCAL, PROD
from stacks.sending import MOST_RECEIVES, TIMEOUT_SECONDS, sending
from stacks.stage_checks import mistakes
from stacks.stage_fields import FASTEST_RATE, SLOWEST_RATE

RATES = ("mails_per_second", "texts_per_second", "publishes_per_second")


@pytest.mark.parametrize("rate", [SLOWEST_RATE, 0.7, 1, 14, 20, 20.1, 33, 50, 500, FASTEST_RATE])
def test_all_instances_together_keep_the_rate_and_use_nearly_all_of_it(rate):
    (mails, *_) = sending(replace(PROD, mails_per_second=rate)).values()

    together = mails.instances / float(mails.pause)
    assert rate * 0.99 <= together <= rate


def test_a_high_rate_gets_more_instances():
    rates = {"email": 14, "sms": 20, "topic": 35}
    channels = sending(replace(PROD, mails_per_second=14, texts_per_second=20, publishes_per_second=35))

    assert {channel: one.instances for channel, one in channels.items()} == {"email": 2, "sms": 2, "topic": 4}
    assert channels.keys() == rates.keys()


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("rate", [0, -1, 0.05, 1001, float("nan"), float("inf")])
def test_a_rate_that_cannot_work_is_named(name, rate):
    (found,) = mistakes([replace(PROD, **{name: rate})])

    assert f"the stage prod has {name}={rate}: set it to a number from 0.1 to 1000" in found


def test_the_slowest_pause_fits_into_a_call():
    assert float(sending(replace(LOCAL, mails_per_second=SLOWEST_RATE))["email"].pause) <= TIMEOUT_SECONDS / 3


def test_a_day_on_which_ses_refuses_all_mails_leaves_no_dead_letters():
    receives_in_a_day = 24 * 3600 / (LONGEST / 2)

    assert receives_in_a_day * 3 < MOST_RECEIVES
