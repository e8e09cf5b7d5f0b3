"""The contract with downstream applications: a JSON Schema for the messages of each queue. See decision D020."""

import json
from pathlib import Path
from typing import Any, Literal


def schema(queue: Literal["fulfillment", "escalation", "parked"]) -> dict[str, Any]:
    """The schema (draft-04) of the messages of a queue. A later version may add fields, so it allows unknown ones."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name(f"{queue}.schema.json").read_text())
    return found
