import logging

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from reminders import readiness
from reminders.errors import InvalidReminderError
from tests.support.aws_answers import code_of
from tests.support.handlers.account import Account

SENDER = "reminders@example.com"
EMAIL = {"preference": "email", "email": "jo@mail.example.org"}
SMS = {"preference": "sms", "phone": "+15555550100"}
BOTH = EMAIL | SMS | {"preference": "both"}
TOPIC = {"preference": "topic"}
QUESTIONS = [
    "GetAccount",
    "GetIdentityVerificationAttributes",
    "GetSMSSandboxAccountStatus",
    "CheckIfPhoneNumberIsOptedOut",
]


def refusal(request: dict[str, str]) -> tuple[str, str]:
    with pytest.raises(InvalidReminderError) as caught:
        readiness.check(request)
    return caught.value.field, str(caught.value)


def sandboxed(account: Account, *, verified: set[str]) -> None:
    account.answers["GetAccount"] = {"SendingEnabled": True, "ProductionAccessEnabled": False}
    account.verified = verified


def test_an_account_with_a_complete_setup_sends_to_everybody(account):
    readiness.check(BOTH)

    assert account.operations() == QUESTIONS


def test_each_channel_asks_only_about_itself(account):
    readiness.check(TOPIC)
    assert account.operations() == []

    readiness.check(EMAIL)
    assert account.operations() == QUESTIONS[:2]

    readiness.check(SMS)
    assert account.operations() == QUESTIONS


def test_an_unverified_sender_is_refused_with_advice(account):
    account.verified = {"jo@mail.example.org"}

    field, problem = refusal(EMAIL)

    assert field == "preference"
    assert "must first open the link that SES mailed there" in problem


@pytest.mark.parametrize("identity", [SENDER, "example.com"])
def test_a_sender_is_verified_by_its_address_or_its_domain(identity, account):
    account.verified = {identity}

    readiness.check(EMAIL)


def test_a_paused_account_is_refused(account):
    account.answers["GetAccount"] = {"SendingEnabled": False, "ProductionAccessEnabled": True}

    assert "has paused e-mail" in refusal(EMAIL)[1]


def test_an_account_about_which_ses_says_nothing_sends_to_everybody(account):
    sandboxed(account, verified={SENDER})
    account.answers["GetAccount"] = {}

    readiness.check(EMAIL)


def test_in_the_sandbox_an_unverified_recipient_is_refused_with_advice(account):
    sandboxed(account, verified={SENDER})

    field, problem = refusal(EMAIL)

    assert field == "email"
    assert "verify it in the SES console, or request production access there" in problem


@pytest.mark.parametrize("identity", ["jo@mail.example.org", "mail.example.org", "example.org"])
def test_in_the_sandbox_a_recipient_is_verified_by_its_address_or_a_domain_it_is_within(identity, account):
    sandboxed(account, verified={SENDER, identity})

    readiness.check(EMAIL)


def test_in_the_sandbox_the_mailbox_simulator_accepts_mail(account):
    sandboxed(account, verified={SENDER})

    readiness.check(EMAIL | {"email": "success@simulator.amazonses.com"})


def test_at_most_100_identities_are_asked_about_for_one_recipient(account):
    sandboxed(account, verified={SENDER})

    refusal(EMAIL | {"email": "jo@" + "a." * 120 + "org"})

    assert len(account.asked[-1][1]["Identities"]) == 100


@pytest.mark.parametrize("numbers", [[], [("+15555550199", "Verified")], [("+15555550100", "Pending")]])
def test_in_the_sandbox_an_unverified_number_is_refused_with_advice(numbers, account):
    account.answers["GetSMSSandboxAccountStatus"] = {"IsInSandbox": True}
    listed = [{"PhoneNumber": number, "Status": status} for number, status in numbers]
    account.answers["ListSMSSandboxPhoneNumbers"] = {"PhoneNumbers": listed}

    field, problem = refusal(SMS)

    assert field == "phone"
    assert "ask there to leave the sandbox" in problem


def test_in_the_sandbox_a_verified_number_is_texted(account):
    account.answers["GetSMSSandboxAccountStatus"] = {"IsInSandbox": True}
    account.answers["ListSMSSandboxPhoneNumbers"] = {
        "PhoneNumbers": [{"PhoneNumber": "+15555550100", "Status": "Verified"}]
    }

    readiness.check(SMS)

    assert refusal(SMS | {"phone": "+15555550199"})[0] == "phone"


def test_a_number_that_opted_out_is_refused_with_advice(account):
    account.answers["CheckIfPhoneNumberIsOptedOut"] = {"isOptedOut": True}

    assert refusal(BOTH) == (
        "phone",
        "has opted out of text messages: opt it in again in the SNS console under Text messaging, at most once in 30"
        " days",
    )


def test_no_refusal_repeats_an_address(account):
    sandboxed(account, verified={SENDER})
    account.answers["CheckIfPhoneNumberIsOptedOut"] = {"isOptedOut": True}

    said = refusal(EMAIL)[1] + refusal(SMS)[1]

    assert "example" not in said and "5555550100" not in said


