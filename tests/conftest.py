"""Settings for all tests, and the laptop cloud that they share. It starts when the first test needs it."""

import functools
import os
import signal
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import botocore.parsers
import botocore.session
import botocore.useragent
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from local import settings
from local.cloud import Cloud, Places
from tests.support.cloud.copied import copied
from tests.support.cloud.ending import end
from tests.support.engine.paths import START as WATCHED

UNIT_TESTS = ("lambdas", "stacks", "statemachines", "tools")
"""The folders whose tests need no cloud."""

SEED_IS_GIVEN = "--randomly-seed" in os.environ.get("PYTEST_ADDOPTS", "")

_isolated = settings.isolated(os.environ)
os.environ.clear()
os.environ.update(_isolated)

# A shell that runs the suite in the background, or with `nohup`, makes it ignore these signals. The programs that the
# tests start would ignore them too. They do not if this process has a handler for the signal.
for _ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD):
    if signal.getsignal(_ignored) == signal.SIG_IGN:
        signal.signal(_ignored, lambda *_: None)

# The machine may be busy, so no test fails because it is slow.
hypothesis_settings.register_profile(
    "unhurried", hypothesis_settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("unhurried")

# Each command line makes a botocore session, and each session loads the service models again. That took most of the
# time of these tests. All sessions now share one loader, which loads each model once.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

# Each list of resources has the same times again, and reading one takes longer than the rest of its row.
botocore.parsers.DEFAULT_TIMESTAMP_PARSER = functools.cache(botocore.parsers.DEFAULT_TIMESTAMP_PARSER)

# Each call checks each character of the same names of programs and versions.
botocore.useragent.sanitize_user_agent_string_component = functools.cache(
    botocore.useragent.sanitize_user_agent_string_component
)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """Lets pytest-randomly shuffle unit tests, and with a given seed all tests. A story keeps its order."""
    if not SEED_IS_GIVEN and any(
        item.path.relative_to(Path(__file__).parent).parts[0] not in UNIT_TESTS for item in items
    ):
        config.option.randomly_reorganize = False
    steps: dict[Path, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("story"):
            steps.setdefault(item.path, []).append(item)
    result = yield
    # `-k` and `-m` have left out some steps.
    chosen = {*items}
    left = {path: iter([one for one in story if one in chosen]) for path, story in steps.items()}
    items[:] = [next(left[item.path]) if item.path in left else item for item in items]
    return result


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Lets a part of `make test-long` pass that has no long test now."""
    if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.option.markexpr == "long":
        session.exitstatus = pytest.ExitCode.OK


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The deployed cloud that all tests share. Each test uses its own order ids and messages."""
    home = tmp_path_factory.mktemp("cloud")
    # Processes of functions stay, because starting them again would take more time than the tests have.
    cloud = Cloud(replace(copied(home), idle_seconds=3600))
    cloud.engine.script = WATCHED
    cloud.up(print)
    yield cloud
    end(cloud)


@pytest.fixture(scope="session")
def places(cloud: Cloud) -> Places:
    return cloud.places()
