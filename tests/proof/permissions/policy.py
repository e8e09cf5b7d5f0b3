"""What roles are granted and what they need, and IAM's answer to one request.

The engine's evaluator decides (MiniStack, `ministack.core.iam_evaluator`), which only needs the text of policies.
`tests/tools/test_permissions_proof.py` holds it to AWS's documentation for each form that our policies have.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_evaluator

from tests.proof.permissions.account import ACCOUNT, REGION, Account, listed

Conditions = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Need:
    """A request that a role must be allowed to make. `*` in `resource` stands for any name."""

    role: str
    action: str
    resource: str
    why: str = field(compare=False)
    context: tuple[tuple[str, str], ...] = ()
    """The condition keys of the request that a grant should demand."""

    def __str__(self) -> str:
        return f"{self.role} may {self.action} on {self.resource}"


@dataclass(frozen=True)
class Grant:
    """One action on one resource that a statement allows a role."""

    role: str
    action: str
    resource: str
    is_not: bool = False
    """Whether it allows all resources but this one."""
    conditions: Conditions = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        only = f" if {dict(self.conditions)}" if self.conditions else ""
        return f"{self.role} may {self.action} on {'all but ' if self.is_not else ''}{self.resource}{only}"

    @property
    def statement(self) -> dict[str, Any]:
        name = "NotResource" if self.is_not else "Resource"
        return {"Effect": "Allow", "Action": self.action, name: self.resource, "Condition": self.conditions}


def grants(account: Account) -> Iterator[Grant]:
    """Everything that policies of a deployment allow its roles."""
    for path, role in account.of("AWS::IAM::Role").items():
        assert not role.get("ManagedPolicyArns"), f"{path} has a managed policy"
        for policy in role.get("Policies", []):
            yield from _of_document(path, policy["PolicyDocument"])
    assert not account.of("AWS::IAM::ManagedPolicy") and not account.of("AWS::IAM::RolePolicy")
    for _, policy in account.of("AWS::IAM::Policy").items():
        for name in policy["Roles"]:
            of = account.called("AWS::IAM::Role", name)
            assert of, name
            yield from _of_document(of, policy["PolicyDocument"])


def _of_document(role: str, document: Mapping[str, Any]) -> Iterator[Grant]:
    for one in listed(document["Statement"]):
        assert one["Effect"] == "Allow" and "NotAction" not in one, f"{role}: {one}"
        is_not = "NotResource" in one
        for action in listed(one["Action"]):
            for resource in listed(one["NotResource" if is_not else "Resource"]):
                yield Grant(role, action, resource, is_not, one.get("Condition", {}))


def allows(statements: Iterable[Mapping[str, Any]], need: Need, context: Mapping[str, str] | None = None) -> bool:
    """IAM's answer to the request, under these statements of the role."""
    keys = dict(need.context) if context is None else context
    request = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/role/session",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=need.action,
        # A star in a request means only itself, so it stands for names that no pattern but a star matches.
        resource_arn=need.resource,
        region=REGION,
        source_ip="127.0.0.1",
        secure_transport=True,
        service_context={name.lower(): value for name, value in keys.items()},
    )
    policy = iam_evaluator.parse_policy_document({"Statement": list(statements)})
    return bool(iam_evaluator.evaluate(request, [policy]).decision == "Allow")
