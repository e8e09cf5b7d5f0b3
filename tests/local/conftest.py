"""A second checkout, with or without a running cloud of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import settings
from local.cloud import Cloud
from tests.support.cloud.checkout import Checkout, copy_of_the_project
from tests.support.cloud.copied import copied
from tests.support.cloud.ending import end


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A second checkout in which nothing runs yet."""
    checkout = copy_of_the_project(tmp_path)
    yield checkout
    if checkout.home.exists():
        end(Cloud(settings.load(checkout.home)))


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A second checkout with a running cloud of its own."""
    checkout = copy_of_the_project(tmp_path_factory.mktemp("second"))
    copied(checkout.home)
    up = checkout.local("up")
    assert up.returncode == 0, up.stderr
    yield checkout
    end(Cloud(settings.load(checkout.home)))
