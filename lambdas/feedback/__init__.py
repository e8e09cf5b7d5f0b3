"""What the recipients of reminders, SES and SNS report back after a reminder was sent."""

import common  # noqa: F401  The garbage collector must rest before a handler imports boto3.
