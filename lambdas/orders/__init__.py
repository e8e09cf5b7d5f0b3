"""The orders app: its rules, its table, its cache and its handlers."""

import common  # noqa: F401  The garbage collector must rest before a handler imports boto3.
