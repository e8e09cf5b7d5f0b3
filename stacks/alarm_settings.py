"""What a stage decides about its alarms. This module does not import CDK."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AlarmSettings:
    """The numbers of the alarms that depend on the traffic of a stage, or on how its operators work.

    See decision D201.
    """

    least_requests: int
    """The requests in a minute from which on a share of them counts. One failed request of three may be chance."""

    least_late: int
    """The late orders, or late reminders, in an hour, in 6 hours or in 3 days from which on their share counts. So the
    one late order of a quiet night wakes nobody."""

    requests_expected: int | None
    """The fewest requests that the orders API gets in any minute. Ten quieter minutes raise an alarm. None switches
    this alarm off, because a stage without a steady traffic is quiet at night."""

    hours_until_fulfilled: int
    """How long an order may wait in the fulfillment queue. At 168, a week, SQS deletes it, so nothing ever waits so
    long: this value switches the alarm off for a stage without a downstream application."""

    hours_until_operator: int
    """The same for an escalated order in the escalation queue."""

    minutes_until_sent: int
    """How long a reminder that is due may wait in the queue of its channel."""

    sms_limit_usd: float
    """The account's monthly spending limit for SMS. An alarm goes off at four fifths of it. New accounts have 1 USD."""
