"""Both apps on the shared laptop cloud, new orders and messages, and the check of the balance after a test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud import Cloud, Places
from local.users import OPERATOR
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.balance import AllowedCopies
from tests.support.cloud.contract import Api
from tests.support.cloud.faults import Faulty, deployed_faulty
from tests.support.cloud.standard_apps import deploy_beside
from tests.support.names import unique

# Full validation takes three times as long; `make check` does it.
os.environ["CDK_VALIDATION"] = "false"


@pytest.fixture(scope="session")
def apps(cloud: Cloud, places: Places) -> Apps:
    """Both apps, called by an operator, who may do everything. test_attacker.py tests what others must not do."""
    return Apps(cloud, places, user=cloud.users()[OPERATOR])


@pytest.fixture(scope="session")
def standard_apps(apps: Apps) -> Apps:
    """Both apps, with a second orders app that has a Standard workflow. The first test that needs it deploys it."""
    return deploy_beside(apps)


@pytest.fixture(params=["EXPRESS", "STANDARD"])
def either(request: pytest.FixtureRequest) -> Apps:
    """Runs a test with an Express order workflow, and again with a Standard one."""
    apps: Apps = request.getfixturevalue("apps" if request.param == "EXPRESS" else "standard_apps")
    return apps


@pytest.fixture(scope="module")
def few_parked(apps: Apps) -> None:
    """Empties ParkedQueue before a module that lists it, because the list has at most 100 messages."""
    apps.cloud.engine.client("sqs").purge_queue(QueueUrl=apps.places.parked_queue)


@pytest.fixture
def order() -> dict[str, str]:
    """A good order with a new OrderId."""
    return new_order()


@pytest.fixture
def balanced(request: pytest.FixtureRequest, apps: Apps) -> Iterator[AllowedCopies]:
    """Checks after a test that each of its orders and reminders has exactly one end.

    Yields the orders and reminders that may be sent twice. A test adds its own.
    """
    clouds = [apps]
    if "standard_apps" in request.fixturenames or (
        "either" in request.fixturenames and "STANDARD" in request.node.name
    ):
        clouds.append(request.getfixturevalue("standard_apps"))
    marks = [balance.mark(one.cloud, one.places) for one in clouds]
    allowed = AllowedCopies()
    yield allowed
    for one, mark in zip(clouds, marks, strict=True):
        balance.orders(one.cloud, one.places, since=mark, copies=allowed.orders)
    balance.reminders(apps.cloud, apps.places, since=marks[0], doubtful=allowed.reminders)


@pytest.fixture
def skipped_waits(cloud: Cloud) -> Iterator[None]:
    """Skips waits and retry delays: even a reminder in a year is due at once."""
    cloud.engine.skip_waits(True)
    yield
    cloud.engine.skip_waits(False)


@pytest.fixture
def message() -> str:
    return unique("Feed the cat, ")


@pytest.fixture
def real_waits(cloud: Cloud, skipped_waits: None) -> None:
    """Makes waits take their real time in a module whose other tests skip them."""
    cloud.engine.skip_waits(False)


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
