import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from reminders import reminder, validation
from reminders.channels import CHANNELS, PREFERENCES, channels_of
from reminders.due import LONGEST_WAIT, Due
from tests.support.workflows.asl import chosen, evaluated, evaluated_all, load, longest_path, next_states, states, texts

MACHINE = load("reminder.asl.json")
STATES = dict(states(MACHINE))
TASKS = [name for name, state in STATES.items() if state["Type"] == "Task"]
WRITING = ["Claim the reminder", "Record the result", "Record the failure"]
STARTING = ["Wait on", "Start the next occurrence"]
ALONE = {"email": "EmailOnly", "sms": "SMSOnly", "topic": "Publish to the topic"}
"""The state of each channel that is a reminder's only one. A new channel needs no such state."""

BESIDE = {"email": "ParallelEmail", "sms": "ParallelSMS", "topic": "ParallelTopic"}
"""The state of each channel of a reminder with several channels."""

GOES_NO_FURTHER = ["Check the reminder", "Claim the reminder", "Find the next occurrence", *STARTING]

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:Reminder:r-1"
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
REQUEST = {
    "message": "Water the plants",
    "subject": "Plants",
    "preference": "both",
    "email": "ann@example.com",
    "phone": "+15555550100",
    "timestamp": "2026-11-22 10:00",
    "timeZone": "Europe/Paris",
    "fold": 0,
    "repeat": {"every": "1d", "times": 3},
}


def carried(*, reminder_id="r-1", due=NOW + timedelta(days=1), **changes) -> dict:
    """Returns the workflow's data of a reminder, from the function of its first state."""
    request = {**REQUEST, **changes}
    row = reminder.row_of(
        request, Due(due, "Europe/Paris"), reminder_id=reminder_id, owner="o", now=NOW, kept=timedelta(30)
    ) | {"ExecutionId": EXECUTION}
    # States pass data as JSON.
    found: dict = json.loads(json.dumps(reminder.for_the_workflow(request, row, now=NOW)))
    return found


def test_a_reminder_with_the_longest_wait_is_still_sent():
    assert LONGEST_WAIT.total_seconds() + longest_path(MACHINE) <= MACHINE["TimeoutSeconds"]


def test_an_execution_waits_sends_and_starts_the_next_within_a_year():
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    assert reminder.SLICE.total_seconds() + longest_path(MACHINE) < timedelta(days=365).total_seconds()


def test_the_function_checks_any_input_first():
    first = STATES[MACHINE["StartAt"]]

    assert first["Arguments"]["FunctionName"] == "${ScheduleReminderFunction}"
    assert first["Arguments"]["Payload"] == {
        "Input": "{% $states.input %}",
        "ExecutionId": "{% $states.context.Execution.Id %}",
    }


@pytest.mark.parametrize(
    ("payload", "leads_to"),
    [
        ({"Outcome": "INVALID", "Problem": "timestamp has passed."}, "Invalid reminder"),
        ({"Outcome": "TAKEN"}, "Nothing to send"),
        ({"Outcome": "SCHEDULED", "Reminder": carried()}, "wait_using_timestamp"),
        ({"Outcome": "SCHEDULED", "Reminder": carried(waitSeconds=86400)}, "Timer"),
        ({"Outcome": "SCHEDULED", "Reminder": carried(waitSeconds="86400")}, "Timer"),
        ({"Outcome": "SCHEDULED", "Reminder": carried(waitSeconds=0)}, "Timer"),
    ],
)
def test_each_answer_of_the_check_has_its_next_state(payload, leads_to):
    check, choice = STATES["Check the reminder"], STATES["Is it a reminder"]
    output = {name: evaluated(text, result={"Payload": payload}) for name, text in check["Output"].items()}
    given = evaluated(check["Assign"]["reminder"], result={"Payload": payload})

    assert (chosen(choice["Choices"], output, reminder=given) or choice["Default"]) == leads_to
    assert output == {"Outcome": payload["Outcome"], "Problem": payload.get("Problem")}
    assert given == payload.get("Reminder")


def test_an_invalid_reminder_fails_with_its_own_error_and_problem():
    failure = STATES["Invalid reminder"]

    assert (failure["Type"], failure["Error"]) == ("Fail", "InvalidReminderError")
    assert evaluated(failure["Cause"], {"Outcome": "INVALID", "Problem": "email is needed."}) == "email is needed."


