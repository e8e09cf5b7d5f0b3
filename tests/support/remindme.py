"""Fixed values for tests of `remindme`, and a fake reminders API."""

from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 21, 11, 30, 15, tzinfo=UTC)
ID = "8c2b6c1e-0000-4000-8000-000000000001"
REMINDER: dict[str, Any] = {
    "reminderId": ID,
    "message": "Feed the cat 🐈",
    "preference": "topic",
    "dueAt": "2027-01-27T08:00:00Z",
    "dueAtLocal": "2027-01-27T09:00:00+01:00",
    "timeZone": "Europe/Paris",
    "status": "SCHEDULED",
    "occurrence": 1,
}
IN_20_MINUTES = {"timestamp": "2026-11-21T12:50:15+01:00", "timeZone": "Europe/Paris"}
"""20 minutes after NOW, in Paris."""


class FakeApi:
    """Answers each request with the next of `answers`, repeats the last one, and records the requests."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = [(202, REMINDER)]
        self.requests: list[tuple[str, str, Any]] = []
        self.tokens: list[str] = []
        self.keys: list[str | None] = []

    def answer(self, method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
        self.requests.append((method, path, body))
        self.tokens.append(token)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def refusal(code: str, *details: dict[str, str]) -> dict[str, Any]:
    return {"error": {"code": code, "message": "The reminder is invalid.", "details": list(details)}}
