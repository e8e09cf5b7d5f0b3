import re
from datetime import UTC, datetime

import pytest

from common.cards import looks_like_card
from local.settings import PROJECT
from orders.order import SHARDS, todo
from orders.rules import REASONS, last4
from tests.support.orders import an_order, only
from tests.support.workflows.asl import (
    chosen,
    evaluated,
    evaluated_all,
    load,
    longest_path,
    next_states,
    states,
    texts,
    walked,
)
from tests.support.workflows.edges import first_match

MACHINE = load("order_fulfillment.asl.json")
STATES = dict(states(MACHINE))
TASKS = [name for name, state in STATES.items() if state["Type"] == "Task"]
WRITING = ["Update the order table", "Record the outcome", "Record that it is parked"]

LONGEST = 430
"""In characters. Split a longer expression into named variables."""

RUNBOOK = PROJECT / "docs" / "runbook.md"
EXPRESS_SECONDS = 5 * 60
"""https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html"""

WHOLE_INPUT = "{% $states.input %}"
SEARCHING = {
    "Are there enough digits for a card",
    "Leave out IBANs and parcels",
    "Find groups of digits",
    "Tell other numbers by their groups",
    "Read the numbers",
    "Keep numbers that issuers use",
    "Does it hold a card number",
}
"""The states that search the other fields for a card number."""
MASKED_CARD = (
    "{% $length($states.input.CC) in [12..19] and $not($contains($states.input.CC, /[^0-9]/))"
    " ? $substring($states.input.CC, -4) : '' %}"
)


def test_the_slowest_order_ends_before_the_workflow_times_out():
    assert longest_path(MACHINE) <= MACHINE["TimeoutSeconds"]


def test_the_workflow_times_out_before_the_limit_of_express_executions():
    assert MACHINE["TimeoutSeconds"] < EXPRESS_SECONDS


def test_the_runbook_names_the_timeout_of_the_workflow():
    assert f"took longer than its limit of {MACHINE['TimeoutSeconds']} seconds" in RUNBOOK.read_text()


@pytest.mark.parametrize("name", TASKS)
def test_an_order_is_parked_if_any_state_fails_for_good(name):
    *_, net = STATES[name].get("Catch", [{}])

    if name == "Park the order":
        assert net == {}, "an order that cannot even be parked must fail visibly"
    elif name == "Record that it is parked":
        assert net == {"ErrorEquals": ["States.ALL"], "Next": "Parked without a row"}
    elif name == "Look for the claim":
        assert net == {"ErrorEquals": ["States.ALL"], "Output": {}, "Next": "Duplicate order"}, (
            "no order can be lost after this state"
        )
    else:
        assert (net["ErrorEquals"], net["Next"]) == (["States.ALL"], "Park the order")
        assert net["Assign"]["failure"] == {"State": name, "Error": "{% $states.errorOutput.Error %}"}
        assert net["Output"] == {}, "parking must use the variables, which have no card number"


@pytest.mark.parametrize(
    ("name", "error", "following"),
    [
        ("Update the order table", None, "Are details Proper"),
        ("Update the order table", "DynamoDB.ConditionalCheckFailedException", "Look for the claim"),
        ("Update the order table", "States.Timeout", "Park the order"),
        ("Look for the claim", None, "Was it claimed"),
        ("Are details Proper", None, "Put message in Queue"),
        ("Park the order", None, "Has it a row"),
        ("Record that it is parked", "DynamoDB.ConditionalCheckFailedException", "Parked without a row"),
    ],
)
def test_a_task_leads_to_the_state_for_its_result(name, error, following):
    state = STATES[name]
    caught = first_match(state["Catch"], error) if error else None

    assert (state if caught is None else state["Catch"][caught])["Next"] == following


def test_the_glossary_names_every_outcome_of_an_execution_that_does_not_queue_its_order():
    ends = {state["Output"]["Outcome"] for state in STATES.values() if state.get("End")}
    _, _, glossary = (PROJECT / "docs" / "glossary.md").read_text().partition("\n## Outcome\n")
    section, _, _ = glossary.partition("\n## ")

    assert set(re.findall("`([A-Z_]+)`", section)) == ends - {"{% $outcome %}"}


