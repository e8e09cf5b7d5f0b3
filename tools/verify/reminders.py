"""The checks of the reminders app."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tools.verify.findings import brief, require
from tools.verify.run import Caller, Run
from tools.verify.users import letters

OVER = ("SENT", "PARTLY_SENT", "CANCELLED", "FAILED")
SOON, LATER = {"waitSeconds": 1}, {"waitSeconds": 3600}
ZONE, OFFSET = "Asia/Tokyo", "+09:00"
"""A zone without daylight saving time."""


def by_email(run: Run) -> str:
    return _sent(run, run.person, channels=["email"], **SOON)


def by_sms(run: Run) -> str:
    run.need_phone()
    return _sent(run, run.person, channels=["sms"], **SOON)


def by_both(run: Run) -> str:
    run.need_phone()
    return _sent(run, run.person, preference="both", **SOON)


def by_topic(run: Run) -> str:
    said = _sent(run, run.operator, channels=["topic"], **SOON)
    refused = {"message": run.message(), "channels": ["topic"], **SOON}
    run.person.reminders("POST", "/reminders", refused).require(403, "Forbidden")
    return f"{said}; another person gets 403"


def at_a_time(run: Run) -> str:
    due = (datetime.now(UTC) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    set_ = _set(run, run.person, channels=["email"], timestamp=due, timeZone=ZONE)
    local = str(set_.get("dueAtLocal"))
    require(local.endswith(OFFSET), f"its local time is {brief(local)}, and {ZONE} is at {OFFSET}")
    _until_over(run, run.person, set_)
    return f"{due} in {ZONE}: SENT"


def repeated(run: Run) -> str:
    set_ = _set(run, run.person, channels=["email"], repeat={"every": "1h", "times": 2}, **SOON)
    _until(run, run.person, set_, lambda one: one["occurrence"] == 2 or one["status"] in OVER)
    path = f"/reminders/{set_['reminderId']}"
    second = run.person.reminders("GET", path).require(200).body
    found = f"after the first occurrence it is {second['status']} at occurrence {second['occurrence']}"
    require((second["status"], second["occurrence"]) == ("SCHEDULED", 2), f"{found}, not SCHEDULED at 2")
    run.person.reminders("PATCH", path, {"sendNow": True}).require(200)
    _until_over(run, run.person, set_)
    return "sent, scheduled again for an hour later, and sent at once on request"


def changed(run: Run) -> str:
    set_, text = _set(run, run.person, channels=["email"], **LATER), run.message()
    path = f"/reminders/{set_['reminderId']}"
    run.person.reminders("PATCH", path, {"message": text, **SOON}).require(200)
    sent = _until_over(run, run.person, set_)
    require(sent["message"] == text, "the reminder was sent with the text from before the change")
    return "its text and its time were changed; SENT"


def cancelled(run: Run) -> str:
    set_ = _set(run, run.person, channels=["email"], **LATER)
    path = f"/reminders/{set_['reminderId']}"
    run.person.reminders("DELETE", path).require(200)
    shown = run.person.reminders("GET", path).require(200).body
    require(shown["status"] == "CANCELLED", f"the cancelled reminder is {brief(shown['status'])}")
    run.person.reminders("DELETE", path).require(409, "Conflict")
    return "CANCELLED; cancelling it again: 409"


def set_twice(run: Run) -> str:
    body: dict[str, Any] = {"message": run.message(), "channels": ["email"], **LATER}
    key = f"verify-{letters()}"
    first, second = (_accepted(run.person, body, Idempotency_Key=key) for _ in range(2))
    require(first["reminderId"] == second["reminderId"], "a repeated request set a second reminder")
    other = body | {"message": run.message()}
    run.person.reminders("POST", "/reminders", other, Idempotency_Key=key).require(409, "Conflict")
    run.person.reminders("DELETE", f"/reminders/{first['reminderId']}").require(200)
    return "the same request with the same key: one reminder; another one: 409"


def own_reminders(run: Run) -> str:
    set_ = _set(run, run.person, channels=["email"], **LATER)
    path, stranger = f"/reminders/{set_['reminderId']}", run.as_user(run.stranger)
    run.until(lambda: _listed(run.person), lambda ids: set_["reminderId"] in ids, what="the list of upcoming reminders")
    for method in ("GET", "DELETE"):
        stranger.reminders(method, path).require(404, "NotFound")
    require(set_["reminderId"] not in _listed(stranger), "another person's list has the reminder")
    run.person.reminders("DELETE", path).require(200)
    return "its owner lists it; another person gets 404"


def _accepted(caller: Caller, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    return caller.reminders("POST", "/reminders", body, **headers).require(202).body


def _set(run: Run, caller: Caller, **fields: Any) -> dict[str, Any]:
    return _accepted(caller, {"message": run.message(), **fields})


def _until(run: Run, caller: Caller, set_: dict[str, Any], accepted: Any) -> dict[str, Any]:
    path = f"/reminders/{set_['reminderId']}"
    return run.until(lambda: caller.reminders("GET", path).require(200).body, accepted, what="the reminder")


def _until_over(run: Run, caller: Caller, set_: dict[str, Any]) -> dict[str, Any]:
    """Waits until the reminder is over. Returns it, or raises FailedError if it was not sent."""
    shown = _until(run, caller, set_, lambda one: one["status"] in OVER)
    why = f" ({brief(shown['reason'])})" if "reason" in shown else ""
    require(shown["status"] == "SENT", f"the reminder is {brief(shown['status'])}, not SENT{why}")
    return shown


def _sent(run: Run, caller: Caller, **fields: Any) -> str:
    shown = _until_over(run, caller, _set(run, caller, **fields))
    return f"SENT by {' and '.join(shown['channels'])}"


def _listed(caller: Caller) -> list[str]:
    return [one["reminderId"] for one in caller.reminders("GET", "/reminders?limit=100").require(200).body["reminders"]]
