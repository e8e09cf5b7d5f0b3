"""Sends a reminder by one channel."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from common import codes
from reminders import mask, sms
from reminders.errors import InvalidReminderError
from reminders.mail import mail_of
from reminders.mail_tag import TAG

# One attempt only: a message that was not sent goes back into its queue. Another attempt in here could send it twice.
_ONCE = Config(connect_timeout=2, read_timeout=15, retries={"total_max_attempts": 1})


@cache
def client_of(service: str) -> Any:
    """The client of "sesv2" or "sns", for the channels that an instance really sends by. See decision D160."""
    return boto3.client(service, config=_ONCE)


class Marks(NamedTuple):
    """What a mail says about its reminder in addition to its content. Each may be empty."""

    stop_url: str = ""
    """The address where the recipient can stop the reminder."""

    request_id: str = ""
    tag: str = ""
    """Comes back with everything that SES reports about the mail."""


NO_MARKS = Marks()


def send(channel: str, reminder: Mapping[str, Any], marks: Marks = NO_MARKS) -> str:
    """Sends the reminder, addresses included. Returns the id that the service gave to the message.

    Raises InvalidReminderError if it cannot be sent, and otherwise the errors of SES, of SNS and of botocore.
    """
    try:
        return _SENDERS[channel](reminder, marks)
    except KeyError as error:
        raise InvalidReminderError(str(error.args[0]), codes.MISSING()) from None


def reason_of(channel: str, error: Exception) -> str:
    """Returns the reason for the row, such as "the e-mail was not sent: MessageRejected". It contains no address."""
    prefix = "SNS." if channel != "email" and isinstance(error, ClientError) else ""
    return f"{_WORDS[channel]} was not sent: {prefix}{_name_of(error)}"


def said(error: Exception) -> str:
    """Returns the words of a service without the addresses in them, or an empty text. They are for the log."""
    return mask.text(str(error.response["Error"].get("Message") or "")) if isinstance(error, ClientError) else ""


def _email(reminder: Mapping[str, Any], marks: Marks) -> str:
    mail = mail_of(reminder, stop_url=marks.stop_url, request_id=marks.request_id)
    message = {
        "Subject": _in_utf8(mail.subject),
        "Body": {"Text": _in_utf8(mail.text), "Html": _in_utf8(mail.html)},
        "Headers": [{"Name": name, "Value": value} for name, value in mail.headers.items()],
    }
    answer = client_of("sesv2").send_email(
        FromEmailAddress=os.environ["SENDER"],
        Destination={"ToAddresses": [mail.recipient]},
        Content={"Simple": message},
        ConfigurationSetName=os.environ["CONFIGURATION_SET"],
        **({"EmailTags": [{"Name": TAG, "Value": marks.tag}]} if marks.tag else {}),
    )
    return str(answer["MessageId"])


def _sms(reminder: Mapping[str, Any], _: Marks) -> str:
    answer = client_of("sns").publish(
        PhoneNumber=reminder["phone"],
        Message=sms.text_of(reminder["message"]),
        MessageAttributes={"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
    )
    return str(answer["MessageId"])


def _topic(reminder: Mapping[str, Any], _: Marks) -> str:
    answer = client_of("sns").publish(TopicArn=os.environ["NOTIFY_TOPIC"], Message=reminder["message"])
    return str(answer["MessageId"])


def _in_utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _name_of(error: Exception) -> str:
    """Returns the name of an error in AWS's model, such as `MessageRejected`, or else its code."""
    name = type(error).__name__
    if isinstance(error, ClientError) and name == "ClientError":
        name = str(error.response["Error"]["Code"])
    # SES refuses an address that it cannot read.
    return InvalidReminderError.__name__ if name == "BadRequestException" else name


_SENDERS: Mapping[str, Callable[[Mapping[str, Any], Marks], str]] = {"email": _email, "sms": _sms, "topic": _topic}
_WORDS = {"email": "the e-mail", "sms": "the text", "topic": "the message to the topic"}
"""By channel. A reason names an error as Step Functions did when the workflow itself sent reminders."""
