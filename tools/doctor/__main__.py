"""`doctor`: finds problems of a planned or a deployed stage."""

import sys
from typing import Annotated

import typer

from stacks.names import LAPTOP_STAGE
from terminal import app
from terminal.app import UsageError, Version
from tools import command
from tools.command import Home, Json, Stage

NAME = "doctor"
SETTINGS = ("sender", "identity", "cache", "consumer")
"""The options that are settings of a deployment."""

DESCRIPTION = """\
Finds problems in an account and region before you deploy a stage, and in the stage afterwards. It checks the
credentials, CDK's bootstrap, the stage's settings, SES, SMS, quotas, operators and the stacks. It changes nothing.

It finds AWS by the usual settings, such as AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL. Stage `local` is the
laptop cloud in --home. Without --home it is this checkout's laptop cloud, unless AWS_ENDPOINT_URL is another address.

`make deploy` first runs it with --deploying, and stops if there is a problem."""

EPILOG = """\
states: ok; limited (it works, within limits); problem (repair it); unknown (AWS does not answer, or refuses to)

exit status: 0 no problem; 1 a problem, or AWS could not be asked; 2 wrong usage"""


def main(arguments: list[str] | None = None) -> int:
    """Examines one stage and returns the exit status that the help explains."""
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def _switch(help: str, *values: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        metavar="|".join(values), callback=app.one_of(*values), autocompletion=lambda: list(values), help=help
    )
    return option


def run(
    stage: Stage = command.DEFAULT_STAGE,
    sender: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="the sender, as in `make deploy SENDER=`; without --deploying, a deployed sender is checked instead",
        ),
    ] = None,
    identity: Annotated[
        str | None,
        _switch(
            "whether the sender is new to SES or already registered, as in `make deploy IDENTITY=`", "new", "existing"
        ),
    ] = None,
    cache: Annotated[str | None, _switch("with or without a cache, as in `make deploy CACHE=`", "on", "off")] = None,
    consumer: Annotated[
        str | None, _switch("with or without the example consumer, as in `make deploy CONSUMER=`", "on", "off")
    ] = None,
    deploying: Annotated[
        bool,
        typer.Option("--deploying", help="report only problems that would make a deployment fail or do harm"),
    ] = False,
    allow: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="which problems a deployment may have, as in `make deploy ALLOW=`"),
    ] = None,
    json: Json = False,
    home: Home = None,
    version: Version = False,
) -> int:
    from tools import deployment
    from tools.show import Output

    given = dict(zip(SETTINGS, (sender, identity, cache, consumer), strict=True))
    said = {name: text for name, text in given.items() if text}
    output = Output(as_json=json)
    if deploying and stage != LAPTOP_STAGE:
        # See decision D178.
        deployment.require_credentials(stage, home=home)
    command.find_node()
    # Import CDK only here, because its import starts Node, and `--help` needs neither.
    from stacks.config import stage_from_context
    from stacks.stage_checks import InvalidStageError
    from tools.allowed import names_in
    from tools.doctor import report

    try:
        planned = stage_from_context({"stage": stage, **said}.get)
    except InvalidStageError as error:
        raise UsageError(str(error)) from None
    return report.examine_stage(
        planned, said=said, home=home, deploying=deploying, output=output, allowed=names_in(allow)
    )


APP = app.of_one_command(run, help=DESCRIPTION, epilog=EPILOG)


if __name__ == "__main__":
    sys.exit(main())
