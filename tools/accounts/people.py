"""The users who sign in to one stage from this machine."""

import base64
import getpass
import json
import os
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from common.caller import OPERATORS
from terminal.errors import CommandError
from terminal.text import printable
from tools.accounts.kept import Kept
from tools.accounts.pool import Ask, Tokens, UserPool

SPARE_SECONDS = 60
"""A token is renewed this long before it expires, because a call takes time and clocks differ."""


class Person:
    """A user who calls the APIs. Signs in when the first token is needed."""

    def __init__(
        self, email: str, pool: UserPool, *, password: Callable[[], str], ask: Ask, kept: Kept | None, how: str
    ) -> None:
        self.email = email
        self.how = how
        """The command that signs this user in."""

        self._pool = pool
        self._password = password
        self._ask = ask
        self._kept = kept
        self._tokens: Tokens | None = None
        self._refresh = kept and kept.find(email)
        self._ends = 0.0

    def token(self) -> str:
        """An ID token that is valid for at least a minute. Raises CommandError if the user cannot be signed in."""
        if self._tokens is None or time.time() > self._ends - SPARE_SECONDS:
            renewed = self._pool.renew(self._refresh) if self._refresh else None
            if renewed is None:
                self.forget()
            self._take(renewed or self._pool.sign_in(self.email, self._password(), self._ask))
        assert self._tokens
        return self._tokens.id

    def claims(self) -> dict[str, Any]:
        """The claims of the ID token. The signature is not checked here; the APIs check it."""
        payload = self.token().split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims

    @property
    def is_operator(self) -> bool:
        return OPERATORS in self.claims().get("cognito:groups", [])

    def forget(self) -> None:
        """Deletes the kept tokens. The next call of `token` signs in again."""
        self._tokens = self._refresh = None
        if self._kept:
            with suppress(OSError):
                self._kept.forget(self.email)

    def sign_out(self) -> None:
        """Revokes the refresh token, and deletes the kept tokens."""
        if self._refresh:
            self._pool.revoke(self._refresh)
        self.forget()

    def _take(self, tokens: Tokens) -> None:
        self._tokens, self._ends = tokens, time.time() + tokens.lasts_seconds
        if tokens.refresh:
            self._refresh = tokens.refresh
            if self._kept:
                # If the token cannot be written, the next command asks for the password again.
                with suppress(OSError):
                    self._kept.keep(self.email, tokens.refresh)


class DemoUser(Protocol):
    """A user of the laptop cloud. The password is known."""

    @property
    def email(self) -> str: ...

    @property
    def password(self) -> str: ...


class People:
    """The users of one stage. `demo` maps the roles `person` and `operator` to the laptop cloud's demo users.

    If `may_ask` is false, a user whom only a question can sign in is not signed in.
    """

    def __init__(
        self,
        pool: UserPool,
        *,
        stage: str,
        kept: Kept | None = None,
        demo: Mapping[str, DemoUser] | None = None,
        may_ask: bool = True,
    ) -> None:
        self.kept = kept
        self._may_ask = may_ask
        self._pool = pool
        self._stage = stage
        self._demo = demo or {}

    def one(self, user: str | None, *, demo: str = "person") -> Person:
        """Returns the user who signs in.

        If `user` is None, this is the demo user with the role `demo` on the laptop cloud. On AWS it is the user in
        SIGN_IN_EMAIL, or the only user whose token is kept. Raises CommandError if none of these names a user.
        """
        own = self._demo[demo].email if self._demo else os.environ.get("SIGN_IN_EMAIL")
        email = user or own or self._only_one()
        return Person(
            email,
            self._pool,
            password=lambda: self._password(email),
            ask=self._ask,
            kept=self.kept,
            how=f"sign-in --stage {self._stage} --user {printable(email)}",
        )

    def sign_out(self, user: str | None) -> list[str]:
        """Signs out `user`, or everybody if it is None. Returns the addresses that were signed out."""
        people = self.kept.people() if self.kept else []
        leaving = [email for email in people if user is None or email.lower() == user.lower()]
        for email in leaving:
            self.one(email).sign_out()
        return leaving

    def _only_one(self) -> str:
        people = self.kept.people() if self.kept else []
        if len(people) == 1:
            return people[0]
        remedy = "name a user with --user you@example.com, or with the setting SIGN_IN_EMAIL"
        if people:
            raise CommandError(f"several users are signed in ({printable(', '.join(people))}): {remedy}")
        raise CommandError(f"no user is signed in: {remedy}")

    def _password(self, email: str) -> str:
        for user in self._demo.values():
            if user.email.lower() == email.lower():
                return user.password
        setting = os.environ.get("SIGN_IN_PASSWORD")
        # If SIGN_IN_EMAIL is set too, the password belongs to that address only.
        if setting and os.environ.get("SIGN_IN_EMAIL", email).lower() in ("", email.lower()):
            return setting
        return self._ask(f"Password of {printable(email)}")

    def _ask(self, question: str) -> str:
        """The text that the user types. The terminal does not show it."""
        if not self._may_ask:
            raise CommandError("nobody is signed in")
        try:
            with warnings.catch_warnings():
                # getpass only warns, and then shows what is typed or reads the password from a pipe.
                warnings.simplefilter("error", getpass.GetPassWarning)
                return getpass.getpass(f"{question}: ")
        except (EOFError, getpass.GetPassWarning):
            command = f"`sign-in --stage {self._stage}`" if self.kept else "this command"
            raise CommandError(
                f"'{question}' cannot be asked without a terminal: run {command} in a terminal, or set SIGN_IN_EMAIL "
                "and SIGN_IN_PASSWORD"
            ) from None
