"""The users that a verification creates in the stage's user pool, and removes again."""

import contextlib
import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from common.caller import OPERATORS
from stacks.names import IDENTITY
from terminal.errors import CommandError
from tools.accounts.pool import Tokens, UserPool
from tools.deployment import Deployment

LOCAL_PART, DOMAIN = "success+verify-", "simulator.amazonses.com"
"""SES's mailbox simulator accepts mails to any label after `success+`, also from the sandbox. They count in no quota of
a recipient, and nobody reads them. https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html"""

LEFT_BEHIND = timedelta(hours=1)
"""A user of this age belongs to a run that somebody killed."""


def letters(length: int = 10) -> str:
    """Random letters. Digits could look like a card number."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(length))


@dataclass(kw_only=True)
class User:
    """A user of this run. Signs in when the first token is needed."""

    email: str
    password: str = field(repr=False)
    id: str
    """The user pool's `sub`."""

    pool: UserPool = field(repr=False)
    _tokens: Tokens | None = field(default=None, repr=False)

    def token(self) -> str:
        if self._tokens is None:
            self._tokens = self.sign_in()
        return self._tokens.id

    def sign_in(self, password: str | None = None) -> Tokens:
        """New tokens. Raises CommandError if the pool refuses them."""
        return self.pool.sign_in(self.email, password or self.password, _nobody)

    def forget(self) -> None:
        """Makes the next call sign in again. Its token then has the user's present groups."""
        self._tokens = None


def _nobody(question: str) -> str:
    raise CommandError(f"the user pool asks a new user something that this program cannot answer: {question}")


class Users:
    """The users of one run."""

    def __init__(self, deployment: Deployment) -> None:
        self.cognito = deployment.client("cognito-idp")
        self.client_id = deployment.output(IDENTITY, "WebClientId")
        self.pool_id = deployment.output(IDENTITY, "UserPoolId")
        self.made: list[User] = []

    def new(self, *, operator: bool = False, phone: str | None = None) -> User:
        """Creates a user with verified addresses."""
        email, password = f"{LOCAL_PART}{letters()}@{DOMAIN}", f"aA1-{secrets.token_urlsafe(24)}"
        verified = {"email": email, "email_verified": "true"}
        if phone:
            verified |= {"phone_number": phone, "phone_number_verified": "true"}
        pool = UserPool(self.client_id, self.cognito)
        user = User(email=email, password=password, id="", pool=pool)
        # Noted first, so that an interrupt in the next call leaves no user behind.
        self.made.append(user)
        made = self.cognito.admin_create_user(
            UserPoolId=self.pool_id,
            Username=email,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": name, "Value": value} for name, value in verified.items()],
        )
        user.id = next(one["Value"] for one in made["User"]["Attributes"] if one["Name"] == "sub")
        self.cognito.admin_set_user_password(UserPoolId=self.pool_id, Username=email, Password=password, Permanent=True)
        if operator:
            self.cognito.admin_add_user_to_group(UserPoolId=self.pool_id, Username=email, GroupName=OPERATORS)
        return user

    def demote(self, email: str) -> None:
        """Takes the role of an operator away, if the user has it. The API deletes no operator's account."""
        groups = self.cognito.admin_list_groups_for_user(UserPoolId=self.pool_id, Username=email)["Groups"]
        if any(group["GroupName"] == OPERATORS for group in groups):
            self.cognito.admin_remove_user_from_group(UserPoolId=self.pool_id, Username=email, GroupName=OPERATORS)

    def exists(self, user: User) -> bool:
        try:
            self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=user.email)
        except self.cognito.exceptions.UserNotFoundException:
            return False
        return True

    def delete(self, email: str) -> None:
        """Deletes a user. Safe to repeat."""
        with contextlib.suppress(self.cognito.exceptions.UserNotFoundException):
            self.cognito.admin_delete_user(UserPoolId=self.pool_id, Username=email)

    def left_behind(self, *, now: datetime | None = None) -> Iterator[str]:
        """The addresses of users that killed runs have left behind."""
        before = (now or datetime.now(UTC)) - LEFT_BEHIND
        pages = self.cognito.get_paginator("list_users")
        for page in pages.paginate(UserPoolId=self.pool_id, Filter=f'email ^= "{LOCAL_PART}"'):
            old = [_email(one) for one in page["Users"] if one["UserCreateDate"] < before]
            # A person may have an address that begins in the same way.
            yield from (email for email in old if email.endswith(f"@{DOMAIN}"))


def _email(user: dict[str, Any]) -> str:
    return next(str(one["Value"]) for one in user["Attributes"] if one["Name"] == "email")
