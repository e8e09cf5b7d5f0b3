"""One REST API of a stage, called by one person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from terminal.errors import CommandError
from tools.accounts.people import Person
from tools.text import printable

LONGEST_PROBLEM = 500
API_TIMEOUT_SECONDS = 35
"""Longer than the 29 seconds that API Gateway gives a function."""


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: dict[str, Any]
    """Empty where the answer is no JSON object."""

    headers: Mapping[str, str]

    @property
    def problem(self) -> str:
        """Code, message and details of a refusal, fit to be printed; empty where the request was not refused."""
        if self.status < 400:
            return ""
        error = self.body.get("error")
        if not isinstance(error, dict):
            # Not our handlers' answer, so nobody knows what it repeats.
            return "refused before it came to the app"
        details = [f"{detail.get('field')} {detail.get('problem')}" for detail in error.get("details") or []]
        message = str(error.get("message"))
        told = f"{error.get('code')}: {message.rstrip('.') if details else message}"
        return printable("; ".join([told, *details]))[:LONGEST_PROBLEM]


class Api:
    """The API at `url`, called by `person`."""

    def __init__(self, url: str, person: Person) -> None:
        self._url = url.rstrip("/")
        self._person = person
        self._http = URLLib3Session(timeout=API_TIMEOUT_SECONDS)

    def sign_in(self) -> None:
        """Signs in now, so that a question for the password comes first. Raises CommandError if that fails."""
        self._person.token()

    def call(
        self, method: str, path: str, body: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends `body`, JSON text, to `path`.

        Raises a BotoCoreError where no answer comes, and CommandError where the person cannot be signed in.
        """
        answer = self._send(method, path, body, headers or {})
        if answer.status == 401:
            # What was kept may be of a pool that was made anew since. Nothing was done, so it is sent once more.
            self._person.forget()
            answer = self._send(method, path, body, headers or {})
        if answer.status == 401:
            raise CommandError(
                f"the API does not take this sign-in: deploy this version of the stack, or try `{self._person.how}`"
            )
        return answer

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        request = AWSRequest(
            method,
            self._url + path,
            data=body.encode() if body is not None else None,
            headers={"Content-Type": "application/json", "Authorization": self._person.token(), **headers},
        )
        response = self._http.send(request.prepare())
        try:
            answered = json.loads(response.text)
        except ValueError:
            answered = None
        return Answer(response.status_code, answered if isinstance(answered, dict) else {}, response.headers)
