"""What Tab offers for the id of an order or a reminder. See decision D173."""

import contextlib
import io
import os
import re
import threading
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING

import typer

from stacks.names import LAPTOP_STAGE
from terminal.text import printable
from tools.command import DEFAULT_STAGE

if TYPE_CHECKING:
    from tools.api import Api

LONGEST_SECONDS = 3.0
"""After this time Tab offers nothing. A shell waits for it, so it must not wait for a network that hangs."""

MOST = 100
"""The most ids that Tab offers."""

SAFE = re.compile("[A-Za-z0-9._-]+")
"""Ids that mean the same to every shell. Others are left out: somebody may have started a workflow by hand."""

LONGEST_ABOUT = 60
"""Characters of the words about an id, which zsh and fish show beside it."""

Candidates = Iterable[tuple[str, str]]
"""Ids, each with some words about it."""

Completion = Callable[[typer.Context, str], list[tuple[str, str]]]


def of_ids(stack: str, *sources: "tuple[str, Callable[[Api], Candidates]]") -> Completion:
    """The completion of an argument that is an id.

    Each source is the role of a demo user, and what that user's call of the stage's `stack` lists. On AWS the same user
    makes all calls. Tab offers nothing from a source that fails: if the stage does not run, if nobody is signed in, or
    if no answer comes in time. Nobody is asked for a password.
    """

    def complete(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        found: dict[str, str] = {}

        def find(demo: str, listed: "Callable[[Api], Candidates]") -> None:
            # A shell would show an error between the words that somebody types.
            with contextlib.suppress(Exception):
                found.update(islice(_begun(listed(_api(context, stack, demo)), incomplete), MOST))

        def find_all() -> None:
            with contextlib.redirect_stderr(io.StringIO()):
                for source in sources:
                    find(*source)

        # As a daemon it ends with this process, even if it waits for an answer.
        thread = threading.Thread(target=find_all, daemon=True)
        thread.start()
        thread.join(LONGEST_SECONDS)
        return [*found.copy().items()]

    return complete


def _begun(candidates: Candidates, incomplete: str) -> Candidates:
    for id, about in candidates:
        if id.startswith(incomplete) and SAFE.fullmatch(id):
            yield id, printable(about)[:LONGEST_ABOUT]


def _api(context: typer.Context, stack: str, demo: str) -> "Api":
    """The API with the options that are typed already."""
    from tools import deployment, laptop

    given = context.params
    stage, endpoint = given.get("stage") or DEFAULT_STAGE, os.environ.get("AWS_ENDPOINT_URL")
    if stage == DEFAULT_STAGE and endpoint and laptop.is_at(endpoint):
        stage = LAPTOP_STAGE
    found = deployment.find(stage, home=given.get("home"), may_ask=False)
    return found.api(stack, given.get("user"), demo=demo)
