"""A simulated user pool for the functions of the account. moto needs another package for Cognito."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from common.caller import OPERATORS
from tests.support.aws_answers import refusal
from tests.support.handlers.events import OPERATOR, PERSON

CREATED = datetime(2026, 11, 20, 9, tzinfo=UTC)


class Pool:
    """The users by their `sub`, and what was asked."""

    def __init__(self) -> None:
        self.users = {one["sub"]: one for one in (PERSON, OPERATOR | {"email": "olga@example.com"})}
        self.asked: list[str] = []

    def answer(self, model: Any, params: dict[str, Any], **_: Any) -> Any:
        """Answers like Cognito. Register it for botocore's event `before-call`."""
        self.asked.append(model.name)
        name = json.loads(params["body"])["Username"]
        found = next((one for one in self.users.values() if name in (one["sub"], one["email"])), None)
        if found is None:
            return refusal(model, "UserNotFoundException")
        answers: dict[str, dict[str, Any]] = {
            "AdminGetUser": {
                "Username": found["sub"],
                "UserAttributes": [
                    {"Name": "sub", "Value": found["sub"]},
                    {"Name": "email", "Value": found["email"]},
                ],
                "UserStatus": "CONFIRMED",
                "Enabled": True,
                "UserCreateDate": CREATED,
                "UserLastModifiedDate": CREATED,
            },
            "AdminListGroupsForUser": {
                "Groups": [{"GroupName": OPERATORS}] if "cognito:groups" in found else [],
            },
            "AdminUserGlobalSignOut": {},
            "AdminDeleteUser": {},
        }
        if model.name == "AdminDeleteUser":
            del self.users[found["sub"]]
        return SimpleNamespace(status_code=200), answers[model.name]