@pytest.mark.parametrize("kind", ["denied", "throttled", "unknown", "failed"])
def test_a_failed_question_refuses_no_reminder(kind, account, caplog):
    account.answers = dict.fromkeys(account.answers, kind)

    with caplog.at_level(logging.INFO):
        readiness.check(BOTH)

    assert [record.getMessage() for record in caplog.records] == [
        f"{operation} was not answered: {code_of(service, kind)}"
        for service, operation in (
            ("sesv2", "get_account"),
            ("ses", "get_identity_verification_attributes"),
            ("sns", "get_sms_sandbox_account_status"),
            ("sns", "check_if_phone_number_is_opted_out"),
        )
    ]
    assert "jo@" not in caplog.text


def test_a_failed_question_hides_no_problem_that_another_finds(account):
    account.answers["GetAccount"] = "denied"
    account.verified = set()

    assert refusal(EMAIL)[0] == "preference"


def test_a_sandbox_that_does_not_list_its_numbers_refuses_no_reminder(account):
    account.answers["GetSMSSandboxAccountStatus"] = {"IsInSandbox": True}
    account.answers["ListSMSSandboxPhoneNumbers"] = "denied"

    readiness.check(SMS)


def test_a_service_that_does_not_answer_refuses_no_reminder(account):
    account.answers = dict.fromkeys(account.answers, ConnectTimeoutError(endpoint_url="https://example.com"))

    readiness.check(BOTH)

    assert account.operations() == QUESTIONS


@pytest.mark.parametrize("kind", [None, "throttled"])
def test_a_good_or_missing_answer_is_cached_for_a_minute(kind, account, monkeypatch):
    if kind:
        account.answers = dict.fromkeys(account.answers, kind)
    clock = 1000.0
    monkeypatch.setattr(readiness.time, "monotonic", lambda: clock)

    readiness.check(BOTH)
    clock += 59
    readiness.check(BOTH)
    assert account.operations() == QUESTIONS

    clock += 1
    readiness.check(BOTH)
    assert account.operations() == QUESTIONS * 2


def test_a_solved_problem_refuses_no_further_reminder(account):
    sandboxed(account, verified={SENDER})
    account.answers["GetSMSSandboxAccountStatus"] = {"IsInSandbox": True}
    assert refusal(EMAIL)[0] == "email"
    assert refusal(SMS)[0] == "phone"

    account.verified.add("jo@mail.example.org")
    account.answers["ListSMSSandboxPhoneNumbers"] = {
        "PhoneNumbers": [{"PhoneNumber": "+15555550100", "Status": "Verified"}]
    }

    readiness.check(BOTH)


def test_reminders_are_accepted_as_soon_as_a_pause_or_an_opt_out_ends(account):
    account.answers["GetAccount"] = {"SendingEnabled": False}
    account.answers["CheckIfPhoneNumberIsOptedOut"] = {"isOptedOut": True}
    assert refusal(EMAIL)[0] == "preference"
    assert refusal(SMS)[0] == "phone"

    account.answers["GetAccount"] = {"SendingEnabled": True, "ProductionAccessEnabled": True}
    account.answers["CheckIfPhoneNumberIsOptedOut"] = {"isOptedOut": False}

    readiness.check(BOTH)


def test_an_answer_for_one_recipient_is_not_used_for_another(account):
    sandboxed(account, verified={SENDER, "jo@mail.example.org"})
    readiness.check(EMAIL)

    assert refusal(EMAIL | {"email": "ann@elsewhere.org"})[0] == "email"


def test_the_cached_answers_do_not_grow_for_ever(account, monkeypatch):
    clock = 1000.0
    monkeypatch.setattr(readiness.time, "monotonic", lambda: clock)

    for last in range(50):
        readiness.check(SMS | {"phone": f"+155555501{last:02}"})
        clock += readiness.KEPT_SECONDS / 10

    assert len(readiness.kept_answers) <= 11


def test_a_bug_does_not_count_as_a_missing_answer(account):
    account.answers["GetAccount"] = {"SendingEnabled": True}
    del account.answers["GetIdentityVerificationAttributes"]

    with pytest.raises(KeyError):
        readiness.check(EMAIL)


def test_the_fake_raises_the_errors_of_the_real_client(account):
    account.answers["GetAccount"] = "TooManyRequestsException"

    with pytest.raises(ClientError) as caught:
        readiness.client("sesv2").get_account()

    assert type(caught.value).__name__ == "TooManyRequestsException"


@pytest.mark.parametrize("service", ["ses", "sesv2", "sns"])
def test_a_question_that_hangs_delays_an_answer_by_two_seconds_at_most(service):
    readiness.client.cache_clear()

    config = readiness.client(service).meta.config

    assert config.connect_timeout + config.read_timeout <= 2
    assert config.retries["total_max_attempts"] == 1
