"""A small burst, as in the part `load` of the proof."""

from collections.abc import Callable

import pytest

from tests.proof.load import burst
from tests.proof.load.burst import Burst
from tests.support.cloud.apps import Apps


@pytest.mark.parametrize("send", [burst.of_orders, burst.of_reminders])
def test_what_is_above_the_limit_is_refused_and_each_accepted_request_ends_once(
    apps: Apps, send: Callable[..., Burst]
) -> None:
    found = send(apps, 14, clients=14, rate=1, burst=5)

    assert found.failures == []
    # The others were throttled at first, and repeated.
    assert 5 <= found.not_throttled < 14
    assert found.refused == (found.refusals, found.refusals)
    assert found.stored == 14