def test_the_verdict_decides_the_queue():
    choice = STATES["Put message in Queue"]

    assert [(one["Condition"], one["Next"]) for one in choice["Choices"]] == [
        (choice["Choices"][0]["Condition"], "Put message in order OrderFulfillment Queue"),
        (choice["Choices"][1]["Condition"], "Put message in order Escalation Queue"),
    ]
    assert choice["Default"] == "Park the order"
    assert choice["Assign"]["failure"] == {"State": "Put message in Queue", "Error": "UnexpectedVerdictError"}


ESCALATED, FULFILLED, NEITHER = (
    "Put message in order Escalation Queue",
    "Put message in order OrderFulfillment Queue",
    None,
)


@pytest.mark.parametrize(
    ("status", "reasons", "leads_to"),
    [
        (1, [], FULFILLED),
        (0, ["PRICE_NOT_POSITIVE"], ESCALATED),
        (0, ["CARD_NOT_16_DIGITS", "PRICE_NOT_POSITIVE"], ESCALATED),
        (0, [], NEITHER),
        (1, ["PRICE_NOT_POSITIVE"], NEITHER),
        (True, [], NEITHER),
        (False, ["PRICE_NOT_POSITIVE"], NEITHER),
        ("1", [], NEITHER),
        (2, [], NEITHER),
        (None, [], NEITHER),
        (0, ["PRICE_NOT_POSITIVE", 7], NEITHER),
        (0, "PRICE_NOT_POSITIVE", NEITHER),
        (0, [["PRICE_NOT_POSITIVE"]], NEITHER),
        (0, ["PRICE_NOT_POSITIVE"] * 10, ESCALATED),
        (0, ["PRICE_NOT_POSITIVE"] * 11, NEITHER),
        (0, ["PRICE_NOT_POSITIVE", "the card 4242424242424242"], NEITHER),
        (None, ["PRICE_NOT_POSITIVE"], NEITHER),
    ],
)
def test_only_a_valid_verdict_leads_to_a_queue(status, reasons, leads_to):
    choices = STATES["Put message in Queue"]["Choices"]

    assert chosen(choices, {"Status": status}, reasons=reasons) == leads_to


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_the_check_escalates(reason):
    assert chosen(STATES["Put message in Queue"]["Choices"], {"Status": 0}, reasons=[reason]) == ESCALATED


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ({"Status": 1}, 1),
        ({"Status": 0}, 0),
        *(({"Status": one}, None) for one in (4242424242424242, "4242424242424242", {"CC": "4242"}, True, [1], None)),
        ({"CC": "4242424242424242"}, None),
        ("4242424242424242", None),
    ],
)
def test_a_verdict_keeps_only_its_number(payload, kept):
    status = STATES["Are details Proper"]["Output"]["Status"]

    found = evaluated(status, None, result={"Payload": payload})

    assert (found, type(found)) == (kept, type(kept))


ORDER = an_order(CC="4242424242424242")


@pytest.mark.parametrize(
    "order",
    [
        ORDER,
        ORDER | {"Price": 80000},
        ORDER | {"Price": ""},
        ORDER | {"Price": "-123456789012.3456"},
        ORDER | {"Price": -(2**53) + 1},
        ORDER | {"Price": 1e3},
        ORDER | {"CC": ""},
        *(ORDER | {"OrderId": one} for one in ("a", "a" * 64, "4006381333931", "20261121040000123")),
        *(ORDER | {field: one} for field in ("Name", "ItemName") for one in ("x", "🐈" * 200, "e\u0301\u200d\ufffc")),
        *(ORDER | {"Price": one} for one in ("x" * 32, "1" * 12, "0.000000000001", 0.1 + 0.2, 999999999999.9999, -0.0)),
        ORDER | {"CC": "1" * 32},
        ORDER | {"Name": "Flat 12 4400", "ItemName": "Part no. 4711-0815-4711", "Price": "1200"},
        ORDER | {"Name": "李雷 🐈"},
        ORDER | {"Name": "{% $states.input %}"},
        ORDER | {"OrderId": "550e8400-e29b-41d4-a716-446655440000"},
        ORDER | {"OrderId": "31234567891234567890abcdefabcdef"},
        ORDER | {"Note": "a field more"},
        *(ORDER | {"Price": one} for one in ("1" * 13, 1000000000000, 9007199254740991, "123456789012.3456 ")),
    ],
)
def test_a_valid_order_is_not_parked_by_the_first_states(order):
    assert problem(order) is None


