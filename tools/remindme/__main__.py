"""`python -m tools.remindme`: sets, lists, shows and cancels reminders."""

import argparse
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeAlias

from rich.console import Console

from reminders.channels import CHANNELS
from reminders.due import LONGEST_WAIT
from reminders.recurrence import MOST
from stacks.names import REMINDERS
from terminal.text import in_utf8, printable
from tools import command, deployment
from tools.api import Api
from tools.command import Parser, limit
from tools.remindme import fields, reminders, shown, when, zones
from tools.remindme.reminders import UNDER_WAY, Reminder
from tools.show import Output

DEFAULT_LIMIT = 100

COMMANDS = ("list", "show", "cancel")
ADDING = {"zone", "fold", "email", "sms", "topic", "subject", "repeat", "times", "until", "wait", "dry_run"}
"""The options that belong to a new reminder."""

USAGE = """\
python -m tools.remindme [OPTIONS] MESSAGE WHEN...
       python -m tools.remindme list [--limit N]
       python -m tools.remindme show ID
       python -m tools.remindme cancel ID"""

DESCRIPTION = """\
Sends you MESSAGE at the time WHEN: by e-mail (--email me), by SMS (--sms me), to all subscribers of the topic
(--topic), or by several of these. Without these options it mails the reminder to your own address.

WHEN is a time in this machine's time zone, or in the time zone --zone. Examples: "2027-01-27 09:00:00",
2027-01-27T09:00Z, in 20m, in 3 days, tomorrow 9:30am, next friday 18:00, 24 december at noon. `in 24 hours` is exactly
24 hours from now; `in 1 day` is the same time of day tomorrow. The command shows the time that it understood, and then
schedules the reminder. It refuses a time if it does not understand every word of it."""

EPILOG = """\
If the first word is exactly `list`, `show` or `cancel`, it is a command. If your message is one of these words or
begins with a dash, write the options first and then --: python -m tools.remindme --email me -- list "tomorrow 9am"

The command signs in (see `python -m tools.sign_in --help`). On the laptop cloud it signs in as its demo person.

exit status: 0 done; 1 refused, failed or not found, or with --wait not sent by all channels; 2 wrong
usage; 130 interrupted"""


Clock: TypeAlias = Callable[[], datetime]


def main(arguments: list[str] | None = None, *, clock: Clock = lambda: datetime.now(UTC)) -> int:
    """Runs one command and returns the exit status that the help explains."""
    return command.exit_status(lambda: _parse_and_run(arguments, clock))


def _parse_and_run(arguments: list[str] | None, clock: Clock) -> int:
    parser = argument_parser()
    given = [in_utf8(text) for text in (sys.argv[1:] if arguments is None else arguments)]
    # All words after -- are a message and a time. They are split off here, because argparse drops the --.
    place = given.index("--") if "--" in given else len(given)
    options = parser.parse_intermixed_args(given[:place], command.defaults())
    name, words = _command(parser, options, given[place + 1 :])
    return run(name, words, options, Output(as_json=options.json), clock)


def _command(parser: Parser, options: argparse.Namespace, after: list[str]) -> tuple[str, list[str]]:
    """The command and its words. Ends with status 2 if the words or options do not fit the command."""
    name, words = "add", options.words + after
    if options.words and words[0] in COMMANDS:
        name, *words = words
    message = f". If '{name}' is your message, write the options first, then -- and '{name}'"
    match name, words:
        case "add", [] | [_]:
            parser.error("a message and a time are required, such as: tea in 20m")
        case "list", [_, *_]:
            parser.error(f"list takes no further words{message}")
        case "show" | "cancel", _ if len(words) != 1 or not re.fullmatch("[A-Za-z0-9-]{4,80}", words[0]):
            parser.error(f"{name} takes one id from `list`, or at least its first 4 characters{message}")
    given = {option for option, value in vars(options).items() if value is not None and value is not False}
    strangers = given & ({"limit"} if name == "add" else ADDING if name == "list" else ADDING | {"limit"})
    if strangers:
        option = min(strangers).replace("_", "-")
        parser.error(f"--{option} can be used only with {'list' if option == 'limit' else 'a new reminder'}")
    if options.repeat is None and {options.times, options.until} != {None}:
        parser.error("--times and --until can be used only with --repeat")
    if options.wait and options.dry_run:
        parser.error("--wait and --dry-run cannot be used together")
    return name, words


def run(name: str, words: list[str], options: argparse.Namespace, output: Output, clock: Clock) -> int:
    match name:
        case "add":
            return _add(words[0], " ".join(words[1:]), options, output, clock)
        case "list":
            return _list(_api(options), options.limit or DEFAULT_LIMIT, output)
        case "show":
            api = _api(options)
            shown.one(reminders.one(api, reminders.whole_id(api, words[0])), output)
        case "cancel":
            api = _api(options)
            shown.one(reminders.cancel(api, reminders.whole_id(api, words[0])), output)
    return 0


def _api(options: argparse.Namespace) -> Api:
    return deployment.find(options.stage, home=options.home).api(REMINDERS, options.user, demo="person")


