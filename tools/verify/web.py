"""HTTP requests to the APIs and to the page of a stage, without retries and redirects."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from tools.verify.findings import brief, require

TIMEOUT_SECONDS = 35
"""Longer than the 29 seconds that API Gateway gives a function."""


@dataclass(frozen=True)
class Reply:
    """The response to a request, which `asked` names for messages, like `GET /orders`."""

    asked: str
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object; empty if the response is anything else."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """The code of an error in the format of our APIs; empty for any other response."""
        error = self.body.get("error")
        return str(error.get("code", "")) if isinstance(error, dict) else ""

    def require(self, status: int, code: str = "") -> "Reply":
        """Returns the response itself. Raises FailedError unless it has this status and this error code."""
        wanted, found = f"{status} {code}".strip(), f"{self.status} {self.code}".strip()
        # A refusal's message and details never repeat the request's values.
        why = f": {brief(self.body['error'].get('message'))}" if self.code else ""
        require((self.status, self.code) == (status, code), f"{self.asked} answered {found}, not {wanted}{why}")
        return self


class Web:
    """Sends requests. Tests replace `send` to plant wrong answers."""

    def __init__(self) -> None:
        self._http = URLLib3Session(timeout=TIMEOUT_SECONDS)

    def send(
        self,
        method: str,
        url: str,
        *,
        asked: str = "",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Sends one request. Raises a BotoCoreError if there is no response."""
        parts = urlsplit(url)
        given = dict(headers or {})
        if parts.hostname and parts.hostname.endswith(".localhost"):
            # RFC 6761 sends these names to this machine. Browsers follow it; the resolver of Python may not.
            given["Host"], url = parts.netloc, parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
        data = body.encode() if isinstance(body, str) else body
        response = self._http.send(AWSRequest(method, url, data=data, headers=given).prepare())
        return Reply(asked or f"{method} {parts.path}", response.status_code, response.headers, response.text)