@pytest.mark.parametrize("field", ORDER)
@pytest.mark.parametrize("value", [None, True, [], {}, ["A"], "missing"])
def test_an_order_with_a_missing_or_mistyped_field_is_parked(field, value):
    order = {name: one for name, one in ORDER.items() if name != field}

    assert problem(order if value == "missing" else order | {field: value}) == "MistypedFieldError"


@pytest.mark.parametrize("order", [None, [], "text", 7, {}, [ORDER]])
def test_an_input_that_is_not_an_object_is_parked(order):
    assert problem(order) == "MistypedFieldError"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        *(({"OrderId": one}, "InvalidOrderIdError") for one in ("", "-a", "a" * 65, "a/b", "a b", "a\n", "é", "👍")),
        *(({"Name": one}, "FieldLengthError") for one in ("", "x" * 201)),
        *(({"ItemName": one}, "FieldLengthError") for one in ("", "x" * 201)),
        ({"Price": "1" * 33}, "FieldLengthError"),
        ({"CC": "1" * 33}, "FieldLengthError"),
        *(
            ({field: f"1{one}"}, "ControlCharacterError")
            for field in ("Name", "ItemName", "Price")
            for one in ("\x00", "\n", "\x1f", "\x7f", "\x9f", "\u2028", "\ufdd0", "\ufffd", "\ufffe", "\uffff")
        ),
        *(
            ({field: one}, "InvisibleTextError")
            for field in ("Name", "ItemName")
            for one in (" ", "\u00a0\u3000", "\u200b\u200d", "\u3164", "\u2800", "\ufe0f", "\u202e\u2066")
        ),
        *(({field: "4242424242424242"}, "CardNumberInTextError") for field in ("OrderId", "Name", "ItemName", "Price")),
        ({"Price": 4242424242424242}, "CardNumberInTextError"),
        ({"Price": 2**53}, "CardNumberInTextError"),
        ({"Price": -(2**53)}, "CardNumberInTextError"),
        ({"Price": 0.0000378282246310005}, "CardNumberInTextError"),
        ({"Name": "4242 4242", "ItemName": "42424242"}, "CardNumberInTextError"),
        ({"Price": 1e20}, "CardNumberInTextError"),
        # No expression may fail: nothing catches that, and no queue would have the order.
        *(({"Price": one}, "CardNumberInTextError") for one in (10**400, -(10**400), float("inf"))),
        ({"Price": "4242424242424242.00"}, "CardNumberInTextError"),
        *(
            ({"Name": one}, "CardNumberInTextError")
            for one in ("x4242424242424242y", "4242 4242 4242 4242", "3782-822463-10005", "30569309025904")
        ),
    ],
)
def test_an_input_that_the_api_would_refuse_is_parked_with_its_problem(change, error):
    assert problem(ORDER | change) == error


@pytest.mark.parametrize(
    "card", ["", "1111", "1" * 11, "1" * 20, "4242 4242 4242 4242", "4242424242424242\n", "4" * 12, "4" * 19]
)
def test_the_workflow_and_the_api_show_the_same_digits_of_a_card(card):
    assert evaluated(MASKED_CARD, ORDER | {"CC": card}) == last4(card)


@pytest.mark.parametrize(
    "text",
    [
        "20261121040000123",
        "4006381333931",
        "T-123456789012",
        "5555.5555.5555.4444",
        "4242, 4242, 4242, 4242",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 3",
        "4242424242424242aaaaaaaaaaaaaaaa",
    ],
)
def test_the_workflow_and_the_api_find_the_same_card_numbers(text):
    assert (problem(ORDER | {"Name": text}) == "CardNumberInTextError") is looks_like_card(text)


