"""Which permissions the engine of a laptop cloud checked, and which calls its workflows made.

The engine has to be started with tests/support/engine/start.py. `proof_cloud` and the fixture `cloud` do that.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from local.cloud import Cloud
from local.engine import send
from tests.support.engine.paths import ASKED


class Check(NamedTuple):
    """A permission of a role that the engine checked, and its answer."""

    role: str
    action: str
    resource: str
    allowed: bool


class Called(NamedTuple):
    """A call that a workflow made. `workflow` is its ARN, `arguments` are JSON."""

    workflow: str
    integration: str
    arguments: str


class Asked:
    def __init__(self, cloud: Cloud) -> None:
        self._url = f"{cloud.settings.endpoint}{ASKED}"

    def begin(self) -> None:
        """Forgets everything before."""
        self._call("POST")

    def end(self) -> None:
        self._call("DELETE")

    def checks(self) -> set[Check]:
        return {Check(*one) for one in self._call("GET")["checks"]}

    def calls(self) -> set[Called]:
        return {Called(*one) for one in self._call("GET")["calls"]}

    def _call(self, method: str) -> Any:
        response = send(method, self._url)
        assert response.status_code == 200, response.text
        return json.loads(response.text)


@contextmanager
def asked(cloud: Cloud) -> Iterator[Asked]:
    """Watches inside the block."""
    found = Asked(cloud)
    found.begin()
    try:
        yield found
    finally:
        found.end()
