"""Those who sign in to one stage from this machine."""

import getpass
import os
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from terminal.errors import CommandError
from tools.accounts.kept import Kept
from tools.accounts.pool import Ask, Tokens, UserPool
from tools.text import printable

SPARE_SECONDS = 60
"""A token is renewed before it is over: its call may take a while, and clocks differ."""


class Person:
    """Somebody who calls the APIs; signed in when that is first needed."""

    def __init__(
        self, email: str, pool: UserPool, *, password: Callable[[], str], ask: Ask, kept: Kept | None, how: str
    ) -> None:
        self.email = email
        self.how = how
        """The command that signs in ahead."""

        self._pool = pool
        self._password = password
        self._ask = ask
        self._kept = kept
        self._tokens: Tokens | None = None
        self._refresh = kept and kept.find(email)
        self._ends = 0.0

    def token(self) -> str:
        """An ID token that lasts for a minute at least. Raises CommandError where none is to be had."""
        if self._tokens is None or time.time() > self._ends - SPARE_SECONDS:
            renewed = self._pool.renew(self._refresh) if self._refresh else None
            if renewed is None:
                self.forget()
            self._take(renewed or self._pool.sign_in(self.email, self._password(), self._ask))
        assert self._tokens
        return self._tokens.id

    def forget(self) -> None:
        """Drops what is kept; the next token is one that was signed in for anew."""
        self._tokens = self._refresh = None
        if self._kept:
            with suppress(OSError):
                self._kept.forget(self.email)

    def sign_out(self) -> None:
        """Revokes what is kept, and drops it."""
        if self._refresh:
            self._pool.revoke(self._refresh)
        self.forget()

    def _take(self, tokens: Tokens) -> None:
        self._tokens, self._ends = tokens, time.time() + tokens.lasts_seconds
        if tokens.refresh:
            self._refresh = tokens.refresh
            if self._kept:
                # Where nothing can be kept, the next command asks again.
                with suppress(OSError):
                    self._kept.keep(self.email, tokens.refresh)


class DemoUser(Protocol):
    """A user of the laptop cloud, whose password is known."""

    @property
    def email(self) -> str: ...

    @property
    def password(self) -> str: ...


class People:
    """The people of one stage. `demo` are the laptop cloud's own users by their roles, `person` and `operator`."""

    def __init__(
        self, pool: UserPool, *, stage: str, kept: Kept | None = None, demo: Mapping[str, DemoUser] | None = None
    ) -> None:
        self.kept = kept
        self._pool = pool
        self._stage = stage
        self._demo = demo or {}

    def one(self, user: str | None, *, demo: str = "person") -> Person:
        """`user`; else on the laptop cloud its user `demo`; else SIGN_IN_EMAIL, or the only one who is signed in.

        Raises CommandError if none of these names somebody.
        """
        own = self._demo[demo].email if self._demo else os.environ.get("SIGN_IN_EMAIL")
        email = user or own or self._only_one()
        return Person(
            email,
            self._pool,
            password=lambda: self._password(email),
            ask=self._ask,
            kept=self.kept,
            how=f"python -m tools.sign_in --stage {self._stage} --user {printable(email)}",
        )

    def sign_out(self, user: str | None) -> list[str]:
        """The addresses that were signed out: `user`, or everybody."""
        people = self.kept.people() if self.kept else []
        leaving = [email for email in people if user is None or email.lower() == user.lower()]
        for email in leaving:
            self.one(email).sign_out()
        return leaving

    def _only_one(self) -> str:
        people = self.kept.people() if self.kept else []
        if len(people) == 1:
            return people[0]
        several = f", one of {printable(', '.join(people))}," if people else ""
        raise CommandError(f"who signs in? Say --user you@example.com{several} or the setting SIGN_IN_EMAIL")

    def _password(self, email: str) -> str:
        for user in self._demo.values():
            if user.email.lower() == email.lower():
                return user.password
        setting = os.environ.get("SIGN_IN_PASSWORD")
        # With an address beside it, it is the password of that one alone.
        if setting and os.environ.get("SIGN_IN_EMAIL", email).lower() in ("", email.lower()):
            return setting
        return self._ask(f"Password of {printable(email)}")

    def _ask(self, question: str) -> str:
        """What is typed at the terminal, which does not show it."""
        try:
            with warnings.catch_warnings():
                # It would go on, show what is typed, or take what is piped in for it.
                warnings.simplefilter("error", getpass.GetPassWarning)
                return getpass.getpass(f"{question}: ")
        except (EOFError, getpass.GetPassWarning):
            ahead = f"`python -m tools.sign_in --stage {self._stage}`" if self.kept else "this"
            raise CommandError(
                f"'{question}' cannot be asked without a terminal: run {ahead} in one, or set SIGN_IN_EMAIL and "
                "SIGN_IN_PASSWORD"
            ) from None
