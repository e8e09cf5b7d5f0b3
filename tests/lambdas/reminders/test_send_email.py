import traceback
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import ANY, Stubber
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses import ses_backends

from reminders import send_email
from reminders.errors import InvalidReminderError
from reminders.mail import mail_of
from reminders.send_email import handler
from tests.support.aws_answers import add_refusal
from tests.support.handlers.aws import client_of

EVENT = {"Input": {"email": "jo@example.com", "message": "Feed the cat 🐈\n<b>now</b>", "preference": "email"}}
MAIL = mail_of(EVENT["Input"])
CONTENT = {
    "Subject": {"Data": MAIL.subject, "Charset": "UTF-8"},
    "Body": {"Text": {"Data": MAIL.text, "Charset": "UTF-8"}, "Html": {"Data": MAIL.html, "Charset": "UTF-8"}},
}


@pytest.fixture
def confirmed_sender() -> None:
    boto3.client("ses").verify_email_identity(EmailAddress="reminders@example.com")


def sent() -> list[Any]:
    return ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages


def test_a_reminder_is_sent_from_the_sender_to_its_one_recipient(confirmed_sender):
    answer = handler(EVENT, None)

    (message,) = sent()
    assert answer == {"MessageId": message.id}
    assert message.source == "reminders@example.com"
    assert message.destinations == {"ToAddresses": ["jo@example.com"]}
    assert message.subject == "Whiskers Commands You to attend!"


def test_ses_gets_both_parts_of_the_mail_in_utf_8():
    with Stubber(client_of(send_email, "ses")) as ses:
        ses.add_response("send_email", {"MessageId": "m-1"}, {"Source": ANY, "Destination": ANY, "Message": CONTENT})

        assert handler(EVENT, None) == {"MessageId": "m-1"}


def test_a_rejection_by_ses_keeps_its_name_for_the_workflow_and_no_address():
    with pytest.raises(ClientError) as caught:
        handler(EVENT, None)

    assert type(caught.value).__name__ == "MessageRejected"
    assert "not verified r…@example.com" in str(caught.value)
    assert "reminders@" not in "".join(traceback.format_exception(caught.value))
    assert sent() == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("MailFromDomainNotVerifiedException", "MailFromDomainNotVerifiedException"),
        ("AccountSendingPausedException", "AccountSendingPausedException"),
        ("Throttling", "ClientError"),
        ("InvalidParameterValue", "InvalidReminderError"),
    ],
)
def test_the_names_of_errors_show_which_to_retry(code, name):
    with Stubber(client_of(send_email, "ses")) as ses:
        add_refusal(ses, "SendEmail", code, "Local address contains control: jo@example.com")

        with pytest.raises(Exception) as caught:
            handler(EVENT, None)

    assert type(caught.value).__name__ == name
    assert "j…@example.com" in str(caught.value) and "jo@" not in str(caught.value)


def test_a_call_is_tried_once_because_a_retry_could_send_twice():
    tried: list[Any] = []

    def lose_the_reply(request: Any, **_: Any) -> None:
        tried.append(request)
        raise ReadTimeoutError(endpoint_url="https://email.us-east-1.amazonaws.com")

    client_of(send_email, "ses").meta.events.register("before-send", lose_the_reply, unique_id="lost")
    try:
        with pytest.raises(ReadTimeoutError):
            handler(EVENT, None)
    finally:
        client_of(send_email, "ses").meta.events.unregister("before-send", unique_id="lost")

    assert len(tried) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "jo@example.com,ann@example.com"),
        ("email", "jo@example.com\r\nBcc: ann@example.com"),
        ("subject", "Cat\r\nBcc: ann@example.com"),
    ],
)
def test_a_reminder_that_would_reach_somebody_else_is_not_sent(field, value, confirmed_sender):
    with pytest.raises(InvalidReminderError) as caught:
        handler({"Input": EVENT["Input"] | {field: value}}, None)

    assert caught.value.field == field
    assert sent() == []


@pytest.mark.parametrize("missing", ["email", "message"])
def test_a_reminder_without_address_or_text_is_not_sent(missing, confirmed_sender):
    reminder = {name: value for name, value in EVENT["Input"].items() if name != missing}

    with pytest.raises(KeyError):
        handler({"Input": reminder}, None)

    assert sent() == []
