"""Sends the requests of the proof, several at once, and keeps what came back."""

import json
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from tests.proof.leaks.places import JSON, Request
from tests.support.cloud.apps import Apps

WORKERS = 6


@dataclass(frozen=True)
class Sent:
    plant: str
    """What the request carried, for the messages of failures."""
    status: int
    written: str
    """Headers and body of the answer."""


class Client:
    """Calls all APIs, the page and the links in mails as one user."""

    def __init__(self, apps: Apps) -> None:
        self._token = apps.token
        places = apps.places
        self._urls = {
            "orders": places.orders_api,
            "reminders": places.reminders_api,
            "account": places.account_api,
            "site": places.site.rstrip("/"),
        }
        self._local = threading.local()

    def send(self, plant: str, request: Request) -> Sent:
        body = request.body if isinstance(request.body, str | bytes | None) else json.dumps(request.body)
        url = self._urls[request.api]
        headers = {**JSON, "Authorization": request.token or self._token, **request.headers}
        if request.api == "site":
            # A name below .localhost need not resolve here.
            host, _, port = url.removeprefix("http://").partition(":")
            url, headers["Host"] = f"http://127.0.0.1:{port}", f"{host}:{port}"
        data = body.encode() if isinstance(body, str) else body
        prepared = AWSRequest(request.method, url + request.path, data=data, headers=headers).prepare()
        try:
            answer = self._session().send(prepared)
        except BotoCoreError as error:
            return Sent(plant, 0, type(error).__name__)
        return Sent(plant, answer.status_code, f"{json.dumps(dict(answer.headers))} {answer.text}")

    def all(self, requests: Iterable[tuple[str, Request]]) -> list[Sent]:
        """Sends all requests, and returns the answers in the same order."""
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(lambda one: self.send(*one), requests))

    def _session(self) -> URLLib3Session:
        if not hasattr(self._local, "session"):
            self._local.session = URLLib3Session(timeout=60)
        session: URLLib3Session = self._local.session
        return session
