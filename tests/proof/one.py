"""`python -m tests.proof.one NAME SEED FILE`: runs one part and writes its result into a file, for `tests.proof`."""

import json
import sys
import traceback
from pathlib import Path

from terminal import program
from tests.proof import parts
from tests.proof.section import Section


def main() -> int:
    name, seed, file = sys.argv[1:]
    # A signal ends the part like Ctrl-C, so that it stops its laptop cloud.
    return program.run(lambda: _run(name, seed, Path(file)), said_of=lambda error: None)


def _run(name: str, seed: str, file: Path) -> int:
    part = parts.load(name)
    try:
        section = part.run(seed)
    except Exception as error:  # the page names it, and the other parts run all the same
        traceback.print_exc()
        section = Section([], failures=[f"{type(error).__name__}: {error}"])
    about = {"title": part.TITLE, "claim": part.CLAIM, "sample": part.SAMPLE}
    file.write_text(json.dumps(about | {"section": section.as_json()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
