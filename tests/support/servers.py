"""HTTP servers on this machine whose answers come from a test."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answering = Callable[[str, str, Any, str], tuple[int, Any]]
"""Takes method, path, body and the Authorization header. Returns the status and the body.

A body of bytes is sent unchanged, any other body as JSON. The status 0 closes the connection without an answer.
"""


@contextmanager
def served(answering: Answering, *, keys: list[str | None] | None = None) -> Iterator[str]:
    """Starts a server and yields its address. It appends the Idempotency-Key of each request to `keys`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers["Content-Length"] or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            if keys is not None:
                keys.append(self.headers["Idempotency-Key"])
            status, answer = answering(self.command, self.path, body, self.headers["Authorization"])
            if not status:
                self.close_connection = True
                return
            text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
