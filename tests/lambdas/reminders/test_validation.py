"""The rules of a request, for the API and for the workflow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common import codes
from common.shape import ShapeError
from reminders import validation
from reminders.due import Due
from reminders.errors import InvalidReminderError
from reminders.validation import check_addresses

NOW = datetime(2027, 1, 27, 8, tzinfo=UTC)
MAILED: dict[str, Any] = {"message": "Feed the cat", "channels": ["email"], "email": "jo@example.com"}
CARD = "4242 4242 4242 4242"


@pytest.mark.parametrize(
    ("preference", "given", "missing"),
    [
        ("email", {"phone"}, "email"),
        ("sms", {"email"}, "phone"),
        ("both", {"email"}, "phone"),
        ("both", {"phone"}, "email"),
    ],
)
def test_a_preference_needs_its_address(preference, given, missing):
    with pytest.raises(InvalidReminderError) as caught:
        check_addresses({"preference": preference, **dict.fromkeys(given, "x")})

    assert caught.value.field == missing


@pytest.mark.parametrize(
    ("preference", "given"), [("email", {"email"}), ("sms", {"phone"}), ("both", {"email", "phone"}), ("topic", set())]
)
def test_a_preference_with_its_address_is_accepted(preference, given):
    check_addresses({"preference": preference, **dict.fromkeys(given, "x")})


def details(shape: Any, given: Any) -> Any:
    with pytest.raises(ShapeError) as caught:
        shape.fitted(given)
    return caught.value.details


def refusal(request: dict[str, Any]) -> Any:
    with pytest.raises(InvalidReminderError) as caught:
        validation.checked(request, now=NOW)
    return caught.value.details


@pytest.mark.parametrize(
    ("channels", "preference", "detail"),
    [
        (["email"], "email", codes.EITHER_OF(fields=["preference", "channels"]).of("preference")),
        (["sms", "email"], "both", codes.EITHER_OF(fields=["preference", "channels"]).of("preference")),
        (["email"], "both", codes.DIFFERS_FROM_CHANNELS().of("preference")),
        (["email", "topic"], "email", codes.DIFFERS_FROM_CHANNELS().of("preference")),
    ],
)
@pytest.mark.parametrize("shape", [validation.SHAPE, validation.CHANGE], ids=["a request", "a change"])
def test_channels_are_named_once(channels, preference, detail, shape):
    assert details(shape, MAILED | {"channels": channels, "preference": preference}) == [detail]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"channels": ["fax"], "preference": "email"}, "channels"),
        ({"channels": [], "preference": "email"}, "channels"),
        ({"channels": ["email", "email"], "preference": "email"}, "channels"),
        ({"channels": ["email"], "preference": "fax"}, "preference"),
        ({"channels": ["email"], "preference": ["email"]}, "preference"),
        ({"channels": "email", "preference": "email"}, "channels"),
    ],
)
def test_an_invalid_channel_or_preference_is_the_only_problem_with_them(given, field):
    assert [one["field"] for one in details(validation.SHAPE, MAILED | given)] == [field]


def test_a_request_needs_channels_and_a_change_does_not():
    without = {name: value for name, value in MAILED.items() if name != "channels"}

    assert details(validation.SHAPE, without) == [codes.MISSING().of("channels")]
    assert validation.CHANGE.fitted(without) == without


def test_an_empty_change_is_refused():
    assert details(validation.CHANGE, {}) == [codes.EMPTY().of("(body)")]


@pytest.mark.parametrize("time", [{"waitSeconds": 1}, {"timestamp": "2027-01-27T09:00:00Z"}, {"fold": 1}])
def test_a_reminder_that_is_sent_now_has_no_other_time(time):
    (name,) = time

    assert details(validation.CHANGE, {"sendNow": True, **time}) == [
        codes.AT_MOST_ONE_OF(fields=["sendNow", name]).of("(body)")
    ]
    assert validation.CHANGE.fitted(time) == time
    assert validation.CHANGE.fitted({"sendNow": True, "timeZone": "UTC"})


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"message": "x"}, {"preference": "topic"}),
        ({"message": "x", "preference": "sms"}, {"preference": "sms"}),
        ({"message": "x", "channels": ["email"]}, {"channels": ["email"]}),
    ],
)
def test_a_reminder_without_a_channel_that_was_started_by_hand_goes_to_the_topic(given, named):
    assert validation.by_hand(given) == given | named
    assert validation.given_to_the_workflow(given) == given | named


@pytest.mark.parametrize("given", [None, "text", [], 7, {"message": "x", "waitUntil": "2027-01-27T09:00:00Z"}])
def test_any_other_input_that_was_started_by_hand_is_refused(given):
    for read in (validation.by_hand, validation.given_to_the_workflow):
        with pytest.raises(ShapeError):
            read(given)


def test_the_fields_that_the_functions_add_to_an_input_are_left_out():
    ours = {name: "x" for name in ("reminderId", "requestId", "waitUntil", "after", "waitedUntil")}

    assert validation.given_to_the_workflow(MAILED | ours) == MAILED
    with pytest.raises(ShapeError):
        validation.given_to_the_workflow(MAILED | ours | {"other": "x"})


def test_a_valid_reminder_is_due_at_its_time():
    request = MAILED | {"waitSeconds": 60, "repeat": {"every": "1d"}}

    assert validation.checked(request, now=NOW) == Due(NOW + timedelta(seconds=60), "UTC")


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"repeat": {"every": "1m"}}, codes.INTERVAL_TOO_SHORT(count=5, unit="m").of("repeat.every")),
        ({"message": CARD}, codes.LOOKS_LIKE_CARD().of("message")),
        ({"subject": CARD}, codes.LOOKS_LIKE_CARD().of("subject")),
        ({"email": "4242424242424242@example.com"}, codes.LOOKS_LIKE_CARD().of("email")),
        ({"subject": "4242 4242", "message": "4242 4242"}, codes.MAKES_CARD_WITH(fields=["message"]).of("subject")),
        ({"subject": "4242", "message": "424242424242"}, codes.MAKES_CARD_WITH(fields=["message"]).of("subject")),
    ],
)
def test_a_reminder_that_breaks_a_rule_is_refused(changes, detail):
    assert refusal(MAILED | {"waitSeconds": 60} | changes) == [detail]


def test_every_problem_of_a_reminder_is_named_at_once():
    request = {
        "message": "🐈" * 700,
        "channels": ["email", "sms"],
        "subject": CARD,
        "timestamp": "2019-01-27T09:00:00Z",
    }

    assert refusal(request) == [
        codes.NEEDED_FOR_CHANNEL(channel="email").of("email"),
        codes.NEEDED_FOR_CHANNEL(channel="sms").of("phone"),
        codes.LOOKS_LIKE_CARD().of("subject"),
        codes.TOO_LONG_FOR_SMS_IN_UCS2(size=1400, longest=630, longestInGsm=1530).of("message"),
        codes.HAS_PASSED().of("timestamp"),
    ]


def test_only_a_text_message_has_the_limit_of_texts():
    assert validation.checked(MAILED | {"message": "🐈" * 700, "waitSeconds": 1}, now=NOW)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("message", "a\0", codes.CONTROL_CHARACTERS()),
        ("message", "\u200b", codes.NOTHING_VISIBLE()),
        ("subject", "\u200b", codes.NOTHING_VISIBLE()),
        ("subject", "a\nb", codes.NOT_ONE_LINE()),
        ("channels", ["fax"], codes.NOT_CHANNELS(allowed=["email", "sms", "topic"])),
        ("waitSeconds", "6 0", codes.NOT_WHOLE_NUMBER(smallest=0, largest=31_536_000)),
        ("email", "jo", codes.NOT_AN_EMAIL_ADDRESS()),
        ("phone", "0151 12345678", codes.NOT_A_PHONE_NUMBER()),
    ],
)
@pytest.mark.parametrize("shape", [validation.SHAPE, validation.CHANGE], ids=["a request", "a change"])
def test_each_field_has_a_problem_of_its_own(field, value, problem, shape):
    assert details(shape, MAILED | {field: value}) == [problem.of(field)]
