"""Compares what roles need with what they are granted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.proof.permissions import services
from tests.proof.permissions.account import Account
from tests.proof.permissions.functions import Functions
from tests.proof.permissions.policy import Grant, Need, allows, grants

ANOTHER = "another"


@dataclass(frozen=True)
class Compared:
    """The result for the roles of one deployment."""

    needs: Sequence[Need]
    grants: Sequence[Grant]
    unknown: Sequence[str]
    missing: Sequence[Need]
    unused: Sequence[Grant]
    wide: Sequence[str]
    """Grants that a narrower one could replace."""

    @property
    def failures(self) -> list[str]:
        return [
            *(f"unknown: {one}" for one in self.unknown),
            *(f"missing: {one} ({one.why})" for one in self.missing),
            *(f"unused: {one}" for one in self.unused),
            *(f"too wide: {one}" for one in self.wide),
        ]


def compared(account: Account) -> Compared:
    functions = Functions(account)
    needs = list(dict.fromkeys([*functions.needs, *services.needs(account)]))
    return compare(needs, list(grants(account)), functions.unknown)


def compare(needs: Sequence[Need], granted: Sequence[Grant], unknown: Sequence[str] = ()) -> Compared:
    by_role: dict[str, list[Grant]] = {}
    for grant in granted:
        by_role.setdefault(grant.role, []).append(grant)
    missing = [need for need in needs if not allows(_statements(by_role.get(need.role, [])), need)]
    used_by = {id(grant): [need for need in needs if is_for(grant, need)] for grant in granted}
    unused = [grant for grant in granted if not used_by[id(grant)]]
    wide = [words for grant in granted if (words := _wider(grant, used_by[id(grant)]))]
    return Compared(needs, granted, unknown, missing, [*unused, *_doubled(granted)], wide)


def is_for(grant: Grant, need: Need) -> bool:
    """Whether the grant by itself allows what the role needs."""
    return grant.role == need.role and grant.action == need.action and allows([grant.statement], need)


def _statements(granted: Iterable[Grant]) -> list[dict[str, object]]:
    return [grant.statement for grant in granted]


def _doubled(granted: Sequence[Grant]) -> list[Grant]:
    """Grants that another one repeats."""
    return [one for at, one in enumerate(granted) if one in granted[:at]]


def _wider(grant: Grant, needs: Sequence[Need]) -> str | None:
    """What the grant allows and the needs do not have: more resources, or requests with other condition keys."""
    if not needs:
        return None
    if "*" in grant.action:
        return f"{grant}: an action is a wildcard"
    if not grant.is_not and "*" in grant.resource and grant.resource not in {need.resource for need in needs}:
        return f"{grant}: needed on {', '.join(sorted({need.resource for need in needs}))}"
    for need in needs:
        for name, _ in need.context:
            if allows([grant.statement], need, {**dict(need.context), name: ANOTHER}):
                return f"{grant}: allows another {name}"
    return None
