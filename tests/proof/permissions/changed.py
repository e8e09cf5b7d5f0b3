"""Changes permissions, and looks whether the comparison notices."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.proof.permissions.compare import Compared, compare, is_for
from tests.proof.permissions.policy import Grant, Need, allows

OTHER_ACTIONS = {"dynamodb": "dynamodb:DeleteTable", "sqs": "sqs:PurgeQueue"}


def unnoticed_removals(found: Compared) -> list[str]:
    """The grants without which each need is still met."""
    return [str(grant) for grant in found.grants if not _missing_without(grant, found)]


def _missing_without(grant: Grant, found: Compared) -> list[Need]:
    others = [one.statement for one in found.grants if one.role == grant.role and one is not grant]
    return [need for need in found.needs if is_for(grant, need) and not allows(others, need)]


def additions(found: Compared, *, every: int = 1) -> list[tuple[str, list[str]]]:
    """What the comparison says about grants that nobody needs, and about wider forms of every nth grant."""
    tried = []
    for grant in found.grants[::every]:
        needs = [one for one in found.needs if one.role == grant.role]
        others = [one for one in found.grants if one.role == grant.role and one is not grant]
        for words, wider in _wider(grant):
            tried.append((f"{grant}: {words}", compare(needs, [*others, *wider]).failures))
    return tried


def _wider(grant: Grant) -> Iterator[tuple[str, Sequence[Grant]]]:
    service = grant.action.partition(":")[0]
    yield "all actions", [replace(grant, action=f"{service}:*")]
    yield "one more action", [grant, replace(grant, action=OTHER_ACTIONS.get(service, f"{service}:DeleteEverything"))]
    yield "twice", [grant, grant]
    if grant.is_not:
        yield "all resources", [replace(grant, resource="*", is_not=False)]
    elif grant.resource != "*":
        yield "all resources", [replace(grant, resource="*")]
        yield "more resources", [replace(grant, resource=f"{grant.resource.removesuffix('*')[:-1]}*")]
        yield "one more resource", [grant, replace(grant, resource=f"{grant.resource}-of-another")]
    if grant.conditions:
        yield "without conditions", [replace(grant, conditions={})]
