"""Fetches the page's files, like a browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlsplit

from tests.support.waiting import PATIENCE_SECONDS


@dataclass(frozen=True)
class Response:
    status: int
    headers: HTTPMessage
    body: bytes


def fetch(address: str, path: str = "/", *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Response:
    """Fetches a path of the page at `address`.

    It connects to 127.0.0.1 and sends the host name. Browsers resolve *.localhost to this machine; Python may not.
    """
    host = urlsplit(address).netloc
    connection = HTTPConnection("127.0.0.1", urlsplit(address).port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path, headers={"Host": host, **(headers or {})})
        response = connection.getresponse()
        return Response(response.status, response.headers, response.read())
    finally:
        connection.close()
