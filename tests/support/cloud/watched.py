"""Watches the workflows of a laptop cloud, and makes calls of their states fail.

The engine has to be started with tests/support/engine/start.py. `proof_cloud` and the fixture `cloud` do that.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from local.cloud import Cloud
from local.engine import send
from tests.support.engine.paths import PATH


@dataclass(frozen=True, kw_only=True)
class TaskFault:
    """What happens to a state of the executions whose input has the marker."""

    marker: str
    state: str
    error: str
    times: int
    """How many attempts of one execution fail."""
    after: bool = False
    """Whether the call is made, and only its answer is lost."""
    dies: bool = False
    """Whether the execution ends when it enters the state, like an execution that times out."""
    answer: Any = None
    """If it is not None, the call is left out, and its function answers this."""


@dataclass(frozen=True)
class Taken:
    """What one execution did."""

    workflow: str
    input: str
    edges: list[str]
    """In the order in which it took them. tests/support/workflows/edges.py explains them."""
    errors: list[str]
    """Such as `Look for the claim: Catch[0] takes States.ALL`, and `STATE: dies`."""


class Watch:
    def __init__(self, cloud: Cloud) -> None:
        self._url = f"{cloud.settings.endpoint}{PATH}"

    def begin(self, faults: Sequence[TaskFault] = ()) -> None:
        """Watches every execution from now on, and forgets the executions before."""
        self._call("POST", {"faults": [asdict(one) for one in faults]})

    def end(self) -> None:
        self._call("DELETE")

    def taken(self) -> list[Taken]:
        """What the executions did since `begin`."""
        return [Taken(**one) for one in self._call("GET").values()]

    def _call(self, method: str, body: Any = None) -> Any:
        response = send(method, self._url, body=json.dumps(body) if body else None)
        assert response.status_code == 200, response.text
        return json.loads(response.text)


@contextmanager
def watched(cloud: Cloud, faults: Sequence[TaskFault] = ()) -> Iterator[Watch]:
    """Watches inside the block."""
    watch = Watch(cloud)
    watch.begin(faults)
    try:
        yield watch
    finally:
        watch.end()
