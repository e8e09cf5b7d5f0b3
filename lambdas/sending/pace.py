"""How fast one instance of `SendReminder` sends, and what it does if SES or SNS does not accept a message.

Nothing here calls AWS. Times are in seconds.

See decisions D148 and D149.
"""

import random as randomness
import time
from collections.abc import Callable
from enum import Enum, auto

from botocore.exceptions import BotoCoreError, ClientError

from common.aws import error_name


class Pace:
    """Leaves at least `pause` seconds between two sends of one channel by this instance.

    An instance is a process of the function, so it keeps its Pace from call to call. The stack sets `pause` to the
    number of instances divided by the stage's rate, so that all instances together keep the rate. At a trickle the last
    send is longer ago, and nothing waits.
    """

    def __init__(
        self,
        pause: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def seconds(self) -> float:
        """Returns how long a send would have to wait now. If that does not fit into the call, hand the message back."""
        return max(0.0, self._next - self._clock())

    def wait(self) -> None:
        """Waits until this instance may send, and counts the send.

        Call it before the reminder is claimed: people can cancel a reminder only until then.
        """
        planned = max(self._next, self._clock())
        self._sleep(self.seconds())
        # Counted from the planned time, not from the end of the sleep: a sleep that ends late does not lower the rate.
        self._next = planned + self._pause

    def rest(self) -> None:
        """Waits out the pause after the last send. Call it at the end of a call with several messages.

        The next messages may get another instance, which does not know when this one sent.
        """
        self._sleep(min(self.seconds(), self._pause))

    def hold(self, seconds: float) -> None:
        """Lets this instance send nothing for `seconds`, because the service accepts no more."""
        self._next = max(self._next, self._clock() + seconds)


class Refusal(Enum):
    """Why SES or SNS did not accept a message. Only FINAL, and in the end UNKNOWN, makes a reminder FAILED."""

    THROTTLED = auto()
    """Too many messages in this second."""

    SPENT = auto()
    """The account has sent as many mails as it may in 24 hours."""

    TEMPORARY = auto()
    """The service failed, or did not answer."""

    UNKNOWN = auto()
    """The service refuses the call, but not because of the message: perhaps a missing permission."""

    FINAL = auto()
    """The service will never accept this message."""


THROTTLES = {
    *("Throttling", "ThrottlingException", "ThrottledException", "Throttled", "TooManyRequestsException"),
    *("RequestThrottled", "RequestThrottledException", "RequestLimitExceeded", "KMSThrottling"),
}
"""SES's first API says `Throttling`, its second one `TooManyRequestsException`, and SNS `ThrottlingException`.

- https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
- https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
- https://repost.aws/knowledge-center/sns-throttling-exception-errors
- https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

DAILY = "daily message quota exceeded"
"""A part of SES's text if the daily quota is used up. The error has the same code as a rate that is too high."""

FINAL = {
    *("MessageRejected", "MailFromDomainNotVerifiedException", "AccountSendingPausedException"),
    *("AccountSuspendedException", "SendingPausedException", "InvalidParameterValue", "BadRequestException"),
    *("InvalidParameter", "ParameterValueInvalid", "OptedOut", "EndpointDisabled", "NotFound"),
}
"""Errors that end a reminder at once.

- https://docs.aws.amazon.com/ses/latest/APIReference/API_SendEmail.html
- https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

RECEIVES_BEFORE_FAILING = 8
"""How often a message with an UNKNOWN refusal is received, over about five minutes, before its reminder fails."""


def refusal_of(error: ClientError | BotoCoreError) -> Refusal:
    """Returns what an error of SES or SNS means for the message."""
    if not isinstance(error, ClientError):
        return Refusal.TEMPORARY
    code = error_name(error)
    if code in THROTTLES or code == "LimitExceededException":
        said = str(error.response["Error"].get("Message", "")).lower()
        return Refusal.SPENT if DAILY in said or code == "LimitExceededException" else Refusal.THROTTLED
    if code in FINAL:
        return Refusal.FINAL
    if int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) >= 500:
        return Refusal.TEMPORARY
    return Refusal.UNKNOWN


HOLD = {Refusal.THROTTLED: 1.0, Refusal.SPENT: 300.0}
"""How long an instance sends nothing after a refusal. SES counts its rate by the second.

While the daily quota is spent, an instance asks SES once in five minutes, and hands the other messages back unseen.
"""

_FIRST = {Refusal.THROTTLED: 1.0, Refusal.SPENT: 600.0}
_MOST = {Refusal.THROTTLED: 30.0}
LONGEST = 600.0
"""SES asks to wait for up to ten minutes:
https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html"""


def back_off(refusal: Refusal, receives: int, random: Callable[[], float] = randomness.random) -> int:
    """Returns for how many seconds a message stays hidden in its queue after a refusal.

    `receives` is the message's ApproximateReceiveCount. The time doubles with each receive, up to 30 seconds for a
    throttled message and ten minutes for others. It is spread between half of that and all of it, so that messages that
    were refused together do not come back together.
    """
    doubled = _FIRST.get(refusal, 2.0) * 2.0 ** min(receives - 1, 20)
    longest = min(doubled, _MOST.get(refusal, LONGEST))
    return max(1, round(longest * (0.5 + random() / 2)))


def fails(refusal: Refusal, receives: int) -> bool:
    """Whether the reminder fails for good. A throttled reminder never does."""
    return refusal is Refusal.FINAL or (refusal is Refusal.UNKNOWN and receives >= RECEIVES_BEFORE_FAILING)
