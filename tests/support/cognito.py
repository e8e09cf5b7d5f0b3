"""A fake user pool with two users, and a person who has signed in."""

import base64
import json
from typing import Any

from common.caller import OPERATORS
from tools.accounts.people import Person

ADA, OLGA = "ada@example.com", "olga@example.com"
PASSWORDS = {ADA: "Correct-horse-1", OLGA: "Battery-staple-2"}


class FakeCognito:
    """Answers HTTP requests like Cognito. In its user pool, Ada is a person and Olga is an operator."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, Any], str | None]] = []
        """The body of each request and its Authorization header."""

        self.passwords = dict(PASSWORDS)
        self.refresh_tokens: dict[str, str] = {}
        """The valid refresh tokens, each with its user's e-mail address."""

        self.issued: dict[str, str] = {}
        """The ID tokens, each with its user's e-mail address."""

        self.challenges: list[str] = []
        """The challenges that follow the password."""

        self.refusal: str | tuple[str, str] | None = None
        """The error that answers every request: its code, or code and message. "" closes the connection instead."""

        self.lasts_seconds = 3600
        self._waiting = ""

    @property
    def asked(self) -> list[str]:
        """The kind of each request: its flow, its challenge, or "revoke"."""
        return [body.get("AuthFlow") or body.get("ChallengeName") or "revoke" for body, _ in self.requests]

    def answer(self, method: str, path: str, body: Any, authorization: str) -> tuple[int, Any]:
        self.requests.append((body, authorization))
        match self.refusal:
            case "":
                return 0, None
            case str(code):
                return 400, {"__type": code, "message": f"No, {body}"}
            case (code, message):
                return 400, {"__type": code, "message": message}
        match self.asked[-1]:
            case "revoke":
                self.refresh_tokens.pop(body["Token"], None)
                return 200, {}
            case "REFRESH_TOKEN_AUTH":
                return self._tokens(self.refresh_tokens.get(body["AuthParameters"]["REFRESH_TOKEN"], ""), renewed=True)
            case "USER_PASSWORD_AUTH":
                email = body["AuthParameters"]["USERNAME"].lower()
                known = self.passwords.get(email) == body["AuthParameters"]["PASSWORD"]
                return self._next(email if known else "")
        return self._next(self._waiting)

    def _next(self, email: str) -> tuple[int, Any]:
        if not self.challenges:
            return self._tokens(email)
        self._waiting = email
        parameters = {"USER_ID_FOR_SRP": f"sub-of-{email}"}
        return 200, {"ChallengeName": self.challenges.pop(0), "Session": "s" * 20, "ChallengeParameters": parameters}

    def _tokens(self, email: str, *, renewed: bool = False) -> tuple[int, Any]:
        if not email:
            return 400, {"__type": "NotAuthorizedException", "message": "Incorrect username or password."}
        claims = {"email": email, "jti": len(self.requests), "cognito:groups": [OPERATORS] if email == OLGA else []}
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        tokens: dict[str, Any] = {"IdToken": f"e30.{payload}.signed", "ExpiresIn": self.lasts_seconds}
        self.issued[tokens["IdToken"]] = email
        if not renewed:
            tokens["RefreshToken"] = f"refresh-{len(self.requests)}"
            self.refresh_tokens[tokens["RefreshToken"]] = email
        return 200, {"AuthenticationResult": tokens}


class SignedInPerson(Person):
    """A person who has signed in. After `forget`, they get a different token."""

    def __init__(self) -> None:
        self.email, self.how = ADA, "sign in"
        self.forgotten = 0
        self.failures: list[Exception] = []
        """The errors that the next calls of `token` raise."""

    def token(self) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return f"token-{self.forgotten}"

    def forget(self) -> None:
        self.forgotten += 1
