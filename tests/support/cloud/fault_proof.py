"""Runs a matrix of faults and checks the balance: with the faults that last for ever, and after they have ended."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.fault_matrix import Matrix, Plan
from tests.support.cloud.journeys import Subject, redrive
from tests.support.cloud.records import Terms
from tests.support.cloud.troubles import Call
from tests.support.waiting import eventually

SETTLE_SECONDS = 600
"""Some messages become visible only after minutes, and then thousands of cases end at once."""

ELSEWHERE = {
    "UpdateCache": "Lambda reads the stream and writes to the queue; the function itself calls only the cache",
    "PublishSite": "tests/lambdas/publishing tests its failures; it handles neither orders nor reminders",
}
NOT_HERE = {
    Call("ListOrders", "dynamodb:GetItem"): "only if a throttled table leaves keys out of BatchGetItem's answer",
    Call("ListParked", "dynamodb:GetItem"): "only if a throttled table leaves keys out of BatchGetItem's answer",
    **{
        Call(
            function, "dynamodb:Query"
        ): "only if a person's count is missing or full; test_allowance.py tests its failures"
        for function in ("CreateReminder", "UpdateReminder")
    },
    Call("CreateReminder", "sns:ListSMSSandboxPhoneNumbers"): "the engine has left the SMS sandbox",
    **{
        Call("UpdateReminder", action): "as for CreateReminder, which asks with the same code"
        for action in (
            *("ses:GetAccount", "ses:GetIdentityVerificationAttributes", "sns:CheckIfPhoneNumberIsOptedOut"),
            *("sns:GetSMSSandboxAccountStatus", "sns:ListSMSSandboxPhoneNumbers"),
        )
    },
    **{
        Call(function, action): "Lambda makes this call to read the function's stream or queue"
        for function, actions in {
            "WatchOrders": (
                *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
                "dynamodb:ListStreams",
            ),
            "ParkLostOrders": ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
            "SendReminder": ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
        }.items()
        for action in actions
    },
}


NOT_OF_ACCOUNTS = {
    Call(
        function, "dynamodb:GetItem"
    ): "only for keys that BatchGetItem's answer leaves out, and for reminders with a dead letter"
    for function in ("DeleteAccount", "GetAccount")
}


class Proof(NamedTuple):
    """The result of a run."""

    terms: str
    failures: Sequence[str]


def run(matrix: Matrix, plan: Plan) -> Proof:
    apps = matrix.apps
    mark = balance.mark(apps.cloud, apps.places)

    matrix.run(plan)
    # Otherwise the balance would miss the messages that SQS has put among the dead letters.
    eventually(lambda: redrive(Subject(apps)) == 200 and not _dead_letters(apps), every=1)

    failures = [one.line for one in matrix.results if one.wrong]
    terms = ""
    try:
        # The faults that last for ever still last.
        orders = balance.orders(apps.cloud, apps.places, since=mark, copies=matrix.copies, within=SETTLE_SECONDS)
        reminders = balance.reminders(
            apps.cloud, apps.places, since=mark, doubtful=matrix.doubtful, within=SETTLE_SECONDS
        )
        terms = f"orders: {_sum(orders)}; reminders: {_sum(reminders)}"
        matrix.release()
        balance.orders(apps.cloud, apps.places, since=mark, copies=matrix.copies, within=SETTLE_SECONDS)
        balance.reminders(apps.cloud, apps.places, since=mark, doubtful=matrix.doubtful, within=SETTLE_SECONDS)
    except AssertionError as error:
        failures.append(
            re.sub("P-[a-z]{12}", lambda found: f"{found[0]} ({matrix.stories.get(found[0], '?')})", str(error))
        )
    for one in balance.ANSWERS[mark.answers :]:
        # 502 comes from API Gateway if a function is killed.
        if one.status == 500 or (one.status == 503 and one.answer["error"]["code"] != "Unavailable"):
            failures.append(f"{one.method} {one.url} gives {one.answer}")
    return Proof(terms, failures)


def _dead_letters(apps: Apps) -> bool:
    """Whether there are dead letters. A killed function hides them from others for half a minute."""
    _, answer, _ = apps.call("GET", "/dead-letters")
    return any(one["Messages"] for one in answer["queues"])


def missing(granted: Collection[Call], reached: Collection[Call]) -> list[str]:
    """The calls that functions may make, and that no journey makes. Also excuses for calls that they may not make."""
    excused = NOT_HERE.keys() | NOT_OF_ACCOUNTS.keys()
    found = {one for one in granted if one.function not in ELSEWHERE} - {*reached} - excused
    functions = {one.function for one in granted}
    stale = {one for one in excused if one.function in functions} - {*granted}
    return [
        *(f"no journey makes {one}: add one to tests/support/cloud/journeys.py" for one in sorted(found)),
        *(f"the role does not allow {one}: remove it from tests/support/cloud/fault_proof.py" for one in sorted(stale)),
    ]


def _sum(terms: Terms) -> str:
    """`accepted 3 = fulfilled 2 + parked 1`"""
    ends = [f"{end} {number}" for end, number in sorted(terms.items()) if end != "accepted"]
    return f"accepted {terms['accepted']} = {' + '.join(ends)}"
