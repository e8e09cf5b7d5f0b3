"""Each constant of the stacks, and each alarm, stands in constants.json once more.

Most tests compare the templates with these constants, so they do not notice a wrong one. See decision D256.
"""

import json
from pathlib import Path

from stacks.config import PROD
from stacks.layer import ROOT
from tests.support import constants
from tools.docs.alarms import lists

FILE = Path(__file__).parent / "constants.json"

ALARMS = {
    f"alarms of {stack}": {one.id: constants.as_json(one) for one in of} for stack, of in lists(PROD.alarms).items()
}
FOUND = json.loads(json.dumps(constants.of_folder(ROOT / "stacks", ROOT) | ALARMS))


def test_each_constant_of_the_stacks_has_the_value_that_it_should_have():
    expected = json.loads(FILE.read_text())

    assert constants.differing(FOUND, expected) == {}, (
        "if you mean these values, write them into tests/stacks/constants.json"
    )


def test_figures_of_stages_and_alarms_are_found():
    """Otherwise the test above could pass without looking."""
    assert FOUND["stacks.alarm"]["A_MINUTE"] == 60
    assert FOUND["stacks.config"]["PROD"]["name"] == "prod"
    assert len(FOUND) > 30
