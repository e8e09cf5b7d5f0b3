import re

import pytest

from tests.statemachines.asl import load, longest_path, next_states, states, texts

MACHINE = load("order_fulfillment.asl.json")
STATES = dict(states(MACHINE))
TASKS = [name for name, state in STATES.items() if state["Type"] == "Task"]
WRITING = ["Update the order table", "Record the outcome", "Record that it is parked"]

EXPRESS_SECONDS = 5 * 60
"""https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html"""

WHOLE_INPUT = "{% $states.input %}"
MASKED_CARD = "{% $match($states.input.CC, /^[0-9]{12,19}$/) ? $substring($states.input.CC, -4) : '' %}"


def test_the_slowest_order_ends_before_the_workflow_does():
    assert longest_path(MACHINE) <= MACHINE["TimeoutSeconds"]


def test_the_workflow_ends_before_an_express_execution_must():
    assert MACHINE["TimeoutSeconds"] < EXPRESS_SECONDS


@pytest.mark.parametrize("name", TASKS)
def test_whatever_fails_for_good_is_parked(name):
    *_, net = STATES[name].get("Catch", [{}])

    if name == "Park the order":
        assert net == {}, "an order that cannot even be parked must fail visibly"
    elif name == "Record that it is parked":
        assert net == {"ErrorEquals": ["States.ALL"], "Next": "Parked without a row"}
    else:
        assert (net["ErrorEquals"], net["Next"]) == (["States.ALL"], "Park the order")
        assert net["Assign"]["failure"]["State"] == name


def test_the_verdict_decides_the_queue():
    choice = STATES["Put message in Queue"]

    assert [(one["Condition"], one["Next"]) for one in choice["Choices"]] == [
        ("{% $states.input.Status = 1 %}", "Put message in order OrderFulfillment Queue"),
        ("{% $states.input.Status = 0 %}", "Put message in order Escalation Queue"),
    ]
    assert next_states(STATES[choice["Default"]]) == ["Park the order"]


@pytest.mark.parametrize(
    ("name", "queue", "outcome"),
    [
        ("Put message in order OrderFulfillment Queue", "${OrderFulfillmentQueue}", "FULFILLMENT_QUEUED"),
        ("Put message in order Escalation Queue", "${EscalationQueue}", "ESCALATED"),
    ],
)
def test_each_queue_has_its_outcome(name, queue, outcome):
    state = STATES[name]

    assert state["Arguments"]["QueueUrl"] == queue
    assert state["Assign"] == {"outcome": outcome}
    assert state["Next"] == "Record the outcome"


def test_a_row_is_only_written_by_the_execution_it_belongs_to():
    for name in WRITING:
        assert "ExecutionId = :id" in STATES[name]["Arguments"]["ConditionExpression"]


@pytest.mark.parametrize("name", WRITING)
def test_a_refused_condition_is_not_retried(name):
    first, *_ = STATES[name]["Retry"]

    assert "DynamoDB.ConditionalCheckFailedException" in first["ErrorEquals"]
    assert first["MaxAttempts"] == 0


def test_the_card_number_is_only_named_where_it_is_masked():
    named = [(name, text) for name, state in STATES.items() for text in texts(state) if re.search(r"\bCC\b", text)]

    assert named == [("Update the order table", MASKED_CARD)]
    assert STATES["Update the order table"]["Arguments"]["Item"]["CardLast4"] == {"S": MASKED_CARD}


def test_only_the_check_is_handed_the_whole_order():
    handed = [name for name, state in STATES.items() if WHOLE_INPUT in texts(state.get("Arguments"))]

    assert handed == ["Are details Proper"]
    assert STATES["Are details Proper"]["Arguments"]["Payload"] == WHOLE_INPUT


def given_the_card() -> set[str]:
    """The states whose input can be the order as it came in."""
    reached, ahead = set(), [MACHINE["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name in reached:
            continue
        reached.add(name)
        state = STATES[name]
        # A state that names no output hands on its input, but a task its result, and a catch the error.
        if state.get("Output", WHOLE_INPUT if state["Type"] in ("Choice", "Pass") else None) == WHOLE_INPUT:
            ahead += next_states({**state, "Catch": []})
        ahead += [catch["Next"] for catch in state.get("Catch", []) if catch.get("Output") == WHOLE_INPUT]
    return reached


def test_the_card_number_ends_at_the_check():
    assert given_the_card() == {"Update the order table", "Are details Proper"}


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if not next_states(state) or state.get("End")])
def test_the_card_number_is_not_in_what_the_workflow_answers(name):
    answer = STATES[name]["Output"]

    assert answer.keys() <= {"OrderId", "Outcome"}
    assert WHOLE_INPUT not in texts(answer)


@pytest.mark.parametrize("name", [name for name in TASKS if "sqs" in STATES[name]["Resource"]])
def test_a_message_names_its_fields_one_by_one(name):
    message = STATES[name]["Arguments"]["MessageBody"]

    assert message.keys() <= {"OrderId", "Name", "ItemName", "Price", "Reasons", "State", "Error", "ExecutionId"}
    assert {"OrderId", "ExecutionId"} <= message.keys()


def test_a_parked_message_leaves_out_the_text_of_the_error():
    assert "$failure.Cause" not in " ".join(texts(MACHINE))
    assert not [text for text in texts(MACHINE) if "errorOutput" in text and "errorOutput.Error" not in text]
