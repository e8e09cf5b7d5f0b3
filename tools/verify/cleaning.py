"""Removes what a verification made: its users, with their orders and reminders, and its messages."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from stacks.names import ACCOUNT
from tools.verify import orders
from tools.verify.run import Run
from tools.verify.users import User
from tools.verify.web import Reply

PARKING_SECONDS = 30
"""How long a parked message of this run may take to come into its queue, after an interrupt."""

AGAIN = (429, 503)
"""The statuses of an API that wants the same request again."""


@contextmanager
def cleaned(run: Run) -> Iterator[Run]:
    """Removes what the run made, also after an error or Ctrl-C."""
    try:
        yield run
    finally:
        clean(run)


def clean(run: Run) -> None:
    """Removes everything of this run. What it cannot remove, it notes in `run.left`."""
    with _uninterrupted():
        if run.users.made:
            run.say("removing the users of this run, with their orders and reminders")
        if run.parking:
            # While the operator of this run still exists.
            with run.attempt("a parked order of this run may be left, so an operator has to remove it"):
                orders.unpark(run, run.parking, patience=PARKING_SECONDS)
        for email in _left_behind(run):
            with run.attempt("a user of an earlier run is left"):
                _erase_for(run, email)
                run.users.delete(email)
        for user in run.users.made:
            with run.attempt("a user of this run may be left"):
                if run.users.exists(user):
                    _erase(run, user)
                run.users.delete(user.email)
        for output, queue in run.queues.items():
            with run.attempt("messages of this run may be left"):
                run.reader.clear(queue)
                if why := run.reader.unread.get(queue):
                    run.notes.append(f"messages of this run in {output}, which it did not read: {why}")
        # Here, because an interrupted run says nothing more.
        for text in (*run.notes, *run.left):
            run.say(f"left: {text}")


def _erase(run: Run, user: User) -> None:
    """Lets the app delete the account, because only the app also removes the orders and reminders."""
    with run.attempt("orders and reminders of this run may be left"):
        run.users.demote(user.email)
        # A deletion needs a token of a recent sign-in.
        user.forget()
        run.until(lambda: deletion(run, user), bool, what="the deletion of an account")


def _erase_for(run: Run, email: str) -> None:
    """Lets an operator of this run delete the account of an earlier run, because nobody has its password."""
    run.users.demote(email)
    path = f"/account?email={quote(email)}"
    run.until(lambda: _done(run.operator.call(ACCOUNT, "DELETE", path)), bool, what="the deletion of an account")


def deletion(run: Run, user: User) -> bool:
    """Asks the API to delete an account. Returns whether it is done; False if the API wants to be asked again."""
    return _done(run.as_user(user).account("DELETE"))


def _done(answer: Reply) -> bool:
    return answer.status not in AGAIN and bool(answer.require(200).body["complete"])


def _left_behind(run: Run) -> list[str]:
    with run.attempt("users of earlier runs may be left"):
        return list(run.users.left_behind())
    return []


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A second Ctrl-C would leave users behind, so it waits until everything is removed."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.signal(one, signal.SIG_IGN) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


STAYS = (
    "the number, the status and the times of each order, without a name, until the stage's retention ends",
    "lines in the logs, which have ids only",
    "ended executions of the reminders, for 90 days, and of the order workflow if it is Standard",
)
"""What a verification by nature leaves."""
