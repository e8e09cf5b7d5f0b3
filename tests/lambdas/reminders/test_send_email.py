from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses import ses_backends

from reminders.send_email import handler

EVENT = {"Input": {"email": "jo@example.com", "message": "Feed the cat 🐈\n<b>now</b>", "preference": "email"}}


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
    assert message.body == EVENT["Input"]["message"]


def test_a_rejection_by_ses_keeps_its_name_for_the_workflow():
    with pytest.raises(ClientError) as caught:
        handler(EVENT, None)

    assert type(caught.value).__name__ == "MessageRejected"
    assert sent() == []


@pytest.mark.parametrize("missing", ["email", "message"])
def test_a_reminder_without_address_or_text_is_not_sent(missing, confirmed_sender):
    reminder = {name: value for name, value in EVENT["Input"].items() if name != missing}

    with pytest.raises(KeyError):
        handler({"Input": reminder}, None)

    assert sent() == []
