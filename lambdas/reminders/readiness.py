"""Asks SES and SNS whether they could send a reminder, before the API accepts it.

They notice a missing setup only when they send, perhaps a year later.
"""

import os
import time
from collections.abc import Callable, Mapping
from functools import cache
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
"""How long answers are cached. AWS allows one GetIdentityVerificationAttributes a second in the whole account."""

MOST_IDENTITIES = 100
"""The limit for one call of GetIdentityVerificationAttributes."""

SIMULATOR = "simulator.amazonses.com"
"""SES sends to it even in the sandbox: https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html"""

logger = logger_of(__name__)

# There are five operations. One that fails is not called again for KEPT_SECONDS, so hanging calls take at most half of
# the function's 20 seconds.
_QUICKLY = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})

kept_answers: dict[tuple[str, ...], tuple[float, Answer | None]] = {}
"""Cached answers by question: the end of their cache time, and the answer or None if AWS did not answer."""


@cache
def client(service: str) -> Any:
    """Returns the client of "ses", "sesv2" or "sns". A function makes only the clients that its reminders need."""
    return boto3.client(service, config=_QUICKLY)


def check(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError if a channel of `request` could not send it. The message says what to do.

    Good answers are cached for a minute. Bad ones are not used again, so that a problem ends as soon as somebody solves
    it. If AWS denies, throttles or does not answer a question, the reminder is accepted: the workflow still records
    whether it was sent.

    See decision D048.
    """
    for channel in channels_of(request):
        if channel in _CHECKS:
            _CHECKS[channel](request)


def _check_email(request: Mapping[str, Any]) -> None:
    recipient, sender = request["email"], os.environ["SENDER"]
    account = _ask("sesv2", "get_account", in_order=_sends)
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
    """Returns whether `address` or a domain above it is verified in SES. True if SES does not answer."""

    def one_is(answer: Answer) -> bool:
        return any(found["VerificationStatus"] == "Success" for found in answer["VerificationAttributes"].values())

    identities = identities_of(address)[:MOST_IDENTITIES]
    answer = _ask("ses", "get_identity_verification_attributes", in_order=one_is, Identities=identities)
    return answer is None or one_is(answer)


def _check_phone(request: Mapping[str, Any]) -> None:
    phone = request["phone"]
    account = _ask("sns", "get_sms_sandbox_account_status")
    if account and account["IsInSandbox"] and not _in_sandbox(phone):
        raise InvalidReminderError("phone", codes.PHONE_NOT_VERIFIED())
    opted_out = _ask(
        "sns",
        "check_if_phone_number_is_opted_out",
        in_order=lambda answer: not answer["isOptedOut"],
        phoneNumber=phone,
    )
    if opted_out and opted_out["isOptedOut"]:
        raise InvalidReminderError("phone", codes.OPTED_OUT())


def _in_sandbox(phone: str) -> bool:
    """Returns whether the SMS sandbox sends to `phone`. True if SNS does not answer.

    A sandbox has at most ten numbers, so the first page has all of them.
    """

    def has(answer: Answer) -> bool:
        return {"PhoneNumber": phone, "Status": "Verified"} in answer["PhoneNumbers"]

    answer = _ask("sns", "list_sms_sandbox_phone_numbers", in_order=has)
    return answer is None or has(answer)


def _ask(
    service: str, operation: str, *, in_order: Callable[[Answer], bool] = lambda _: True, **parameters: Any
) -> Answer | None:
    """Returns AWS's answer, or None if it did not answer. A cached answer is reused if it is None or `in_order`."""
    now = time.monotonic()
    question, operation_alone = (operation, repr(parameters)), (operation,)
    for kept in (question, operation_alone):
        kept_until, answer = kept_answers.get(kept, (now, None))
        if now < kept_until and (answer is None or in_order(answer)):
            return answer
    for old in [old for old, (kept_until, _) in kept_answers.items() if kept_until <= now]:
        del kept_answers[old]
    try:
        answer = dict(getattr(client(service), operation)(**parameters))
    except (ClientError, BotoCoreError) as error:
        # Do not log the message, because it may quote an address.
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        logger.info("%s was not answered: %s", operation, code)
        answer = None
    kept_answers[question if answer is not None else operation_alone] = (now + KEPT_SECONDS, answer)
    return answer


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {"email": _check_email, "sms": _check_phone}
"""By channel. The topic belongs to the stage and is always ready."""
