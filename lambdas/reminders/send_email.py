"""`SendEmail`: the states `EmailOnly` and `ParallelEmail` of the reminder workflow."""

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

NOT_TAKEN_BY_SES = Code("NotTakenBySes", "is refused by SES: {said}", ("said",))
"""It may quote SES, because it appears only in the error of an execution and never in an answer of the API."""

# One attempt only: the workflow decides which errors to retry. Another attempt in here could send the mail twice.
_ses = boto3.client("ses", config=Config(connect_timeout=2, read_timeout=15, retries={"total_max_attempts": 1}))


def handler(event: Mapping[str, Any], context: object) -> dict[str, str]:
    """Sends one reminder by e-mail.

    `event` is `{"Input": {"email": address, "message": text, ...}}`, as in the original app, with further fields that
    mail_of reads. The answer is `{"MessageId": ...}`.

    Raises InvalidReminderError if no retry could send the mail. Other errors of SES keep their names, because the
    workflow decides by name what to retry. Their texts are raised without addresses, because Lambda logs them and the
    workflow keeps them.
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
        # botocore has no class for this error. Its name would be ClientError, as for throttling.
        return InvalidReminderError("email", NOT_TAKEN_BY_SES(said=said))
    same: Exception = type(error)({**error.response, "Error": {**details, "Message": said}}, error.operation_name)
    return same
