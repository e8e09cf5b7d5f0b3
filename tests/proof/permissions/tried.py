"""Removes permissions on a laptop cloud, and looks whether a check fails.

The engine checks the calls of functions. Each journey runs once with all permissions. Then, for each action that one of
its functions was asked for, it runs without the function's permission for this action. The engine does not check the
calls of workflows, so their roles are evaluated for the calls that the journeys made.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local.cloud import Cloud
from local.gaps import SES_POLICY, SQS_POLICY
from tests.proof.permissions.policy import Grant, Need, allows
from tests.proof.permissions.services import TASKS
from tests.support.cloud.account_journeys import ACCOUNTS
from tests.support.cloud.apps import Apps
from tests.support.cloud.asked import Asked, Called, asked
from tests.support.cloud.balance import functions_of
from tests.support.cloud.between import Between, between
from tests.support.cloud.fault_matrix import failing
from tests.support.cloud.journeys import (
    BOTH_APPS,
    Journey,
    Subject,
    by_hand,
    reminded_by_text_later,
    reminded_later,
    scheduled,
)
from tests.support.cloud.watched import TaskFault, watched
from tests.support.waiting import eventually

STACKS = ("local-orders", "local-reminders", "local-account")
LATER = {"SendReminder": 60, "ScheduleReminder": 60}
"""Seconds until a function that nobody waits for has made its call."""
GAPS = {SES_POLICY, SQS_POLICY}
"""Policies that only the engine needs."""
COUNT = "person#"
"""How the keys of the counts of people begin."""


@dataclass
class Tried:
    """What the journeys showed."""

    removed: list[str] = field(default_factory=list)
    """The permissions that were removed: function and action."""
    unnoticed: dict[str, list[str]] = field(default_factory=dict)
    """The journeys in which no function was refused a removed permission."""
    refused: set[tuple[str, str]] = field(default_factory=set)
    """The same with the names of the roles. A function may be refused them."""
    answers: int = 0
    """The removals that also changed the answer to the caller."""
    calls: int = 0
    """The different calls of workflows."""
    of_workflows: int = 0
    """The permissions of workflows that these calls need."""
    failures: list[str] = field(default_factory=list)


def tried(apps: Apps) -> Tried:
    found = Tried()
    roles = _roles(apps.cloud)
    calls: set[Called] = set()
    with asked(apps.cloud) as record, between(apps.cloud, *STACKS) as proxy:
        for journeys, fresh in _lanes():
            for journey in journeys:
                _try(journey, fresh, Trial(apps, record, proxy, roles, found))
                calls |= record.calls()
                # What a process asks only once, another journey may have asked before.
                record.begin()
        _odd_executions(apps)
        calls |= record.calls()
    _workflows(apps.cloud, calls, found)
    noticed = set(found.removed)
    found.failures += [
        f"no check fails if {line.replace(', ', ' may not ', 1)}: tried in {', '.join(names)}"
        for line, names in sorted(found.unnoticed.items())
        if line not in noticed
    ]
    return found


def _odd_executions(apps: Apps) -> None:
    """Lets workflows make the calls that follow a failure.

    Starts the order workflow by hand with invalid input, and with a claim that does not exist. Starts a reminder whose
    delivery does not start.
    """
    order = Subject(apps).order
    for given in ({"Name": "x"}, {**order, "Claimed": True}):
        apps.finished(apps.start(apps.places.order_workflow, given))
    subject = Subject(apps)
    fault = TaskFault(marker=subject.id, state="Deliver", error="StepFunctions.SdkClientException", times=99)
    with watched(apps.cloud, [fault]):
        apps.cloud.engine.skip_waits(True)
        try:
            apps.finished(apps.start(apps.places.reminder_workflow, by_hand(subject)))
        finally:
            apps.cloud.engine.skip_waits(False)


def _first_of_a_person(subject: Subject) -> None:
    """Removes the counts of people, as if nobody had set a reminder yet."""
    engine, table = subject.apps.cloud.engine.client("dynamodb"), subject.apps.places.reminder_table
    for page in engine.get_paginator("scan").paginate(TableName=table):
        for row in page["Items"]:
            if row["ReminderId"]["S"].startswith(COUNT):
                engine.delete_item(TableName=table, Key={"ReminderId": row["ReminderId"]})


def _without_counts(subject: Subject) -> None:
    """Makes a reminder of a person whose counts are gone."""
    scheduled(subject)
    _first_of_a_person(subject)


def _a_text(subject: Subject) -> None:
    assert reminded_by_text_later(subject) == 202


def _moved(subject: Subject) -> int:
    """Moves a reminder."""
    return subject.apps.call_reminders("PATCH", f"/reminders/{subject.found['reminder']}", {"waitSeconds": 80_000})[0]


UPDATE = frozenset({"UpdateReminder"})
FIRST = [
    Journey(
        "setting the first reminder of a person",
        frozenset({"CreateReminder"}),
        reminded_later,
        begin=_first_of_a_person,
        only="dynamodb:Query",
    ),
    Journey("moving the first reminder of a person", UPDATE, _moved, begin=_without_counts, only="dynamodb:Query"),
]
OF_A_NEW_PROCESS = [Journey("moving a text message", UPDATE, _moved, begin=_a_text, only="sns:")]


def _lanes() -> Iterator[tuple[Sequence[Journey], bool]]:
    """Journeys, and whether their function gets a new process each time."""
    yield FIRST, False
    yield OF_A_NEW_PROCESS, True
    for some in (BOTH_APPS, ACCOUNTS):
        yield some.main, False
        yield from ((lane, False) for lane in some.alone)
        yield from ((lane, True) for lane in some.fresh)


@dataclass
class Trial:
    apps: Apps
    record: Asked
    proxy: Between
    roles: dict[str, str]
    """The role of each function."""
    found: Tried


def _try(journey: Journey, fresh: bool, trial: Trial) -> None:
    status, _ = _run(journey, fresh, trial, waits=True)
    if status not in journey.then and not journey.first:
        trial.found.failures.append(f"{journey.name}: {status} with all permissions")
    checks = trial.record.checks()
    trial.found.failures += [
        f"{journey.name}: {one.role} may not {one.action} on {one.resource}"
        for one in sorted(checks)
        if not one.allowed and (one.role, _name(one.action)) not in trial.found.refused
    ]
    for function in sorted(journey.functions):
        actions = {
            _name(one.action) for one in checks if one.role == trial.roles[function] and journey.only in one.action
        }
        for action in sorted(actions):
            if f"{function}, {action}" not in trial.found.removed:
                _without(journey, fresh, trial, function, action)


def _without(journey: Journey, fresh: bool, trial: Trial, function: str, action: str) -> None:
    role = trial.roles[function]
    trial.found.refused.add((role, action))

    def is_denied() -> bool:
        checks = trial.record.checks()
        return any(one.role == role and _name(one.action) == action and not one.allowed for one in checks)

    def removed() -> Any:
        return without(trial.apps.cloud, role, action)

    seconds = LATER.get(function, 5)
    # A process may know the answer of a call already. A new one asks again.
    for renewed in (None, function):
        status, denied = _run(
            journey, fresh, trial, waits=False, around=removed, until=is_denied, seconds=seconds, renewed=renewed
        )
        if denied:
            break
    line = f"{function}, {action}"
    if denied:
        trial.found.removed.append(line)
        trial.found.answers += status not in journey.then
    else:
        # Another journey may begin with something else.
        trial.found.unnoticed.setdefault(line, []).append(journey.name)


def _run(
    journey: Journey,
    fresh: bool,
    trial: Trial,
    *,
    waits: bool,
    around: Any = None,
    until: Any = None,
    seconds: float = 0,
    renewed: str | None = None,
) -> tuple[int, bool]:
    """Runs a journey. Returns its status, and whether `until` came true."""
    subject = Subject(trial.apps)
    journey.begin(subject)
    if fresh and not renewed:
        (renewed,) = journey.functions
    if renewed:
        trial.proxy.renew(renewed)
    with trial.proxy.case(functions=journey.functions) as case:
        case.faults = [failing(call) for call in journey.first]
        if around is None:
            status = journey.go(subject)
            case.answered.set()
            if waits:
                journey.end(subject, case)
            return status, True
        with around():
            status = _status(journey, subject)
            case.answered.set()
            try:
                eventually(until, within=seconds)
            except AssertionError:
                return status, False
    return status, True


def _status(journey: Journey, subject: Subject) -> int:
    try:
        return journey.go(subject)
    except AssertionError:
        # The journey waits for something that does not come without the permission.
        return 500


def _name(action: str) -> str:
    """The action as IAM names it: the engine has actions of its own for batches."""
    return action.removesuffix("Batch") if action.startswith("sqs:") else action


def _roles(cloud: Cloud) -> dict[str, str]:
    functions = cloud.engine.client("lambda")
    names = {construct: name for stack in STACKS for construct, name in functions_of(cloud, stack).items()}
    return {
        construct: functions.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
        for construct, name in names.items()
    }


def policies(cloud: Cloud, role: str) -> dict[str, dict[str, Any]]:
    """The documents of a role's policies, by name."""
    iam = cloud.engine.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}


