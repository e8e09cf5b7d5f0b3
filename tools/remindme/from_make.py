"""`make remindme`: runs `python -m tools.remindme` with the variables STAGE, ARGS, MESSAGE and WHEN of the user.

The Makefile passes the variables in the environment, because a shell would run commands inside them.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping


def arguments(typed: Mapping[str, str]) -> list[str]:
    """The arguments of `tools.remindme`. Raises ValueError if a quotation mark in ARGS is not closed."""
    texts = [typed.get("MESSAGE", ""), typed.get("WHEN", "")]
    # ARGS contains several words, quoted as in a shell.
    words = shlex.split(typed.get("ARGS", ""))
    return [*words, *(["--", *texts] if any(texts) else [])]


def main() -> None:
    argparse.ArgumentParser(prog="python -m tools.remindme.from_make", description=__doc__).parse_args()
    try:
        given = arguments(os.environ)
    except ValueError as error:
        reason = str(error).lower()
        sys.exit(f"error: ARGS={os.environ['ARGS']} cannot be split into words ({reason}): close each quotation mark")
    os.execv(sys.executable, [sys.executable, "-m", "tools.remindme", *given])


if __name__ == "__main__":
    main()
