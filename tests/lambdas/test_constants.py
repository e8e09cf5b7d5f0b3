"""Each constant of the functions stands in constants.json once more: limits, timeouts, patterns, texts and defaults.

No behaviour changes in most tests if a limit is 99 and not 100. Users and AWS notice it, so the change has to be meant.
See decision D256.
"""

import json
from pathlib import Path

from tests.support import constants
from tests.support.handlers.aws import LAMBDAS

FILE = Path(__file__).parent / "constants.json"

# Fixtures replace some functions while a test runs.
FOUND = json.loads(json.dumps(constants.of_folder(LAMBDAS, LAMBDAS)))


def test_each_constant_has_the_value_that_it_should_have():
    expected = json.loads(FILE.read_text())

    assert constants.differing(FOUND, expected) == {}, (
        "if you mean these values, write them into tests/lambdas/constants.json"
    )


def test_values_of_many_kinds_are_found():
    """Otherwise the test above could pass without looking."""
    assert len(FOUND) > 50
    assert FOUND["orders.breaker"]["RETRY_AFTER_SECONDS"] == 10
    assert FOUND["reminders.reminder"]["SLICE"] == f"{364 * 86_400} seconds"
    assert FOUND["common.aws"]["BRIEFLY"]["read_timeout"] == 3
    assert FOUND["common.cards"]["looks_like_card(odd_groups=)"] is True