@pytest.mark.parametrize(
    ("order_id", "kept"),
    [("A-1", "A-1"), ("4242424242424242", None), ("a/b", None), ("", None), (7, None), (None, None), ("a" * 65, None)]
    + [
        (one, None)
        for one in ("4242-4242-4242-4242", "3782.822463.10005", "4242_-4242_-4242_-4242", "x.3056-930902-5904")
    ],
)
def test_an_invalid_input_keeps_only_a_harmless_id(order_id, kept):
    assign = STATES["Not an order"]["Assign"]

    assert evaluated(assign["orderId"], {"OrderId": order_id}) == kept
    assert assign["order"] is None
    assert STATES["Not an order"]["Output"] == {}


def test_an_order_with_few_digits_is_not_searched_for_a_card_number():
    _, variables = walked(MACHINE, ORDER | {"OrderId": "A-123456789"})
    _, searched = walked(MACHINE, ORDER | {"OrderId": "A-1234567890"})

    assert "numbers" not in variables
    assert searched["numbers"]


def test_every_expression_is_short_enough_to_read():
    assert [text for text in texts(MACHINE["States"]) if text.startswith("{%") and len(text) > LONGEST] == []


def problem(order):
    """Returns the name of an order's error. None for a valid order."""
    place, variables = walked(MACHINE, order)
    assert place == ("Park the order" if "failure" in variables else "Update the order table")
    return variables.get("failure", {}).get("Error")


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
    assert only(state["Assign"], "outcome", "queue") == {"outcome": outcome, "queue": queue.strip("${}")}
    assert state["Next"] == "Record the outcome"


def outcome_of(name, *, days_kept="30"):
    """The arguments with which "Record the outcome" writes the row after the state `name`."""
    states = load("order_fulfillment.asl.json", days_kept=days_kept)["States"]
    context = {
        "Execution": {"Id": "arn", "StartTime": "2026-11-21T04:00:00.111Z"},
        "State": {"EnteredTime": "2026-11-21T04:00:00.999Z"},
    }
    variables = evaluated_all(states[name]["Assign"], {}, context=context)
    variables |= {"reasons": ["A", "B"], "checkedAt": "2026-11-21T04:00:00.222Z"}
    arguments = states["Record the outcome"]["Arguments"]
    return evaluated_all(arguments, {}, context=context, order=ORDER, **variables)


def shards(todos, status):
    """The numbers in values of Todo. Fails if a value is not of the form that lists query."""
    wanted = [todo(status, shard) for shard in range(SHARDS)]
    return {wanted.index(one) for one in todos}


def test_an_escalated_order_waits_for_an_operator_in_a_random_part_of_the_index():
    written = [outcome_of(ESCALATED) for _ in range(200)]

    assert {one["UpdateExpression"].rpartition(" = :queued")[2] for one in written} == {
        ", Todo = :todo REMOVE ExpiresAt"
    }
    assert len(shards((one["ExpressionAttributeValues"][":todo"]["S"] for one in written), "ESCALATED")) == SHARDS
    assert written[0]["ExpressionAttributeValues"][":reasons"] == {"L": [{"S": "A"}, {"S": "B"}]}


@pytest.mark.parametrize("state", [FULFILLED, ESCALATED])
def test_the_row_says_when_the_execution_and_its_main_states_began(state):
    """An Express workflow keeps no history."""
    written = outcome_of(state)["ExpressionAttributeValues"]

    assert {name: value["S"][-4:-1] for name, value in written.items() if "T04:00" in str(value)} == {
        ":started": "111",
        ":checked": "222",
        ":queued": "999",
        ":now": "999",
    }


REQUEST = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


