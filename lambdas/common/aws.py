"""How the functions call AWS."""

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BRIEFLY = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
"""In seconds. A call that hangs, and one more to clean up after it, end before the API's functions do (20 seconds);
botocore's own settings would wait for minutes."""


def error_name(error: ClientError | BotoCoreError) -> str:
    """AWS's code, or botocore's class. Safe to log, unlike the message, which can quote the parameters of a call."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