def test_each_form_of_time_has_its_wait_state():
    assert evaluated(STATES["Timer"]["Seconds"], reminder=carried(waitSeconds="20")) == 20
    assert evaluated(STATES["wait_using_timestamp"]["Timestamp"], reminder=carried()) == "2026-11-22T09:00:00Z"


@pytest.mark.parametrize(
    ("due", "leads_to"),
    [(NOW + timedelta(days=364), "Claim the reminder"), (NOW + timedelta(days=364, seconds=1), "Wait on")],
)
def test_another_execution_continues_a_wait_that_is_too_long_for_one(due, leads_to):
    choice = STATES["Is it due"]

    assert (chosen(choice["Choices"], reminder=carried(due=due)) or choice["Default"]) == leads_to


@pytest.mark.parametrize("name", STARTING)
def test_the_next_execution_gets_the_request_without_the_waiting_time(name):
    context = {"Execution": {"Id": EXECUTION}, "StateMachine": {"Id": "arn:machine"}}
    given = STATES[name]["Arguments"]
    due, waited = NOW + timedelta(days=1), {}
    if name == "Wait on":
        due, waited = NOW + timedelta(days=366), {"waitedUntil": "2027-11-20T09:00:00Z"}
    started = evaluated(given["Input"], reminder=carried(due=due))

    kept = {field: REQUEST[field] for field in REQUEST if field not in ("timestamp", "timeZone", "fold")}
    assert started == {**kept, "reminderId": "r-1", "after": EXECUTION, **waited}
    assert started.keys() <= validation.SHAPE.schema["properties"].keys() | {"reminderId", "after", "waitedUntil"}
    assert evaluated(given["StateMachineArn"], context=context) == "arn:machine"


@pytest.mark.parametrize("name", STARTING)
@pytest.mark.parametrize("reminder_id", ["r-1", "5f0c8a52-6f0e-4f57-9d0b-0f6f3f3b6a11", "n" * 80])
def test_the_next_execution_has_a_unique_valid_name(reminder_id, name):
    """The id of a reminder that was started by hand is its execution's name, which has at most 80 characters."""
    found = evaluated(
        STATES[name]["Arguments"]["Name"], reminder=carried(reminder_id=reminder_id), uuid="0f6f3f3b-aaaa-bbbb"
    )

    assert found == f"{reminder_id[:71]}-0f6f3f3b"
    assert len(found) <= 80


def way(found) -> str:
    """Returns the state that sends a reminder. `found` is the workflow's data."""
    choice = STATES["ChoiceState"]
    return chosen(choice["Choices"], reminder=found) or choice["Default"]


def by(channels) -> dict:
    """Returns the workflow's data of a reminder by these channels."""
    return {**carried(), "channels": channels}


def test_a_single_channel_has_its_own_state_or_uses_the_state_of_several():
    assert {one: way(by([one])) for one in CHANNELS} == {one: ALONE.get(one, "EmailandSMS") for one in CHANNELS}


@pytest.mark.parametrize("channels", [["email", "sms"], ["email", "topic"], ["sms", "topic"], list(CHANNELS)])
def test_several_channels_are_used_together(channels):
    assert way(by(channels)) == "EmailandSMS"
    assert evaluated(STATES["EmailandSMS"]["Items"], reminder=by(channels)) == channels


@pytest.mark.parametrize("preference", PREFERENCES)
def test_every_preference_has_its_state(preference):
    found = carried(preference=preference)

    assert way(found) == {**ALONE, "both": "EmailandSMS"}[preference]


def test_every_channel_has_a_state_for_several_channels():
    choice = STATES["Which channel"]

    assert {one: chosen(choice["Choices"], one) for one in CHANNELS} == BESIDE


@pytest.mark.parametrize("channels", [["fax"], ["email", "fax"], []])
def test_no_known_channel_sends_for_an_unknown_channel(channels):
    """The first state refuses unknown channels, but the workflow does not rely on it."""
    found, choice, ends = by(channels), STATES["Which channel"], STATES["Unknown channel"]

    assert way(found) == "EmailandSMS"
    assert evaluated(STATES["EmailandSMS"]["Items"], reminder=found) == channels
    assert (chosen(choice["Choices"], "fax"), choice["Default"]) == (None, "Unknown channel")
    assert evaluated_all(ends["Output"], "fax") == {"Sent": False, "Reason": "the channel fax is unknown"}
    assert (ends["Type"], ends["End"]) == ("Pass", True)


