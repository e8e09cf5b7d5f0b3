"""Both apps on the laptop cloud, orders and reminders that no other test knows, and the balance after a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud import Cloud, Places
from local.users import OPERATOR
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.balance import Doubled
from tests.support.cloud.contract import Api
from tests.support.cloud.faults import Faulty, deployed_faulty
from tests.support.cloud.standard_apps import deploy_beside
from tests.support.names import unique


@pytest.fixture(scope="session")
def apps(cloud: Cloud, places: Places) -> Apps:
    """As an operator sees them, who may do everything. test_attacker.py tries what others may not."""
    return Apps(cloud, places, user=cloud.users()[OPERATOR])


@pytest.fixture(scope="session")
def standard_apps(apps: Apps) -> Apps:
    """The same, with orders that go through a Standard workflow; deployed beside the other when first needed."""
    return deploy_beside(apps)


@pytest.fixture(params=["EXPRESS", "STANDARD"])
def either(request: pytest.FixtureRequest) -> Apps:
    """The apps with the order workflow of one type, then of the other."""
    apps: Apps = request.getfixturevalue("apps" if request.param == "EXPRESS" else "standard_apps")
    return apps


@pytest.fixture
def order() -> dict[str, str]:
    """A good order that no other test knows."""
    return new_order()


@pytest.fixture
def balanced(request: pytest.FixtureRequest, apps: Apps) -> Iterator[Doubled]:
    """Afterwards each order and each reminder of the test must have come to exactly one end."""
    clouds = [apps]
    if "standard_apps" in request.fixturenames or (
        "either" in request.fixturenames and "STANDARD" in request.node.name
    ):
        clouds.append(request.getfixturevalue("standard_apps"))
    marks = [balance.mark(one.cloud, one.places) for one in clouds]
    doubled = Doubled()
    yield doubled
    for one, mark in zip(clouds, marks, strict=True):
        balance.orders(one.cloud, one.places, since=mark, copies=doubled.orders)
    balance.reminders(apps.cloud, apps.places, since=marks[0], doubtful=doubled.reminders)


@pytest.fixture
def skipped_waits(cloud: Cloud) -> Iterator[None]:
    """Waits and retry delays take no time: reminders of a year from now are due at once."""
    cloud.engine.skip_waits(True)
    yield
    cloud.engine.skip_waits(False)


@pytest.fixture
def message() -> str:
    return unique("Feed the cat, ")


@pytest.fixture
def kept_waits(apps: Apps, skipped_waits: None) -> None:
    """Waits last as long as they do for people."""
    apps.cloud.engine.skip_waits(False)


@pytest.fixture(scope="module")
def api(apps: Apps) -> Api:
    return Api(apps, url=apps.places.reminders_api, document="reminders.json")


@pytest.fixture(scope="module")
def faulty_function(apps: Apps) -> Iterator[str]:
    with deployed_faulty(apps, "faulty") as name:
        yield name


@pytest.fixture
def faulty(faulty_function: str, tmp_path: Path) -> Faulty:
    return Faulty(faulty_function, tmp_path / "attempts")
