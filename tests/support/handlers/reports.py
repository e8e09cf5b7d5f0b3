"""Events of SES and log lines of SNS, in the forms that AWS documents.

- https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html
- https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html
- https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html
- https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

import base64
import gzip
import json
from datetime import UTC, datetime
from typing import Any

SECRETS = ("recipient@example.com", "user unknown", "+15555550100", "Unknown error attempting")
"""What no log line and no row may repeat."""

_RECIPIENT = {"emailAddress": "recipient@example.com"}

BOUNCE = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "bouncedRecipients": [
        {**_RECIPIENT, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    ],
    "timestamp": "2017-08-05T00:41:02.669Z",
    "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
    "reportingMTA": "dsn; mta.example.com",
}
COMPLAINT = {
    "complainedRecipients": [_RECIPIENT],
    "timestamp": "2017-08-05T00:41:02.669Z",
    "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
    "userAgent": "Any User Agent",
    "complaintFeedbackType": "abuse",
    "arrivalDate": "2017-08-05T00:41:02.669Z",
}
REJECT = {"reason": "Bad content"}

_TYPES: dict[str, tuple[str, dict[str, Any]]] = {
    "Bounce": ("Email Bounced", BOUNCE),
    "Complaint": ("Email Complaint Received", COMPLAINT),
    "Reject": ("Email Rejected", REJECT),
}


def mail_event(kind: str, tag: str | None, **changes: Any) -> dict[str, Any]:
    """What EventBridge hands over after SES has reported on a mail. `kind` is Bounce, Complaint or Reject.

    `changes` are other fields of the report itself.
    """
    detail_type, report = _TYPES[kind]
    tags = {"ses:configuration-set": ["reminder-mails"], "ses:from-domain": ["example.com"]}
    return {
        "version": "0",
        "id": "12a18625-3cd4-6a0d-0c1e-6b3a1c6bcbc3",
        "detail-type": detail_type,
        "source": "aws.ses",
        "account": "123456789012",
        "time": "2017-08-05T00:41:03Z",
        "region": "us-east-1",
        "resources": ["arn:aws:ses:us-east-1:123456789012:configuration-set/reminder-mails"],
        "detail": {
            "eventType": kind,
            kind.lower(): {**report, **changes},
            "mail": {
                "timestamp": "2017-08-05T00:40:02.012Z",
                "source": "Sender Name <sender@example.com>",
                "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/sender@example.com",
                "sendingAccountId": "123456789012",
                "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
                "destination": ["recipient@example.com"],
                "headersTruncated": False,
                "headers": [{"name": "To", "value": "recipient@example.com"}],
                "commonHeaders": {"to": ["recipient@example.com"], "subject": "Message sent from Amazon SES"},
                "tags": {**tags, **({"reminder": [tag]} if tag is not None else {})},
            },
        },
    }


def text_line(text_id: str, *, status: str = "FAILURE", at: datetime | None = None) -> str:
    """A line that SNS writes about a text."""
    published = (at or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return json.dumps(
        {
            "notification": {"messageId": text_id, "timestamp": published},
            "delivery": {
                "mnc": 0,
                "destination": "+15555550100",
                "priceInUSD": 0.00645,
                "smsType": "Transactional",
                "mcc": 0,
                "providerResponse": "Unknown error attempting to reach phone",
                "dwellTimeMs": 1420,
                "dwellTimeMsUntilDeviceAck": 1692,
            },
            "status": status,
        }
    )


def log_event(*lines: str) -> dict[str, Any]:
    """What CloudWatch Logs hands over to a subscribed function."""
    group = "sns/us-east-1/123456789012/DirectPublishToPhoneNumber/Failure"
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": group,
        "logStream": "5e3e6e0d-1b8c-4a51-9b3e-1a2b3c4d5e6f",
        "subscriptionFilters": ["dev"],
        "logEvents": [{"id": str(number), "timestamp": 1, "message": line} for number, line in enumerate(lines)],
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()}}
