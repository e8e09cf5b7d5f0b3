"""The states `EmailOnly` and `ParallelEmail` of the reminder workflow."""

import os
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from common.codes import Code
from reminders import mask
from reminders.errors import InvalidReminderError
from reminders.mail import mail_of

NOT_TAKEN_BY_SES = Code("NotTakenBySes", "is not taken by SES: {said}", ("said",))
"""Only in the error of an execution. An API answers no code of this module, so it may quote SES."""

# One attempt: the workflow retries, and tells apart what is worth it. A call repeated in here could send twice.
_ses = boto3.client("ses", config=Config(connect_timeout=2, read_timeout=15, retries={"total_max_attempts": 1}))


def handler(event: Mapping[str, Any], context: object) -> dict[str, str]:
    """Sends one reminder by e-mail.

    `event` is `{"Input": {"email": address, "message": text, ...}}`, the form the original app used, with what
    mail_of reads besides. The answer is `{"MessageId": ...}`. SES's errors keep their names, which decide what the
    workflow retries, but addresses in their texts are hidden: Lambda logs them, and the workflow keeps them.
    Raises InvalidReminderError for what could not be sent however often it is tried.
    """
    mail = mail_of(event["Input"])
    try:
        sent = _ses.send_email(
            Source=os.environ["SENDER"],
            Destination={"ToAddresses": [mail.recipient]},
            Message={
                "Subject": _in_utf8(mail.subject),
                "Body": {"Text": _in_utf8(mail.text), "Html": _in_utf8(mail.html)},
            },
        )
    except ClientError as error:
        raise _without_addresses(error) from None
    return {"MessageId": sent["MessageId"]}


def _in_utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _without_addresses(error: ClientError) -> Exception:
    details = error.response["Error"]
    said = mask.text(details.get("Message", ""))
    if details["Code"] == "InvalidParameterValue":
        # An error that botocore knows no class for: its name would be ClientError, as that of throttling.
        return InvalidReminderError("email", NOT_TAKEN_BY_SES(said=said))
    same: Exception = type(error)({**error.response, "Error": {**details, "Message": said}}, error.operation_name)
    return same
