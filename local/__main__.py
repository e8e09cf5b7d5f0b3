"""`laptop`: runs both apps on this machine. `python -m local` is the same command."""

import contextlib
import os
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from local import homes, settings
from local.errors import LocalError
from terminal import app, program
from terminal.errors import CommandError, naming_home

if TYPE_CHECKING:
    from local.cloud import Cloud

NAME = "laptop"

DASHBOARDS = ("operators", "orders", "reminders")

KEPT_FILES = 20
"""The most kept files that `down --forget` names."""

DESCRIPTION = "Runs both apps on this machine, as a laptop cloud."

EPILOG = """\
exit status: 0 done; 1 refused, failed, or the cloud is stopped; 2 wrong usage; 130 interrupted"""


def _port(text: str | None) -> str | None:
    if text is not None and (not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536):
        raise typer.BadParameter(f"{text!r} is not a port: use a number from 1 to 65535")
    return text


def _rate(text: str | None) -> str | None:
    if text is not None and not re.fullmatch("[0-9]{1,6}", text):
        raise typer.BadParameter(f"{text!r} is not a rate: use a number from 0 to 999999")
    return text


Home = Annotated[
    str,
    typer.Option(
        "--home",
        metavar="FOLDER",
        show_default=False,
        help="folder of this cloud's data and logs (default: .local in the project)",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. Returns the exit status: 0, 1 after an error, or 128 plus the number of a signal."""
    _given.clear()
    return program.run(lambda: app.invoke(APP, NAME, arguments), said_of=_said_of)


_given: dict[str, str] = {}
"""The option `--home` of the running command, for its error messages."""


def _said_of(error: Exception) -> str | None:
    # Imported here, because an error of AWS's library comes only after it was imported.
    from botocore.exceptions import BotoCoreError, ClientError

    home = _given.get("home", settings.HOME)
    match error:
        case CommandError():
            said = str(error)
        case BotoCoreError() | ClientError():
            said = f"the engine rejected a request or did not answer: {error}. `laptop logs` shows its log"
        case OSError():
            said = f"{error.filename or home}: {error.strerror}"
        case _:
            return None
    return naming_home(said, None if home == settings.HOME else home)


def _cloud(home: str, **given: int | bool | None) -> "Cloud":
    """The cloud in the folder `home`, with the given settings."""
    _given["home"] = home
    isolated = settings.isolated(os.environ)
    os.environ.clear()
    os.environ.update(isolated)
    from local.cloud import Cloud

    cloud = Cloud(settings.load(homes.named(home), **given))  # type: ignore[arg-type]  # each value has its own type
    _follow_clock(cloud)
    return cloud


def _follow_clock(cloud: "Cloud") -> None:
    """Lets "today" and the ages of things mean the cloud's time."""
    from botocore.exceptions import BotoCoreError

    # An engine that does not answer, or a damaged file, is the command's own concern.
    with contextlib.suppress(BotoCoreError, LocalError, OSError, ValueError, KeyError):
        if cloud.engine.daemon.process():
            cloud.engine.follow_clock()


def _console() -> Console:
    return Console(soft_wrap=True, width=program.width(), highlight=False)


def up(
    port: Annotated[
        str | None,
        typer.Option(
            "--port", metavar="PORT", callback=_port, help="port of the engine (default: the last one; at first 4566)"
        ),
    ] = None,
    redis_port: Annotated[
        str | None,
        typer.Option(
            "--redis-port",
            metavar="PORT",
            callback=_port,
            help="port of the cache (default: the last one; at first 6379)",
        ),
    ] = None,
    consumer: Annotated[
        bool | None,
        typer.Option(
            "--consumer/--no-consumer",
            help="deploy or remove the example consumer of the fulfillment queue (default: as last time; at first "
            "without)",
        ),
    ] = None,
    mails_per_second: Annotated[
        str | None,
        typer.Option(
            "--mails-per-second",
            metavar="N",
            callback=_rate,
            help="how many mails SES accepts; 1 as in the sandbox, 0 without a limit (default: as last time; at first "
            "14)",
        ),
    ] = None,
    texts_per_second: Annotated[
        str | None,
        typer.Option(
            "--texts-per-second",
            metavar="N",
            callback=_rate,
            help="how many text messages SNS accepts; 0 without a limit (default: as last time; at first 20)",
        ),
    ] = None,
    home: Home = settings.HOME,
) -> int:
    numbers = {
        "port": port,
        "redis_port": redis_port,
        "mails_per_second": mails_per_second,
        "texts_per_second": texts_per_second,
    }
    cloud = _cloud(home, consumer=consumer, **{name: int(text) for name, text in numbers.items() if text is not None})
    from local import progress, show

    console = _console()
    with progress.shown(console, cloud) as steps:
        changed = cloud.up(steps.begin)
    console.print(f"[green]ready[/green] after {steps.seconds:.0f} s" if changed else "already up; nothing has changed")
    show.welcome(cloud, console)
    return 0


def status(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="show all names and addresses")] = False,
    json: Json = False,
    home: Home = settings.HOME,
) -> int:
    cloud = _cloud(home)
    from local import show

    if json:
        print(show.to_json(show.status(cloud)))
    else:
        show.print_status(cloud, _console(), verbose=verbose)
    return 0 if cloud.running else 1


