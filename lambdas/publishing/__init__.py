"""The function that publishes the web page."""

import common  # noqa: F401  The garbage collector must rest before a handler imports boto3.
