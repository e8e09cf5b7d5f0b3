"""`SendReminder`: sends the reminders whose messages wait in the queues of the channels."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common import calls
from common.aws import BRIEFLY, error_name
from common.logs import logger_of
from reminders import settings
from sending.delivery import PostponedError, deliver
from sending.messages import BadMessageError, Message, read
from sending.pace import Pace, Refusal, back_off

SECONDS_OF_A_MESSAGE = 33
"""The longest that one message takes after its pause: 8 seconds for each of two writes, and 17 for SES or SNS."""
SECONDS_OF_A_COUNT = 8
"""The write that counts a text message comes on top."""

paces = {channel: Pace(pause) for channel, pause in settings.pauses().items()}

logger = logger_of(__name__)


class Context(Protocol):
    """The part of Lambda's context that the function uses."""

    def get_remaining_time_in_millis(self) -> int: ...


@calls.recorded
def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Sends the reminder of each message. Returns the messages that failed, and SQS keeps only these.

    A failed message stays hidden for a while before its next attempt.
    """
    failed, records = [], event["Records"]
    for record in records:
        try:
            receives = int(record["attributes"]["ApproximateReceiveCount"])
            message = read(record["body"], receives=receives)
            _send(message, context)
        except BadMessageError as error:
            # It moves to the dead-letter queue in the end. The alarm ReminderFailed counts the field `failed`.
            logger.error("message %s %s", record["messageId"], error, extra={"failed": 1})
        except PostponedError as error:
            _put_back(record, message.channel, error.seconds)
        except (ClientError, BotoCoreError) as error:
            # The next attempt needs nobody. An old message raises the alarm of the queue.
            logger.info("message %s: %s", record["messageId"], error_name(error))
            _put_back(record, message.channel, back_off(Refusal.TEMPORARY, receives))
        except Exception as error:  # a row may be anything, and the other messages must still be sent
            # Only the class, because the message could quote the row.
            logger.error("message %s: %s", record["messageId"], type(error).__name__, extra={"failed": 1})
        else:
            continue
        failed.append({"itemIdentifier": record["messageId"]})
    if len(records) > 1:
        for pace in paces.values():
            pace.rest()
    return {"batchItemFailures": failed}


def _send(message: Message, context: Context) -> None:
    pace = paces[message.channel]
    seconds = SECONDS_OF_A_MESSAGE + (SECONDS_OF_A_COUNT if message.channel == "sms" else 0)
    if pace.seconds() + seconds > context.get_remaining_time_in_millis() / 1000:
        raise PostponedError("the call has no time left", seconds=math.ceil(pace.seconds()))
    # Wait before the claim, because people can cancel a reminder until then.
    pace.wait()
    try:
        deliver(message)
    except PostponedError as error:
        pace.hold(error.hold)
        raise


@cache
def sqs() -> Any:
    # Few messages go back, so no start pays for this client. See decision D160.
    return boto3.client("sqs", config=BRIEFLY)


def _put_back(record: Mapping[str, Any], channel: str, seconds: int) -> None:
    """Shows the message again after `seconds`. If this fails, SQS shows it after the queue's visibility timeout."""
    try:
        sqs().change_message_visibility(
            QueueUrl=settings.queues()[channel], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds
        )
    except (ClientError, BotoCoreError) as error:
        logger.info("message %s was not put back: %s", record["messageId"], error_name(error))
