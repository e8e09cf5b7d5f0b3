"""`python -m tools.sign_in`: signing in ahead, and out again."""

import argparse
import base64
import json
import sys
from typing import Any

from common.caller import OPERATORS
from terminal.errors import CommandError
from tools import command, deployment
from tools.accounts.people import People
from tools.command import Parser
from tools.show import Output

DESCRIPTION = """\
Signs you in to a stage for a day, so that no other command asks for the password. Without it, the first command that
needs the password asks. It can also print a token for another program.

The password is the setting SIGN_IN_PASSWORD. Without that setting the command asks at the terminal, and also for a code
if you have set one up. It keeps a refresh token in a file of your cache folder that only you can read. Stage `local`
signs in as the laptop cloud's demo person, and keeps nothing."""

EPILOG = """\
A token is worth as much as a password for an hour. So the command does not print it to a terminal:
token=$(python -m tools.sign_in --print-token)

exit status: 0 done; 1 refused or failed; 2 wrong usage; 130 interrupted"""


def main(arguments: list[str] | None = None) -> int:
    """Signs in or out and returns the exit status, as the help tells."""
    return command.exit_status(lambda: _parse_and_run(arguments))


def _parse_and_run(arguments: list[str] | None) -> int:
    options = argument_parser().parse_args(arguments, command.defaults())
    return run(options, Output(as_json=options.json))


def run(options: argparse.Namespace, output: Output) -> int:
    if options.print_token and sys.stdout.isatty():
        raise CommandError("a token is not for a screen: token=$(python -m tools.sign_in --print-token)")
    people = deployment.find(options.stage, home=options.home).people()
    if options.out:
        left = people.sign_out(options.user)
        output.fields({"signed out": left}) if left or output.as_json else output.say("nobody was signed in")
    elif options.print_token:
        print(people.one(options.user).token())
    else:
        _sign_in(people, options.user, output)
    return 0


def _sign_in(people: People, user: str | None, output: Output) -> None:
    person, kept = people.one(user), people.kept
    groups = _claims(person.token()).get("cognito:groups", [])
    if kept and not kept.find(person.email):
        raise CommandError(f"signed in, but that cannot be kept: {kept.folder} cannot be written")
    operator = OPERATORS in groups
    output.fields({"signed in": person.email, "operator": operator if output.as_json else "yes" if operator else "no"})


def _claims(token: str) -> dict[str, Any]:
    """What an ID token says. The APIs check whether it is true."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def argument_parser() -> Parser:
    parser = Parser(
        prog="python -m tools.sign_in",
        description=DESCRIPTION,
        epilog=EPILOG,
        parents=[command.common_options()],
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--out", action="store_true", help="sign out: revoke what is kept, of --user or of everybody")
    instead.add_argument("--print-token", action="store_true", help="print an ID token, for other programs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
