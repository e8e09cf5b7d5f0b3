"""A fake AWS account: the answers of SES and SNS to `reminders.readiness`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from reminders import readiness
from tests.support.aws_answers import refusal

SERVICES = ("ses", "sesv2", "sns")
IN_ORDER: dict[str, Any] = {
    "GetAccount": {"SendingEnabled": True, "ProductionAccessEnabled": True},
    "GetIdentityVerificationAttributes": {"VerificationAttributes": {"any": {"VerificationStatus": "Success"}}},
    "GetSMSSandboxAccountStatus": {"IsInSandbox": False},
    "ListSMSSandboxPhoneNumbers": {"PhoneNumbers": []},
    "CheckIfPhoneNumberIsOptedOut": {"isOptedOut": False},
}


class Account:
    """Answers the calls of `readiness`. By default the account may send everything.

    `verified`, if set, holds the only identities that SES reports as verified. `answers` maps an operation to its
    answer. If the answer is text, it names an error in aws_answers.json. If it is an exception, the call raises it.
    """

    def __init__(self) -> None:
        self.answers = dict(IN_ORDER)
        self.verified: set[str] | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.asked]

    def record(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.asked.append((model.name, params))

    def answer(self, model: Any, **_: Any) -> tuple[Any, Mapping[str, Any]]:
        found = self.answers[model.name]
        if isinstance(found, Exception):
            raise found
        if isinstance(found, str):
            return refusal(model, found, "jo@example.com")
        if model.name == "GetIdentityVerificationAttributes" and self.verified is not None:
            identities = self.asked[-1][1]["Identities"]
            found = {
                "VerificationAttributes": {
                    one: {"VerificationStatus": "Success" if one in self.verified else "Pending"} for one in identities
                }
            }
        return SimpleNamespace(status_code=200), found


@contextmanager
def asked() -> Iterator[Account]:
    """Makes `readiness` ask a fake account inside the block, with an empty cache of answers."""
    account = Account()
    readiness.kept_answers.clear()
    for client in map(readiness.client, SERVICES):
        client.meta.events.register("before-parameter-build", account.record, unique_id="record")
        client.meta.events.register("before-call", account.answer, unique_id="answer")
    yield account
    for client in map(readiness.client, SERVICES):
        client.meta.events.unregister("before-parameter-build", unique_id="record")
        client.meta.events.unregister("before-call", unique_id="answer")
    readiness.kept_answers.clear()
