"""`python -m tools.openapi`: writes docs/openapi and website/types from the templates. `make openapi` runs it.

See decision D066.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from stacks.layer import LayerNotBuiltError
from terminal import app as terminal_app
from terminal.errors import CommandError
from tools import command
from tools.openapi import DOCUMENTS, Template, documents, types


def synthesise() -> dict[str, Template]:
    """Returns the templates by stack, as `cdk synth` makes them. Raises LayerNotBuiltError."""
    command.find_node()
    # Import CDK only here, because its import starts Node, and `--help` needs neither.
    import aws_cdk as cdk

    import app
    from stacks.config import DEV

    with TemporaryDirectory() as folder:
        cdk_app = cdk.App(outdir=folder)
        app.build(cdk_app, stage=DEV)
        return {stack.id: stack.template for stack in cdk_app.synth().stacks}


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: terminal_app.invoke(APP, "python -m tools.openapi", arguments))


def run() -> int:
    try:
        templates = synthesise()
    except LayerNotBuiltError as error:
        raise CommandError(str(error)) from None
    try:
        written = documents(templates)
    except KeyError as error:
        raise CommandError(_without_words(error.args[0])) from None
    for name, text in written.items():
        (DOCUMENTS / name).write_text(text)
    for name, text in types.files({Path(name).stem: json.loads(text) for name, text in written.items()}).items():
        (types.FOLDER / name).write_text(text)
    return 0


def _without_words(missing: str | tuple[str, ...]) -> str:
    """The message for a part of an API that the texts or the examples lack."""
    part = missing if isinstance(missing, str) else " ".join(missing)
    return (
        f"the OpenAPI document has no text or example for {part}: add its text to tools/openapi/words.py, or its "
        "example to tools/openapi/examples.py, and run `make openapi` again"
    )


APP = terminal_app.of_one_command(
    run, help="Writes docs/openapi and website/types from the templates, and overwrites the files there."
)


if __name__ == "__main__":
    sys.exit(main())
