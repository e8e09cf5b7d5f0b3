"""The check of `make verify` that needs a browser. tests/e2e/test_verify.py has the others."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser

from tests.support.cloud.apps import Apps
from tests.support.cloud.verify_faults import FAULTS
from tools import deployment
from tools.verify import suite
from tools.verify.cleaning import cleaned
from tools.verify.run import Run
from tools.verify.table import BY_NAME

CHECK = BY_NAME["page in a browser"]


@pytest.fixture(scope="module")
def run(apps: Apps, browser: Browser) -> Iterator[Run]:
    @contextmanager
    def shared() -> Iterator[Browser]:
        yield browser

    with pytest.MonkeyPatch.context() as patch:
        # Finding the laptop cloud removes the AWS settings from the environment.
        patch.setattr(os, "environ", dict(os.environ))
        found = deployment.find("local", home=str(apps.cloud.settings.home))
    with cleaned(Run(found, browser=shared)) as run:
        yield run
    assert run.left == []


@pytest.mark.long
def test_a_person_signs_in_and_places_an_order_on_the_page(run: Run) -> None:
    outcome = suite.outcome(run, CHECK)

    assert outcome.verdict == "ok", outcome.found


def test_the_check_fails_if_the_page_is_not_there(run: Run) -> None:
    fault = FAULTS[CHECK.name]

    with fault.plant(run):
        outcome = suite.outcome(run, CHECK)

    assert (outcome.verdict, fault.found in outcome.found) == ("failed", True), outcome.found


@pytest.mark.long
def test_the_check_fails_if_a_script_of_the_page_fails(
    run: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_context = browser.new_context

    def broken() -> object:
        context = new_context()
        context.add_init_script("setTimeout(() => { throw new Error('planted'); })")
        return context

    monkeypatch.setattr(browser, "new_context", broken)

    outcome = suite.outcome(run, CHECK)

    assert outcome.found.startswith("an error on the page: planted"), outcome.found
