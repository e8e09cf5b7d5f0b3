"""Sends a reminder by one channel."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from common import codes
from reminders import mask, sms
from reminders.errors import InvalidReminderError
from reminders.mail import mail_of

# One attempt only: a message that was not sent goes back into its queue. Another attempt in here could send it twice.
_ONCE = Config(connect_timeout=2, read_timeout=15, retries={"total_max_attempts": 1})


@cache
def client_of(service: str) -> Any:
    """The client of "sesv2" or "sns", for the channels that an instance really sends by. See decision D160."""
    return boto3.client(service, config=_ONCE)


def send(channel: str, reminder: Mapping[str, Any], stop_url: str = "") -> None:
    """Sends the reminder, addresses included. `stop_url` is the address where the recipient of an e-mail can stop it.

    Raises InvalidReminderError if it cannot be sent, and otherwise the errors of SES, of SNS and of botocore.
    """
    try:
        _SENDERS[channel](reminder, stop_url)
    except KeyError as error:
        raise InvalidReminderError(str(error.args[0]), codes.MISSING()) from None


def reason_of(channel: str, error: Exception) -> str:
    """Returns the reason for the row, such as "the e-mail was not sent: MessageRejected". It contains no address."""
    prefix = "SNS." if channel != "email" and isinstance(error, ClientError) else ""
    return f"{_WORDS[channel]} was not sent: {prefix}{_name_of(error)}"


def said(error: Exception) -> str:
    """Returns the words of a service without the addresses in them, or an empty text. They are for the log."""
    return mask.text(str(error.response["Error"].get("Message") or "")) if isinstance(error, ClientError) else ""


def _email(reminder: Mapping[str, Any], stop_url: str) -> None:
    mail = mail_of(reminder, stop_url=stop_url)
    message = {
        "Subject": _in_utf8(mail.subject),
        "Body": {"Text": _in_utf8(mail.text), "Html": _in_utf8(mail.html)},
        "Headers": [{"Name": name, "Value": value} for name, value in mail.headers.items()],
    }
    client_of("sesv2").send_email(
        FromEmailAddress=os.environ["SENDER"],
        Destination={"ToAddresses": [mail.recipient]},
        Content={"Simple": message},
    )


def _sms(reminder: Mapping[str, Any], _: str) -> None:
    client_of("sns").publish(
        PhoneNumber=reminder["phone"],
        Message=sms.text_of(reminder["message"]),
        MessageAttributes={"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
    )


def _topic(reminder: Mapping[str, Any], _: str) -> None:
    client_of("sns").publish(TopicArn=os.environ["NOTIFY_TOPIC"], Message=reminder["message"])


def _in_utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _name_of(error: Exception) -> str:
    """Returns the name of an error in AWS's model, such as `MessageRejected`, or else its code."""
    name = type(error).__name__
    if isinstance(error, ClientError) and name == "ClientError":
        name = str(error.response["Error"]["Code"])
    # SES refuses an address that it cannot read.
    return InvalidReminderError.__name__ if name == "BadRequestException" else name


_SENDERS: Mapping[str, Callable[[Mapping[str, Any], str], None]] = {"email": _email, "sms": _sms, "topic": _topic}
_WORDS = {"email": "the e-mail", "sms": "the text", "topic": "the message to the topic"}
"""By channel. A reason names an error as Step Functions did when the workflow itself sent reminders."""
