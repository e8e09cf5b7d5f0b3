"""The rules that the functions check in code, as JSON schemas, and the named parts of the schemas.

The functions first validate a body against the schemas in `lambdas/`, which name each faulty field by itself. Then they
check further rules in code. The documents contain both, as far as a JSON schema can express it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reminders.due import MOST_SECONDS
from reminders.recurrence import MOST, SHORTEST_MINUTES

PARTS: Mapping[str, str] = {
    "OrderStatus": "OrderState/properties/Status",
    "Reason": "OrderState/properties/Reasons/items",
    "Card": "OrderState/properties/Card",
    "WorkflowState": "OrderState/properties/State",
    "QueueName": "OrderState/properties/Queue",
    "Corrector": "OrderState/properties/CorrectedBy",
    "ParkedMessage": "ParkedList/properties/items/items",
    "ParkedOrder": "ParkedList/properties/items/items/properties/Order/anyOf/0",
    "DeadLetterQueue": "DeadLetters/properties/queues/items",
    "Channel": "ReminderState/properties/channels/items",
    "Preference": "ReminderState/properties/preference",
    "ReminderStatus": "ReminderState/properties/status",
    "Repeat": "ReminderState/properties/repeat",
    "Feedback": "ReminderState/properties/feedback",
    "Report": "ReminderState/properties/feedback/properties/email",
    "AccountRecord": "AccountData/properties/account/anyOf/0",
    "HeldMessage": "AccountData/properties/messages/items",
    "Elsewhere": "AccountData/properties/elsewhere/items",
    "StoreCount": "DeletionReceipt/properties/removed/items",
    "ErrorBody": "ErrorAnswer/properties/error",
    "ErrorDetail": "ErrorAnswer/properties/error/properties/details/items",
    "DetailValues": "ErrorAnswer/properties/error/properties/details/items/properties/values",
}
"""The places of the parts that have names. Generated clients use these names, too."""


def up_to(most: int, *, least: int = 0, digits: int | None = None) -> str:
    """Returns a pattern of the whole numbers from `least`, which has one digit, to `most`.

    With `digits`, leading zeros may fill the number up to this number of digits, and `least` is 0.
    """
    text = str(most)
    length = len(text)
    same_length = []
    for place, digit in enumerate(text):
        lowest = 0 if place or digits else 1 if length > 1 else least
        if int(digit) > lowest:
            same_length.append(text[:place] + _one_of(lowest, int(digit) - 1) + _any(length - place - 1))
    same_length.append(text)
    if digits:
        shorter = [f"[0-9]{{1,{length - 1}}}"] if length > 1 else []
        zeros = f"0{{0,{digits - length}}}" if digits > length else ""
        return "|".join([*shorter, f"{zeros}({'|'.join(same_length)})"])
    shorter = [_one_of(least, 9)] if length > 1 else []
    return "|".join([*shorter, *(f"[1-9]{_any(rest)}" for rest in range(1, length - 1)), *same_length])


def _one_of(first: int, last: int) -> str:
    return str(first) if first == last else f"[{first}-{last}]"


def _any(digits: int) -> str:
    return "" if digits == 0 else "[0-9]" if digits == 1 else f"[0-9]{{{digits}}}"


_EVERY = "|".join(f"({up_to(most, least=SHORTEST_MINUTES if unit == 'm' else 1)}){unit}" for unit, most in MOST.items())
_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_MINUTE = "([01][0-9]|2[0-3]):[0-5][0-9]"
_LOCAL = rf"{_DAY}[Tt ]{_MINUTE}(:[0-5][0-9](\.[0-9]+)?)?"
_WITH_OFFSET = rf"{_DAY}[Tt ]{_MINUTE}:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]{_MINUTE})"
DAY_OR_TIME = rf"{_DAY}(T{_MINUTE}(:[0-5][0-9](\.[0-9]{{1,9}})?)?Z)?"
TIME = f"{_LOCAL}|{_WITH_OFFSET}"

NOTHING: Mapping[str, Any] = {"not": {}}
"""A schema that no value fits. It is not `false`, because some generators of clients do not know that."""

_TIME_FIELDS = ("waitSeconds", "timestamp", "fold", "sendNow")


def _without(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, NOTHING)


_TIMES: Mapping[str, Any] = {
    "waitSeconds": {"minimum": 0, "maximum": MOST_SECONDS, "pattern": f"^({up_to(MOST_SECONDS, digits=8)})$"},
    "timestamp": {"pattern": f"^({TIME})$"},
    "timeZone": {"pattern": "^[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+)*$"},
}
_CHANNELS: Sequence[Mapping[str, Any]] = (
    {
        "title": "By a list of channels",
        "required": ["channels"],
        "properties": {"channels": {}, **_without("preference")},
    },
    {
        "title": "By a preference",
        "required": ["preference"],
        "properties": {"preference": {}, **_without("channels")},
    },
)
_NEW_TIMES: Sequence[Mapping[str, Any]] = (
    {
        "title": "After a number of seconds",
        "required": ["waitSeconds"],
        "properties": {"waitSeconds": {}, **_without("timestamp", "fold")},
    },
    {
        "title": "At a time with its offset",
        "required": ["timestamp"],
        "properties": {"timestamp": {"pattern": f"^{_WITH_OFFSET}$"}, **_without("waitSeconds", "fold")},
    },
    {
        "title": "At a local time",
        "required": ["timestamp", "timeZone"],
        "properties": {"timestamp": {"pattern": f"^{_LOCAL}$"}, "timeZone": {}, **_without("waitSeconds")},
    },
)
# These alternatives are within `allOf`, because generators of clients make several classes from an object with `oneOf`.

REFINED: Mapping[str, Any] = {
    "AccountData": {"properties": {"next": {"minLength": 1}}},
    "OrderList": {"properties": {"next": {"minLength": 1}}},
    "ReminderList": {"properties": {"next": {"minLength": 1}}},
    "Reminder": {"properties": _TIMES, "allOf": [{"oneOf": [*_CHANNELS]}, {"oneOf": [*_NEW_TIMES]}]},
    "ReminderChange": {
        "minProperties": 1,
        "properties": _TIMES,
        "allOf": [
            {"oneOf": [{"title": "The same channels", "properties": _without("channels", "preference")}, *_CHANNELS]},
            {
                # They exclude each other. A linter does not see that two with `timeZone` do, so it is not `oneOf`.
                "anyOf": [
                    {"title": "The same time", "properties": _without(*_TIME_FIELDS, "timeZone")},
                    {
                        "title": "A new rule in a time zone",
                        "required": ["repeat", "timeZone"],
                        "properties": {"repeat": {"type": "object"}, "timeZone": {}, **_without(*_TIME_FIELDS)},
                    },
                    {
                        "title": "Now",
                        "required": ["sendNow"],
                        "properties": {"sendNow": {}, **_without("waitSeconds", "timestamp", "fold")},
                    },
                    *({**one, "properties": {**one["properties"], **_without("sendNow")}} for one in _NEW_TIMES),
                ]
            },
        ],
    },
    "Repeat": {
        "properties": {"every": {"pattern": f"^({_EVERY})$"}, "until": {"pattern": f"^({TIME})$"}},
        "not": {"required": ["until", "times"], "properties": {"until": {}, "times": {}}},
    },
}
"""JSON merge patches (RFC 7396) of the named schemas."""
