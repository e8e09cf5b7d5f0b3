"""`make remindme`: runs `python -m tools.remindme` with what the user typed as STAGE, ARGS, MESSAGE and WHEN.

The Makefile hands these over in the environment. A shell would run commands that stand in them.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping


def arguments(typed: Mapping[str, str]) -> list[str]:
    """The arguments of `tools.remindme`. Raises ValueError if ARGS has a quotation mark without its partner."""
    texts = [typed.get("MESSAGE", ""), typed.get("WHEN", "")]
    # ARGS holds several words, quoted as in a shell.
    words = shlex.split(typed.get("ARGS", ""))
    return [f"--stage={typed.get('STAGE') or 'dev'}", *words, *(["--", *texts] if any(texts) else [])]


def main() -> None:
    argparse.ArgumentParser(prog="python -m tools.remindme.from_make", description=__doc__).parse_args()
    try:
        given = arguments(os.environ)
    except ValueError as error:
        sys.exit(f"error: ARGS={os.environ['ARGS']} cannot be split into words: {error}")
    os.execv(sys.executable, [sys.executable, "-m", "tools.remindme", *given])


if __name__ == "__main__":
    main()
