"""`python -m tools`: lists the programs."""

import sys

from terminal import app
from tools import command

NAMED = {
    "orders": "send, look up, correct and close orders, and more",
    "remindme": "set, list, change and cancel reminders",
    "sign-in": "sign in for a day, sign out, or print a token",
    "accounts": "copy a person's data, or delete their account",
    "doctor": "find problems before and after deploying a stage",
    "laptop": "run both apps on this machine",
}
"""The programs that `make setup` installs into .venv/bin."""

OTHERS = {
    "tools.cost": "say what a month of a stage costs (see `make cost`)",
    "tools.simulate": "simulate a flash sale (see `make simulate`)",
    "tools.dashboards": "draw the dashboards (see `make dashboards`)",
    "tools.verify": "verify a deployed stage from outside (see `make verify`)",
    "tools.guards": "say what a deployment would lose (see `make deploy`)",
    "tools.restore": "put rows of a restored table back (see docs/runbook.md)",
    "tools.teardown": "remove a stage, and list what is left (see `make destroy`)",
    "tools.security": "run security scanners (see `make security`)",
    "tools.security.sbom": "list the layer's packages (see `make sbom`)",
    "tools.docs": "write the generated parts of docs (see `make docs`)",
    "tools.openapi": "write docs/openapi (see `make openapi`)",
    "tools.site": "build the documentation's site (see `make docs`)",
}


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, "python -m tools", arguments))


def run() -> int:
    for name, does in {**NAMED, **{f"python -m {name}": does for name, does in OTHERS.items()}}.items():
        print(f"{name:24}  {does}")
    return 0


APP = app.of_one_command(run, help="Lists the programs. Each has its own --help.")


if __name__ == "__main__":
    sys.exit(main())