def demo(home: Home = settings.HOME) -> int:
    cloud = _cloud(home)
    from local import demo, show

    console = _console()
    well = demo.run(cloud, console)
    show.print_users(cloud, console)
    console.print(f"the page is at {cloud.places().site}")
    return 0 if well else 1


def page(home: Home = settings.HOME) -> int:
    import webbrowser

    address = _cloud(home).places().site
    console = _console()
    console.print(address)
    if not webbrowser.open(address):
        console.print("no browser could be started: open this address yourself")
    return 0


def outbox(json: Json = False, home: Home = settings.HOME) -> int:
    cloud = _cloud(home)
    from local import show

    show.outbox(cloud, _console(), as_json=json)
    return 0


def queues(json: Json = False, home: Home = settings.HOME) -> int:
    cloud = _cloud(home)
    from local import show

    show.queues(cloud, _console(), as_json=json)
    return 0


def executions(
    prefix: Annotated[
        str | None,
        typer.Argument(metavar="PREFIX", show_default=False, help="the name of an execution, or its beginning"),
    ] = None,
    json: Json = False,
    home: Home = settings.HOME,
) -> int:
    cloud = _cloud(home)
    from local import executions

    executions.show(cloud, _console(), prefix or "", as_json=json)
    return 0


def cost(
    reset: Annotated[bool, typer.Option("--reset", help="set the counts to zero, and show nothing")] = False,
    json: Json = False,
    home: Home = settings.HOME,
) -> int:
    cloud = _cloud(home)
    from local import cost

    cost.show(cloud, _console(), reset=reset, as_json=json)
    return 0


def top(
    dashboard: Annotated[
        str,
        typer.Argument(
            metavar="DASHBOARD",
            callback=app.one_of(*DASHBOARDS),
            autocompletion=lambda: list(DASHBOARDS),
            help="operators, orders or reminders",
        ),
    ] = DASHBOARDS[0],
    minutes: Annotated[
        int, typer.Option("--minutes", metavar="N", min=1, max=1440, help="how far the counts go back")
    ] = 15,
    once: Annotated[
        bool, typer.Option("--once", help="print the figures once; otherwise until you press Ctrl-C")
    ] = False,
    json: Json = False,
    home: Home = settings.HOME,
) -> int:
    cloud = _cloud(home)
    from local import top

    top.show(cloud, _console(), dashboard, minutes=minutes, once=once, as_json=json)
    return 0


def skip_waits(
    switch: Annotated[
        str,
        typer.Argument(
            metavar="on|off",
            callback=app.one_of("on", "off"),
            autocompletion=lambda: ["on", "off"],
            help="whether waits are skipped",
        ),
    ],
    home: Home = settings.HOME,
) -> int:
    cloud = _cloud(home)
    cloud.require_running()
    cloud.engine.skip_waits(switch == "on")
    print(f"waits {'are skipped' if switch == 'on' else 'last as long as they should'}")
    return 0


