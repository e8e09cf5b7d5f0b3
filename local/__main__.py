"""`python -m local`: runs both apps on this machine."""

import argparse
import os
import re
import sys
import warnings
import webbrowser

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local import cost, demo, homes, settings, show
from local.cloud import Cloud
from local.errors import LocalError
from terminal import program

NAMED = 20
"""The most kept files that `down --forget` names."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. Returns the exit status: 0, 1 after an error, or 128 plus the number of a signal."""
    home = ""

    def action() -> int:
        nonlocal home
        options = argument_parser().parse_args(arguments)
        home = options.home
        isolated = settings.isolated(os.environ)
        os.environ.clear()
        os.environ.update(isolated)
        given = {name: getattr(options, name, None) for name in ("port", "redis_port", "consumer", *settings.RATES)}
        cloud = Cloud(settings.load(homes.named(options.home), **given))
        return _run(cloud, options, Console(soft_wrap=True, width=program.width()))

    return program.run(action, said_of=lambda error: _said_of(error, home))


def _said_of(error: Exception, home: str) -> str | None:
    match error:
        case LocalError():
            return str(error)
        case BotoCoreError() | ClientError():
            return f"the engine rejected a request or did not answer: {error}. `python -m local logs` shows its log"
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
            console.print("[green]ready[/green]" if changed else "already up; nothing has changed")
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
        case "cost":
            cost.show(cloud, console, reset=options.reset)
        case "skip-waits":
            cloud.require_running()
            cloud.engine.skip_waits(options.switch == "on")
            console.print(f"waits {'are skipped' if options.switch == 'on' else 'last as long as they should'}")
        case "logs":
            show.logs(cloud, console, options.function)
        case "down":
            stopped = cloud.down(lambda text: console.print(text, highlight=False), forget=options.forget)
            done = "stopped" if stopped else "nothing was running"
            console.print(f"{done}; deleted the cloud's files" if options.forget else done)
            if options.forget and (left := homes.left_in(cloud.settings.home)):
                some = ", ".join(left[:NAMED]) + (f" and {len(left) - NAMED} more" if len(left) > NAMED else "")
                console.print(
                    f"kept files in {cloud.settings.home} that the cloud did not write: {some}",
                    markup=False,
                    highlight=False,
                )
    return 0


def _open(address: str, console: Console) -> None:
    console.print(address, highlight=False)
    if not webbrowser.open(address):
        console.print("no browser could be started: open this address yourself")


def argument_parser() -> argparse.ArgumentParser:
    parser = program.Parser(prog="python -m local", description="Runs both apps on this machine, as a laptop cloud.")
    parser.add_argument(
        "--home",
        default=settings.HOME,
        help="folder of this cloud's data and logs (default: .local in the project)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")

    up = add("up", "start the cloud and deploy what has changed")
    up.add_argument("--port", type=_port, help="port of the engine (default: the last one; at first 4566)")
    up.add_argument("--redis-port", type=_port, help="port of the cache (default: the last one; at first 6379)")
    up.add_argument(
        "--consumer",
        action=argparse.BooleanOptionalAction,
        help="deploy or remove the example consumer of the fulfillment queue (default: as last time; at first without)",
    )
    up.add_argument(
        "--mails-per-second",
        type=_rate,
        metavar="N",
        help="how many mails SES accepts; 1 as in the sandbox, 0 without a limit (default: as last time; at first 14)",
    )
    up.add_argument(
        "--texts-per-second",
        type=_rate,
        metavar="N",
        help="how many text messages SNS accepts; 0 without a limit (default: as last time; at first 20)",
    )
    status = add("status", "show what runs, and all addresses; exit status 1 if the cloud is stopped")
    status.add_argument("--json", action="store_true", help="print JSON")
    add("demo", "send sample orders and reminders through the apps; exit status 1 if a result is wrong")
    add("page", "open the page in the browser and print its address")
    add("outbox", "show the mails, text messages and topic messages that were sent")
    add("queues", "show the messages in each queue, without removing them")
    executions = add("executions", "list the workflows' executions, or show one state by state")
    executions.add_argument("name", nargs="?", help="the name of an execution, or its beginning")
    costs = add("cost", "show what AWS would bill for all calls since the last deployment, start or reset")
    costs.add_argument("--reset", action="store_true", help="set the counts to zero, and show nothing")
    skip = add(
        "skip-waits", "let waits and retry delays of workflows end at once (on), or last as long as they should (off)"
    )
    skip.add_argument("switch", choices=["on", "off"])
    logs = add("logs", "show the end of the engine's log, or of a function's log")
    logs.add_argument("function", nargs="?", help="the name of a function, such as PlaceOrder, or a part of it")
    down = add("down", "stop the cloud and keep its data")
    down.add_argument(
        "--forget", action="store_true", help="delete the cloud's data, too; keep files of other programs"
    )
    return parser


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: use a number from 1 to 65535")
    return int(text)


def _rate(text: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate: use a number from 0 to 999999")
    return int(text)


def start() -> int:
    """Runs the command line of this process."""
    # Python would warn that the processes of the laptop cloud outlive the command.
    warnings.simplefilter("ignore", ResourceWarning)
    return main()


if __name__ == "__main__":
    sys.exit(start())
