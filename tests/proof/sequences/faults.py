"""Faults that a sequence switches on and off: a call of a function that fails, or a grant that its role loses."""

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import functions_of
from tests.support.cloud.between import Between, Case
from tests.support.cloud.troubles import (
    CORRUPT,
    CUT,
    EVER,
    HTML,
    KILLED,
    LOST,
    LOST_THEN_KILLED,
    RESET,
    TRUNCATED,
    Call,
    Fault,
    Trouble,
)

DENIED = "denied"
"""The role of the function loses the action. The engine saves this like every other change."""
LOST_ONCE = "first answer lost"
"""The first attempt of each call loses its answer, and the second attempt gets one."""

KINDS = (RESET, HTML, LOST, LOST_ONCE, CUT, TRUNCATED, CORRUPT, KILLED, LOST_THEN_KILLED)
"""The kinds that need the proxy. The part `faults` also has those in which a client waits until it gives up."""
UNDONE = {DENIED, RESET, HTML}
"""The kinds in which AWS does not do what the call asks for."""

STACKS = {"Orders": "local-orders", "Reminders": "local-reminders"}
"""The name of the stack with each construct id."""

NAME = "DeniedByASequence"


class FirstAttempt(Fault):
    """A fault that meets only the first attempt of each call, until it is switched off."""

    def meets(self, call: Call, invocation: str, most: int) -> Trouble | None:
        trouble = super().meets(call, invocation, most)
        return trouble if self._attempts.get(invocation) == 1 else None


@dataclass(frozen=True)
class On:
    """A fault that is switched on."""

    call: Call
    kind: str

    def fault(self) -> Fault:
        if self.kind == LOST_ONCE:
            return FirstAttempt(self.call, LOST, EVER)
        return Fault(self.call, self.kind, EVER)

    @property
    def failures(self) -> set[int]:
        """The statuses that a caller may get from a function whose call fails."""
        return {503} | ({500, 502, 504} if "killed" in self.kind else set())


class Proxied:
    """The calls of all functions while a machine runs, with the fault that is switched on."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def set(self, on: On | None) -> None:
        self._case.faults = [on.fault()] if on and on.kind != DENIED else []
        # A case keeps every call that it has seen, for reports that nobody writes here.
        self._case.sent.clear()


@contextmanager
def proxied(proxy: Between) -> Iterator[Proxied]:
    with proxy.case() as case:
        yield Proxied(case)


def deny(apps: Apps, call: Call | None) -> None:
    """Denies the action of this call to the role of its function, and no other action to any other role."""
    iam = apps.cloud.engine.client("iam")
    for function, role in roles(apps).items():
        if call and call.function == function:
            statement = {"Effect": "Deny", "Action": call.action, "Resource": "*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_role_policy(RoleName=role, PolicyName=NAME, PolicyDocument=policy)
        else:
            with contextlib.suppress(iam.exceptions.NoSuchEntityException):
                iam.delete_role_policy(RoleName=role, PolicyName=NAME)


def roles(apps: Apps) -> dict[str, str]:
    """The role of each function of both apps, by the function's construct id."""
    functions = apps.cloud.engine.client("lambda")
    return {
        construct: functions.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
        for stack in STACKS.values()
        for construct, name in functions_of(apps.cloud, stack).items()
    }
