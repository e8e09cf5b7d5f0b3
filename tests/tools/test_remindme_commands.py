"""Scheduling with `remindme`, at a fixed time. A real HTTP server replaces the API."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.cognito import ADA, FakeCognito
from tests.support.commands import Command, run_inside
from tests.support.orders_stack import CARD
from tests.support.remindme import ID, IN_20_MINUTES, NOW, REMINDER, FakeApi, refusal
from tools.remindme import fields, requests
from tools.remindme.__main__ import main


def test_a_message_and_a_time_are_scheduled_in_local_time_and_mailed_to_the_user(
    remindme: Command, api: FakeApi, cognito: FakeCognito
) -> None:
    run = remindme("remind me of something", "2027-01-27 09:00:00")

    assert (run.status, run.err) == (0, "")
    assert api.requests == [
        (
            "POST",
            "/v1/reminders",
            {
                "message": "remind me of something",
                "timestamp": "2027-01-27T09:00:00+01:00",
                "timeZone": "Europe/Paris",
                "channels": ["email"],
            },
        )
    ]
    assert cognito.issued[api.tokens[0]] == ADA


def test_the_time_is_shown_in_local_time_and_utc_before_the_answer(remindme: Command) -> None:
    run = remindme("tea", "next", "friday", "18:00")

    assert run.out.startswith(
        "message   tea\n"
        "when      Fri 2026-11-27 18:00:00 Europe/Paris\n"
        "          Fri 2026-11-27 17:00:00 UTC\n"
        "to        your own e-mail address\n"
        f"reminder  {ID}\n"
    )


def test_a_refusal_comes_after_the_time_and_names_the_option(remindme: Command, api: FakeApi) -> None:
    api.answers = [(400, refusal("InvalidRequest", {"field": "email", "problem": "is not verified"}))]

    run = remindme("tea", "in 20m", "--email", "ada@example.com")

    assert run.status == 1
    assert "Sat 2026-11-21 11:50:15 UTC" in run.out
    assert run.err == "error: the API answered 400: InvalidRequest: The reminder is invalid; --email is not verified\n"


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ([], {"channels": ["email"]}),
        (["--topic"], {"channels": ["topic"]}),
        (["--topic", "--sms", "me"], {"channels": ["sms", "topic"]}),
        (["--topic", "--sms", "me", "--email", "me"], {"channels": ["email", "sms", "topic"]}),
        (["--email", "a@example.com"], {"channels": ["email"], "email": "a@example.com"}),
        (["--sms", "+15555550100"], {"channels": ["sms"], "phone": "+15555550100"}),
        (["--email", "me"], {"channels": ["email"]}),
        (["--sms", "me"], {"channels": ["sms"]}),
        (["--email", "me", "--sms", "+15555550100"], {"channels": ["email", "sms"], "phone": "+15555550100"}),
        (
            ["--email", "a@example.com", "--sms", "+15555550100", "--subject", "Tea?"],
            {"channels": ["email", "sms"], "email": "a@example.com", "phone": "+15555550100", "subject": "Tea?"},
        ),
        (["--repeat", "1d", "--times", "5"], {"channels": ["email"], "repeat": {"every": "1d", "times": 5}}),
        (
            ["--repeat", "1M", "--until", "2027-06-01 09:00"],
            {"channels": ["email"], "repeat": {"every": "1M", "until": "2027-06-01T09:00:00+02:00"}},
        ),
    ],
)
def test_options_become_fields(remindme: Command, api: FakeApi, options: list[str], fields: dict[str, Any]) -> None:
    run = remindme("tea", *options, "in 20m", "--json")

    assert run.json == REMINDER
    [(_, _, body)] = api.requests
    assert body == {"message": "tea", **IN_20_MINUTES, **fields}


@pytest.mark.parametrize(
    ("options", "to"),
    [
        (["--topic"], "to        the topic\n"),
        (["--topic", "--sms", "me"], "to        your own phone number\n          the topic\n"),
        (["--email", "me"], "to        your own e-mail address\n"),
        (["--email", "b@example.com", "--sms", "me"], "to        b@example.com\n          your own phone number\n"),
    ],
)
def test_the_recipients_are_shown(remindme: Command, options: list[str], to: str) -> None:
    assert to in remindme("tea", "in 20m", "-n", *options).out


@pytest.mark.parametrize(
    ("options", "offered"),
    [
        (["--topic"], "invalid: use --email me or --sms me\n"),
        (["--email", "me", "--topic"], "invalid: leave out --topic\n"),
        (["--email", "me"], "invalid.\n"),
    ],
)
def test_a_person_who_uses_the_topic_learns_what_to_use_instead(
    remindme: Command, api: FakeApi, options: list[str], offered: str
) -> None:
    api.answers = [(403, refusal("Forbidden"))]

    run = remindme("tea", "in 20m", *options)

    assert run.status == 1
    assert run.err.startswith("error: the API answered 403: Forbidden: ")
    assert run.err.endswith(offered)


def test_a_dry_run_shows_the_time_and_schedules_nothing(remindme: Command, api: FakeApi) -> None:
    run, as_json = remindme("-n", "tea", "in 20m"), remindme("--dry-run", "tea", "in 20m", "--json")

    assert "Sat 2026-11-21 12:50:15 Europe/Paris" in run.out
    assert as_json.json == {"message": "tea", **IN_20_MINUTES, "channels": ["email"]}
    assert api.requests == []


def test_a_time_is_understood_in_the_time_zone_of_the_option(remindme: Command, api: FakeApi) -> None:
    run = remindme("tea", "tomorrow 9am", "--zone", "Australia/Lord_Howe")

    assert "Sun 2026-11-22 09:00:00 Australia/Lord_Howe\n          Sat 2026-11-21 22:00:00 UTC" in run.out
    assert api.requests[0][2]["timestamp"] == "2026-11-22T09:00:00+11:00"


def test_if_the_clocks_show_a_time_twice_both_are_offered(remindme: Command, api: FakeApi) -> None:
    refused = remindme("tea", "2027-10-31 02:30")
    chosen = [remindme("tea", "2027-10-31 02:30", "--fold", fold) for fold in ("0", "1")]

    assert (refused.status, refused.out) == (1, "")
    assert "--fold 0 (2027-10-31 02:30:00+02:00) or --fold 1 (2027-10-31 02:30:00+01:00)" in refused.err
    assert [run.status for run in chosen] == [0, 0]
    assert [body["timestamp"] for _, _, body in api.requests] == [
        "2027-10-31T02:30:00+02:00",
        "2027-10-31T02:30:00+01:00",
    ]


def test_a_span_is_counted_after_signing_in_and_ends_at_the_second_that_was_shown(
    remindme: Command, api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([NOW, NOW + timedelta(seconds=40.5)])
    monkeypatch.setattr(requests, "now", lambda: next(clock))

    run = run_inside(capsys, main, ["tea", "in 20m", "--zone", "UTC"])

    assert "when      Sat 2026-11-21 11:50:56 UTC\nto " in run.out
    assert api.requests[0][2]["timestamp"] == "2026-11-21T11:50:56+00:00"


def test_a_span_of_a_few_seconds_is_counted_by_the_api_and_shown_as_seconds(remindme: Command, api: FakeApi) -> None:
    run = remindme("tea", "in 5 seconds")

    assert "when      5 seconds after it is scheduled\n" in run.out
    assert api.requests[0][2]["waitSeconds"] == 5


def test_utc_is_shown_once(remindme: Command) -> None:
    for zone in ("UTC", "Etc/UTC", "Zulu", "GMT"):
        run = remindme("tea", "2027-01-27 09:00", "--zone", zone, "-n")

        assert run.out.count("09:00:00") == 1
        assert f"when      Wed 2027-01-27 09:00:00 {zone}\nto " in run.out


@pytest.mark.parametrize(("setting", "zone"), [("JST-9", None), ("Europe/Paris", "Europe/Paris"), ("", "UTC")])
def test_the_time_zone_comes_from_tz_unless_an_option_names_one(
    remindme: Command, monkeypatch: pytest.MonkeyPatch, setting: str, zone: str | None
) -> None:
    monkeypatch.setenv("TZ", setting)

    for text in ("tomorrow 9am", "2027-01-27 09:00", "in 20m", "friday noon"):
        run, named = remindme("tea", text, "-n"), remindme("tea", text, "-n", "--zone", "Asia/Kolkata")

        assert (named.status, "Asia/Kolkata" in named.out) == (0, True)
        if zone:
            assert (run.status, zone in run.out) == (0, True)
        else:
            assert (run.status, run.out) == (1, "")
            assert run.err.startswith("error: the time zone of this machine is unknown: name one with --zone")


def test_numbers_addresses_and_intervals_may_be_written_in_several_ways(remindme: Command) -> None:
    numbers = ("+1 555 555 0100", "+1 (555) 555-0100", "+1.555.555.0100", "+15555550100")
    often = {
        **{"daily": "1d", "Every day": "1d", "every other day": "2d", "1D": "1d", "24 hours": "24h"},
        **{"weekly": "1w", "every two weeks": "2w", "fortnightly": "2w", "hourly": "1h"},
        **{"every 30 minutes": "30m", "30m": "30m", "30M": "30M", "monthly": "1M", "1M": "1M", "every 3 months": "3M"},
        **{"yearly": "1y", "annually": "1y"},
    }

    assert {fields.phone(text) for text in numbers} == {"+15555550100"}
    assert {text: fields.every(text) for text in often} == often
    run = remindme(
        "tea", "in 20m", "-n", "--json", "--sms", numbers[0], "--email", " a@example.com ", "--repeat", "daily"
    )
    assert (run.json["phone"], run.json["email"]) == ("+15555550100", "a@example.com")
    assert run.json["repeat"] == {"every": "1d"}


REFUSED = {
    "is not a phone number with a country code: write one such as +15555550100": [
        ["--sms", text]
        for text in (
            "",
            "1",
            "555 0100",
            "0049 30 12345",
            "+49 (0)30 1234",
            "+1" + "5" * 15,
            "५५५",
            "\u202a+15555550100",
        )
    ],
    "is not an e-mail address: write one such as ada@example.com, or me for your own": [
        ["--email", text]
        for text in (
            "",
            "nobody",
            "Ada <ada@example.com>",
            "a@exämple.com",
            "a@b",
            "a@b.c,d@e.f",
            "a\udcff@example.com",
        )
    ],
    "is not understood: write an interval such as 30m, 2h, 1d, 1w, 1M (a month) or 1y, or words such as daily": [
        ["--repeat", text]
        for text in ("", "d", "days", "0d", "1.5h", "biweekly", "every monday", "every", "1 d 2 h", "P1D", "１d", "2 M")
    ],
    "--repeat must be at least 5m": [["--repeat", "1m"], ["--repeat", "every minute"]],
    "--repeat must be at most a year, 1y": [["--repeat", "every 2 years"]],
    "until or times, but not both": [["--repeat", "1d", "--times", "3", "--until", "2027-06-01 09:00"]],
    "--until must not be before the first time": [["--repeat", "1d", "--until", "in 10m"]],
    "--subject must not be empty": [["--subject", ""]],
    "--subject must contain visible text": [["--subject", " "]],
    "--subject must be on one line, without control characters": [["--subject", "a\nb"], ["--subject", "a\x07b"]],
    "--subject may have at most 100 characters": [["--subject", "x" * 101]],
    "there is no time zone ''": [["--zone", ""]],
    "there is no time zone 'PST'": [["--zone", "PST"]],
}


def test_an_invalid_option_is_refused_before_anything_is_shown_or_sent(
    remindme: Command, api: FakeApi, cognito: FakeCognito
) -> None:
    for said, given in REFUSED.items():
        for options in given:
            run = remindme("tea", "in 20m", *options)

            assert (run.status, run.out, api.requests, cognito.requests) == (1, "", [], []), options
            assert said in run.err and run.err.startswith("error: ") and run.err.count("\n") == 1
            assert "^" not in run.err and len(run.err) < 300


def test_an_invalid_message_is_refused_before_anything_is_shown_or_sent(remindme: Command, api: FakeApi) -> None:
    for message, option, said in [
        ("", "topic", "the message must not be empty"),
        *[
            (text, "email=me", "the message must contain visible text")
            for text in (" ", "\n\t", "\u200b", "\u3000\u00ad")
        ],
        ("x" * 1401, "topic", "the message may have at most 1400 characters"),
        ("я" * 631, "sms=me", "the message is too long for a text message"),
        ("a\x07b", "email=me", "the message must not contain control characters"),
        ("a\udcffb", "topic", "the message contains broken characters"),
    ]:
        run = remindme(message, "in 20m", f"--{option}")

        assert (run.status, run.out, api.requests) == (1, "", [])
        assert said in run.err and "^" not in run.err


def test_a_time_more_than_a_year_ahead_is_refused_before_it_is_sent(remindme: Command, api: FakeApi) -> None:
    for text in ("in 366 days", "in 8761 hours", "2028-01-27 09:00", "29 feb 9am"):
        run = remindme("tea", text)

        assert (run.status, run.out, api.requests) == (1, "", [])
        assert run.err == "error: the time is more than 365 days ahead\n"
        assert "It cannot be scheduled yet, because it is more than 365 days ahead." in remindme("tea", text, "-n").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["tea", "tomorow 9am"],
        ["tea", "yesterday 9am"],
        ["tea", "6pm PST"],
        ["tea", "2027-03-28 02:30"],
        ["tea", "in 20m", "--zone", "Paris"],
        ["tea", "in 20m", "--repeat", "1d", "--until", "whenever"],
        ["tea", "in 20m", "--repeat", "1d", "--until", ""],
    ],
)
def test_a_time_that_is_not_understood_is_not_sent(remindme: Command, api: FakeApi, arguments: list[str]) -> None:
    run = remindme(*arguments)

    assert (run.status, run.out, api.requests) == (1, "", [])
    assert run.err.startswith("error: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["tea"],
        ["--", "tea"],
        ["list", "tomorrow 9am"],
        ["cancel", "tomorrow 9am"],
        ["cancel"],
        ["show", "a", "b"],
        ["show", "../x"],
        ["show", "8c2"],
        ["show", ID, "--wait"],
        ["show", ID, "--fold", "0"],
        ["list", "--limit", "0"],
        ["tea", "in 20m", "--limit", "5"],
        ["tea", "in 20m", "--times", "5"],
        ["tea", "in 20m", "--repeat", "1d", "--times", "0"],
        ["tea", "in 20m", "--repeat", "1d", "--times", "1001"],
        ["tea", "in 20m", "--wait", "-n"],
        ["tea", "in 20m", "--stage", CARD],
    ],
)
def test_wrong_usage_is_status_2_and_sends_nothing(remindme: Command, api: FakeApi, arguments: list[str]) -> None:
    run = remindme(*arguments)

    assert (run.status, run.out, api.requests) == (2, "", [])
    assert run.err.startswith("error: ") and run.err.count("\n") == 1
    assert CARD not in run.err


@pytest.mark.parametrize("message", ["list", "show", "cancel", "-x", "--wait"])
def test_a_message_that_looks_like_a_command_comes_after_two_dashes(
    remindme: Command, api: FakeApi, message: str
) -> None:
    run = remindme("--json", "--", message, "tomorrow 9am")

    assert run.status == 0
    assert api.requests[0][2]["message"] == message


def test_wrong_words_after_a_command_are_refused_with_how_to_write_a_message(remindme: Command) -> None:
    said = "write the options first, then -- and "

    assert f"If 'list' is your message, {said}'list'" in remindme("list", "tomorrow 9am").err
    assert f"If the command is your message, {said}the message" in remindme("cancel", "tomorrow 9am").err


def test_a_misspelt_command_gets_the_nearest_one(remindme: Command) -> None:
    assert remindme("lst").err == "error: no such command 'lst'. Did you mean list?\n"


@pytest.mark.parametrize(("status", "exit_status"), [("SENT", 0), ("PARTLY_SENT", 1), ("FAILED", 1), ("CANCELLED", 1)])
def test_the_exit_status_after_waiting_says_whether_the_reminder_was_sent(
    remindme: Command, api: FakeApi, status: str, exit_status: int
) -> None:
    api.answers = [(202, REMINDER), (200, {**REMINDER, "status": status, "reason": "because"})]

    run = remindme("tea", "in 1s", "--wait")

    assert run.status == exit_status
    assert f"waiting for reminder {ID}: Ctrl-C stops the waiting" in run.out
    assert status in run.out and "because" in run.out


@pytest.mark.usefixtures("aws")
def test_a_stage_that_is_not_deployed_is_named_before_anything_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    run = run_inside(capsys, main, ["tea", "in 20m", "--stage", "prod"])

    assert (run.status, run.out) == (1, "")
    assert run.err.startswith("error: there is no stack prod-reminders in us-east-1: deploy it")
