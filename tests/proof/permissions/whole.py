"""Runs the whole part: every setting, and the permissions of the laptop cloud."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk.aws_stepfunctions import StateMachineType

from stacks.config import DEV, LOCAL, PROD, STAGES
from stacks.stage import Stage
from tests.proof.cloud import proof_cloud
from tests.proof.permissions import changed
from tests.proof.permissions.account import Account
from tests.proof.permissions.compare import compared
from tests.proof.permissions.functions import role_of
from tests.proof.permissions.policy import grants
from tests.proof.permissions.resources import differences, lines
from tests.proof.permissions.tried import Tried, tried
from tests.proof.section import Figure, Section
from tests.support.cloud.between import NOT_CALLS
from tests.support.templates.deployment import synthesise_stage

SETTINGS: Mapping[str, Stage] = {
    **STAGES,
    "dev without cache": replace(DEV, cache=None),
    "dev with the example consumer": replace(DEV, example_consumer=True),
    "dev with an existing sender": replace(DEV, sender_identity="existing"),
    "prod without gradual deployments": replace(PROD, gradual=None),
    "prod with Standard workflows and no traces": replace(
        PROD, order_workflow_type=StateMachineType.STANDARD, traces_sampled=0
    ),
}
COLUMNS = ("roles", "needs", "permissions", "missing", "unused", "removed", "widened", "statements of resources")


def run_whole() -> Section:
    sums: Counter[str] = Counter()
    rows, failures = [], []
    granted: set[str] = set()
    for name, stage in SETTINGS.items():
        account = _account(stage)
        counted, wrong = _of_setting(account)
        sums.update(counted)
        failures += [f"{name}: {one}" for one in wrong]
        rows.append(f"| {name} | {' | '.join(str(counted[column]) for column in COLUMNS)} |")
        if stage is LOCAL:
            granted = _of_functions(account)
        print(rows[-1], flush=True)
    with proof_cloud() as apps:
        on_a_cloud = tried(apps)
    failures += on_a_cloud.failures
    untried = sorted(granted - set(on_a_cloud.removed))
    figures = [
        Figure("permissions that something needs", sums["permissions"] - sums["unused"], sums["permissions"]),
        Figure("needs that a permission meets", sums["needs"] - sums["missing"], sums["needs"]),
        Figure("removals that the comparison noticed", sums["removed"], sums["permissions"]),
        Figure("wider permissions that the comparison noticed", sums["widened"], sums["tried wider"]),
        Figure("statements in policies of resources and in trusts of roles", sums["statements of resources"]),
        Figure("actions of functions removed on a laptop cloud", len(on_a_cloud.removed), len(granted)),
        Figure("of these, removals that also changed the answer", on_a_cloud.answers),
        Figure("different calls of workflows, evaluated with their roles", on_a_cloud.calls),
    ]
    return Section(figures, _text(rows, on_a_cloud, untried), failures)


def _account(stage: Stage) -> Account:
    with TemporaryDirectory() as folder:
        return Account(synthesise_stage(Path(folder), stage))


def _of_functions(account: Account) -> set[str]:
    """The function and the action of each permission that functions have for their calls."""
    roles = {role_of(account, one["Role"]): path for path, one in account.of("AWS::Lambda::Function").items()}
    return {
        f"{roles[one.role].rpartition('/')[2]}, {one.action}"
        for one in grants(account)
        if one.role in roles and not one.action.startswith(NOT_CALLS)
    }


def _of_setting(account: Account) -> tuple[dict[str, int], list[str]]:
    """What the comparison counted in a setting, and its failures."""
    roles, others = compared(account), differences(account)
    unnoticed, wider = changed.unnoticed_removals(roles), changed.additions(roles)
    too_wide = [one for one, said in wider if not said]
    counted = {
        "roles": len({one.role for one in roles.grants}),
        "needs": len(roles.needs),
        "permissions": len(roles.grants),
        "missing": len(roles.missing),
        "unused": len(roles.unused),
        "removed": len(roles.grants) - len(unnoticed),
        "widened": len(wider) - len(too_wide),
        "tried wider": len(wider),
        "statements of resources": len(lines(account)),
    }
    wrong = [
        *roles.failures,
        *others,
        *(f"no check fails without: {one}" for one in unnoticed),
        *(f"no check fails with: {one}" for one in too_wide),
    ]
    return counted, wrong


def _text(rows: list[str], found: Tried, untried: list[str]) -> str:
    table = [f"| setting | {' | '.join(COLUMNS)} |", f"| --- |{' ---: |' * len(COLUMNS)}", *rows]
    return "\n".join(
        [
            "A permission is one action on one resource. `removed` and `widened` count the changes that the comparison",
            "noticed.",
            "",
            *table,
            "",
            "#### Removed on a laptop cloud",
            "",
            "The engine checks the calls of functions. A journey ran without each of these permissions, and the",
            "function was refused:",
            "",
            *(f"- {one}" for one in sorted(found.removed)),
            "",
            "Only the comparison removed these. No journey makes the call, or Lambda makes it for the function, and",
            "the engine does not check that:",
            "",
            *(f"- {one}" for one in untried),
        ]
    )
