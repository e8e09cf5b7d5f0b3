"""`remindme edit`, `snooze` and `now`. A real HTTP server replaces the API."""

from typing import Any

import pytest

from tests.support.cognito import ADA
from tests.support.commands import Command
from tests.support.remindme import ID, IN_20_MINUTES, REMINDER, FakeApi, refusal


@pytest.mark.parametrize(
    ("words", "change"),
    [
        (["edit", ID, "--message", "Feed both cats"], {"message": "Feed both cats"}),
        (["edit", ID, "--in", "20m", "--subject", "Tea?"], {**IN_20_MINUTES, "subject": "Tea?"}),
        (["edit", ID, "--at", "2026-11-21 12:50:15", "--zone", "Europe/Paris"], IN_20_MINUTES),
        (["edit", ID, "--email", "a@example.com"], {"channels": ["email"], "email": "a@example.com"}),
        (
            ["edit", ID, "--email", "me", "--sms", "+15555550100"],
            {"channels": ["email", "sms"], "email": ADA, "phone": "+15555550100"},
        ),
        (["edit", ID, "--topic"], {"channels": ["topic"]}),
        (["edit", ID, "--repeat", "daily", "--times", "3"], {"repeat": {"every": "1d", "times": 3}}),
        (["edit", ID, "--no-repeat"], {"repeat": None}),
        (["snooze", ID, "in", "20m"], IN_20_MINUTES),
        (["snooze", ID, "in 5 seconds"], {"waitSeconds": 5, "timeZone": "Europe/Paris"}),
        (["now", ID], {"sendNow": True}),
    ],
)
def test_only_what_changes_is_sent(remindme: Command, api: FakeApi, words: list[str], change: dict[str, Any]) -> None:
    run = remindme(*words)

    assert (run.status, run.err) == (0, "")
    assert api.requests == [("PATCH", f"/v1/reminders/{ID}", change)]
    assert "SCHEDULED" in run.out and REMINDER["message"] in run.out


def test_a_change_is_sent_again_after_an_outage_with_the_same_key(remindme: Command, api: FakeApi) -> None:
    api.answers = [(503, refusal("Unavailable")), (200, REMINDER)]

    run = remindme("now", ID, "--json")

    assert (run.status, run.json) == (0, REMINDER)
    assert len(api.keys) == 2 and len({*api.keys}) == 1 and api.keys[0]


def test_a_refused_change_names_the_option_or_the_reason(remindme: Command, api: FakeApi) -> None:
    api.answers = [
        (400, refusal("InvalidRequest", {"field": "email", "problem": "is not verified"})),
        (409, refusal("Conflict")),
    ]

    invalid, late = remindme("edit", ID, "--email", "a@example.com"), remindme("now", ID)

    assert invalid.err.endswith("; --email is not verified\n")
    assert late.err == "error: the API answered 409: Conflict: The reminder is invalid.\n"


@pytest.mark.parametrize(
    "words",
    [
        ["edit", ID],
        ["edit", ID, "--at", "9am", "--in", "20m"],
        ["edit", ID, "--repeat", "1d", "--no-repeat"],
        ["edit", ID, "--until", "9am"],
        ["snooze", ID],
        ["now", ID, "in 20m"],
    ],
)
def test_wrong_usage_of_a_change_is_status_2_and_sends_nothing(
    remindme: Command, api: FakeApi, words: list[str]
) -> None:
    run = remindme(*words)

    assert (run.status, run.out, api.requests) == (2, "", [])
    assert run.err.startswith("error: ")
