"""What the stage sets."""

import os
from datetime import timedelta


def kept() -> timedelta:
    """How long a reminder is kept after it was due."""
    return timedelta(days=int(os.environ["DAYS_KEPT"]))
