"""Serves the engine with uvicorn, which reads and writes HTTP in C.

The engine's own server, hypercorn, does it in Python (`app.py:3917`). That took a fifth of the engine's time for an
order. See decision D170.
"""

from typing import Any

import uvicorn

from local.engine_patches import lines

SERVER = "from hypercorn.asyncio import serve as hypercorn_serve"
OURS = f"from {__name__} import serve as hypercorn_serve"

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
        app,
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