@contextmanager
def without(cloud: Cloud, role: str, action: str) -> Iterator[None]:
    """Takes the permission for an action from a role inside the block, on every resource."""
    iam, usual = cloud.engine.client("iam"), policies(cloud, role)
    try:
        for name, document in usual.items():
            statements = []
            for one in document["Statement"]:
                actions = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
                if left := [each for each in actions if _name(each) != action]:
                    statements.append({**one, "Action": left})
            # A policy must have a statement.
            nothing = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
            changed = {**document, "Statement": statements or [nothing]}
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(changed))
        yield
    finally:
        for name, document in usual.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def _workflows(cloud: Cloud, calls: set[Called], found: Tried) -> None:
    """Evaluates the role of each workflow for its calls, and then without each permission that they need."""
    states = cloud.engine.client("stepfunctions")
    found.calls = len(calls)
    for machine in {one.workflow for one in calls}:
        role = states.describe_state_machine(stateMachineArn=machine)["roleArn"].rpartition("/")[2]
        granted = list(_granted(cloud, role))
        needs = {
            Need(role, action, _arn(cloud, integration, json.loads(arguments)), machine)
            for workflow, integration, arguments in calls
            if workflow == machine
            for action in [TASKS[integration][0]]
        }
        found.failures += _evaluated(needs, granted)
        found.of_workflows += sum(one.action.partition(":")[0] in _services() for one in granted)