def _add(message: str, text: str, options: argparse.Namespace, output: Output, clock: Clock) -> int:
    now = clock()
    zone = zones.zone_named(zones.local_zone() if options.zone is None else options.zone)
    due = when.understand(text, zone=zone, now=now, fold=options.fold)
    request: dict[str, Any] = {"message": message, **due.fields(), **chosen_channels(options)}
    if options.subject is not None:
        request["subject"] = options.subject
    if options.repeat is not None:
        request["repeat"] = {"every": fields.every(options.repeat)}
        if options.times is not None:
            request["repeat"]["times"] = options.times
        if options.until is not None:
            until = when.understand(options.until, zone=zone, now=now, fold=options.fold)
            request["repeat"]["until"] = until.timestamp()
    if options.dry_run:
        # A time too far ahead passes this check, so that the user sees how it was understood.
        fields.check(request, now=max(now, due.instant - LONGEST_WAIT))
        output.fields(request) if options.json else shown.understood(request, due, output)
        if due.instant > now + LONGEST_WAIT:
            output.say(f"It cannot be scheduled yet, because it is more than {LONGEST_WAIT.days} days ahead.")
        return 0
    fields.check(request, now=now)

    api = _api(options)
    # Before the span is counted, because typing the password may take long.
    api.sign_in()
    due = due.counted_from(clock())
    request |= due.fields()
    if not options.json:
        shown.understood(request, due, output)
    scheduled = reminders.schedule(api, request)
    if options.wait:
        return _wait(api, scheduled, output)
    shown.scheduled(scheduled, due, output)
    return 0


def chosen_channels(options: argparse.Namespace) -> dict[str, Any]:
    named = {
        field: read(text)
        for field, read, text in (("email", fields.email, options.email), ("phone", fields.phone, options.sms))
        if text is not None
    }
    if not named and not options.topic:
        named = {"email": None}
    topic = {"topic"} if options.topic else set()
    channels = [name for name, channel in CHANNELS.items() if channel.address in named or name in topic]
    # If an address is missing, the API uses the caller's own.
    return {"channels": channels, **{field: address for field, address in named.items() if address is not None}}


def _list(api: Api, most: int, output: Output) -> int:
    # One reminder more than is shown, to know whether there are more.
    found = list(islice(reminders.every(api), most + 1))
    shown.listed(found[:most], output)
    if len(found) > most:
        output.say(f"there are more than {most}: list more with --limit")
    return 0


def _wait(api: Api, scheduled: Reminder, output: Output) -> int:
    """Shows the time left until the reminder is sent. Returns the exit status: 0 if it was sent."""
    reminder_id = str(scheduled["reminderId"])
    output.say(f"waiting for reminder {reminder_id}: Ctrl-C stops the waiting but does not cancel the reminder")
    first, last = None, scheduled

    def pause(seconds: float) -> None:
        end = time.monotonic() + seconds
        # The status line is shown only during pauses. Otherwise it would hide a question for the password.
        with Console(stderr=True).status("waiting") as line:
            while (left := end - time.monotonic()) > 0:
                line.update(_progress(last))
                time.sleep(min(1.0, left))

    for last in reminders.watched(api, reminder_id, pause=pause):
        first = first or last
    shown.one(last, output)
    # If the reminder repeats, the command waits for its first occurrence only.
    went_out = last.get("occurrence") != (first or last).get("occurrence")
    return 0 if last.get("status") == "SENT" or (last.get("status") in UNDER_WAY and went_out) else 1


def _progress(reminder: Reminder) -> str:
    left = timedelta(seconds=round(reminders.seconds_left(reminder, now=datetime.now(UTC))))
    return f"{printable(reminder.get('status'))}, due in {left}"


def argument_parser() -> Parser:
    parser = Parser(
        prog="python -m tools.remindme",
        usage=USAGE,
        description=DESCRIPTION,
        epilog=EPILOG,
        parents=[command.common_options()],
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument(
        "--zone", metavar="NAME", help="an IANA time zone, such as Europe/Paris (default: this machine's)"
    )
    parser.add_argument(
        "--fold",
        type=int,
        choices=(0, 1),
        help="if the clocks are put back and show WHEN twice: 0 is the first time, 1 the second",
    )
    parser.add_argument("--email", metavar="ADDRESS", help="send it by e-mail; `me`, the default, is your own address")
    parser.add_argument("--sms", metavar="NUMBER", help="send it by SMS (+15555550100); `me` is your own number")
    parser.add_argument("--topic", action="store_true", help="send it to all subscribers of the topic (operators only)")
    parser.add_argument("--subject", metavar="TEXT", help="the subject of the e-mail")
    parser.add_argument(
        "--repeat",
        metavar="EVERY",
        help=f"repeat it, such as every 1d, 1w or 1M (units: {' '.join(MOST)}), or in words such as daily",
    )
    parser.add_argument("--times", type=_times, metavar="N", help="end after N times, the first one included")
    parser.add_argument("--until", metavar="WHEN", help="do not repeat it after this time")
    parser.add_argument("--wait", action="store_true", help="wait until it is sent")
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show how the time is understood, but schedule nothing"
    )
    parser.add_argument("--limit", type=limit, metavar="N", help=f"for list: at most N (default: {DEFAULT_LIMIT})")
    return parser


def _times(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,3}", text) or int(text) > 1000:
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 1000")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
