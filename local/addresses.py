"""Turns an address on AWS into the engine's. This module imports none of the laptop cloud's packages."""

import re
from urllib.parse import urlsplit

ENGINE_NAME = "localhost"
"""The engine's host name. Distributions are at *.cloudfront.localhost, which browsers resolve without DNS."""

ON_AWS = re.compile(r"https://[a-z0-9]+\.execute-api\.[a-z0-9.-]+/[A-Za-z0-9/_-]*")


def api_url(endpoint: str, url: str) -> str:
    """Returns the address at which the engine serves a REST API. `url` is the API's address in the stack's output."""
    parts = urlsplit(url)
    return f"{endpoint.rstrip('/')}/_aws/execute-api/{parts.netloc.partition('.')[0]}{parts.path}".rstrip("/")


def site_url(endpoint: str, url: str) -> str:
    """Returns the address at which the engine serves the page. `url` is the page's address in the stack's output."""
    label = urlsplit(url).netloc.partition(".")[0]
    return f"http://{label}.cloudfront.{ENGINE_NAME}:{urlsplit(endpoint).port}/"


def reachable(endpoint: str, text: str) -> str:
    """Returns `text` with the engine's addresses in place of REST APIs' addresses on AWS, such as links in mails."""
    return ON_AWS.sub(lambda found: api_url(endpoint, found[0]), text)
