"""`accounts`: a copy of a person's data, and the deletion of their account."""

import contextlib
import json as json_text
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from stacks.names import ACCOUNT
from terminal import app
from terminal.errors import CommandError
from terminal.text import counted, printable
from tools import command
from tools.account import calls
from tools.command import Home, Stage, User
from tools.show import Output

NAME = "accounts"

DESCRIPTION = """\
Gets a copy of everything that a stage keeps about a person, and deletes their account. People do both on the page.
Operators do it for people who cannot sign in, after they have checked who asks."""

EPILOG = """\
A deletion cannot be undone. Keep its receipt: it says what was removed, and what stays and why. If the command ends
early, run it again: it continues where it stopped.

exit status: 0 done; 1 refused or failed; 2 wrong usage; 130 interrupted"""

Who = Annotated[
    str,
    typer.Argument(metavar="WHO", help="the person's e-mail address, the id of an account, or `me`"),
]
To = Annotated[Path | None, typer.Option("--to", metavar="FILE", help="write to this file, which only you can read")]


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and returns the exit status that the help explains."""
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def export(who: Who, to: To = None, stage: Stage = command.DEFAULT_STAGE, user: User = None, home: Home = None) -> int:
    from tools import deployment

    api = deployment.find(stage, home=home).api(ACCOUNT, user, demo="operator")
    copy = calls.copy_of(api, who)
    counts = ", ".join(counted(len(copy[name]), name.removesuffix("s")) for name in calls.LISTS)
    _write(copy, to, f"wrote {counts}")
    return 0


def delete(
    who: Who,
    to: To = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask whether to delete the account")] = False,
    stage: Stage = command.DEFAULT_STAGE,
    user: User = None,
    home: Home = None,
) -> int:
    from tools import deployment

    if to:
        _require_writable(to)
    found = deployment.find(stage, home=home)
    if not yes:
        _confirm(who, stage)
    api = found.api(ACCOUNT, user, demo="operator")
    # The API wants a password that was entered just now. A kept refresh token is not enough.
    api.sign_in_again()
    output = Output(as_json=False)
    receipt = calls.delete(api, who, say=lambda words: print(words, file=sys.stderr, flush=True))
    _write(receipt, to, f"the account {receipt['id']} is deleted")
    if to:
        columns = {"count": "removed", "what": "what", "store": "from"}
        output.rows(receipt["removed"], columns, nothing="nothing was left")
    return 0


def _confirm(who: str, stage: str) -> None:
    if not sys.stdin.isatty():
        raise CommandError("the account is not deleted without a terminal to ask you: add --yes")
    print(f"This deletes the account of {printable(who)} in the stage {stage}, with all orders and reminders.")
    if input(f"Type {printable(who)} to delete it: ").strip() != who:
        raise CommandError("nothing was deleted, because you typed something else")


def _require_writable(to: Path) -> None:
    """Raises CommandError if the receipt could not be written later."""
    if not to.parent.is_dir() or not os.access(to if to.exists() else to.parent, os.W_OK):
        raise CommandError(f"{printable(str(to))} cannot be written: choose another file with --to")


def _write(document: dict[str, Any], to: Path | None, done: str) -> None:
    """Prints the document, or writes it to a file that only its owner can read."""
    if to is None:
        # In ASCII, because JSON then escapes all characters that a terminal might act on.
        print(json_text.dumps(document, indent=2))
        return
    try:
        with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            # A file that was there keeps its mode. The device /dev/stdout, for example, belongs to somebody else.
            with contextlib.suppress(PermissionError):
                os.fchmod(file.fileno(), 0o600)
            json_text.dump(document, file, indent=2, ensure_ascii=False)
            file.write("\n")
    except OSError as error:
        raise CommandError(f"{printable(str(to))} cannot be written: {error.strerror}") from None
    print(f"{done}: {printable(str(to))}")


APP = app.with_commands(help=DESCRIPTION, epilog=EPILOG)
app.add(APP, "export", export, help="get a copy of everything that the stage keeps about a person, as JSON")
app.add(APP, "delete", delete, help="delete an account with its orders and reminders, and write a receipt")


if __name__ == "__main__":
    sys.exit(main())
