"""A REST API of a stage, called by one user."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from common import codes
from common.cards import is_identifier
from terminal.errors import CommandError
from terminal.text import printable
from tools.accounts.people import Person

LONGEST_PROBLEM = 500
API_TIMEOUT_SECONDS = 35
"""Longer than the 29 seconds that API Gateway gives a function."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    """Empty if the answer is not a JSON object."""

    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The code of a refusal by the API; empty if the answer has none."""
        error = self.body.get("error")
        return str(error.get("code", "")) if isinstance(error, dict) else ""

    @property
    def problem(self) -> str:
        """Code, message and details of a refusal, safe to print; empty if the request was not refused."""
        return self.problem_naming({})

    def problem_naming(self, names: Mapping[str, str]) -> str:
        """`problem`, with the fields of the API replaced by their `names`, such as options of the command line."""
        if self.status < 400:
            return ""
        error = self.body.get("error")
        if not isinstance(error, dict):
            # Our functions did not write this answer, so it may repeat a card number from the request.
            return "the request was refused before it reached the app"
        details = _sentences(
            (names.get(str(detail.get("field")), str(detail.get("field"))), str(detail.get("problem")))
            for detail in error.get("details") or []
        )
        message = str(error.get("message"))
        told = f"{error.get('code')}: {message.rstrip('.') if details else message}"
        said = printable("; ".join([told, *details]))[:LONGEST_PROBLEM]
        # A user who corrects a field has nothing to report.
        return said if details else said + self._to_quote(error.get("requestId"))

    @staticmethod
    def _to_quote(id: object) -> str:
        return f" (request {id})" if isinstance(id, str) and is_identifier(id) else ""


def _sentences(details: Iterable[tuple[str, str]]) -> list[str]:
    """A sentence for each problem. The missing fields share one: `Name, Price and CC are missing`."""
    found = list(details)
    missing = [field for field, problem in found if problem == codes.MISSING.sentence]
    if len(missing) < 2:
        return [f"{field} {problem}" for field, problem in found]
    others = [f"{field} {problem}" for field, problem in found if problem != codes.MISSING.sentence]
    return [f"{', '.join(missing[:-1])} and {missing[-1]} are missing", *others]


class Api:
    """The API at `url`, called by `person`."""

    def __init__(self, url: str, person: Person) -> None:
        self.person = person
        self._url = url.rstrip("/")
        self._http = URLLib3Session(timeout=API_TIMEOUT_SECONDS)

    def sign_in(self) -> None:
        """Signs in now, so that the user types the password first. Raises CommandError if it fails."""
        self.person.token()

    def sign_in_again(self) -> None:
        """Signs in with the password, even if a refresh token is kept. Raises CommandError if it fails."""
        self.person.forget()
        self.person.token()

    def call(
        self, method: str, path: str, body: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends `body`, JSON text, to `path`.

        Raises a BotoCoreError if there is no answer, and CommandError if the user cannot be signed in.
        """
        answer = self._send(method, path, body, headers or {})
        if answer.status == 401:
            # The kept token may be from a user pool that was deleted since. A refused request can be sent again.
            # See decision D075.
            self.person.forget()
            answer = self._send(method, path, body, headers or {})
        if answer.status == 401:
            raise CommandError(
                f"the API refuses this sign-in: deploy this version of the stack, or run `{self.person.how}`"
            )
        return answer

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        request = AWSRequest(
            method,
            self._url + path,
            data=body.encode() if body is not None else None,
            headers={"Content-Type": "application/json", "Authorization": self.person.token(), **headers},
        )
        response = self._http.send(request.prepare())
        try:
            answered = json.loads(response.text)
        except ValueError:
            answered = None
        return Answer(response.status_code, answered if isinstance(answered, dict) else {}, response.headers)
