"""Synthesises each set of settings only once, because synthesis takes a second."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

# CDK's own validation of templates makes synthesis eight times slower; `make check` runs it for each stage on AWS.
os.environ["CDK_VALIDATION"] = "false"

from stacks.config import STAGES, stage_from_context
from stacks.stage import Stage
from tests.support.templates.deployment import CONTEXTS, Again, Deployment, synthesise_again, synthesise_stage


@pytest.fixture(scope="session")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Deployment]:
    """Returns the deployment for a key of CONTEXTS, or for a CDK context."""

    @cache
    def of_stage(stage: Stage) -> Deployment:
        return synthesise_stage(tmp_path_factory.mktemp("cdk.out"), stage)

    def of(name: str = "", **context: str) -> Deployment:
        return of_stage(stage_from_context((CONTEXTS[name] if name else context).get))

    return of


@pytest.fixture(scope="session")
def again(tmp_path_factory: pytest.TempPathFactory) -> Again:
    """The stage dev with the example consumer, synthesised once more."""
    return synthesise_again(tmp_path_factory.mktemp("again"), replace(STAGES["dev"], example_consumer=True))


@pytest.fixture(params=CONTEXTS)
def deployment(request: pytest.FixtureRequest, synthesised: Callable[..., Deployment]) -> Deployment:
    """Every stage in turn."""
    return synthesised(request.param)


@pytest.fixture(scope="session")
def deployments(synthesised: Callable[..., Deployment]) -> dict[str, Deployment]:
    """Every stage, and every stage with everything switched on. A test sees all of them at once."""
    full = {f"{stage} with everything": {"stage": stage, "cache": "on", "consumer": "on"} for stage in STAGES}
    return {name: synthesised(**context) for name, context in (CONTEXTS | full).items()}


@pytest.fixture(params=[name for name, stage in STAGES.items() if stage.cache])
def with_cache(request: pytest.FixtureRequest, synthesised: Callable[..., Deployment]) -> Deployment:
    """Every stage that has a cache."""
    return synthesised(request.param)


@pytest.fixture(scope="session", params=STAGES)
def with_everything(request: pytest.FixtureRequest, synthesised: Callable[..., Deployment]) -> Deployment:
    """Every stage with everything switched on."""
    return synthesised(stage=request.param, cache="on", consumer="on")
