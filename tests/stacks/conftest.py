"""Each stage synthesised once: it takes a second, reading the result takes nothing."""

import os
from collections.abc import Callable
from functools import cache

import pytest

# CDK's own validation of templates makes synthesis eight times slower; `make check` runs it for every stage.
os.environ["CDK_VALIDATION"] = "false"

from stacks.config import STAGES
from tests.stacks.deployment import CONTEXTS, Deployment, synthesise


@pytest.fixture(scope="session")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Deployment]:
    """The deployment of a key of CONTEXTS."""

    @cache
    def of(name: str) -> Deployment:
        return synthesise(tmp_path_factory.mktemp("cdk.out"), **CONTEXTS[name])

    return of


@pytest.fixture(params=CONTEXTS)
def deployment(request: pytest.FixtureRequest, synthesised: Callable[[str], Deployment]) -> Deployment:
    """Every stage in turn."""
    return synthesised(request.param)


@pytest.fixture(params=["local", "dev", "prod"])
def with_cache(request: pytest.FixtureRequest, synthesised: Callable[[str], Deployment]) -> Deployment:
    """Every stage that has a cache."""
    return synthesised(request.param)


@pytest.fixture(scope="session", params=STAGES)
def with_everything(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Every stage with all that can be switched on."""
    return synthesise(tmp_path_factory.mktemp("cdk.out"), stage=request.param, cache="on", consumer="on")
