"""`python -m tools`: lists the programs."""

import sys

from tools import command
from tools.command import Parser

PROGRAMS = {
    "tools.orders": "send, look up, correct and close orders, and more",
    "tools.remindme": "set, list, show and cancel reminders",
    "tools.sign_in": "sign in for a day, sign out, or print a token",
    "tools.doctor": "find problems before and after deploying a stage",
    "tools.cost": "say what a month of a stage costs (see `make cost`)",
    "tools.simulate": "simulate a flash sale (see `make simulate`)",
    "tools.verify": "compare estimates with AWS (see `make verify`)",
    "tools.teardown": "cancel a stage's reminders (see `make destroy`)",
    "tools.docs": "write the generated parts of docs (see `make docs`)",
    "tools.openapi": "write docs/openapi (see `make openapi`)",
    "tools.site": "build the documentation's site (see `make docs`)",
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
