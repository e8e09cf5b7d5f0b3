"""The function that sends the reminders that are due."""

import common  # noqa: F401  The garbage collector must rest before a handler imports boto3.