@pytest.mark.parametrize("state", ["Is it an order", "Not an order"])
@pytest.mark.parametrize(
    ("input", "id"),
    [
        ({"Claimed": True, "RequestId": REQUEST}, REQUEST),
        ({"Claimed": True}, None),
        ({"RequestId": REQUEST}, None),
        ({"Claimed": "true", "RequestId": REQUEST}, None),
        ({"Claimed": True, "RequestId": REQUEST.upper()}, None),
        ({"Claimed": True, "RequestId": f"{REQUEST}\n"}, None),
        ({"Claimed": True, "RequestId": "4242424242424242"}, None),
        ({"Claimed": True, "RequestId": "ada@example.com"}, None),
        ({"Claimed": True, "RequestId": 7}, None),
        ({"Claimed": True, "RequestId": [REQUEST]}, None),
        ({"Claimed": True, "RequestId": None}, None),
    ],
)
def test_the_id_of_the_request_is_a_uuid_that_the_api_gave(state, input, id):
    """A workflow that somebody starts by hand must not smuggle a text into a message."""
    assert evaluated(STATES[state]["Assign"]["requestId"], ORDER | input) == id


@pytest.mark.parametrize("id", ["42424242-4242-4242-aaaa-aaaaaaaaaaaa", "aaaaaaaa-4242-4242-4242-aaaaaaaaaaaa"])
def test_a_uuid_that_looks_like_a_card_number_is_left_out_of_the_message_about_invalid_input(id):
    smuggled = {"Claimed": True, "RequestId": id}

    assert evaluated(STATES["Not an order"]["Assign"]["requestId"], smuggled) is None


@pytest.mark.parametrize(
    "id",
    [
        "aaaaaaaa-a424-4242-4242-aaaaaaaaaaaa",
        "aaaa4242-4242-424a-4242-aaaaaaaaaaaa",
        "aaaaaaaa-aaaa-aaaa-aaaa-424242424242",
    ],
)
def test_a_uuid_with_fewer_digits_is_kept_in_the_message_about_invalid_input(id):
    assert evaluated(STATES["Not an order"]["Assign"]["requestId"], {"Claimed": True, "RequestId": id}) == id


def test_a_fulfilled_order_waits_for_nobody():
    """It may have waited: an operator can redrive the execution of a parked order."""
    written = outcome_of(FULFILLED)

    assert written["UpdateExpression"].endswith(" REMOVE Todo")
    assert ":todo" not in written["ExpressionAttributeValues"], "DynamoDB refuses a value that is not used"
    assert STATES["Update the order table"]["Arguments"]["UpdateExpression"].endswith(" REMOVE Todo")


def test_the_row_of_a_fulfilled_order_expires_unless_the_stage_keeps_orders_for_ever():
    """DynamoDB refuses a value that is not used, and reads `ExpiresAt` as seconds."""
    written, for_ever = outcome_of(FULFILLED), outcome_of(FULFILLED, days_kept="")

    expires = int(datetime(2026, 12, 21, 4, tzinfo=UTC).timestamp())
    assert written["ExpressionAttributeValues"][":expires"] == {"N": str(expires)}
    assert ", ExpiresAt = if_not_exists(ExpiresAt, :expires) REMOVE Todo" in written["UpdateExpression"]
    assert "Expires" not in str(for_ever)
    assert for_ever["UpdateExpression"].endswith(" = :queued REMOVE Todo")


def test_the_row_of_an_order_that_waits_for_an_operator_does_not_expire():
    parked = STATES["Record that it is parked"]["Arguments"]["UpdateExpression"]

    for expression in (outcome_of(ESCALATED)["UpdateExpression"], parked):
        assert expression.endswith(", Todo = :todo REMOVE ExpiresAt")


def test_a_parked_order_waits_for_an_operator_in_a_random_part_of_the_index():
    value = STATES["Record that it is parked"]["Arguments"]["ExpressionAttributeValues"][":todo"]["S"]

    assert len(shards((evaluated(value, {}) for _ in range(200)), "PARKED")) == SHARDS


def test_only_the_execution_that_a_row_belongs_to_writes_it():
    for name in WRITING:
        assert "ExecutionId = :id" in STATES[name]["Arguments"]["ConditionExpression"]


