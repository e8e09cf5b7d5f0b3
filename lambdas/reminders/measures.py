"""The metrics of the reminders app. The functions emit them, and the stacks and dashboards read these names. Pure.

An occurrence is due when `SendReminder` claims it for the first time after its wait, or when a sweep gives it up
unclaimed. From then on it ends in exactly one way: SENT, FAILED or, because somebody stopped it between two attempts,
CANCELLED. CANCELLED also counts the reminders that were cancelled while they waited.

See decision D198.
"""

from common.metrics import Measure

NAMESPACE = "Reminders"

SCHEDULED = Measure(NAMESPACE, "RemindersScheduled", "Count")
"""New reminders. Later occurrences and changes do not count."""

DUE = Measure(NAMESPACE, "RemindersDue", "Count")

SENT = Measure(NAMESPACE, "RemindersSent", "Count")
"""Occurrences that at least one channel has sent."""

FAILED = Measure(NAMESPACE, "RemindersFailed", "Count")
"""Occurrences that no channel has sent. The workflow itself counts those that it could not deliver."""

CANCELLED = Measure(NAMESPACE, "RemindersCancelled", "Count")

SECONDS_LATE = Measure(NAMESPACE, "SecondsLate", "Seconds")
"""From when an occurrence was due until all its channels had a result, for the occurrences of SENT."""

SENT_LATE = Measure(NAMESPACE, "RemindersSentLate", "Count")
"""The occurrences of SENT that took longer than LATE_AFTER_SECONDS. 0 is emitted, too."""
LATE_AFTER_SECONDS = 60

MAILS_BOUNCED = Measure(NAMESPACE, "MailsBounced", "Count")
MAILS_COMPLAINED = Measure(NAMESPACE, "MailsComplained", "Count")
MAILS_REJECTED = Measure(NAMESPACE, "MailsRejected", "Count")
TEXTS_REJECTED = Measure(NAMESPACE, "TextsRejected", "Count")
