"""The rules and the handlers of the reminders app."""

import common  # noqa: F401  The garbage collector must rest before a handler imports boto3.
