"""The workflow that waits for a reminder, and the workflow that puts its messages into the queues."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from reminders import reminder
from reminders.channels import CHANNELS, PREFERENCES, channels_of
from reminders.due import LONGEST_WAIT, Due
from sending import messages
from tests.support.workflows.asl import chosen, evaluated, evaluated_all, load, longest_path, next_states, states, texts

WAITING, DELIVERING = load("reminder.asl.json"), load("reminder_delivery.asl.json")
STATES = dict(states(WAITING)) | dict(states(DELIVERING))
CHECKS = {"Check the reminder": "Timer", "Check the timestamp": "wait_using_timestamp"}
"""The states that validate what was started by hand, and the state that waits."""

ALONE = {"email": "EmailOnly", "sms": "SMSOnly", "topic": "Publish to the topic"}
"""The state of each channel that is a reminder's only one."""

BESIDE = {"email": "ParallelEmail", "sms": "ParallelSMS", "topic": "ParallelTopic"}
"""The state of each channel of a reminder with several channels."""

QUEUES = {"email": "${EmailQueue}", "sms": "${SMSQueue}", "topic": "${TopicQueue}"}

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:Reminder:r-1"
CONTEXT = {"Execution": {"Id": EXECUTION, "Name": "r-1"}, "State": {"EnteredTime": "2026-11-21T09:17:48.123Z"}}
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
REQUEST = {
    "message": "Water the plants",
    "preference": "both",
    "email": "ann@example.com",
    "phone": "+15555550100",
    "timestamp": "2026-11-22 10:00",
    "timeZone": "Europe/Paris",
    "repeat": {"every": "1d", "times": 3},
}


def started(*, due=NOW + timedelta(days=1), **changes) -> dict:
    """Returns the input of an execution that the API or a function starts."""
    request = {**REQUEST, **changes}
    row = reminder.row_of(
        request,
        Due(due, "Europe/Paris"),
        reminder_id="r-1",
        execution=EXECUTION,
        owner="o",
        stop_key="k",
        now=NOW,
        kept=timedelta(30),
    )
    # States pass data as JSON.
    found: dict = json.loads(json.dumps(reminder.execution_input(request, row, now=NOW)))
    return found


def first_state(given) -> str:
    """Returns the state that follows the first one."""
    choice = STATES[WAITING["StartAt"]]
    return chosen(choice["Choices"], given) or choice["Default"]


def entered(given) -> list[str]:
    """Returns the states of the waiting workflow that an execution enters if nothing fails."""
    path = [WAITING["StartAt"], first_state(given)]
    while following := STATES[path[-1]].get("Next"):
        path.append(following)
    return path


def test_a_reminder_of_the_api_enters_three_states():
    """Each entered state of a Standard workflow costs as much as all other parts of the delivery together."""
    assert entered(started(waitSeconds=86_400)) == ["Is it a reminder", "Timer", "Deliver"]
    assert entered(started()) == ["Is it a reminder", "wait_using_timestamp", "Deliver"]


def test_a_reminder_started_by_hand_enters_four_states():
    page = {"waitSeconds": "2", "preference": "email", "message": "x", "email": "ann@example.com", "phone": ""}
    command_line = {"message": "x", "timestamp": "2027-01-27T09:00:00Z"}

    assert entered(page) == ["Is it a reminder", "Check the reminder", "Timer", "Deliver"]
    assert entered(command_line) == ["Is it a reminder", "Check the timestamp", "wait_using_timestamp", "Deliver"]


@pytest.mark.parametrize(
    ("given", "leads_to"),
    [
        ({"waitSeconds": 2}, "Check the reminder"),
        ({"waitSeconds": None}, "Check the reminder"),
        ({"waitSeconds": "2", "reminderId": "r-1"}, "Check the reminder"),
        ({"waitSeconds": 2, "reminderId": 7}, "Check the reminder"),
        ({"reminderId": "r-1"}, "Check the timestamp"),
        ({"reminderId": "r-1", "waitUntil": 7}, "Check the timestamp"),
        ({"waitUntil": "2027-01-27T09:00:00Z"}, "Check the timestamp"),
        *((nothing, "Check the timestamp") for nothing in (None, True, 7, "remind me", [], {}, [{}])),
    ],
)
def test_every_other_input_is_validated(given, leads_to):
    assert first_state(given) == leads_to


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_gets_the_input_and_hands_on_what_the_function_answers(name):
    state = STATES[name]

    assert state["Arguments"]["FunctionName"] == "${ScheduleReminderFunction}"
    assert evaluated_all(state["Arguments"]["Payload"], "anything", context=CONTEXT) == {
        "Input": "anything",
        "ExecutionId": EXECUTION,
    }
    assert evaluated(state["Output"], result={"Payload": started()}) == started()
    assert state["Next"] == CHECKS[name]


