"""What a deployment would change in each stack of a stage, and what it would take away."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from terminal.errors import CommandError
from tools.aws import Aws
from tools.deployment import Deployment
from tools.guards import change_sets
from tools.guards.assembly import Stack
from tools.guards.changes import Change, Finding, Template, between, findings, path_of


class Plan(NamedTuple):
    """The plan for one stack. `before` is its deployed template, or None if the stack is new."""

    stack: Stack
    before: Template | None
    changes: Sequence[Change] = ()
    findings: Sequence[Finding] = ()
    unprepared: bool = False
    """Whether CloudFormation was asked for a change set and could not prepare one, so the templates were compared."""

    @property
    def counts(self) -> dict[str, int]:
        """How many resources are new, changed, replaced or removed."""
        if self.before is None:
            return {"new": len(self.stack.template.get("Resources", {}))}
        kinds = [_kind(change) for change in self._resources]
        return {kind: kinds.count(kind) for kind in ("new", "changed", "replaced", "removed") if kind in kinds}

    @property
    def gone(self) -> list[str]:
        """The paths of the resources that are replaced or removed."""
        templates = (self.before or {}, self.stack.template)
        gone = [one for one in self._resources if _kind(one) in ("replaced", "removed")]
        return sorted(path_of(str(one["LogicalResourceId"]), *templates) for one in gone)

    @property
    def _resources(self) -> list[Change]:
        return [change["ResourceChange"] for change in self.changes if "ResourceChange" in change]


def _kind(change: Change) -> str:
    if change["Action"] == "Modify":
        return "replaced" if change.get("Replacement") == "True" else "changed"
    return {"Add": "new", "Remove": "removed"}.get(change["Action"], "changed")


def plans(deployment: Deployment, aws: Aws, stacks: Sequence[Stack], *, app: Path, ask: bool) -> Iterator[Plan]:
    """The plan for each of `stacks`, which CDK has synthesised into the folder `app`.

    If `ask`, CloudFormation prepares a change set for each stack that changes. Otherwise the templates are compared,
    and nothing is made in AWS.
    """
    client = deployment.client("cloudformation")
    before = [(stack, _deployed(deployment, client, stack)) for stack in stacks]
    changing = [stack for stack, template in before if template not in (None, stack.template)]
    name = change_sets.new_name()
    try:
        if ask and changing:
            change_sets.prepare(aws, [stack.id for stack in changing], name=name, app=app)
        for stack, template in before:
            if template is None or template == stack.template:
                yield Plan(stack, template)
                continue
            prepared = change_sets.read(client, stack.name, name) if ask else None
            changes = between(template, stack.template) if prepared is None else prepared
            found = findings(stack.name, changes, before=template, after=stack.template)
            yield Plan(stack, template, changes, found, unprepared=ask and prepared is None)
    finally:
        if ask:
            change_sets.remove(client, [stack.name for stack in changing], name)


def _deployed(deployment: Deployment, client: Any, stack: Stack) -> Template | None:
    """The deployed template. None if the stack has no resources yet."""
    if not deployment.has(stack.id):
        return None
    template = client.get_template(StackName=stack.name)["TemplateBody"]
    if isinstance(template, str):
        raise CommandError(f"{stack.name} was not deployed by CDK: give the stage another name in stacks/config.py")
    return dict(template)