@pytest.mark.parametrize("name", ["EmailOnly", "ParallelEmail"])
def test_an_email_has_the_input_that_the_function_expects(name):
    assert STATES[name]["Arguments"]["Payload"] == {"Input": "{% $reminder %}"}


@pytest.mark.parametrize("name", ["SMSOnly", "ParallelSMS"])
def test_a_text_message_uses_the_plain_text(name):
    given = dict(STATES[name]["Arguments"])
    kind = given.pop("MessageAttributes")["AWS.SNS.SMS.SMSType"]
    sent = {field: evaluated(text, reminder=carried(message="“Plants”")) for field, text in given.items()}

    assert sent == {"PhoneNumber": "+15555550100", "Message": '"Plants"'}
    assert kind == {"DataType": "String", "StringValue": "Transactional"}


def test_the_topic_gets_the_original_message():
    assert evaluated(STATES["Publish to the topic"]["Arguments"]["Message"], reminder=carried(message="“x”")) == "“x”"


@pytest.mark.parametrize("name", ["EmailOnly", "ParallelEmail"])
@pytest.mark.parametrize("error", ["MessageRejected", "MailFromDomainNotVerifiedException", "InvalidReminderError"])
def test_a_rejected_email_is_not_sent_again(name, error):
    first, *_ = STATES[name]["Retry"]

    assert error in first["ErrorEquals"]
    assert first["MaxAttempts"] == 0


@pytest.mark.parametrize("name", ["SMSOnly", "ParallelSMS"])
@pytest.mark.parametrize("error", ["SNS.InvalidParameterException", "SNS.OptedOutException"])
def test_a_text_to_an_invalid_or_opted_out_number_is_not_retried(name, error):
    first, *_ = STATES[name]["Retry"]

    assert error in first["ErrorEquals"]
    assert first["MaxAttempts"] == 0


@pytest.mark.parametrize("error", ["SNS.NotFoundException", "SNS.InvalidParameterException"])
def test_a_message_to_a_missing_topic_is_not_retried(error):
    first, *_ = STATES["Publish to the topic"]["Retry"]

    assert error in first["ErrorEquals"]
    assert first["MaxAttempts"] == 0


@pytest.mark.parametrize("channel", ALONE)
def test_a_channel_is_called_in_the_same_way_alone_and_with_others(channel):
    alone, beside = STATES[ALONE[channel]], STATES[BESIDE[channel]]

    for field in ("Resource", "Arguments", "TimeoutSeconds", "Retry"):
        assert alone[field] == beside[field]
    assert (beside["Output"], beside["End"]) == ({"Sent": True}, True)


SENT = {"Sent": True}
NO_MAIL = {"Sent": False, "Reason": "the e-mail was not sent: MessageRejected"}
NO_TEXT = {"Sent": False, "Reason": "the text was not sent: SNS.OptedOutException"}
NO_MESSAGE = {"Sent": False, "Reason": "the message to the topic was not sent: SNS.NotFoundException"}


@pytest.mark.parametrize(
    ("results", "status", "reason"),
    [
        ([SENT, SENT], "SENT", None),
        ([SENT, NO_TEXT], "PARTLY_SENT", NO_TEXT["Reason"]),
        ([NO_MAIL, SENT], "PARTLY_SENT", NO_MAIL["Reason"]),
        ([NO_MAIL, NO_TEXT], "FAILED", f"{NO_MAIL['Reason']}; {NO_TEXT['Reason']}"),
        ([SENT, SENT, SENT], "SENT", None),
        ([SENT, NO_TEXT, NO_MESSAGE], "PARTLY_SENT", f"{NO_TEXT['Reason']}; {NO_MESSAGE['Reason']}"),
        ([SENT], "SENT", None),
        ([NO_MAIL], "FAILED", NO_MAIL["Reason"]),
    ],
)
def test_the_status_follows_from_the_results_of_all_channels(results, status, reason):
    weighed = STATES["EmailandSMS"]["Assign"]

    assert evaluated(weighed["status"], result=results) == status
    assert evaluated(weighed["reason"], result=results) == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("EmailOnly", "the e-mail was not sent: States.Timeout"),
        ("SMSOnly", "the text was not sent: States.Timeout"),
        ("Publish to the topic", "the message to the topic was not sent: States.Timeout"),
    ],
)
def test_a_failed_channel_is_recorded_with_the_name_of_its_error(name, reason):
    (catch,) = STATES[name]["Catch"]

    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "Record the result")
    assert catch["Assign"]["status"] == "FAILED"
    assert evaluated(catch["Assign"]["reason"], errorOutput={"Error": "States.Timeout", "Cause": "x"}) == reason