class ClockCommand(app.Command):
    """Explains why a span or a speed must not be negative. Typer would take `-3d` for an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = [*args]
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            name = getattr(error, "option_name", "")
            if not re.fullmatch("-[0-9.]", name):
                raise
            from local import clock

            word = next((word for word in given if word.startswith(name)), None)
            if word is None:
                raise
            raise app.UsageError(str(clock.negative(word, is_speed="run" in given))) from None


def clock(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TIME",
            show_default=False,
            autocompletion=lambda: ["now", "run"],
            help="a span such as +3d or +1h30m; a time such as '29 Mar 2027 01:59'; `run 60x` to let the clock run 60 "
            "times as fast; `now` for the real time. Without it: only show the clock",
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone", metavar="NAME", help="an IANA time zone, such as Europe/Paris (default: this machine's)"
        ),
    ] = None,
    fold: Annotated[
        str | None,
        typer.Option(
            "--fold",
            metavar="0|1",
            callback=app.one_of("0", "1"),
            help="if the clocks are put back and show TIME twice: 0 is the first time, 1 the second",
        ),
    ] = None,
    all_times: Annotated[
        bool,
        typer.Option("--all-times", help="start rules at all of their times, even if nothing else happens (slow)"),
    ] = False,
    json: Json = False,
    home: Home = settings.HOME,
) -> int:
    cloud = _cloud(home)
    from local import clock

    at = None if fold is None else int(fold)
    clock.command(cloud, _console(), words or [], zone=zone, fold=at, all_times=all_times, as_json=json)
    return 0


def logs(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="FUNCTION",
            show_default=False,
            help="the name of a function, such as PlaceOrder, or any part of it; without it: the engine's log",
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="show new lines until you press Ctrl-C")] = False,
    home: Home = settings.HOME,
) -> int:
    cloud = _cloud(home)
    from local import logs

    logs.show(cloud, _console(), name, follow=follow)
    return 0


def down(
    forget: Annotated[
        bool, typer.Option("--forget", help="delete the cloud's data, too; keep files of other programs")
    ] = False,
    home: Home = settings.HOME,
) -> int:
    cloud = _cloud(home)
    console = _console()
    stopped = cloud.down(console.print, forget=forget)
    done = "stopped" if stopped else "nothing was running"
    console.print(f"{done}; deleted the cloud's files" if forget else done)
    if forget and (left := homes.left_in(cloud.settings.home)):
        some = ", ".join(left[:KEPT_FILES]) + (f" and {len(left) - KEPT_FILES} more" if len(left) > KEPT_FILES else "")
        console.print(f"kept files in {cloud.settings.home} that the cloud did not write: {some}", markup=False)
    return 0


def completion(
    shell: Annotated[
        str | None,
        typer.Argument(
            metavar="SHELL",
            callback=app.one_of(*app.SHELLS),
            autocompletion=lambda: list(app.SHELLS),
            show_default=False,
            help="bash, zsh or fish (default: the variable SHELL)",
        ),
    ] = None,
    home: Home = settings.HOME,
) -> int:
    shell = shell or Path(os.environ.get("SHELL", "")).name
    if shell not in app.SHELLS:
        raise app.UsageError("name your shell: `laptop completion bash`, `zsh` or `fish`")
    print(app.completion(shell))
    return 0


APP = app.with_commands(help=DESCRIPTION, epilog=EPILOG)
app.add(APP, "up", up, help="start the cloud and deploy what has changed")
app.add(APP, "status", status, help="show what runs; exit status 1 if the cloud is stopped")
app.add(APP, "demo", demo, help="send sample orders and reminders through the apps; exit status 1 if a result is wrong")
app.add(APP, "page", page, help="open the page in the browser and print its address")
app.add(APP, "outbox", outbox, help="show the mails, text messages and topic messages that were sent")
app.add(APP, "queues", queues, help="show the messages in each queue, without removing them")
app.add(APP, "executions", executions, help="list the workflows' executions, or show one state by state")
app.add(APP, "logs", logs, help="show the end of the engine's log, or of a function's log")
app.add(APP, "cost", cost, help="show what AWS would bill for all calls since the last deployment, start or reset")
app.add(APP, "top", top, help="show the figures of a dashboard, again and again: requests, orders, queues, alarms")
app.add(
    APP,
    "skip-waits",
    skip_waits,
    help="let waits and retry delays of workflows end at once (on), or last as long as they should (off)",
)
app.add(
    APP,
    "clock",
    clock,
    help="show the cloud's clock, or turn it: what is due on the way happens, but rules leave out some of their times",
    kind=ClockCommand,
)
app.add(APP, "down", down, help="stop the cloud and keep its data")
app.add(APP, "completion", completion, help="print the script that lets a shell complete all commands with Tab")


def start() -> int:
    """Runs the command line of this process."""
    # Python would warn that the processes of the laptop cloud outlive the command.
    warnings.simplefilter("ignore", ResourceWarning)
    return main()


if __name__ == "__main__":
    sys.exit(start())
