"""`python -m tools`: which programs there are."""

import sys

from tools import command
from tools.command import Parser

PROGRAMS = {
    "tools.orders": "send orders, look them up, correct, close and bring them back",
    "tools.remindme": "set, list, show and cancel reminders",
    "tools.sign_in": "sign in ahead, sign out, or print a token for another program",
    "tools.doctor": "find problems of a stage, before and after you deploy it",
    "tools.teardown": "make a stage ready to be destroyed; `make destroy` runs it",
    "tools.docs": "write the generated parts of docs; `make docs` runs it",
    "tools.openapi": "write docs/openapi from the templates; `make openapi` runs it",
    "tools.site": "build the site of the documentation in build/site; `make docs` runs it",
}


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: _parse_and_list(arguments))


def _parse_and_list(arguments: list[str] | None) -> int:
    parser = Parser(prog="python -m tools", description="Lists the programs. Each has its own --help.")
    parser.parse_args(arguments)
    for name, does in PROGRAMS.items():
        print(f"python -m {name:14}  {does}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