@pytest.mark.parametrize(
    ("name", "failed"), [("ParallelEmail", NO_MAIL), ("ParallelSMS", NO_TEXT), ("ParallelTopic", NO_MESSAGE)]
)
def test_a_failed_channel_does_not_stop_the_others(name, failed):
    (catch,) = STATES[name]["Catch"]
    error = {"Error": failed["Reason"].rpartition(" ")[2], "Cause": "x"}

    assert catch["ErrorEquals"] == ["States.ALL"]
    assert STATES[catch["Next"]]["End"] is True
    assert catch["Output"]["Sent"] is False
    assert evaluated(catch["Output"]["Reason"], errorOutput=error) == failed["Reason"]


@pytest.mark.parametrize("name", [*ALONE.values(), "EmailandSMS"])
def test_every_channel_leads_to_the_same_last_states(name):
    assert STATES[name]["Next"] == "NextState"
    assert set(next_states(STATES[name])) <= {"NextState", "Record the result"}
    assert next_states(STATES["NextState"]) == ["Record the result"]


@pytest.mark.parametrize("name", TASKS)
def test_every_permanent_failure_is_on_the_row_or_fails_the_execution(name):
    *_, net = STATES[name].get("Catch", [{}])

    if name == "Record the result":
        assert net == {}, "a result that cannot be recorded must fail the execution"
    else:
        assert net["ErrorEquals"] == ["States.ALL"]
    if name in GOES_NO_FURTHER:
        assert (net["Next"], net["Output"]) == ("Record the failure", {})
        reason = evaluated(net["Assign"]["reason"], errorOutput={"Error": "States.Timeout", "Cause": "x"})
        assert reason.endswith(": States.Timeout")


def test_these_tests_cover_the_failure_of_every_task():
    assert set(TASKS) == {
        *GOES_NO_FURTHER,
        *ALONE.values(),
        *BESIDE.values(),
        "Record the result",
        "Record the failure",
    }


def test_a_failure_that_cannot_be_written_fails_the_execution():
    state = STATES["Record the failure"]

    assert set(next_states(state)) == {"Not sent"}
    assert STATES["Not sent"]["Type"] == "Fail"
    assert evaluated(STATES["Not sent"]["Cause"], reason="the wait could not go on: x") == "the wait could not go on: x"


@pytest.mark.parametrize(
    ("given", "lost"),
    [
        ({"reminderId": "r-1", "message": "x"}, {"ReminderId": "r-1", "ExecutionId": EXECUTION}),
        ({"reminderId": "r-1", "after": "before"}, {"ReminderId": "r-1", "ExecutionId": "before"}),
        ({"message": "by hand"}, {"ReminderId": "by-hand", "ExecutionId": EXECUTION}),
        ({"reminderId": 7, "after": None}, {"ReminderId": "by-hand", "ExecutionId": EXECUTION}),
        ("text", {"ReminderId": "by-hand", "ExecutionId": EXECUTION}),
        ([], {"ReminderId": "by-hand", "ExecutionId": EXECUTION}),
        (None, {"ReminderId": "by-hand", "ExecutionId": EXECUTION}),
    ],
)
def test_the_row_of_an_unchecked_reminder_is_found_for_any_input(given, lost):
    (catch,) = STATES["Check the reminder"]["Catch"]
    context = {"Execution": {"Id": EXECUTION, "Name": "by-hand"}}

    assert {name: evaluated(text, given, context=context) for name, text in catch["Assign"]["lost"].items()} == lost


