"""`remindme`: sets, lists, shows, changes and cancels reminders."""

import re
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stacks.names import REMINDERS
from terminal import app
from terminal.app import UsageError
from tools import command, completion
from tools.command import Limit, Shared, Whole, shared, whole_number

if TYPE_CHECKING:
    from tools.api import Api
    from tools.remindme.requests import Clocks

NAME = "remindme"
DEFAULT_LIMIT = 100
COMMANDS = ("list", "show", "story", "edit", "snooze", "now", "cancel")

DESCRIPTION = """\
Sends you MESSAGE at the time WHEN: by e-mail (--email me), by SMS (--sms me), to all subscribers of the topic
(--topic), or by several of these. Without these options it mails the reminder to your own address.

WHEN is a time in this machine's time zone, or in the time zone --zone. Examples: "2027-01-27 09:00:00",
2027-01-27T09:00Z, in 20m, in 3 days, tomorrow 9:30am, next friday 18:00, 24 december at noon. `in 24 hours` is exactly
24 hours from now; `in 1 day` is the same time of day tomorrow. The command shows the time that it understood, and then
schedules the reminder. It refuses a time if it does not understand every word of it."""

EPILOG = """\
If the first word is exactly the name of a command, it is this command. If your message is one of these words or begins
with a dash, write the options first and then --: remindme --email me -- list "tomorrow 9am"

An ID may be shortened to its first four or more characters. The command signs in (see `sign-in --help`). On the laptop
cloud it signs in as its demo person.

exit status: 0 done; 1 refused, failed or not found, or with --wait not sent by all channels; 2 wrong usage; 130
interrupted"""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns the exit status that the help explains."""
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def _id(text: str) -> str:
    """The callback of ID. Raises BadParameter if it cannot be an id or its beginning."""
    if not re.fullmatch("[A-Za-z0-9-]{4,80}", text):
        raise typer.BadParameter(
            "write one id from `remindme list`, or at least its first 4 characters. If the command is your message, "
            "write the options first, then -- and the message"
        )
    return text


def _any_id(text: str) -> str:
    """The callback of the ID of a story. A reminder that was started by hand may have any name of an execution."""
    return text if re.fullmatch(r"\S{1,80}", text) else _id(text)


def _ids(api: "Api") -> Iterator[tuple[str, str]]:
    from tools.remindme import reminders

    return reminders.about(reminders.every(api))


Words = Annotated[list[str] | None, typer.Argument(hidden=True)]


def _argument(callback: Callable[[str], str]) -> Any:
    return typer.Argument(
        metavar="ID",
        callback=callback,
        autocompletion=completion.of_ids(REMINDERS, ("person", _ids)),
        help="the id, or its beginning",
    )


Id = Annotated[str, _argument(_id)]
AnyId = Annotated[str, _argument(_any_id)]
Zone = Annotated[
    str | None,
    typer.Option("--zone", metavar="NAME", help="an IANA time zone, such as Europe/Paris (default: this machine's)"),
]
Fold = Annotated[
    str | None,
    typer.Option(
        "--fold",
        metavar="0|1",
        callback=app.one_of("0", "1"),
        help="if the clocks are put back and show WHEN twice: 0 is the first time, 1 the second",
    ),
]
Email = Annotated[
    str | None,
    typer.Option("--email", metavar="ADDRESS", help="send it by e-mail; `me`, the default, is your own address"),
]
Sms = Annotated[
    str | None, typer.Option("--sms", metavar="NUMBER", help="send it by SMS (+15555550100); `me` is your own number")
]
Topic = Annotated[bool, typer.Option("--topic", help="send it to all subscribers of the topic (operators only)")]
Subject = Annotated[str | None, typer.Option("--subject", metavar="TEXT", help="the subject of the e-mail")]
Repeat = Annotated[
    str | None,
    typer.Option(
        "--repeat",
        metavar="EVERY",
        help="repeat it, such as every 1d, 1w or 1M (units: m h d w M y), or in words such as daily",
    ),
]
Times = Annotated[
    int | None,
    typer.Option(
        "--times", metavar="N", callback=whole_number(1, 1000), help="end after N times, the first one included"
    ),
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="do not repeat it after this time")]


@shared
def add(
    options: Shared,
    words: Words = None,
    email: Email = None,
    sms: Sms = None,
    topic: Topic = False,
    subject: Subject = None,
    zone: Zone = None,
    fold: Fold = None,
    repeat: Repeat = None,
    times: Times = None,
    until: Until = None,
    wait: Annotated[bool, typer.Option("--wait", help="wait until it is sent")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="show how the time is understood, but schedule nothing")
    ] = False,
) -> int:
    if words is None or len(words) < 2:
        for word in words or []:
            if like := get_close_matches(word, COMMANDS, n=1):
                raise UsageError(f"no such command {word!r}. Did you mean {like[0]}?")
        raise UsageError("write a message and a time, such as: remindme tea in 20m")
    _check_repeat(repeat, times, until)
    if wait and dry_run:
        raise UsageError("--wait and --dry-run cannot be used together")
    from reminders.due import LONGEST_WAIT
    from tools.remindme import fields, reminders, requests, shown
    from tools.remindme.waiting import wait_for

    message, text = words[0], " ".join(words[1:])
    output, now, clocks = options.output(), requests.now(), _clocks(zone, fold)
    due = clocks.understand(text, at=now)
    request = {
        "message": message,
        **due.fields(),
        **requests.channels(email=email, sms=sms, topic=topic),
        **requests.texts(subject=subject),
        **requests.Repeat(every=repeat, times=times, until=until).fields(clocks, at=now),
    }
    if dry_run:
        # A time too far ahead passes this check, so that the user sees how it was understood.
        fields.check(request, now=max(now, due.instant - LONGEST_WAIT))
        output.fields(request) if output.as_json else shown.understood(request, due, output)
        if due.instant > now + LONGEST_WAIT:
            output.say(f"It cannot be scheduled yet, because it is more than {LONGEST_WAIT.days} days ahead.")
        return 0
    fields.check(request, now=now)

    api = _api(options)
    # Before the span is counted, because typing the password may take long.
    api.sign_in()
    due = due.counted_from(requests.now())
    request |= due.fields()
    if not output.as_json:
        shown.understood(request, due, output)
    scheduled = reminders.schedule(api, request)
    if wait:
        return wait_for(api, scheduled, output)
    shown.scheduled(scheduled, due, output)
    return 0


@shared
def listed(options: Shared, words: Words = None, limit: Limit = DEFAULT_LIMIT) -> int:
    if words:
        raise UsageError(
            "list takes no further words. If 'list' is your message, write the options first, then -- and 'list'"
        )
    from itertools import islice

    from tools.remindme import reminders, shown

    output = options.output()
    # One reminder more than is shown, to know whether there are more.
    found = list(islice(reminders.every(_api(options)), limit + 1))
    shown.listed(found[:limit], output)
    if len(found) > limit:
        output.say(f"there are more than {limit}: list more with --limit")
    return 0


@shared
def show(options: Shared, id: Id) -> int:
    from tools.remindme import reminders, shown

    api = _api(options)
    shown.one(reminders.one(api, reminders.whole_id(api, id)), options.output())
    return 0


@shared
def story(options: Shared, id: AnyId, whole: Whole = False) -> int:
    from terminal.errors import CommandError
    from terminal.text import printable
    from tools.remindme import reminders
    from tools.story import reminder
    from tools.story.story import show

    found = options.deployment()
    # An exact id needs no sign-in.
    row = reminder.find(found, id) or reminder.find(found, reminders.whole_id(_api(options), _id(id)))
    if row is None:
        raise CommandError(f"there is no reminder {printable(id)}: `remindme list` shows your reminders")
    return show(reminder.of(found, row, whole=whole), options.output(), is_free=found.is_laptop)


@shared
def cancel(options: Shared, id: Id) -> int:
    from tools.remindme import reminders, shown

    api = _api(options)
    shown.one(reminders.cancel(api, reminders.whole_id(api, id)), options.output())
    return 0


@shared
def edit(
    options: Shared,
    id: Id,
    message: Annotated[str | None, typer.Option("--message", metavar="TEXT", help="the new message")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="WHEN", help="the new time, such as 'tomorrow 9am'")] = None,
    span: Annotated[str | None, typer.Option("--in", metavar="SPAN", help="the time from now, such as 20m")] = None,
    email: Email = None,
    sms: Sms = None,
    topic: Topic = False,
    subject: Subject = None,
    zone: Zone = None,
    fold: Fold = None,
    repeat: Repeat = None,
    times: Times = None,
    until: Until = None,
    no_repeat: Annotated[bool, typer.Option("--no-repeat", help="do not repeat it any more")] = False,
) -> int:
    _check_repeat(repeat, times, until)
    if at and span:
        raise UsageError("--at and --in cannot be used together")
    if repeat and no_repeat:
        raise UsageError("--repeat and --no-repeat cannot be used together")
    from tools.remindme import requests

    now, clocks, api = requests.now(), _clocks(zone, fold), _api(options)
    when = f"in {span}" if span else at
    change = {
        **requests.texts(message=message, subject=subject),
        **(clocks.understand(when, at=now).fields() if when else {}),
        **requests.changed_channels(api.person.claims(), email=email, sms=sms, topic=topic),
        **requests.Repeat(every=repeat, times=times, until=until).fields(clocks, at=now),
        **({"repeat": None} if no_repeat else {}),
    }
    if not change:
        raise UsageError("write what to change, such as: remindme edit ID --in 20m, or --message TEXT")
    return _change(options, api, id, change)


@shared
def snooze(
    options: Shared,
    id: Id,
    words: Annotated[list[str], typer.Argument(metavar="WHEN", help="the new time, such as: in 10m, tomorrow 9:00")],
    zone: Zone = None,
    fold: Fold = None,
) -> int:
    from tools.remindme import requests

    due = _clocks(zone, fold).understand(" ".join(words), at=requests.now())
    return _change(options, _api(options), id, due.fields())


@shared
def now(options: Shared, id: Id) -> int:
    return _change(options, _api(options), id, {"sendNow": True})


def _change(options: Shared, api: "Api", id: str, change: dict[str, Any]) -> int:
    from tools.remindme import reminders, shown

    shown.one(reminders.change(api, reminders.whole_id(api, id), change), options.output())
    return 0


def _check_repeat(repeat: str | None, times: int | None, until: str | None) -> None:
    if repeat is None and (times, until) != (None, None):
        raise UsageError("--times and --until can be used only with --repeat")


def _clocks(zone: str | None, fold: str | None) -> "Clocks":
    from tools.remindme.requests import Clocks

    return Clocks(zone=zone, fold=None if fold is None else int(fold))


def _api(options: Shared) -> "Api":
    return options.deployment().api(REMINDERS, options.user, demo="person")


APP = app.with_commands(help=DESCRIPTION, epilog=EPILOG, default="add", usage="MESSAGE WHEN... | COMMAND ...")
app.add(APP, "add", add, help="set a reminder", hidden=True)
app.add(APP, "list", listed, help="list your reminders in due order")
app.add(APP, "show", show, help="show one reminder")
app.add(APP, "story", story, help="show the life of a reminder, from its row and the logs (with AWS credentials)")
app.add(APP, "edit", edit, help="change the message, time, recipients or interval of a reminder that is not sent yet")
app.add(APP, "snooze", snooze, help="move a reminder to another time, or set it again if it was sent")
app.add(APP, "now", now, help="send a reminder now")
app.add(APP, "cancel", cancel, help="cancel a reminder, with all its later occurrences")


if __name__ == "__main__":
    sys.exit(main())
