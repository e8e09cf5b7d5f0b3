"""Sends many requests at once over connections that stay open."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import islice
from typing import TypeVar
from urllib.parse import urlsplit

AT_ONCE = 8
_CHUNK = 400
_SECONDS = 120
"""Far longer than any answer takes, even on a busy machine."""

Given = TypeVar("Given")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Reply:
    """An answer. `headers` finds a name in any case."""

    status: int
    headers: Mapping[str, str]
    text: str


class Client:
    """Sends requests to one machine. Each thread has a connection of its own, until the block ends."""

    def __init__(self, endpoint: str) -> None:
        self._host = urlsplit(endpoint).netloc
        self._local = threading.local()
        self._open: list[HTTPConnection] = []

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._open:
            connection.close()

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Sends one request. Raises OSError or HTTPException if no answer comes."""
        # A connection that the server has closed meanwhile fails before the server reads anything, so once is enough.
        fresh = not hasattr(self._local, "connection")
        try:
            return self._sent(method, path, headers, body)
        except (OSError, HTTPException):
            self._local.connection.close()
            del self._local.connection
            if fresh:
                raise
            return self._sent(method, path, headers, body)

    def _sent(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        if not hasattr(self._local, "connection"):
            self._local.connection = HTTPConnection(self._host, timeout=_SECONDS)
            self._open.append(self._local.connection)
        connection: HTTPConnection = self._local.connection
        connection.putrequest(method, path)
        for name, value in headers.items():
            # A name with several lines is sent several times.
            for line in value.split("\n"):
                connection.putheader(name, line.encode("latin-1"))
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read().decode())  # type: ignore[arg-type]


def at_once(work: Callable[[Given], Result], given: Iterable[Given]) -> Iterator[Result]:
    """Yields the results of `work` in order. It reads `given` in chunks, so that a long one needs little memory."""
    rest = iter(given)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while chunk := list(islice(rest, _CHUNK)):
            yield from pool.map(work, chunk)