def test_the_row_of_a_checked_reminder_belongs_to_the_execution():
    known = {"result": {"Payload": {"Reminder": carried()}}, "context": {"Execution": {"Id": EXECUTION}}}

    lost = {field: evaluated(text, **known) for field, text in STATES["Check the reminder"]["Assign"]["lost"].items()}
    assert lost == {"ReminderId": "r-1", "ExecutionId": EXECUTION}


def test_a_refused_claim_sends_nothing():
    refused, _ = STATES["Claim the reminder"]["Catch"]

    assert refused == {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Next": "Nothing to send"}
    assert next_states(STATES["Nothing to send"]) == []


@pytest.mark.parametrize("error", ["ConditionalCheckFailedException", "ResourceNotFoundException"])
@pytest.mark.parametrize("name", WRITING)
def test_a_refused_condition_is_not_retried(name, error):
    first, *_ = STATES[name]["Retry"]

    assert f"DynamoDB.{error}" in first["ErrorEquals"]
    assert first["MaxAttempts"] == 0


@pytest.mark.parametrize("name", WRITING)
def test_times_are_written_in_the_format_of_step_functions(name):
    now = STATES[name]["Arguments"]["ExpressionAttributeValues"][":now"]["S"]

    assert evaluated(now, context={"State": {"EnteredTime": "2026-11-21T09:17:48.123Z"}}) == "2026-11-21T09:17:48.123Z"


@pytest.mark.parametrize("name", WRITING)
def test_update_expressions_define_only_used_values(name):
    """DynamoDB refuses a value that no expression uses."""
    given = STATES[name]["Arguments"]
    mentioned = f"{given['UpdateExpression']} {given['ConditionExpression']}".replace("(", " ").replace(")", " ")

    assert set(given["ExpressionAttributeValues"]) == {
        word.strip(",") for word in mentioned.split() if word.startswith(":")
    }


@pytest.mark.parametrize(("reason", "written"), [(None, ""), ("the text was not sent: x", "the text was not sent: x")])
def test_the_row_gets_the_reason_or_an_empty_text(reason, written):
    values = STATES["Record the result"]["Arguments"]["ExpressionAttributeValues"]

    assert evaluated(values[":reason"]["S"], reason=reason) == written
    assert evaluated(values[":status"]["S"], status="PARTLY_SENT") == "PARTLY_SENT"


def test_the_workflow_writes_the_statuses_that_the_functions_know():
    known = {*reminder.OVER, reminder.SCHEDULED, reminder.SENDING, reminder.CANCELLED}
    written = {
        value["S"]
        for name in WRITING
        for value in STATES[name]["Arguments"]["ExpressionAttributeValues"].values()
        if value["S"].isupper()
    }

    assert written == {"SCHEDULED", "SENDING", "CANCELLED", "FAILED"} <= known


@pytest.mark.parametrize(("repeat", "leads_to"), [({"every": "1d"}, "Find the next occurrence"), (None, "Was it sent")])
def test_only_a_repeated_reminder_looks_for_its_next_occurrence(repeat, leads_to):
    choice, given = STATES["Is it repeated"], carried()
    given.pop("repeat")

    found = chosen(choice["Choices"], reminder={**given, **({"repeat": repeat} if repeat else {})})
    assert (found or choice["Default"]) == leads_to


@pytest.mark.parametrize(("goes_on", "leads_to"), [(True, "Start the next occurrence"), (False, "Was it sent")])
def test_a_reminder_that_is_over_or_cancelled_is_not_started_again(goes_on, leads_to):
    find, choice = STATES["Find the next occurrence"], STATES["Does it go on"]
    output = {name: evaluated(text, result={"Payload": {"GoesOn": goes_on}}) for name, text in find["Output"].items()}

    assert (chosen(choice["Choices"], output) or choice["Default"]) == leads_to


@pytest.mark.parametrize(("status", "leads_to"), [("SENT", "Sent"), ("PARTLY_SENT", "Sent"), ("FAILED", "Not sent")])
def test_an_execution_that_sent_nothing_fails(status, leads_to):
    choice = STATES["Was it sent"]

    assert (chosen(choice["Choices"], status=status) or choice["Default"]) == leads_to


def test_the_workflow_never_returns_or_writes_addresses_or_messages():
    for name, state in STATES.items():
        if state.get("End") or state["Type"] == "Fail" or name in WRITING:
            written = [text for field in ("Output", "Cause", "Arguments") for text in texts(state.get(field))]
            if name not in [*BESIDE.values(), *STARTING]:
                assert not [text for text in written if "errorOutput.Cause" in text or "$reminder %}" in text]
                assert not [text for text in written if any(f"$reminder.{one}" in text for one in ("email", "phone"))]


def test_the_cause_of_a_failed_execution_has_no_address():
    """At log level FATAL, only the cause of a failure is logged. A type error of JSONata quotes the value."""
    addressed = {
        name
        for name, state in states(MACHINE)
        for field in state.keys() - {"Comment", "Catch", "ItemProcessor"}
        for text in texts(state[field])
        if re.search(r"[$]reminder(?![.\w])|[$]reminder[.](phone|email|message|text|subject|next)", text)
    }
    nets = {name: (dict(states(MACHINE))[name].get("Catch") or [{}])[-1] for name in addressed}

    assert {"SMSOnly", "ParallelSMS", *STARTING} <= addressed
    assert {name for name, net in nets.items() if net.get("ErrorEquals") != ["States.ALL"]} == set()


def entered(found) -> list[str]:
    """Returns the states that a reminder without `repeat` enters, without the states of its channels."""
    name, path = MACHINE["StartAt"], []
    while name:
        path.append(name)
        state, outcome = STATES[name], {"Outcome": "SCHEDULED"}
        name = state.get("Next")
        if state["Type"] == "Choice":
            name = chosen(state["Choices"], outcome, reminder=found, status="SENT") or state["Default"]
    return path


@pytest.mark.parametrize("channel", ALONE)
def test_a_reminder_by_one_channel_enters_twelve_states(channel):
    """AWS charges for each state transition. https://aws.amazon.com/step-functions/pricing/"""
    found = {name: value for name, value in by([channel]).items() if name != "repeat"}

    assert len(entered(found)) == 12
    assert ALONE[channel] in entered(found)


def test_each_of_several_channels_adds_two_states():
    found = {name: value for name, value in by(list(CHANNELS)).items() if name != "repeat"}

    assert len(entered(found)) == 12
    assert "EmailandSMS" in entered(found)
    assert [STATES[name].get("Next") for name in BESIDE.values()] == [None] * len(BESIDE)


WAYS_OF_BEFORE = {"email": "EmailOnly", "sms": "SMSOnly", "both": "EmailandSMS"}
INPUT_OF_BEFORE = (
    "{% $merge([$sift($reminder, function($v, $k) { $k in ['reminderId', 'message', 'subject', 'preference', 'email',"
    " 'phone', 'repeat'] }), {'after': $states.context.Execution.Id}]) %}"
)
"""The fields that the definition before `channels` reads. A waiting execution keeps it and calls new functions."""


@pytest.mark.parametrize("preference", PREFERENCES)
@pytest.mark.parametrize("in_channels", [True, False])
def test_an_execution_of_the_previous_definition_sends_and_starts_a_valid_next_one(preference, in_channels):
    named = {"channels": PREFERENCES[preference]} if in_channels else {"preference": preference}
    request = {name: value for name, value in REQUEST.items() if name != "preference"} | named
    row = reminder.row_of(request, Due(NOW, "UTC"), reminder_id="r-1", owner="o", now=NOW, kept=timedelta(30))
    found = reminder.for_the_workflow(request, row, now=NOW)

    following = evaluated(INPUT_OF_BEFORE, reminder=found, context={"Execution": {"Id": EXECUTION}})

    assert (found["preference"], found["goOn"]) == (preference, False)
    assert channels_of(validation.given_to_the_workflow(following)) == PREFERENCES[preference]


@pytest.mark.parametrize("channels", [["email", "topic"], ["sms", "topic"], list(CHANNELS)])
def test_the_previous_definition_never_sends_channels_without_a_preference_only_to_the_topic(channels):
    request = {name: value for name, value in REQUEST.items() if name != "preference"} | {"channels": channels}
    row = reminder.row_of(request, Due(NOW, "UTC"), reminder_id="r-1", owner="o", now=NOW, kept=timedelta(30))

    assert reminder.for_the_workflow(request, row, now=NOW)["preference"] in WAYS_OF_BEFORE
