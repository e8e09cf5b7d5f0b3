"""Settings and helpers for the functions' calls to AWS."""

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BRIEFLY = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
"""Timeouts in seconds. A hanging call ends after about 8 seconds, so it and one more call to clean up both end before
an API function's timeout of 20 seconds. botocore's defaults would wait for minutes."""


def error_name(error: ClientError | BotoCoreError) -> str:
    """Returns the error's code from AWS, or the class name of an error that botocore raised itself.

    Log this name, not the error's message: the message can quote the parameters of the call.
    """
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
