"""What the orders app promises to whoever reads its queues: a JSON Schema for each queue's messages."""

import json
from pathlib import Path
from typing import Any, Literal


def schema(queue: Literal["fulfillment", "escalation", "parked"]) -> dict[str, Any]:
    """The schema (draft-04) of the messages of a queue. Fields that it does not name may come with a later version."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name(f"{queue}.schema.json").read_text())
    return found
