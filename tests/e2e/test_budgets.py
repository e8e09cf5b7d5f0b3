"""What each path would cost on AWS: exactly the units of `costs/budgets.json`."""

import pytest

from tests.support.cloud import paths
from tests.support.cloud.apps import Apps
from tests.support.cloud.paths import PATHS

ATTEMPTS = 3
"""More than one look, because a schedule of the apps, or a late reader of a stream, may have run during the first."""


@pytest.mark.parametrize("path", PATHS)
def test_a_path_uses_what_its_budget_says(apps: Apps, path: str) -> None:
    budget, lines = paths.budgets().get(path, {}), ["not measured"]

    for _ in range(ATTEMPTS):
        lines = lines and paths.changed(budget, paths.measured(apps, path))

    assert not lines, "\n".join([f"{path} does not cost what its budget says:", *lines, "", paths.ACCEPT])
