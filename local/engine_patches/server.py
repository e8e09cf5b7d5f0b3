"""Serves the engine with uvicorn, which reads and writes HTTP in C.

The engine's own server, hypercorn, does it in Python (`app.py:3917`). That took a fifth of the engine's time for an
order. See decision D170.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from local.engine_patches import lines

App = Callable[[Any, Any, Any], Awaitable[None]]

SERVER = "from hypercorn.asyncio import serve as hypercorn_serve"
OURS = f"from {__name__} import serve as hypercorn_serve"

WITHOUT_BODY = (204, 304)
"""With these statuses a response has no body. uvicorn would send one, and the client would take it for the beginning of
the next response."""

GRACE_SECONDS = 3
"""How long a stop waits for the requests that are being answered. The engine saves its state after it."""


def apply() -> None:
    """Makes the engine's `main` call `serve` of this module."""
    from ministack import app

    lines.replace(app, "main", SERVER, OURS)


async def serve(app: Any, config: Any) -> None:
    """Serves the engine at the address and port of its own server's settings, until a signal."""
    host, _, port = config.bind[0].rpartition(":")
    settings = uvicorn.Config(
        without_needless_bodies(app),
        host=host,
        port=int(port),
        loop="asyncio",
        http="httptools",
        # Nothing here uses web sockets.
        ws="none",
        lifespan="on",
        # The engine has its own log, and writes these headers itself.
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        # The engine reads the headers of proxies itself.
        proxy_headers=False,
        timeout_keep_alive=config.keep_alive_timeout,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    await uvicorn.Server(settings).serve()


def without_needless_bodies(app: App) -> App:
    """Returns `app`, changed to send no body with the statuses WITHOUT_BODY."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        has_body = True

        async def sent(message: Any) -> None:
            nonlocal has_body
            if message["type"] == "http.response.start" and message["status"] in WITHOUT_BODY:
                has_body = False
                kept = [one for one in message["headers"] if one[0].lower() != b"content-length"]
                message = {**message, "headers": kept}
            elif not has_body:
                message = {**message, "body": b""}
            await send(message)

        await app(scope, receive, sent)

    return served
