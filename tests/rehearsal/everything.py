"""Rehearses an upgrade on a laptop cloud: fills the old version, moves to the new one, looks, and goes back."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from local.cloud import Cloud
from local.deploy import DeployError
from local.users import PERSON
from tests.rehearsal import checks, deployment
from tests.rehearsal.checks import Check
from tests.rehearsal.deployment import Moved, RefusedError
from tests.rehearsal.filling import fill
from tests.rehearsal.traffic import Traffic
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tools.guards.changes import Finding

UPGRADE, BACK = "upgrade", "going back"
FILLED = "both apps can be filled"
"""Only in the report if it fails."""
DEPLOYED = "the deployment succeeds"
"""Only in the report if it fails."""
KEPT = "nothing with a state is deleted or replaced"
ANSWERED = "the apps answer during and after the deployment"

MOST_SERVER_ERRORS = 0.02
"""The share of answers with 5xx that a deployment may have. A call that began before its function was updated may need
something that the deployment removes, such as the alias of a workflow. The answer asks to repeat the request."""
REQUESTS = 100
"""The least number of requests during a deployment and right after it."""


@dataclass
class Rehearsal:
    """What a rehearsal saw."""

    checks: dict[str, list[Check]] = field(default_factory=dict)
    """By move."""
    moved: dict[str, Moved] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        return [
            f"{move}: {problem}" for move, found in self.checks.items() for one in found for problem in one.problems
        ]


def rehearse(cloud: Cloud, *, old: Path, new: Path, say: Callable[[str], None], requests: int = REQUESTS) -> Rehearsal:
    """Moves a cloud from the templates in `old`, which are deployed, to those in `new` and back.

    It ends at the first move that breaks something. `requests` is the least number of requests during a move.
    """
    places, seen = cloud.places(of_any_version=True), Rehearsal()
    apps = Apps(cloud, places, user=cloud.users()[PERSON])
    mark = balance.mark(cloud, apps.places)
    for move, assembly in ((UPGRADE, new), (BACK, old)):
        say(f"{move}: filling both apps")
        seen.checks[move] = found = []
        try:
            filled, since = fill(apps), time.time()
        except AssertionError as error:
            found.append(Check(FILLED, "", [f"the deployed version does not work: {error}"]))
            return seen
        say(f"{move}: deploying while both apps are used")
        try:
            with Traffic(apps.as_new_person(), least=requests) as traffic:
                moved = deployment.move(cloud, assembly, back=move == BACK, say=say)
        except RefusedError as error:
            found.append(_kept(error.found))
            return seen
        except DeployError as error:
            found.append(Check(DEPLOYED, "", [str(error)]))
            return seen
        seen.moved[move] = moved
        found += [_kept([], moved), answered(traffic)]
        say(f"{move}: checking what was there before")
        found += checks.checked(filled, mark=mark, since=since)
        if seen.problems:
            return seen
    return seen


def _kept(refused: list[Finding], moved: Moved | None = None) -> Check:
    changed = sum(sum(one.values()) for one in moved.changes.values()) if moved else 0
    return Check(KEPT, f"{changed} changed resources", [f"{one.stack}: {one.sentence}" for one in refused])


def answered(traffic: Traffic) -> Check:
    """Whether all requests during a deployment had a good answer, up to MOST_SERVER_ERRORS."""
    problems, broken = traffic.unexpected(), traffic.server_errors()
    if broken > MOST_SERVER_ERRORS * traffic.requests:
        statuses = [f"{count} x {what}: {status}" for (what, status), count in traffic.answers.items() if status >= 500]
        share = f"{broken} of {traffic.requests} requests had no good answer, more than {MOST_SERVER_ERRORS:.1%}"
        problems.append(f"{share}: {', '.join([*statuses, *sorted(set(traffic.broken))])}")
    counted = (
        f"{traffic.meanwhile} requests during it and {traffic.requests - traffic.meanwhile} after it, {broken} with 5xx"
    )
    return Check(ANSWERED, counted, problems)