def test_both_checks_differ_only_in_the_state_that_follows():
    one, other = ({**STATES[name], "Next": "", "Comment": ""} for name in CHECKS)

    assert one == other


@pytest.mark.parametrize("name", CHECKS)
def test_an_invalid_reminder_fails_with_its_own_error_and_problem(name):
    failure, (invalid, *_) = STATES["Invalid reminder"], STATES[name]["Catch"]

    assert (invalid["ErrorEquals"], invalid["Next"]) == (["InvalidInputError"], "Invalid reminder")
    # Step Functions adds the function $parse to JSONata.
    assert invalid["Output"] == {"Problem": "{% $parse($states.errorOutput.Cause).errorMessage %}"}
    assert (failure["Type"], failure["Error"]) == ("Fail", "InvalidReminderError")
    assert evaluated(failure["Cause"], {"Problem": "email is needed."}) == "email is needed."


@pytest.mark.parametrize("name", CHECKS)
def test_an_execution_whose_name_is_taken_sends_nothing(name):
    _, taken, _ = STATES[name]["Catch"]

    assert (taken["ErrorEquals"], taken["Next"]) == (["ReminderTakenError"], "Nothing to send")
    assert next_states(STATES["Nothing to send"]) == []


@pytest.mark.parametrize("name", CHECKS)
def test_the_functions_own_errors_are_not_retried(name):
    first, _ = STATES[name]["Retry"]

    assert first == {"ErrorEquals": ["InvalidInputError", "ReminderTakenError"], "MaxAttempts": 0}


def test_each_form_of_time_has_its_wait_state():
    assert evaluated(STATES["Timer"]["Seconds"], started(waitSeconds="20")) == 20
    assert evaluated(STATES["wait_using_timestamp"]["Timestamp"], started()) == "2026-11-22T09:00:00Z"


def test_an_execution_waits_and_delivers_within_a_year():
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    assert reminder.SLICE.total_seconds() + longest_path(WAITING) < timedelta(days=365).total_seconds()
    assert LONGEST_WAIT.total_seconds() + longest_path(WAITING) <= WAITING["TimeoutSeconds"]


def test_a_delivery_is_over_within_the_time_of_an_express_execution():
    """https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html"""
    assert longest_path(DELIVERING) < DELIVERING["TimeoutSeconds"] < timedelta(minutes=5).total_seconds()


def delivered(given=None) -> dict:
    """Returns the input of the delivering workflow."""
    found: dict = evaluated_all(STATES["Deliver"]["Arguments"], given or started(), context=CONTEXT)["Input"]
    return found


def test_the_delivery_gets_the_execution_and_its_input():
    deliver = STATES["Deliver"]

    assert deliver["Resource"] == "arn:aws:states:::states:startExecution"
    assert deliver["Arguments"]["StateMachineArn"] == "${ReminderDelivery}"
    # The delivery has the name of the execution that waited, so that people find both.
    assert evaluated(deliver["Arguments"]["Name"], context=CONTEXT) == "r-1"
    assert delivered() == {"ExecutionId": EXECUTION, "Reminder": started()}
    assert (deliver["Output"], deliver["End"]) == ({"Outcome": "DELIVERED"}, True)


def way(channels) -> str:
    """Returns the state that delivers a reminder by these channels."""
    choice = STATES["ChoiceState"]
    return chosen(choice["Choices"], {"Reminder": {**started(), "channels": channels}}) or choice["Default"]


def test_a_single_channel_has_its_own_state():
    assert {one: way([one]) for one in CHANNELS} == ALONE


@pytest.mark.parametrize("channels", [["email", "sms"], ["email", "topic"], ["sms", "topic"], list(CHANNELS)])
def test_several_channels_are_used_together(channels):
    assert way(channels) == "EmailandSMS"


@pytest.mark.parametrize("preference", PREFERENCES)
def test_every_preference_has_its_state(preference):
    found = started(preference=preference)

    assert way(found["channels"]) == {**ALONE, "both": "EmailandSMS"}[preference]


def test_every_channel_has_a_state_for_several_channels():
    choice = STATES["Which channel"]

    assert {one: chosen(choice["Choices"], {"Channel": one}) for one in CHANNELS} == BESIDE


@pytest.mark.parametrize("channels", [["fax"], ["email", "fax"], []])
def test_an_unknown_channel_fails_the_delivery(channels):
    """The functions refuse unknown channels, but the workflow does not rely on it."""
    choice = STATES["Which channel"]

    assert way(channels) == "EmailandSMS"
    assert (chosen(choice["Choices"], {"Channel": "fax"}), choice["Default"]) == (None, "Unknown channel")
    assert STATES["Unknown channel"]["Type"] == "Fail"


