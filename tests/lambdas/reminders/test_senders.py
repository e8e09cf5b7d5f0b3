from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import ANY, Stubber
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses import ses_backends

from reminders.errors import InvalidReminderError
from reminders.mail import mail_of
from sending import send_reminder, senders
from tests.support.aws_answers import add_refusal, refused
from tests.support.handlers.aws import ENVIRONMENT

REMINDER = {"email": "jo@example.com", "phone": "+4915112345678", "message": "Feed “Tom” 🐈\n<b>now</b>"}
STOP_URL = "https://example.com/v1/stop/abc"
REQUEST_ID = "6f1c2d3e-0000-4000-8000-00000000000a"
MAIL = mail_of(REMINDER, stop_url=STOP_URL)
CONTENT = {
    "Subject": {"Data": MAIL.subject, "Charset": "UTF-8"},
    "Body": {"Text": {"Data": MAIL.text, "Charset": "UTF-8"}, "Html": {"Data": MAIL.html, "Charset": "UTF-8"}},
    "Headers": [
        {"Name": "List-Unsubscribe", "Value": f"<{STOP_URL}>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
        {"Name": "X-Request-Id", "Value": REQUEST_ID},
    ],
}


@pytest.fixture
def confirmed_sender() -> None:
    boto3.client("ses").verify_email_identity(EmailAddress="reminders@example.com")


def sent() -> list[Any]:
    return ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages


def test_a_reminder_is_mailed_from_the_sender_to_its_one_recipient(confirmed_sender):
    senders.send("email", REMINDER)

    (message,) = sent()
    assert message.source == "reminders@example.com"
    assert message.destinations == {"ToAddresses": ["jo@example.com"]}
    assert message.subject == "Whiskers Commands You to attend!"


def test_ses_gets_both_parts_of_the_mail_in_utf_8():
    with Stubber(senders.client_of("sesv2")) as ses:
        expected = {
            "FromEmailAddress": ANY,
            "Destination": ANY,
            "Content": {"Simple": CONTENT},
            "ConfigurationSetName": ENVIRONMENT["CONFIGURATION_SET"],
            "EmailTags": [{"Name": "reminder", "Value": "a-tag"}],
        }
        ses.add_response("send_email", {"MessageId": "m-1"}, expected)

        assert senders.send("email", REMINDER, senders.Marks(STOP_URL, REQUEST_ID, "a-tag")) == "m-1"

        ses.assert_no_pending_responses()


@pytest.mark.parametrize(("message", "text"), [("“Plants”", '"Plants"'), ("“Plants” 🐈", "“Plants” 🐈")])
def test_a_text_message_is_plain_where_it_can_be(message, text):
    with Stubber(senders.client_of("sns")) as sns:
        kind = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
        expected = {"PhoneNumber": REMINDER["phone"], "Message": text, "MessageAttributes": kind}
        sns.add_response("publish", {"MessageId": "m-1"}, expected)

        assert senders.send("sms", {**REMINDER, "message": message}) == "m-1"

        sns.assert_no_pending_responses()


def test_the_topic_gets_the_original_message():
    with Stubber(senders.client_of("sns")) as sns:
        expected = {"TopicArn": ENVIRONMENT["NOTIFY_TOPIC"], "Message": REMINDER["message"]}
        sns.add_response("publish", {"MessageId": "m-1"}, expected)

        assert senders.send("topic", REMINDER) == "m-1"

        sns.assert_no_pending_responses()


@pytest.mark.parametrize("service", ["sesv2", "sns"])
def test_a_call_is_tried_once_because_a_retry_could_send_twice(service):
    tried: list[Any] = []

    def lose_the_reply(request: Any, **_: Any) -> None:
        tried.append(request)
        raise ReadTimeoutError(endpoint_url="https://us-east-1.amazonaws.com")

    events = senders.client_of(service).meta.events
    events.register("before-send", lose_the_reply, unique_id="lost")
    try:
        with pytest.raises(ReadTimeoutError):
            senders.send({"sesv2": "email", "sns": "sms"}[service], REMINDER)
    finally:
        events.unregister("before-send", unique_id="lost")

    assert len(tried) == 1


@pytest.mark.parametrize("service", ["sesv2", "sns"])
def test_a_service_that_hangs_leaves_time_for_two_writes(service):
    senders.client_of.cache_clear()

    config = senders.client_of(service).meta.config

    assert config.connect_timeout + config.read_timeout == send_reminder.SECONDS_OF_A_MESSAGE - 2 * 8


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "jo@example.com,ann@example.com"),
        ("email", "jo@example.com\r\nBcc: ann@example.com"),
        ("subject", "Cat\r\nBcc: ann@example.com"),
    ],
)
def test_a_mail_that_would_reach_somebody_else_is_not_sent(field, value, confirmed_sender):
    with pytest.raises(InvalidReminderError) as caught:
        senders.send("email", {**REMINDER, field: value})

    assert caught.value.field == field
    assert sent() == []


@pytest.mark.parametrize(("channel", "field"), [("email", "email"), ("sms", "phone"), ("topic", "message")])
def test_a_reminder_without_an_address_or_a_message_is_not_sent(channel, field):
    with pytest.raises(InvalidReminderError) as caught:
        senders.send(channel, {name: value for name, value in REMINDER.items() if name != field})

    assert caught.value.field == field
    assert senders.reason_of(channel, caught.value).endswith(" was not sent: InvalidReminderError")


@pytest.mark.parametrize(
    ("channel", "call", "code", "reason"),
    [
        ("email", ("sesv2", "SendEmail"), "MessageRejected", "the e-mail was not sent: MessageRejected"),
        (
            "email",
            ("sesv2", "SendEmail"),
            "MailFromDomainNotVerifiedException",
            "the e-mail was not sent: MailFromDomainNotVerifiedException",
        ),
        ("email", ("sesv2", "SendEmail"), "BadRequestException", "the e-mail was not sent: InvalidReminderError"),
        ("sms", ("sns", "Publish"), "InvalidParameter", "the text was not sent: SNS.InvalidParameterException"),
        ("sms", ("sns", "Publish"), "AccessDenied", "the text was not sent: SNS.AccessDenied"),
        ("topic", ("sns", "Publish"), "NotFound", "the message to the topic was not sent: SNS.NotFoundException"),
    ],
)
def test_a_reason_has_the_name_that_step_functions_gave_to_the_error(channel, call, code, reason):
    assert senders.reason_of(channel, refused(*call, code)) == reason


@pytest.mark.parametrize("channel", ["email", "sms", "topic"])
def test_the_reason_of_a_call_without_an_answer_names_no_service(channel):
    reason = senders.reason_of(channel, ReadTimeoutError(endpoint_url="https://example.com"))

    assert reason.endswith(" was not sent: ReadTimeoutError")


def test_the_words_of_a_service_are_repeated_without_addresses():
    with Stubber(senders.client_of("sesv2")) as ses:
        add_refusal(ses, "SendEmail", "MessageRejected", "Email address is not verified: jo@example.com")
        with pytest.raises(ClientError) as caught:
            senders.send("email", REMINDER)

    assert senders.said(caught.value) == "Email address is not verified: j…@example.com"
    assert senders.said(ReadTimeoutError(endpoint_url="https://example.com")) == ""
