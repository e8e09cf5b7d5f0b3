"""Turns an address on AWS into the engine's. This module imports none of the laptop cloud's packages."""

from urllib.parse import urlsplit


def api_url(endpoint: str, url: str) -> str:
    """Returns the address at which the engine serves a REST API. `url` is the API's address in the stack's output."""
    parts = urlsplit(url)
    return f"{endpoint.rstrip('/')}/_aws/execute-api/{parts.netloc.partition('.')[0]}{parts.path}".rstrip("/")
