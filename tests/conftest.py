"""One laptop cloud for the whole session, on free ports and in a folder of its own, started when first needed."""

import functools
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import botocore.session
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from local import settings
from local.cloud import Cloud, Places
from local.processes import free_port

UNIT_TESTS = ("lambdas", "stacks", "statemachines", "tools")
"""The folders whose tests need no cloud."""

_isolated = settings.isolated(os.environ)
os.environ.clear()
os.environ.update(_isolated)

# Scripts run the suite in the background or with `nohup`, which ignore these signals, and programs inherit that. A
# signal that this process handles is no longer ignored in the programs that the tests start.
for _ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD):
    if signal.getsignal(_ignored) == signal.SIG_IGN:
        signal.signal(_ignored, lambda *_: None)

# No test fails for being slow: the machine may be busy.
hypothesis_settings.register_profile(
    "unhurried", hypothesis_settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("unhurried")

# A command line makes a session, and each session reads AWS's descriptions anew: most of the time of such a test.
# A loader that all sessions share reads them once.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """Lets pytest-randomly shuffle unit tests only: the others share a cloud and depend on their order."""
    if any(item.path.relative_to(Path(__file__).parent).parts[0] not in UNIT_TESTS for item in items):
        config.option.randomly_reorganize = False
    return (yield)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A deployed cloud. Tests share it: each uses order ids and messages of its own."""
    home = tmp_path_factory.mktemp("cloud")
    cloud = Cloud(settings.Settings(home=home, port=free_port(), redis_port=free_port()))
    cloud.up(print)
    yield cloud
    cloud.down()


@pytest.fixture(scope="session")
def places(cloud: Cloud) -> Places:
    return cloud.places()
