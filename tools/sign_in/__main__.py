"""`sign-in`: signs a user in for a day, or out."""

import sys
from typing import Annotated

import typer

from terminal import app
from terminal.app import UsageError, Version
from terminal.errors import CommandError
from tools import command
from tools.accounts.people import People
from tools.command import Home, Json, Stage, User
from tools.show import Output

NAME = "sign-in"

DESCRIPTION = """\
Signs you in to a stage for a day, so that other commands do not ask for the password. You need not run it: the other
commands ask when they need the password. It can also print a token for another program.

The command takes the password from the setting SIGN_IN_PASSWORD, or asks for it at the terminal. It also asks for the
code of your authenticator app if you use one. It keeps a refresh token in your cache folder, in a file that only you
can read. On stage `local` it signs in as the laptop cloud's demo person, and keeps nothing."""

EPILOG = """\
For an hour, a token is as valuable as a password. So the command does not print it to a terminal. Use it in a shell
like this: token=$(sign-in --print-token)

exit status: 0 done; 1 refused or failed; 2 wrong usage; 130 interrupted"""


def main(arguments: list[str] | None = None) -> int:
    """Signs in or out and returns the exit status that the help explains."""
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def run(
    stage: Stage = command.DEFAULT_STAGE,
    user: User = None,
    out: Annotated[
        bool, typer.Option("--out", help="sign out the user in --user, or everybody, and revoke the tokens")
    ] = False,
    print_token: Annotated[bool, typer.Option("--print-token", help="print an ID token for another program")] = False,
    json: Json = False,
    home: Home = None,
    version: Version = False,
) -> int:
    from tools import deployment

    if out and print_token:
        raise UsageError("--out and --print-token cannot be used together")
    if print_token and sys.stdout.isatty():
        raise CommandError("a token is not printed to a terminal: use token=$(sign-in --print-token) instead")
    output = Output(as_json=json)
    people = deployment.find(stage, home=home).people()
    if out:
        left = people.sign_out(user)
        output.fields({"signed out": left}) if left or output.as_json else output.say("nobody was signed in")
    elif print_token:
        print(people.one(user).token())
    else:
        _sign_in(people, user, output)
    return 0


def _sign_in(people: People, user: str | None, output: Output) -> None:
    person, kept = people.one(user), people.kept
    operator = person.is_operator
    if kept and not kept.find(person.email):
        raise CommandError(
            f"you are signed in, but the other commands will ask again, because {kept.folder} cannot be written: make "
            "it writable"
        )
    output.fields({"signed in": person.email, "operator": operator if output.as_json else "yes" if operator else "no"})


APP = app.of_one_command(run, help=DESCRIPTION, epilog=EPILOG)


if __name__ == "__main__":
    sys.exit(main())
