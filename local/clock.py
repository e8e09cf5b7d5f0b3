"""`laptop clock`: shows the cloud's clock and turns it. See docs/local.md."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console

from common import codes
from local.cloud import Cloud
from local.engine import Clock
from local.engine_patches import turned_time
from local.errors import LocalError
from reminders.due import instant_of
from reminders.errors import InvalidReminderError
from terminal import zones
from terminal.errors import CommandError
from terminal.text import counted, printable

TWICE = "happens twice in {zone}, at {offsets[0]} and again at {offsets[1]}: choose with --fold 0 or --fold 1"
EXAMPLES = "+3d, +1h30m, '2027-03-29 01:59' or '29 Mar 2027 01:59'"
FOLD = "--fold goes with a date and time that the clocks show twice, such as '31 Oct 2027 02:30'"
BACK = "The clock goes back only to a time: write an earlier time, such as '2027-03-29 01:59', or `now`"

UNITS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

SPAN = re.compile(r"\+?((?:[0-9]{1,9}[wdhms])+)")
WRITTEN = re.compile(
    r"([0-9]{1,2}) ([a-z]{3})[a-z]*\.? ([0-9]{4})(?: ([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?", re.IGNORECASE
)
DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?")
RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)x?")


def command(
    cloud: Cloud,
    console: Console,
    words: Sequence[str],
    *,
    zone: str | None,
    fold: int | None,
    all_times: bool,
    as_json: bool,
) -> None:
    """Shows or turns the clock, as `words` say. Raises CommandError."""
    cloud.require_running()
    here = _zone(zone)
    shown_in, engine = here or ZoneInfo("UTC"), cloud.engine
    said = " ".join(" ".join(words).split())
    first, _, speed = said.partition(" ")
    turns = bool(said) and said != "now" and first != "run"
    seconds = span_of(said)
    if words and not said:
        raise LocalError(f"a time is missing: write {EXAMPLES}")
    if all_times and not turns:
        raise LocalError(f"--all-times goes with a span or a time: write {EXAMPLES}")
    if fold is not None and (not turns or seconds is not None):
        raise LocalError(FOLD)
    if not said:
        clock = engine.clock()
    elif said == "now":
        clock = engine.real_clock()
    elif first == "run":
        clock = engine.run_clock(rate_of(speed))
    elif seconds is not None:
        clock = _turned(cloud, console, shown_in, by=seconds, all_times=all_times)
    elif said.startswith("-"):
        raise negative(said, is_speed=False)
    else:
        target = instant(said, zone=here.key if here else None, fold=fold).timestamp()
        clock = _turned(cloud, console, shown_in, to=target, all_times=all_times)
    print_clock(clock, console, shown_in, as_json=as_json)


def negative(text: str, *, is_speed: bool) -> LocalError:
    """Says what to write in place of a negative span or speed."""
    return not_a_speed(text) if is_speed else LocalError(f"{printable(text)!r} is not understood. {BACK}")


def span_of(text: str) -> float | None:
    """The seconds of a span such as `+3d` or `+1h30m`; None if the text is not a span. A day has 24 hours."""
    found = SPAN.fullmatch(text.replace(" ", ""))
    if not found or not text.startswith("+"):
        return None
    return sum(int(number) * UNITS[unit] for number, unit in re.findall("([0-9]+)([wdhms])", found[1]))


def rate_of(text: str) -> float:
    """How fast the clock runs, of a text such as `60x`. Raises LocalError."""
    found = RATE.fullmatch(text.strip())
    rate = float(found[1]) if found else 0
    if not 1 <= rate <= turned_time.FASTEST:
        raise not_a_speed(text)
    return rate


def not_a_speed(text: str) -> LocalError:
    return LocalError(f"{printable(text)!r} is not a speed: write one from 1x to {turned_time.FASTEST}x, such as 60x")


def instant(text: str, *, zone: str | None, fold: int | None = None) -> datetime:
    """The time that a text names by the clocks in `zone`, in UTC. Raises CommandError.

    Without a zone it accepts only times with an offset from UTC.
    """
    plain = " ".join(text.replace(",", " ").split())
    if (found := WRITTEN.fullmatch(plain)) and found[2].lower() in MONTHS:
        month = MONTHS.index(found[2].lower()) + 1
        plain = f"{found[3]}-{month:02}-{int(found[1]):02} {_padded(found[4] or '00:00')}"
    elif found := DATE.fullmatch(plain):
        plain = f"{found[1]} {_padded(found[2] or '00:00')}"
    try:
        return instant_of(plain, field="time", zone=zone, fold=fold)
    except InvalidReminderError as error:
        code = error.problem.code
        if code == codes.NOT_A_TIME.name:
            raise LocalError(f"{printable(text)!r} is not understood: write {EXAMPLES}") from None
        if code == codes.NEEDS_TIME_ZONE.name:
            raise CommandError(zones.UNKNOWN) from None
        if code == codes.ONLY_FOR_LOCAL_TIME.name:
            raise LocalError(FOLD) from None
        if code == codes.HAPPENS_TWICE.name:
            problem = codes.HAPPENS_TWICE.saying(TWICE)(**error.problem.values).sentence
            raise LocalError(f"{printable(text)!r} {problem}") from None
        raise LocalError(f"{printable(text)!r} {error}") from None


def _padded(clock: str) -> str:
    """`9:30` with two digits for the hour."""
    return clock.rjust(len("09:30") if clock.count(":") == 1 else len("09:30:00"), "0")


def _zone(name: str | None) -> ZoneInfo | None:
    """The time zone of this name, or without a name of this machine; None if the machine's is unknown."""
    if name is not None:
        return zones.zone_named(name)
    try:
        return ZoneInfo(zones.local_zone())
    except CommandError:
        return None


def _turned(
    cloud: Cloud,
    console: Console,
    zone: ZoneInfo,
    *,
    by: float | None = None,
    to: float | None = None,
    all_times: bool,
) -> Clock:
    with console.status("turning the clock") as line:
        return cloud.engine.turn_clock(
            by=by,
            to=to,
            all_times=all_times,
            seen=lambda clock: line.update(f"{shown(clock.now, zone)}  {counted(clock.steps, 'step')}"),
        )


def shown(seconds: float, zone: ZoneInfo) -> str:
    """A time such as `Mon 29 Mar 2027 01:59:00 Europe/Paris`."""
    at = datetime.fromtimestamp(seconds, zone)
    return f"{at:%a} {at.day} {at:%b %Y %H:%M:%S} {zone.key}"


def print_clock(clock: Clock, console: Console, zone: ZoneInfo, *, as_json: bool) -> None:
    if as_json:
        found = {
            "now": _text(clock.now),
            "real": _text(clock.real),
            "aheadSeconds": round(clock.ahead, 3),
            "rate": clock.rate,
            "next": clock.next and {"at": _text(clock.next["at"]), "what": clock.next["what"]},
        }
        print(json.dumps(found, indent=2))
        return
    console.print(shown(clock.now, zone))
    if clock.rate != 1:
        console.print(f"runs {clock.rate:g} times as fast as the real time")
    if abs(clock.ahead) >= 1:
        ahead = timedelta(seconds=round(abs(clock.ahead)))
        console.print(f"{ahead} {'ahead of' if clock.ahead > 0 else 'behind'} the real time")
    elif clock.rate == 1:
        console.print("the real time")
    if clock.next:
        console.print(f"next: {shown(clock.next['at'], zone)}: {printable(clock.next['what'])}", markup=False)


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
