"""Where an engine serves what has an address of its own on AWS. Pure, and without the packages of the laptop cloud."""

from urllib.parse import urlsplit


def api_url(endpoint: str, url: str) -> str:
    """Where the engine at `endpoint` serves the REST API whose address on AWS would be `url`, a stack's output."""
    parts = urlsplit(url)
    return f"{endpoint.rstrip('/')}/_aws/execute-api/{parts.netloc.partition('.')[0]}{parts.path}".rstrip("/")