def condition(*, claimed: bool) -> str:
    """Returns the condition of an execution's first write."""
    return evaluated(STATES["Update the order table"]["Arguments"]["ConditionExpression"], claimed=claimed)


def test_only_an_execution_started_by_hand_may_create_a_row():
    its_own = (
        "ExecutionId = :id"
        " OR (ExecutionName = :execution AND attribute_not_exists(ExecutionId) AND #status = :received)"
    )

    assert condition(claimed=True) == its_own
    assert condition(claimed=False) == f"attribute_not_exists(OrderId) OR {its_own}"


def test_an_execution_marks_a_row_as_parked_if_it_or_the_api_has_claimed_the_row():
    its_own = "ExecutionId = :id OR (ExecutionName = :name AND attribute_not_exists(ExecutionId))"

    assert STATES["Record that it is parked"]["Arguments"]["ConditionExpression"] == its_own


@pytest.mark.parametrize("mark", [None, False, "true", 1, [], {}, "missing"])
def test_only_the_exact_mark_shows_that_the_api_started_an_execution(mark):
    order = ORDER if mark == "missing" else ORDER | {"Claimed": mark}

    for state in ("Is it an order", "Not an order"):
        claimed = STATES[state]["Assign"]["claimed"]
        assert evaluated(claimed, order) is False
        assert evaluated(claimed, ORDER | {"Claimed": True}) is True


@pytest.mark.parametrize(
    ("order", "row"),
    [
        (ORDER | {"Claimed": True}, "A-1"),
        (ORDER | {"Claimed": True, "OrderId": "A"}, "A"),
        (ORDER | {"Claimed": True, "OrderId": "20261121040000123"}, "20261121040000123"),
        (ORDER, None),
        *((ORDER | {"Claimed": True, "OrderId": one}, None) for one in ("", "a/b", "a" * 65, None, 7, ["A-1"])),
        ("text", None),
        (None, None),
    ],
)
def test_invalid_input_marks_only_a_claimed_row(order, row):
    assert evaluated(STATES["Not an order"]["Assign"]["rowId"], order) == row


@pytest.mark.parametrize(("row", "leads_to"), [(None, "Parked without a row"), ("A-1", "Record that it is parked")])
def test_an_order_with_a_row_is_marked_as_parked(row, leads_to):
    choice = STATES["Has it a row"]

    assert (chosen(choice["Choices"], rowId=row) or choice["Default"]) == leads_to


@pytest.mark.parametrize(
    ("claimed", "found", "leads_to"),
    [
        (True, None, "No claim"),
        (True, "another", "No claim"),
        (True, "mine", "Duplicate order"),
        (False, None, "Duplicate order"),
        (False, "another", "Duplicate order"),
    ],
)
def test_only_an_execution_of_the_api_can_end_with_no_claim(claimed, found, leads_to):
    choice, context = STATES["Was it claimed"], {"Execution": {"Name": "mine"}}

    way = chosen(choice["Choices"], {"ExecutionName": found}, claimed=claimed, context=context)

    assert (way or choice["Default"]) == leads_to


@pytest.mark.parametrize(
    ("answer", "name"), [({"Item": {"ExecutionName": {"S": "mine"}}}, "mine"), ({"Item": {}}, None), ({}, None)]
)
def test_a_missing_row_has_no_execution(answer, name):
    assert evaluated(STATES["Look for the claim"]["Output"]["ExecutionName"], result=answer) == name


@pytest.mark.parametrize("state", ["Is it an order", "Not an order"])
def test_an_order_that_is_parked_at_once_is_in_no_queue(state):
    message = STATES["Park the order"]["Arguments"]["MessageBody"]

    assert evaluated(message["Queue"], queue=STATES[state]["Assign"]["queue"]) is None


@pytest.mark.parametrize("queue", ["", "OrderFulfillmentQueue", "EscalationQueue"])
def test_a_parked_message_says_which_queue_the_order_is_in(queue):
    message = STATES["Park the order"]["Arguments"]["MessageBody"]

    assert evaluated(message["Queue"], queue=queue) == (queue or None)


