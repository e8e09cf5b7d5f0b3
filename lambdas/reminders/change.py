"""Applies a change to a reminder: an edit, a snooze or "send now". Pure: the clock is an argument.

See decision D182.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from reminders import recurrence
from reminders.channels import HIDDEN, addresses_of, channels_of
from reminders.due import Due, due_at, from_utc_text, utc_text, zone_of
from reminders.reminder import CARRIED, OVER, SCHEDULED, Row, due_fields, request_fields

TIMES = {"waitSeconds", "timestamp", "timeZone", "fold", "sendNow"}
"""The fields of a change that say when the reminder is due. A reminder that is over takes no other fields."""


def request_after(change: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the request that the reminder has after the change, without its time.

    The change wins over the `earlier` request, and None deletes a field. An address that no channel needs is left out.
    """
    named = {name: change[name] for name in ("channels", "preference") if name in change}
    request = {
        **{name: earlier[name] for name in CARRIED if name in earlier},
        "channels": channels_of(earlier),
        **{name: change[name] for name in CARRIED if name in change},
    }
    if named:
        del request["channels"]
        request |= named
    needed = addresses_of(channels_of(request))
    return {
        name: value for name, value in request.items() if value is not None and (name not in HIDDEN or name in needed)
    }


def content_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the reminder says, and to whom, in a form that can be compared."""
    return {**{name: request[name] for name in CARRIED if name in request}, "channels": channels_of(request)}


def due_after(change: Mapping[str, Any], row: Row, *, now: datetime) -> Due:
    """Returns when the reminder is due after the change. Its time zone is the row's, unless the change names one.

    Raises InvalidReminderError if the time or the new rule is invalid, as for a new reminder.
    """
    zone = zone_of(change)
    if "sendNow" in change:
        instant = now.replace(microsecond=0)
    elif change.keys() & (TIMES - {"timeZone"}) or (zone and not change.get("repeat")):
        instant = due_at(change, now=now).instant
    else:
        instant = from_utc_text(row["DueAt"])
    due = Due(instant, zone or row["TimeZone"])
    if change.get("repeat"):
        recurrence.check(change["repeat"], due, zone=zone)
    return due


def row_after(
    change: Mapping[str, Any], row: Row, request: Mapping[str, Any], due: Due, *, now: datetime, kept: timedelta
) -> tuple[Row, list[str]]:
    """Returns the fields of the row that the change sets, and those that it deletes.

    A new rule is counted from the new time. Without one, a new time moves only this occurrence: the later ones are
    still counted from the first time, in the same time zone.
    """
    starts_a_rule = bool(change.get("repeat"))
    keeps_its_rule = "repeat" in request and not starts_a_rule
    changes = {
        **request_fields(request),
        **due_fields(due.instant, number=1 if starts_a_rule else int(row["Occurrence"]), now=now, kept=kept),
        **({} if keeps_its_rule else {"TimeZone": due.zone}),
        **({"FirstDueAt": utc_text(due.instant)} if starts_a_rule else {}),
        "Status": SCHEDULED,
    }
    # Without its claim, the call that created the row can no longer delete it.
    gone = {"Claim", *(name.capitalize() for name in ("subject", *HIDDEN, "repeat"))}
    if row["Status"] in OVER:
        gone.add("Reason")
    if not keeps_its_rule:
        gone.add("Stopped")
    return changes, sorted(gone - changes.keys())
