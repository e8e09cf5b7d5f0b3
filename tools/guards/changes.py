"""Judges what CloudFormation would change: which resources would take something with them that must stay.

Pure. `changes` are the `Changes` of `DescribeChangeSet`, or `between` finds them in two templates.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from tools.guards.kept import CALLED, KEPT, RUNNING, Kept

Template: TypeAlias = Mapping[str, Any]
Change: TypeAlias = Mapping[str, Any]

Fate: TypeAlias = Literal["deleted", "taken out", "replaced", "perhaps replaced"]
"""`taken out`: AWS keeps the resource, but it is no longer in the stack, and nothing uses it. `perhaps replaced`:
CloudFormation knows only while it deploys."""

FATES: dict[Fate, str] = {
    "deleted": "would be deleted",
    "taken out": "would be taken out of its stack",
    "replaced": "would be replaced",
    "perhaps replaced": "may be replaced",
}

STATE_MACHINE = "AWS::StepFunctions::StateMachine"
ALIASES = ("AWS::Lambda::Alias", "AWS::Lambda::Version")


class Finding(NamedTuple):
    """A resource that a deployment would take away from those who need it."""

    stack: str
    """The full name of the stack: dev-orders."""

    logical_id: str
    path: str
    """The path of the construct: Orders/OrderTable. The logical id if the template does not have it."""

    type: str
    fate: Fate
    because: str
    """The cause, such as `its KeySchema changes`. Empty for a resource that the new template does not have."""

    loses: str
    """What would be lost, such as `its rows`."""

    stays: bool
    """Whether AWS keeps the old resource outside the stack."""

    blocks: bool
    """Whether the deployment must not go on. Other findings are only worth a mention."""

    renamed_to: tuple[str, ...]
    """The paths of new resources of this type in the stack. Perhaps one of them is this resource under a new id."""

    @property
    def sentence(self) -> str:
        told = f"{self.path} {FATES[self.fate]}"
        if self.because:
            told += f" because {self.because}"
        if self.loses == RUNNING:
            told += f", and {RUNNING}"
        elif self.stays:
            told += f". AWS keeps the old one with {self.loses}, but nothing would use it"
        else:
            told += f", and {self.loses} would be lost"
        if self.renamed_to:
            told += f". {' and '.join(self.renamed_to)} would be new: if you renamed it, restore the old id"
        return told


def findings(stack: str, changes: Iterable[Change], *, before: Template, after: Template) -> list[Finding]:
    """The resources of a stack that `changes` would take away from those who need them, sorted by path.

    `stack` is the full name of the stack. `before` is its deployed template, and `after` the new one.
    """
    changes = [change["ResourceChange"] for change in changes if "ResourceChange" in change]
    called = _called(before)
    added = [(one["ResourceType"], one["LogicalResourceId"]) for one in changes if one["Action"] == "Add"]
    found = []
    for change in changes:
        id = str(change["LogicalResourceId"])
        type = _type(before, id) or str(change["ResourceType"])
        kept = KEPT.get(type) or (Kept(RUNNING, CALLED.get(type, ())) if id in called else None)
        if kept is None or (fate := _fate(change, kept, before=before)) is None:
            continue
        stays = fate == "taken out" or change.get("PolicyAction") == "ReplaceAndRetain"
        if stays and type not in KEPT:
            # Running executions can still call it.
            continue
        gone = fate in ("deleted", "taken out")
        new = tuple(path_of(other, after) for of_type, other in added if gone and of_type == type)
        because = "" if gone else _because(change, kept)
        found.append(
            Finding(
                stack,
                id,
                path_of(id, before, after),
                type,
                fate,
                because,
                kept.holds,
                stays=stays,
                blocks=kept.blocks,
                renamed_to=new,
            )
        )
    return sorted(found, key=lambda finding: finding.path)


def between(before: Template, after: Template) -> list[Change]:
    """The changes from one template to the other, as far as the templates show them.

    For stacks that have no change set. Only `DescribeChangeSet` knows the values of parameters and references.
    """
    old, new = before.get("Resources", {}), after.get("Resources", {})
    return [{"Type": "Resource", "ResourceChange": change} for change in _differences(old, new)]


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for id in sorted(old.keys() | new.keys()):
        was, will = old.get(id), new.get(id)
        change = {"LogicalResourceId": id, "ResourceType": (new if id in new else old)[id]["Type"]}
        if was is None:
            yield {**change, "Action": "Add"}
        elif will is None:
            yield {**change, "Action": "Remove", "PolicyAction": _policy(was.get("DeletionPolicy"))}
        elif was["Type"] != will["Type"]:
            policy = f"ReplaceAnd{_policy(will.get('UpdateReplacePolicy'))}"
            yield {**change, "Action": "Modify", "Replacement": "True", "PolicyAction": policy, "Details": []}
        elif names := _changed(was.get("Properties", {}), will.get("Properties", {})):
            yield {**change, **_modified(was, will, names)}


def _modified(was: Mapping[str, Any], will: Mapping[str, Any], names: Sequence[str]) -> Change:
    replacing = KEPT[will["Type"]].replaced_by if will["Type"] in KEPT else CALLED.get(will["Type"], ())
    recreated = [name for name in names if name in replacing]
    values = [side.get("Properties", {}).get(name) for side in (was, will) for name in recreated]
    # A reference may have the same value under another name.
    sure = recreated and not re.search(r'"(Ref|Fn::\w+)":', json.dumps(values))
    return {
        "Action": "Modify",
        "Replacement": "True" if sure else "Conditional" if recreated else "False",
        "PolicyAction": f"ReplaceAnd{_policy(will.get('UpdateReplacePolicy'))}",
        "Details": [{"Target": {"Attribute": "Properties", "Name": name}} for name in names],
    }


def _changed(was: Mapping[str, Any], will: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in was.keys() | will.keys() if was.get(name) != will.get(name))


def _policy(policy: object) -> str:
    return "Retain" if str(policy).startswith("Retain") else "Delete"


def _fate(change: Change, kept: Kept, *, before: Template) -> Fate | None:
    match change["Action"], change.get("Replacement"):
        case "Remove", _:
            policy = change.get("PolicyAction") or _policy(_resource(before, change).get("DeletionPolicy"))
            return "taken out" if policy == "Retain" else "deleted"
        case "Modify", "True":
            return "replaced"
        case "Modify", "Conditional" if _replacing(change, kept):
            return "perhaps replaced"
        case "Dynamic", _:
            return "perhaps replaced"
        case _:
            return None


def _replacing(change: Change, kept: Kept) -> list[str]:
    """The changed properties that replace the resource. An engine may call more changes conditional than AWS does."""
    names = (str(detail.get("Target", {}).get("Name", "")) for detail in change.get("Details", []))
    return list(dict.fromkeys(name for name in names if name in kept.replaced_by))


def _because(change: Change, kept: Kept) -> str:
    targets = [detail.get("Target", {}) for detail in change.get("Details", [])]
    always = [target["Name"] for target in targets if target.get("RequiresRecreation") == "Always"]
    names = _replacing(change, kept) or [*dict.fromkeys(always)]
    if not names:
        return "it gets another type" if change.get("Replacement") == "True" else "CloudFormation cannot tell before"
    return f"its {' and '.join(names)} {'changes' if len(names) == 1 else 'change'}"


def _called(template: Template) -> set[str]:
    """The logical ids that running executions may call: those that a workflow names, and functions behind aliases."""
    resources = template.get("Resources", {})
    ids: set[str] = set()
    for resource in resources.values():
        if resource["Type"] == STATE_MACHINE:
            ids |= _references(resource.get("Properties", {}))
    aliases = [resources[id] for id in ids if resources.get(id, {}).get("Type") in ALIASES]
    for alias in aliases:
        ids |= _references(alias.get("Properties", {}).get("FunctionName"))
    return {id for id in ids if id in resources}


def _references(value: object) -> set[str]:
    """The ids in each `Ref`, `Fn::GetAtt` and `Fn::Sub`."""
    match value:
        case {"Ref": str(id)}:
            return {id}
        case {"Fn::GetAtt": [str(id), *_]}:
            return {id}
        case {"Fn::Sub": _}:
            found: list[str] = re.findall(r"\$\{(\w+)", json.dumps(value))
            return set(found)
        case Mapping():
            return {id for part in value.values() for id in _references(part)}
        case list():
            return {id for part in value for id in _references(part)}
        case _:
            return set()


def _resource(template: Template, change: Change) -> Mapping[str, Any]:
    found: Mapping[str, Any] = template.get("Resources", {}).get(change["LogicalResourceId"], {})
    return found


def _type(template: Template, id: str) -> str | None:
    type: str | None = template.get("Resources", {}).get(id, {}).get("Type")
    return type


def path_of(id: str, *templates: Template) -> str:
    """The path of a construct, such as Orders/OrderTable, in the first template that has it; otherwise `id` itself."""
    for template in templates:
        if path := template.get("Resources", {}).get(id, {}).get("Metadata", {}).get("aws:cdk:path"):
            return str(path).removesuffix("/Resource").removesuffix("/Default")
    return id
