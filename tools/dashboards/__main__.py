"""`python -m tools.dashboards`: draws the dashboards for docs/dashboards.md. `make dashboards` runs it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from terminal import app
from tools import command, plots
from tools.command import Home

NAME = "python -m tools.dashboards"

DESCRIPTION = """\
Draws the dashboards that are deployed to the laptop cloud, with the figures of the last minutes, into docs/images.
Start the cloud with `laptop up`, and run `laptop demo` some times first."""


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def run(
    minutes: Annotated[int, typer.Option("--minutes", metavar="N", min=1, max=1440, help="how far back")] = 15,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="FOLDER", help="where to write the pictures")
    ] = plots.IMAGES,
    home: Home = None,
) -> int:
    from local import figures, homes, settings
    from local.cloud import Cloud
    from tools.dashboards import picture

    cloud = Cloud(settings.load(homes.named(home or settings.HOME)))
    cloud.require_running()
    for name, generated in figures.names(cloud.engine).items():
        body = figures.body(cloud.engine, generated)
        file = folder / picture.file_of(name).name
        picture.draw(body, figures.read(cloud.engine, name, body, minutes=minutes), file)
        print(file)
    return 0


APP = app.of_one_command(run, help=DESCRIPTION)

if __name__ == "__main__":
    sys.exit(main())
