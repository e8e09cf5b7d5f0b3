"""`python -m tools.docs`: writes the generated parts of docs/*.md. `make docs` runs it."""

import os
import sys
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from stacks.layer import LayerNotBuiltError
from terminal import app as terminal_app
from terminal.errors import CommandError
from tools import command
from tools.docs import alarms, deployment, pages, rewritten, stale, workflows
from tools.teardown import kinds


def synthesise() -> list[deployment.Stack]:
    """Every stack that a stage can have, as `cdk synth` makes it. Raises LayerNotBuiltError."""
    command.find_node()
    # `make check` validates the templates. Here they are only read, and validation takes three times as long.
    os.environ.setdefault("CDK_VALIDATION", "false")
    # Import CDK only here, because its import starts Node, and `--help` needs neither.
    import aws_cdk as cdk

    import app
    from stacks.config import DEV

    with TemporaryDirectory() as folder:
        cdk_app = cdk.App(outdir=folder, context=deployment.CONTEXT)
        app.build(cdk_app, stage=replace(DEV, example_consumer=True))
        return [
            deployment.Stack(name=one.id, template=one.template, after={other.id for other in one.dependencies})
            for one in cdk_app.synth().stacks
        ]


def parts(stacks: list[deployment.Stack]) -> dict[str, str]:
    """The text of each generated part, by name."""
    from stacks.config import PROD

    left = {"left": kinds.table()}
    return deployment.parts(stacks) | workflows.parts() | alarms.parts(PROD.alarms) | left


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: terminal_app.invoke(APP, "python -m tools.docs", arguments))


def run(
    check: Annotated[bool, typer.Option("--check", help="write nothing; name the parts that are out of date")] = False,
) -> int:
    try:
        new = parts(synthesise())
    except LayerNotBuiltError as error:
        raise CommandError(str(error)) from None
    if check:
        if found := stale(new):
            raise CommandError(f"out of date: {', '.join(found)}. Run python -m tools.docs")
        return 0
    for page in pages():
        before = page.read_text()
        after = rewritten(before, new)
        if before != after:
            page.write_text(after)
            print(f"wrote {page.name}")
    return 0


APP = terminal_app.of_one_command(
    run, help="Writes the parts of docs/*.md that are generated from the templates and the workflows."
)


if __name__ == "__main__":
    sys.exit(main())
