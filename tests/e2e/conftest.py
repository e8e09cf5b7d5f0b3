"""Both apps on the shared laptop cloud, new orders and messages, and the check of the balance after a module."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.cloud import Cloud, Places
from local.users import OPERATOR
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.balance import AllowedCopies
from tests.support.cloud.checked import Checked
from tests.support.cloud.contract import Api
from tests.support.cloud.copied import copied
from tests.support.cloud.ending import end
from tests.support.cloud.faults import Faulty, deployed_faulty
from tests.support.cloud.standard_apps import deploy_beside
from tests.support.cloud.turning import paused
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


@pytest.fixture(scope="module")
def balance_of_module() -> Iterator[Checked]:
    checked = Checked()
    yield checked
    checked.check()


@pytest.fixture
def balanced(request: pytest.FixtureRequest, balance_of_module: Checked) -> AllowedCopies:
    """Checks after the module that each order and reminder of its tests has exactly one end.

    A check reads all tables and queues, so a check after each test would take longer than the tests. Returns the
    orders and reminders that may be sent twice. A test adds its own.
    """
    balance_of_module.begin(request)
    return balance_of_module.allowed


@pytest.fixture
def skipped_waits(cloud: Cloud) -> Iterator[None]:
    """Skips waits and retry delays: even a reminder in a year is due at once.

    Use it if a test is not about when something happens, or if it needs many executions that race. If the times count,
    turn the clock of `clocked` instead: then each thing happens at its own time, and in order.
    """
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


@pytest.fixture(scope="session")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud of its own with the example consumer. Tests turn its clock, one after the other, and never back."""
    cloud = Cloud(replace(copied(tmp_path_factory.mktemp("clock")), idle_seconds=3600, consumer=True))
    cloud.up(print)
    yield cloud
    end(cloud)


@pytest.fixture
def turned(clocked: Cloud) -> Apps:
    """The apps of this cloud, with a token that is valid at the time of its clock."""
    return Apps(clocked, clocked.places(), user=clocked.users()[OPERATOR])


@pytest.fixture
def no_sweeps(clocked: Cloud) -> Iterator[None]:
    """Stops the rules that look for lost reminders: they would start at hundreds of times on the way of two years."""
    with paused(clocked, "Every"):
        yield


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
