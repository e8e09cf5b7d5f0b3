"""Changes a body that fits its schema so that the API accepts it.

Some rules cannot be said in a schema: no text may look like a card number, a time must be in the future, an address
must be your own. The OpenAPI documents say these rules in words, and this module follows them. Pure. It imports nothing
of the project, because it also runs in build/contract/venv.
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

MOST_DIGITS = 12
"""Two fewer than the shortest card number has."""

_LONGEST_TEXT_MESSAGE = 600
_MOST_DECIMALS = 4
_NOT_ASCII = re.compile("[^ -~]")


def body(operation: str, value: Any, *, now: datetime) -> Any:
    """The body `value` of a request for `operation`, changed only where it breaks a rule."""
    if not isinstance(value, dict):
        return value
    match operation:
        case "PlaceOrder" | "CorrectOrder":
            return _order(value)
        case "CloseOrder":
            return {**value, "note": _visible(_few_digits(value["note"]))}
        case "CreateReminder" | "UpdateReminder":
            return _reminder(value, now=now)
    return value


def query(operation: str, value: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """The query with a valid `next`, as an earlier answer could have contained it, and filters that go together."""
    token = json.dumps([now.strftime("%Y-%m-%dT%H:%M:%SZ"), "order-1"])
    said = base64.urlsafe_b64encode(token.encode()).decode()
    made = {**value, **({"next": said} if "next" in value else {})}
    return _search(made) if operation == "ListOrders" else made


def _search(query: Mapping[str, Any]) -> dict[str, Any]:
    if "corrected" in query:
        return {name: value for name, value in query.items() if name in ("corrected", "limit", "next")}
    made = {**query, **({"owner": "me"} if "status" in query else {})}
    if "text" in made:
        made["text"] = _visible(_few_digits(made["text"]))
    for name in {"from", "to"} & made.keys():
        if not _is_time(made[name]):
            made[name] = "2026-11-26"
    if {"from", "to"} <= made.keys():
        made["to"] = made["from"]
    return made


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _order(order: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        **order,
        "OrderId": _few_digits(order["OrderId"]),
        "Name": _lettered(_visible(_few_digits(order["Name"]))),
        "ItemName": _lettered(_visible(_few_digits(order["ItemName"]))),
    }
    price = order["Price"]
    made["Price"] = _few_digits(price) if isinstance(price, str) else _short(price)
    return made


def _reminder(reminder: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    tomorrow = now.astimezone(UTC) + timedelta(days=1)
    # Without these fields the caller's own addresses are used. Others would have to be on the stage's list.
    made = {name: value for name, value in reminder.items() if name not in ("email", "phone")}
    for name in {"message", "subject"} & made.keys():
        if made[name] is not None:
            made[name] = _lettered(_visible(_few_digits(made[name])))
    is_texted = "sms" in made.get("channels", ()) or made.get("preference") in ("sms", "both")
    if "message" in made and (_NOT_ASCII.search(made["message"]) or is_texted):
        made["message"] = made["message"][: _LONGEST_TEXT_MESSAGE // 2]
    if "timeZone" in made:
        made["timeZone"] = "Europe/Paris"
    if "timestamp" in made:
        made["timestamp"] = _at(tomorrow, like=made["timestamp"])
    if "until" in (made.get("repeat") or {}):
        # It needs an offset, because the request may have no time zone.
        later = (tomorrow + timedelta(days=366)).strftime("%Y-%m-%dT%H:%M:%SZ")
        made["repeat"] = {**made["repeat"], "until": later}
    # A change needs a field. This one may have had only addresses.
    return {"message": "x"} if reminder and not made else made


def _at(time: datetime, *, like: str) -> str:
    """`time` in the format of `like`: with an offset, a fraction and seconds if `like` has them."""
    form = "%Y-%m-%d" + like[10] + "%H:%M"
    return time.strftime(form) + like[16:]


def _short(price: float) -> float:
    """`price` with at most four decimals and twelve digits. A longer one loses its decimals, then its first digits."""
    rounded = round(price, _MOST_DECIMALS)
    if sum(map(str.isdigit, f"{rounded:.4f}")) <= MOST_DIGITS:
        return rounded
    return int(abs(price)) % 10**MOST_DIGITS * (-1 if price < 0 else 1)


def _few_digits(text: str) -> str:
    """`text` without the digits after the twelfth. Digits of all scripts count."""
    seen = 0
    kept = []
    for letter in text:
        seen += letter.isnumeric()
        if seen <= MOST_DIGITS or not letter.isnumeric():
            kept.append(letter)
    return "".join(kept)


def _visible(text: str) -> str:
    return text if re.search("[!-~]", text) else "x" + text[1:]


def _lettered(text: str) -> str:
    """`text` with a letter if it has digits. Without a letter, two fields together may make a card number."""
    return "x" + text[1:] if any(map(str.isnumeric, text)) and not re.search("[A-Za-z]", text) else text
