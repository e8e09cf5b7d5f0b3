"""The functions that the workflows call, from the source of the stacks. Importing the stacks would start CDK."""

import ast
import re
from collections.abc import Iterator

from local.settings import PROJECT
from tests.support.workflows.asl import State


def timeout_of(state: State) -> int:
    """The timeout, in seconds, of the function that a task calls. Raises ValueError if no stack defines it once."""
    placeholder = re.fullmatch(r"\$\{(\w+)Function\}", state["Arguments"]["FunctionName"])
    name = placeholder[1] if placeholder else ""
    sources = (file.read_text() for file in PROJECT.glob("stacks/*.py"))
    [seconds] = (seconds for source in sources if f'"{name}"' in source for seconds in _timeouts(source, name))
    return seconds


def _timeouts(source: str, name: str) -> Iterator[int]:
    """The timeouts in calls such as `PublishedFunction(scope, "Name", timeout=5)`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(args=[_, ast.Constant(value=str(id))], keywords=keywords) if id == name:
                yield from (ast.literal_eval(one.value) for one in keywords if one.arg == "timeout")
