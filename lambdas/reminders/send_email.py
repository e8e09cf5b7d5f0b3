"""The states `EmailOnly` and `ParallelEmail` of the reminder workflow."""

import os
from collections.abc import Mapping
from typing import Any

import boto3

SUBJECT = "Whiskers Commands You to attend!"

_ses = boto3.client("ses")


def handler(event: Mapping[str, Any], context: object) -> dict[str, str]:
    """Sends one reminder by e-mail.

    `event` is `{"Input": {"email": address, "message": text}}`, the form the original app used. The answer is
    `{"MessageId": ...}`. SES's errors are left as they are: their names decide what the workflow retries.
    """
    reminder = event["Input"]
    sent = _ses.send_email(
        Source=os.environ["SENDER"],
        Destination={"ToAddresses": [reminder["email"]]},
        Message={
            "Subject": {"Data": SUBJECT, "Charset": "UTF-8"},
            "Body": {"Text": {"Data": reminder["message"], "Charset": "UTF-8"}},
        },
    )
    return {"MessageId": sent["MessageId"]}
