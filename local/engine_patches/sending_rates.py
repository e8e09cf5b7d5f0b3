"""Throttles mails and text messages as SES and SNS do.

The engine accepts all (`services/ses.py:471`, `services/ses_v2.py:843`, `services/sns.py:957`). On AWS an account
may send so many mails a second and in 24 hours, and so many texts a second. More are refused, and the sender has to try
again. https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html

The limits are variables of the engine's modules, so that its own call `/_ministack/config` sets them while it runs.
0 means no limit.

See decision D150.
"""

import functools
import json
import os
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import ses, ses_v2, sns

from local.engine_patches import lines
from local.settings import MAILS_VARIABLE, TEXTS_VARIABLE

MAILS_PER_DAY = 50_000
"""What a new production account may send: https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html"""

RATE_EXCEEDED, DAY_EXCEEDED = "Maximum sending rate exceeded.", "Daily message quota exceeded."

SETTABLE = '        "athena.ATHENA_ENGINE",\n'
OUR_SETTABLE = '        "ses.MAILS_PER_SECOND",\n        "ses.MAILS_PER_DAY",\n        "sns.TEXTS_PER_SECOND",\n'

V1_QUOTA = (
    ('f"<Max24HourSend>50000.0</Max24HourSend>"', 'f"<Max24HourSend>{float(MAILS_PER_DAY or -1)}</Max24HourSend>"'),
    ('f"<MaxSendRate>14.0</MaxSendRate>"', 'f"<MaxSendRate>{float(MAILS_PER_SECOND or NO_LIMIT)}</MaxSendRate>"'),
)
V2_QUOTA = '"Max24HourSend": 50000.0, "MaxSendRate": 14.0,'
OUR_V2_QUOTA = (
    '"Max24HourSend": float(_ses.MAILS_PER_DAY or -1), "MaxSendRate": float(_ses.MAILS_PER_SECOND or _ses.NO_LIMIT),'
)
NO_LIMIT = 1_000_000
"""The rate that the engine reports without a limit."""

Answer = tuple[int, dict[str, str], bytes]


class Bucket:
    """Lets `rate` messages a second through. A rested bucket lets one second's worth through at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tokens = 0.0
        self._seen = -float("inf")
        self._lock = threading.Lock()

    def take(self, rate: float, *, count: int = 1) -> bool:
        """Whether `count` messages may pass now."""
        with self._lock:
            now = self._clock()
            # Even a rate below one lets one message through.
            self._tokens = min(max(rate, 1.0), self._tokens + (now - self._seen) * rate)
            self._seen = now
            if self._tokens < min(count, max(rate, 1.0)):
                return False
            self._tokens -= count
            return True


def apply() -> None:
    """Makes the engine refuse mails and texts above its limits, and report the limits as its quota."""
    from ministack import app

    ses.MAILS_PER_SECOND = float(os.environ.get(MAILS_VARIABLE, 0))
    ses.MAILS_PER_DAY, ses.NO_LIMIT = MAILS_PER_DAY, NO_LIMIT
    sns.TEXTS_PER_SECOND = float(os.environ.get(TEXTS_VARIABLE, 0))
    ses_v2._ses = ses
    for line, by in V1_QUOTA:
        lines.replace(ses, "_get_send_quota", line, by)
    lines.replace(ses_v2, "handle_request", V2_QUOTA, OUR_V2_QUOTA)
    lines.replace(app, "_handle_admin_config_request", SETTABLE, OUR_SETTABLE + SETTABLE)
    mails = Bucket()
    ses._send_email = refusing_mails(ses._send_email, mails)
    ses_v2.handle_request = refusing_v2_mails(ses_v2.handle_request, mails)
    sns._publish = refusing_texts(sns._publish, Bucket())


def refused_mail(bucket: Bucket, recipients: int) -> str | None:
    """Why SES refuses a mail now, or None. Each recipient counts."""
    day = ses.MAILS_PER_DAY
    sent = ses._sent_emails_list()
    if day and len(sent) >= day and sum(one["Timestamp"] >= time.time() - 86_400 for one in sent) >= day:
        return DAY_EXCEEDED
    rate = ses.MAILS_PER_SECOND
    return RATE_EXCEEDED if rate and not bucket.take(rate, count=recipients) else None


def refusing_mails(send: Callable[[Any], Answer], bucket: Bucket) -> Callable[[Any], Answer]:
    @functools.wraps(send)
    def send_email(params: Any) -> Answer:
        recipients = sum(name.startswith("Destination.") for name in params)
        if reason := refused_mail(bucket, recipients):
            ses.logger.info("SES throttled a mail: %s", reason)
            refusal: Answer = ses._error("Throttling", reason, 400)
            return refusal
        return send(params)

    return send_email


def refusing_v2_mails(handle: Callable[..., Awaitable[Answer]], bucket: Bucket) -> Callable[..., Awaitable[Answer]]:
    @functools.wraps(handle)
    async def handle_request(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Answer:
        if method == "POST" and path.rstrip("/").endswith("/outbound-emails"):
            to = json.loads(body or "{}").get("Destination", {})
            if reason := refused_mail(bucket, sum(len(addresses) for addresses in to.values())):
                ses.logger.info("SES throttled a mail: %s", reason)
                refusal: Answer = ses_v2._json_err("TooManyRequestsException", reason, 429)
                return refusal
        return await handle(method, path, headers, body, query_params)

    return handle_request


def refusing_texts(publish: Callable[[Any], Answer], bucket: Bucket) -> Callable[[Any], Answer]:
    @functools.wraps(publish)
    def publish_unless_throttled(params: Any) -> Answer:
        rate = sns.TEXTS_PER_SECOND
        if rate and sns._p(params, "PhoneNumber") and not bucket.take(rate):
            sns.logger.info("SNS throttled a text")
            refusal: Answer = sns._error("Throttling", "Rate exceeded", 400)
            return refusal
        answer = publish(params)
        # The engine notes no time for texts, as it does for mails. `laptop outbox` shows it.
        for text in sns._sms_log_for(sns._p(params, "PhoneNumber"))[-1:] if sns._p(params, "PhoneNumber") else []:
            text.setdefault("Timestamp", time.time())
        return answer

    return publish_unless_throttled
