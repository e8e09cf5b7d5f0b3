"""`python -m local`: both apps on this machine."""

import argparse
import os
import re
import sys
import warnings
import webbrowser

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local import demo, homes, settings, show
from local.cloud import Cloud
from local.errors import LocalError
from terminal import program

NAMED = 20
"""The most files that `down --forget` names of those that it keeps."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. The exit status is 0; 1 if something went wrong; 128 and a signal's number if it ended it."""
    home = ""

    def action() -> int:
        nonlocal home
        options = argument_parser().parse_args(arguments)
        home = options.home
        isolated = settings.isolated(os.environ)
        os.environ.clear()
        os.environ.update(isolated)
        told = {name: getattr(options, name, None) for name in ("port", "redis_port", "consumer")}
        cloud = Cloud(settings.load(homes.named(options.home), **told))
        return _run(cloud, options, Console(soft_wrap=True, width=program.width()))

    return program.run(action, said_of=lambda error: _said_of(error, home))


def _said_of(error: Exception, home: str) -> str | None:
    match error:
        case LocalError():
            return str(error)
        case BotoCoreError() | ClientError():
            return f"the engine refused a request or did not answer: {error}. `python -m local logs` shows its log"
        case OSError():
            return f"{error.filename or home}: {error.strerror}"
        case _:
            return None


def _run(cloud: Cloud, options: argparse.Namespace, console: Console) -> int:
    match options.command:
        case "up":
            with console.status("") as spinner:

                def say(text: str) -> None:
                    spinner.update(text)
                    console.print(text, highlight=False)

                changed = cloud.up(say)
            console.print("[green]ready[/green]" if changed else "already up, and nothing has changed")
            show.print_status(cloud, console)
        case "status":
            if options.json:
                print(show.as_json(show.status(cloud)))
            else:
                show.print_status(cloud, console)
            return 0 if cloud.running else 1
        case "demo":
            well = demo.run(cloud, console)
            show.print_users(cloud, console)
            console.print(f"the page is at {cloud.places().site}", highlight=False)
            return 0 if well else 1
        case "page":
            _open(cloud.places().site, console)
        case "outbox":
            show.outbox(cloud, console)
        case "queues":
            show.queues(cloud, console)
        case "executions":
            show.executions(cloud, console, options.name)
        case "skip-waits":
            cloud.require_running()
            cloud.engine.skip_waits(options.switch == "on")
            console.print(f"waits are {'skipped' if options.switch == 'on' else 'kept'}")
        case "logs":
            show.logs(cloud, console, options.function)
        case "down":
            stopped = cloud.down(lambda text: console.print(text, highlight=False), forget=options.forget)
            done = "stopped" if stopped else "nothing was running"
            console.print(f"{done}; deleted what the cloud wrote" if options.forget else done)
            if options.forget and (left := homes.left_in(cloud.settings.home)):
                some = ", ".join(left[:NAMED]) + (f" and {len(left) - NAMED} more" if len(left) > NAMED else "")
                console.print(
                    f"kept in {cloud.settings.home}, because the cloud did not write it: {some}",
                    markup=False,
                    highlight=False,
                )
    return 0


def _open(address: str, console: Console) -> None:
    console.print(address, highlight=False)
    if not webbrowser.open(address):
        console.print("no browser could be opened from here: open this address in one")


def argument_parser() -> argparse.ArgumentParser:
    parser = program.Parser(prog="python -m local", description="Both apps on this machine.")
    parser.add_argument(
        "--home",
        default=settings.HOME,
        help="folder of this cloud's logs and state (default: .local in the project)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start the cloud and deploy what changed")
    up.add_argument("--port", type=_port, help="port of the engine (default: 4566, or the last one)")
    up.add_argument("--redis-port", type=_port, help="port of the cache (default: 6379, or the last one)")
    up.add_argument(
        "--consumer",
        action=argparse.BooleanOptionalAction,
        help="deploy, or remove, the example consumer of the fulfillment queue (default: as last time; at first none)",
    )
    status = commands.add_parser("status", help="what runs and where; exit status 1 if it does not run")
    status.add_argument("--json", action="store_true")
    commands.add_parser("demo", help="send orders and reminders through the apps; exit status 1 if one goes astray")
    commands.add_parser("page", help="open the page in the browser, and print its address")
    commands.add_parser("outbox", help="what was mailed and texted")
    commands.add_parser("queues", help="what lies in each queue")
    executions = commands.add_parser("executions", help="the workflows' executions, or one state by state")
    executions.add_argument("name", nargs="?", help="the beginning of an execution's name")
    skip = commands.add_parser("skip-waits", help="fast-forward the workflows' Wait states")
    skip.add_argument("switch", choices=["on", "off"])
    logs = commands.add_parser("logs", help="the engine's log, or a function's")
    logs.add_argument("function", nargs="?", help="such as PlaceOrder")
    down = commands.add_parser("down", help="stop the cloud; what it holds is kept")
    down.add_argument("--forget", action="store_true", help="also delete what it holds; other files stay")
    return parser


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 1 to 65535")
    return int(text)


if __name__ == "__main__":
    # Python would warn that the processes of the laptop cloud outlive the command.
    warnings.simplefilter("ignore", ResourceWarning)
    sys.exit(main())
