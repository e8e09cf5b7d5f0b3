"""Reads what SES and SNS report about a message that they had accepted. Pure.

Neither addresses nor the words of another mail server leave this module.

See decisions D199 and D200.
"""

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from common.jsontext import NotJsonError, read_leniently
from reminders import signed
from reminders.mail_tag import TAG
from reminders.reminder import BOUNCED, COMPLAINED, REJECTED, UNDELIVERED
from reminders.signed import Signed

PERMANENT = "Permanent"
"""The type of a bounce after which the address accepts no mail at all."""

MOST_LOG_BYTES = 4_000_000
"""CloudWatch Logs sends at most 1 MB of compressed lines, and lines of JSON shrink a lot."""


class UnknownReportError(ValueError):
    """A report in an unknown form. The text quotes nothing of it."""


class MailReport(NamedTuple):
    """What SES reports about a mail."""

    kind: str
    tag: Signed | None
    """The tag that the mail was sent with. None if it had no valid one."""

    detail: str
    """SES's own word, such as `General` or `MailboxFull`. Empty if there is none."""


class TextReport(NamedTuple):
    """What SNS reports about a text message that did not arrive."""

    text_id: str
    at: datetime
    """When the text was published."""


def mail_report(event: Mapping[str, Any]) -> MailReport:
    """Returns what an event of SES says. Raises UnknownReportError.

    https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
    """
    try:
        detail = event["detail"]
        match event["detail-type"]:
            case "Email Bounced":
                bounce = detail["bounce"]
                kind = BOUNCED if bounce["bounceType"] == PERMANENT else UNDELIVERED
                word = bounce.get("bounceSubType")
            case "Email Complaint Received":
                kind, word = COMPLAINED, detail["complaint"].get("complaintFeedbackType")
            case "Email Rejected":
                kind, word = REJECTED, None
            case _:
                raise UnknownReportError("an event of SES is of an unknown type")
        return MailReport(kind, _tag(detail["mail"]), _word(word))
    except (KeyError, TypeError, AttributeError):
        raise UnknownReportError("an event of SES has an unknown form") from None


def text_reports(event: Mapping[str, Any]) -> Iterator[TextReport]:
    """Yields the failures in the lines that CloudWatch Logs hands over. Raises UnknownReportError.

    https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html
    """
    for line in _lines(event):
        try:
            found = read_leniently(line)
            if found["status"] == "FAILURE":
                about = found["notification"]
                at = datetime.strptime(about["timestamp"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
                yield TextReport(str(about["messageId"]), at)
        except (NotJsonError, KeyError, TypeError, ValueError):
            raise UnknownReportError("a line of SNS has an unknown form") from None


def _lines(event: Mapping[str, Any]) -> list[str]:
    try:
        packed = base64.b64decode(event["awslogs"]["data"], validate=True)
        unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, MOST_LOG_BYTES)
        return [one["message"] for one in json.loads(unpacked)["logEvents"]]
    except (KeyError, TypeError, ValueError, binascii.Error, gzip.BadGzipFile, zlib.error):
        raise UnknownReportError("the lines of CloudWatch Logs have an unknown form") from None


def _tag(mail: Mapping[str, Any]) -> Signed | None:
    tags = (mail.get("tags") or {}).get(TAG) or [""]
    return signed.read(tags[0])


def _word(word: object) -> str:
    return word if isinstance(word, str) and re.fullmatch("[A-Za-z-]{1,40}", word) else ""
