"""The stacks that CDK has synthesised into a folder: https://docs.aws.amazon.com/cdk/v2/guide/apps.html#apps-cloud-assembly"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from terminal.errors import CommandError


class Stack(NamedTuple):
    id: str
    """The construct id, such as Orders."""

    name: str
    """The full name, such as dev-orders."""

    template: dict[str, Any]


def stacks_in(folder: Path, *, of_stage: str) -> list[Stack]:
    """The stacks in `folder`, sorted by name. Raises CommandError if it has none, or stacks of another stage."""
    advice = f"run `make synth STAGE={of_stage}`"
    try:
        artifacts = json.loads((folder / "manifest.json").read_bytes())["artifacts"]
        found = [
            Stack(
                id,
                one["properties"]["stackName"],
                json.loads((folder / one["properties"]["templateFile"]).read_bytes()),
            )
            for id, one in artifacts.items()
            if one["type"] == "aws:cloudformation:stack"
        ]
    except (OSError, ValueError, LookupError):
        raise CommandError(f"{folder} has no templates: {advice}") from None
    if not found or not all(stack.name.startswith(f"{of_stage}-") for stack in found):
        raise CommandError(f"{folder} has no templates of the stage {of_stage}: {advice}")
    return sorted(found, key=lambda stack: stack.name)
