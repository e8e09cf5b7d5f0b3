"""Whether SES and SNS would send a reminder at all, asked before it is accepted.

Both refuse what is not set up, but only when they are to send: for a reminder that may be a year later.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from common import codes
from common.logs import logger_of
from reminders.channels import channels_of, field_of
from reminders.errors import InvalidReminderError
from reminders.mail import identities_of

Answer: TypeAlias = Mapping[str, Any]

KEPT_SECONDS = 60
"""SES tells about identities once a second, to the whole account (GetIdentityVerificationAttributes)."""

MOST_IDENTITIES = 100
"""That SES tells about in one call (GetIdentityVerificationAttributes)."""

SIMULATOR = "simulator.amazonses.com"
"""Takes mail from the sandbox too: https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html"""

logger = logger_of(__name__)

# Five kinds of questions, each left alone once it was not answered: that takes half of the function's 20 seconds.
_QUICKLY = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
_ses = boto3.client("ses", config=_QUICKLY)
_account = boto3.client("sesv2", config=_QUICKLY)
_sns = boto3.client("sns", config=_QUICKLY)

kept_answers: dict[tuple[str, ...], tuple[float, Answer | None]] = {}
"""By question: until when it is kept, and the answer, None where there was none."""


def check(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError if a channel of `request` could not send it, with what to do.

    What is in order is kept for a minute; a problem is asked about each time, so that it is over as soon as somebody
    has seen to it. A question that is denied, throttled or not answered refuses nothing: the workflow still records
    what comes of the reminder.
    """
    for channel in channels_of(request):
        if channel in _CHECKS:
            _CHECKS[channel](request)


def _check_email(request: Mapping[str, Any]) -> None:
    recipient, sender = request["email"], os.environ["SENDER"]
    account = _ask(_account, "get_account", in_order=_sends)
    if account and not _sends(account):
        raise InvalidReminderError(field_of(request), codes.EMAIL_PAUSED())
    if not _verified(sender):
        raise InvalidReminderError(field_of(request), codes.SENDER_NOT_VERIFIED())
    sandbox = account and not account.get("ProductionAccessEnabled", True)
    if sandbox and not recipient.lower().endswith(f"@{SIMULATOR}") and not _verified(recipient):
        raise InvalidReminderError("email", codes.EMAIL_NOT_VERIFIED())


def _sends(account: Answer) -> bool:
    return bool(account.get("SendingEnabled", True))


def _verified(address: str) -> bool:
    """Whether SES knows `address`, or a domain that it is within, as verified. True also where SES does not say."""

    def one_is(answer: Answer) -> bool:
        return any(found["VerificationStatus"] == "Success" for found in answer["VerificationAttributes"].values())

    identities = identities_of(address)[:MOST_IDENTITIES]
    answer = _ask(_ses, "get_identity_verification_attributes", in_order=one_is, Identities=identities)
    return answer is None or one_is(answer)


def _check_phone(request: Mapping[str, Any]) -> None:
    phone = request["phone"]
    account = _ask(_sns, "get_sms_sandbox_account_status")
    if account and account["IsInSandbox"] and not _in_sandbox(phone):
        raise InvalidReminderError("phone", codes.PHONE_NOT_VERIFIED())
    opted_out = _ask(
        _sns,
        "check_if_phone_number_is_opted_out",
        in_order=lambda answer: not answer["isOptedOut"],
        phoneNumber=phone,
    )
    if opted_out and opted_out["isOptedOut"]:
        raise InvalidReminderError("phone", codes.OPTED_OUT())


def _in_sandbox(phone: str) -> bool:
    """Whether the SMS sandbox sends to `phone`. True also where SNS does not say. A sandbox has ten numbers at most."""

    def has(answer: Answer) -> bool:
        return {"PhoneNumber": phone, "Status": "Verified"} in answer["PhoneNumbers"]

    answer = _ask(_sns, "list_sms_sandbox_phone_numbers", in_order=has)
    return answer is None or has(answer)


def _ask(
    client: Any, operation: str, *, in_order: Callable[[Answer], bool] = lambda _: True, **parameters: Any
) -> Answer | None:
    """The answer of AWS, None where there is none. What is kept is told again where it is `in_order`, or is none."""
    now = time.monotonic()
    question, operation_alone = (operation, repr(parameters)), (operation,)
    for kept in (question, operation_alone):
        kept_until, answer = kept_answers.get(kept, (now, None))
        if now < kept_until and (answer is None or in_order(answer)):
            return answer
    for old in [old for old, (kept_until, _) in kept_answers.items() if kept_until <= now]:
        del kept_answers[old]
    try:
        answer = dict(getattr(client, operation)(**parameters))
    except (ClientError, BotoCoreError) as error:
        # The class alone: messages quote addresses.
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        logger.warning("%s brought no answer: %s", operation, code)
        answer = None
    kept_answers[question if answer is not None else operation_alone] = (now + KEPT_SECONDS, answer)
    return answer


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {"email": _check_email, "sms": _check_phone}
"""By channel. The topic is the stage's own, and always ready."""
