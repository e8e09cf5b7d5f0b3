"""`python -m tools.openapi`: writes docs/openapi and website/types from the templates. `make openapi` runs it."""

import json
import sys
from tempfile import TemporaryDirectory

from stacks.layer import LayerNotBuiltError
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
    return command.exit_status(lambda: _parse_and_write(arguments))


def _parse_and_write(arguments: list[str] | None) -> int:
    description = "Writes docs/openapi and website/types from the templates, and overwrites the files there."
    command.Parser(prog="python -m tools.openapi", description=description).parse_args(arguments)
    try:
        written = documents(synthesise())
    except LayerNotBuiltError as error:
        raise CommandError(str(error)) from None
    for name, text in written.items():
        (DOCUMENTS / name).write_text(text)
        (types.FOLDER / name).with_suffix(".d.ts").write_text(types.types(json.loads(text)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