@pytest.mark.parametrize(("claimed", "id"), [(True, "mine"), (False, "arn:mine:7")])
def test_the_parking_id_is_the_executions_name_if_the_api_chose_it_and_otherwise_its_id(claimed, id):
    message, execution = STATES["Park the order"]["Arguments"]["MessageBody"], {"Name": "mine", "Id": "arn:mine:7"}

    assert evaluated(message["ParkingId"], claimed=claimed, context={"Execution": execution}) == id


@pytest.mark.parametrize("name", WRITING)
def test_a_refused_condition_is_not_retried(name):
    first, *_ = STATES[name]["Retry"]

    assert "DynamoDB.ConditionalCheckFailedException" in first["ErrorEquals"]
    assert first["MaxAttempts"] == 0


def test_the_card_number_is_only_used_to_check_its_form_or_to_mask_it():
    named = [(name, text) for name, state in STATES.items() for text in texts(state) if re.search(r"\bCC\b", text)]

    assert {name for name, _ in named} == {"Is it an order", "Update the order table", "Are details Proper"}
    for text in (text for name, text in named if name == "Is it an order"):
        assert set(re.findall(r"\$\w+\(\$states\.input\.CC\)", text)) in (
            {"$type($states.input.CC)"},
            {"$length($states.input.CC)"},
        )
        assert text.count("input.CC") == 1
    assert [text for name, text in named if name == "Update the order table"] == [MASKED_CARD]
    assert STATES["Update the order table"]["Arguments"]["ExpressionAttributeValues"][":last4"] == {"S": MASKED_CARD}


def test_no_state_passes_on_the_whole_order_and_the_check_gets_its_fields():
    handed = [name for name, state in STATES.items() if WHOLE_INPUT in texts(state.get("Arguments"))]

    assert handed == []
    assert STATES["Are details Proper"]["Arguments"]["Payload"] == {
        "Price": "{% $order.Price %}",
        "CC": "{% $states.input.CC %}",
    }


def given_the_card() -> set[str]:
    """Returns the states whose input can be the original order."""
    reached, ahead = set(), [MACHINE["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name in reached:
            continue
        reached.add(name)
        state = STATES[name]
        # Without Output, a state passes on its input, a task its result, and a catch the error.
        if state.get("Output", WHOLE_INPUT if state["Type"] in ("Choice", "Pass") else None) == WHOLE_INPUT:
            ahead += next_states({**state, "Catch": []})
        ahead += [catch["Next"] for catch in state.get("Catch", []) if catch.get("Output") == WHOLE_INPUT]
    return reached


def test_no_state_after_the_check_gets_the_card_number():
    its_way = {"Is it an order", "Not an order", "Update the order table", "Are details Proper"}

    assert given_the_card() == its_way | SEARCHING


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if not next_states(state) or state.get("End")])
def test_the_output_of_the_workflow_has_no_card_number(name):
    answer = STATES[name]["Output"]

    assert answer.keys() <= {"OrderId", "Outcome"}
    assert WHOLE_INPUT not in texts(answer)


@pytest.mark.parametrize("name", [name for name in TASKS if "sqs" in STATES[name]["Resource"]])
def test_a_message_names_its_fields_one_by_one(name):
    message = STATES[name]["Arguments"]["MessageBody"]

    assert WHOLE_INPUT not in texts(message)
    assert {"OrderId", "ExecutionId"} <= message.keys()


def test_no_task_gets_the_text_of_an_error():
    """Without an Output, a Catch passes on the whole error. Its text may quote the order."""
    passed_on = [catch for state in STATES.values() for catch in state.get("Catch", []) if "Output" not in catch]

    assert [catch for catch in passed_on if STATES[catch["Next"]]["Type"] == "Task"] == []


def test_a_parked_message_leaves_out_the_text_of_the_error():
    assert "$failure.Cause" not in " ".join(texts(MACHINE))
    assert not [text for text in texts(MACHINE) if "errorOutput" in text and "errorOutput.Error" not in text]
