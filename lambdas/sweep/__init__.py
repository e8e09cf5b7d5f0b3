"""The function that settles lost reminders."""

import common  # noqa: F401  The garbage collector must rest before a handler imports boto3.
