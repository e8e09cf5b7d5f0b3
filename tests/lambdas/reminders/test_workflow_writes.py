"""The changes that the workflow's states write to a reminder's row, and the rows that they do not change."""

import pytest

from reminders import table
from reminders.reminder import STATUSES
from tests.support.handlers.aws import ENVIRONMENT, client_of
from tests.support.handlers.reminder_rows import row
from tests.support.workflows.asl import evaluated, load

STATES = load("reminder.asl.json")["States"]
TABLE = client_of(table, "dynamodb")
OWN, BEFORE, OTHER = (f"arn:execution:{name}" for name in ("own", "before", "other"))
CONTEXT = {"Execution": {"Id": OWN}, "State": {"EnteredTime": "2026-11-21T09:00:00.123Z"}}
KNOWN = {
    "reminder": {"reminderId": "r-1"},
    "lost": {"ReminderId": "r-1", "ExecutionId": BEFORE},
    "status": "SENT",
    "reason": "because",
}


def given(value):
    """Returns the evaluated arguments of a state, as in Step Functions. Texts in `{% %}` are expressions."""
    if isinstance(value, dict):
        return {name: given(inner) for name, inner in value.items()}
    if isinstance(value, str) and value.startswith("{%"):
        return evaluated(value, context=CONTEXT, **KNOWN)
    return value


def writes(name: str) -> bool:
    """Returns whether the state changes the row r-1."""
    arguments = {**STATES[name]["Arguments"], "TableName": ENVIRONMENT["REMINDER_TABLE"]}
    # The handlers' client accepts Python's values. This one accepts DynamoDB's, which the workflow writes.
    arguments = {
        field: {key: value["S"] for key, value in argument.items()}
        if field in ("Key", "ExpressionAttributeValues")
        else argument
        for field, argument in given(arguments).items()
    }
    try:
        TABLE.update_item(**arguments)
    except TABLE.exceptions.ConditionalCheckFailedException:
        return False
    return True


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("execution", [None, OWN, BEFORE, OTHER])
@pytest.mark.parametrize(
    ("state", "statuses", "executions", "written"),
    [
        ("Claim the reminder", {"SCHEDULED", "SENDING"}, {OWN}, {"Status": "SENDING"}),
        ("Record the result", {"SENDING", "SENT"}, {OWN}, {"Status": "SENT", "Reason": "because"}),
        (
            "Record the failure",
            set(STATUSES) - {"CANCELLED"},
            {OWN, BEFORE, None},
            {"Status": "FAILED", "Reason": "because"},
        ),
    ],
)
def test_a_state_writes_only_to_rows_of_its_own_execution(
    state, statuses, executions, written, execution, status, reminder_table
):
    kept = row(Status=status, **({"ExecutionId": execution} if execution else {}))
    reminder_table.put_item(Item=kept)

    does = status in statuses and execution in executions

    assert writes(state) is does
    expected = {**kept, **written, "UpdatedAt": "2026-11-21T09:00:00.123Z"} if does else kept
    assert table.find("r-1") == expected


@pytest.mark.parametrize("state", ["Claim the reminder", "Record the result", "Record the failure"])
def test_a_state_creates_no_row(state, reminder_table):
    assert not writes(state)
    assert reminder_table.scan()["Items"] == []