def item(channel) -> dict:
    """Returns the input of one item of EmailandSMS."""
    context = {"Map": {"Item": {"Value": channel}}}
    found: dict = evaluated_all(STATES["EmailandSMS"]["ItemSelector"], delivered(), context=context)
    return found


@pytest.mark.parametrize("channel", CHANNELS)
def test_each_channel_gets_a_message_that_the_function_can_read(channel):
    alone, beside = STATES[ALONE[channel]], STATES[BESIDE[channel]]
    bodies = [
        evaluated(alone["Arguments"]["MessageBody"], delivered()),
        evaluated(beside["Arguments"]["MessageBody"], item(channel)),
    ]

    assert bodies == [{"ExecutionId": EXECUTION, "Reminder": started(), "Channel": channel}] * 2
    message = messages.read(json.dumps(bodies[0]), receives=1)
    assert (message.execution, message.channel, message.reminder) == (EXECUTION, channel, started())
    assert alone["Arguments"]["QueueUrl"] == beside["Arguments"]["QueueUrl"] == QUEUES[channel]


def test_the_items_are_the_reminders_channels():
    items = STATES["EmailandSMS"]["Items"]

    assert evaluated(items, delivered()) == channels_of(REQUEST)
    assert evaluated(items, delivered(started(preference="topic"))) == ["topic"]


@pytest.mark.parametrize("channel", ALONE)
def test_a_channel_is_called_in_the_same_way_alone_and_with_others(channel):
    alone, beside = STATES[ALONE[channel]], STATES[BESIDE[channel]]

    for field in ("Resource", "TimeoutSeconds", "Retry", "Output"):
        assert alone[field] == beside[field]
    assert beside["End"] is True


@pytest.mark.parametrize("name", [*ALONE.values(), "EmailandSMS"])
def test_every_channel_leads_to_the_original_last_state(name):
    assert STATES[name]["Next"] == "NextState"
    assert STATES["NextState"]["End"] is True


@pytest.mark.parametrize(
    ("name", "given", "written"),
    [
        *(
            (name, "anything", {"ReminderId": "r-1", "Reason": "the reminder could not be checked: States.Timeout"})
            for name in CHECKS
        ),
        (
            "Deliver",
            {"reminderId": "r-2"},
            {"ReminderId": "r-2", "Reason": "the delivery was not started: States.Timeout"},
        ),
    ],
)
def test_a_permanent_failure_is_written_with_the_name_of_its_error(name, given, written):
    *_, net = STATES[name]["Catch"]
    error = {"Error": "States.Timeout", "Cause": "x"}

    assert (net["ErrorEquals"], net["Next"]) == (["States.ALL"], "Record the failure")
    assert evaluated_all(net["Output"], given, context=CONTEXT, errorOutput=error) == written
    values = STATES["Record the failure"]["Arguments"]["ExpressionAttributeValues"]
    assert evaluated(values[":reason"]["S"], written) == written["Reason"]
    assert evaluated(values[":now"]["S"], written, context=CONTEXT) == "2026-11-21T09:17:48.123Z"
    assert evaluated(STATES["Not sent"]["Cause"], written) == written["Reason"]


def test_a_failure_that_cannot_be_written_fails_the_execution():
    state = STATES["Record the failure"]
    (net,) = state["Catch"]

    assert net["ErrorEquals"] == ["States.ALL"]
    assert set(next_states(state)) == {"Not sent"}
    for output in (state["Output"], net["Output"]):
        assert evaluated(STATES["Not sent"]["Cause"], evaluated(output, {"Reason": "x"})) == "x"
    assert STATES["Not sent"]["Type"] == "Fail"


def test_update_expressions_define_only_used_values():
    """DynamoDB refuses a value that no expression uses."""
    given = STATES["Record the failure"]["Arguments"]
    mentioned = f"{given['UpdateExpression']} {given['ConditionExpression']}"

    assert set(given["ExpressionAttributeValues"]) == {
        word.strip(",") for word in mentioned.split() if word.startswith(":")
    }


def test_no_state_returns_addresses_and_no_failure_quotes_a_service():
    """The log has the cause of a failed execution, and a list of executions shows the output."""
    for name, state in STATES.items():
        if state.get("End") and name not in BESIDE.values():
            assert not list(texts(state.get("Output", {}))) or state["Output"] in (
                {"Outcome": "DELIVERED"},
                {"Outcome": "TAKEN"},
            )
        if state["Type"] == "Fail":
            assert "errorOutput" not in str(state)
