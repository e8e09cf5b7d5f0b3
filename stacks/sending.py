"""How fast a stage sends reminders: instances of `SendReminder`, and the pause of each between two sends.

See decision D148.
"""

import math
from dataclasses import dataclass

from stacks.stage import Stage

FEWEST_INSTANCES = 2
"""The smallest MaximumConcurrency that Lambda allows: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""

SENDS_OF_AN_INSTANCE = 10
"""The most that one instance sends in a second: it claims the row, sends, and records the result, one after the other.
An assumption, made from three calls of about 30 ms. A higher rate of the stage gets more instances."""

TIMEOUT_SECONDS = 60
"""The timeout of `SendReminder`. At the lowest rate of an account, a mail a second, a batch of ten takes 20 seconds."""

VISIBILITY_SECONDS = 6 * TIMEOUT_SECONDS
"""Six times the function's timeout: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""

MOST_RECEIVES = 1000
"""The most that SQS allows. If SES refuses all mails for a day, a message is received about 290 times, and it may wait
for days.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How one channel of a stage sends."""

    instances: int
    """The MaximumConcurrency of the channel's event source mapping."""

    pause: str
    """Seconds between two sends of one instance, as `SendReminder` reads it from its environment."""


def sending(stage: Stage) -> dict[str, Sending]:
    """Returns how each channel of the stage sends."""
    rates = {"email": stage.mails_per_second, "sms": stage.texts_per_second, "topic": stage.publishes_per_second}
    return {channel: _at(rate) for channel, rate in rates.items()}


def _at(rate: float) -> Sending:
    instances = max(FEWEST_INSTANCES, math.ceil(rate / SENDS_OF_AN_INSTANCE))
    # Rounded up, so that the instances never send faster than the rate.
    return Sending(instances=instances, pause=str(math.ceil(instances / rate * 10_000) / 10_000))