def _evaluated(needs: set[Need], granted: Sequence[Grant]) -> Iterator[str]:
    for need in sorted(needs, key=str):
        if not allows([one.statement for one in granted], need):
            yield f"denied: {need}"
    for grant in granted:
        others = [one.statement for one in granted if one is not grant]
        if grant.action.partition(":")[0] in _services() and all(allows(others, need) for need in needs):
            yield f"no call of the journeys needs: {grant}"


def _services() -> set[str]:
    """The services that states call. A role also has permissions for its log, its traces and its key."""
    return {action.partition(":")[0] for action, _, _ in TASKS.values()}


def _granted(cloud: Cloud, role: str) -> Iterator[Grant]:
    documents = [document for name, document in policies(cloud, role).items() if name not in GAPS]
    for document in documents:
        for one in document["Statement"]:
            for action in [one["Action"]] if isinstance(one["Action"], str) else one["Action"]:
                for resource in [one["Resource"]] if isinstance(one["Resource"], str) else one["Resource"]:
                    yield Grant(role, action, resource, conditions=one.get("Condition", {}))


def _arn(cloud: Cloud, integration: str, arguments: dict[str, Any]) -> str:
    _, argument, type = TASKS[integration]
    text = str(arguments[argument])
    if type == "AWS::SQS::Queue":
        sqs = cloud.engine.client("sqs")
        attributes = sqs.get_queue_attributes(QueueUrl=text, AttributeNames=["QueueArn"])["Attributes"]
        return str(attributes["QueueArn"])
    if type == "AWS::DynamoDB::Table":
        return str(cloud.engine.client("dynamodb").describe_table(TableName=text)["Table"]["TableArn"])
    return text
