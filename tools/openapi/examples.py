"""Examples of all requests and answers in the OpenAPI documents, by operation."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from account import elsewhere, stores
from common import codes
from common.codes import Detail
from common.jsontext import MAX_BODY_BYTES
from common.paging import MOST
from reminders.limits import too_many_today, too_many_waiting

Examples: TypeAlias = Mapping[str, Mapping[str, Any]]


def _example(summary: str, value: Any) -> Mapping[str, Any]:
    return {"summary": summary, "value": value}


_ORDER = {
    "OrderId": "order-1",
    "Name": "Ada Lovelace",
    "ItemName": "Desk lamp",
    "Price": "12.50",
    "CC": "4242424242424242",
}
_SHOWN = {
    "OrderId": "order-1",
    "Name": "Ada Lovelace",
    "ItemName": "Desk lamp",
    "Price": "12.50",
    "Card": {"Last4": "4242"},
    "Status": "FULFILLMENT_QUEUED",
    "Reasons": [],
    "ReceivedAt": "2026-11-26T09:00:00.000Z",
    "UpdatedAt": "2026-11-26T09:00:01.250Z",
}
_RECEIVED = {
    **_SHOWN,
    "Status": "RECEIVED",
    "UpdatedAt": "2026-11-26T09:00:00.000Z",
    "State": "Are details Proper",
}
_ESCALATED = {
    **_SHOWN,
    "OrderId": "order-2",
    "Price": "-1",
    "Status": "ESCALATED",
    "Reasons": ["PRICE_NOT_POSITIVE"],
}
_CORRECTED = {
    **_SHOWN,
    "OrderId": "order-2",
    "UpdatedAt": "2026-11-26T09:30:01.250Z",
    "CorrectedAt": "2026-11-26T09:30:00.000Z",
    "CorrectedBy": "owner",
}
_PARKED = {**_SHOWN, "OrderId": "order-3", "Status": "PARKED", "Queue": "OrderFulfillmentQueue"}
_CLOSED = {**_ESCALATED, "Status": "CLOSED", "UpdatedAt": "2026-11-26T10:30:00.000Z", "Note": "The customer gave up."}

_REMINDER_ID = "0b9f7c52-6a3e-4a51-9f0e-3c8d1b2a4e5f"
_SCHEDULED = {
    "reminderId": _REMINDER_ID,
    "dueAt": "2027-01-27T08:00:00Z",
    "dueAtLocal": "2027-01-27T09:00:00+01:00",
    "timeZone": "Europe/Paris",
    "status": "SCHEDULED",
    "channels": ["email"],
}
_REMINDER = {
    **_SCHEDULED,
    "message": "Water the plants",
    "preference": "email",
    "occurrence": 1,
    "updatedAt": "2026-11-26T09:00:00.000Z",
    "email": "a…@example.com",
    "repeat": {"every": "1w", "times": 10},
}
_FAILED = {
    **{name: value for name, value in _REMINDER.items() if name not in ("email", "repeat")},
    "status": "FAILED",
    "channels": ["sms"],
    "preference": "sms",
    "phone": "+1…0100",
    "reason": "The number has opted out of text messages.",
}

_ACCOUNT_ID = "6f1c2d3e-0000-4000-8000-00000000000a"
_STAGE = elsewhere.Settings(log_days=90, order_days=3653, has_cache=True, has_histories=False, has_traces=True)
_REMINDER_ROW = {
    "Channels": ["email"],
    "CreatedAt": "2026-11-26T09:00:00.000Z",
    "DueAt": "2027-01-27T08:00:00Z",
    "Email": "a…@example.com",
    "Message": "Water the plants",
    "ReminderId": _REMINDER_ID,
    "Status": "SCHEDULED",
    "Request": {"message": "Water the plants", "channels": ["email"], "email": "ada@example.com"},
}
_COPY = {
    "format": stores.FORMAT,
    "madeAt": "2026-11-26T10:30:00.000Z",
    "account": {
        "id": _ACCOUNT_ID,
        "attributes": {"sub": _ACCOUNT_ID, "email": "ada@example.com", "email_verified": "true"},
        "groups": [],
        "status": "CONFIRMED",
        "isEnabled": True,
        "secondFactors": ["SOFTWARE_TOKEN_MFA"],
        "createdAt": "2026-11-20T09:00:00.000Z",
        "updatedAt": "2026-11-20T09:05:00.000Z",
    },
    "orders": [
        {
            "CardLast4": "4242",
            "ItemName": "Desk lamp",
            "Name": "Ada Lovelace",
            "OrderId": "order-1",
            "Price": "12.50",
            "Status": "FULFILLMENT_QUEUED",
        }
    ],
    "reminders": [],
    "messages": [],
    "elsewhere": elsewhere.of_copy(_STAGE),
}
_RECEIPT = {
    "format": stores.FORMAT,
    "id": _ACCOUNT_ID,
    "at": "2026-11-26T10:30:00.000Z",
    "complete": True,
    "removed": stores.counted(
        stores.REMOVED, {stores.ORDERS: 2, stores.REMINDERS: 1, stores.EXECUTIONS: 1, stores.USERS: 1}
    ),
    "waits": [],
    "stays": elsewhere.of_receipt(_STAGE),
}

ASKED: Mapping[str, Examples] = {
    "PlaceOrder": {
        "order": _example("An order", _ORDER),
        "priceAsNumber": _example("A price as a number", {**_ORDER, "OrderId": "order-4", "Price": 80000}),
    },
    "CorrectOrder": {"order": _example("The whole order with its corrected price", _ORDER)},
    "CloseOrder": {"note": _example("A note", {"note": "The customer gave up."})},
    "CreateReminder": {
        "inAnHour": _example(
            "In an hour, by e-mail to yourself",
            {"message": "Water the plants", "channels": ["email"], "waitSeconds": 3600},
        ),
        "atALocalTime": _example(
            "At a local time, by e-mail and as a text message, every week for ten weeks",
            {
                "message": "Water the plants",
                "subject": "Plants",
                "channels": ["email", "sms"],
                "timestamp": "2027-01-27 09:00",
                "timeZone": "Europe/Paris",
                "repeat": {"every": "1w", "times": 10},
            },
        ),
        "withItsOffset": _example(
            "At a time with its offset, as a text message",
            {"message": "Water the plants", "preference": "sms", "timestamp": "2027-01-27T09:00:00+01:00"},
        ),
    },
    "UpdateReminder": {
        "inTenMinutes": _example("Again in ten minutes", {"waitSeconds": 600}),
        "sendNow": _example("Now", {"sendNow": True}),
        "edit": _example(
            "Another text at another local time, not repeated any more",
            {
                "message": "Water the flowers",
                "timestamp": "2027-01-28 09:00",
                "timeZone": "Europe/Paris",
                "repeat": None,
            },
        ),
    },
}
"""The bodies of requests, by operation."""

ANSWERED: Mapping[tuple[str, str], Examples] = {
    ("PlaceOrder", "200"): {"order": _example("The workflow has finished", _SHOWN)},
    ("PlaceOrder", "202"): {"accepted": _example("A new order", {"OrderId": "order-1", "Status": "RECEIVED"})},
    ("ListOrders", "200"): {
        "first": _example(
            "The first page",
            {
                "orders": [_SHOWN, _ESCALATED],
                "next": "WyIyMDI2LTExLTI2VDA5OjAwOjAwLjAwMFoiLCAib3JkZXItMiJd",
            },
        ),
        "last": _example("The last page", {"orders": [_CLOSED], "next": None}),
    },
    ("GetOrder", "200"): {
        "received": _example("The workflow has not finished", _RECEIVED),
        "fulfilled": _example("A good order", _SHOWN),
        "escalated": _example("An operator must decide", _ESCALATED),
        "parked": _example("An operator must handle it", _PARKED),
        "corrected": _example("Its owner has corrected it", _CORRECTED),
        "closed": _example("An operator has closed it", _CLOSED),
    },
    ("CorrectOrder", "200"): {"order": _example("The workflow has finished", _CORRECTED)},
    ("CorrectOrder", "202"): {
        "accepted": _example("A new correction", {"OrderId": "order-1", "Status": "RECEIVED"}),
    },
    ("CloseOrder", "200"): {"closed": _example("The closed order", _CLOSED)},
    ("GetContact", "200"): {"owner": _example("The owner's address", {"Email": "ada@example.com"})},
    ("ListParked", "200"): {
        "one": _example(
            "One message",
            {
                "items": [
                    {
                        "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274",
                        "OrderId": "order-3",
                        "State": "Put message in order OrderFulfillment Queue",
                        "Error": "Sqs.SqsException",
                        "ExecutionId": "arn:aws:states:us-east-1:111122223333:execution:Orders:order-3-1f9c0d2e3b4a",
                        "Order": {name: value for name, value in _ORDER.items() if name != "CC"},
                        "Status": "PARKED",
                        "ParkingId": "order-3-1f9c0d2e3b4a",
                        "Queue": None,
                        "Copies": 1,
                    }
                ],
                "left": 0,
            },
        ),
        "none": _example("No message", {"items": [], "left": 0}),
    },
    ("RemoveParked", "200"): {"removed": _example("A message without copies", {"removed": 1})},
    ("ListDeadLetters", "200"): {
        "queues": _example(
            "Both queues",
            {
                "queues": [
                    {"Queue": "OrderFulfillmentQueue", "Messages": 2},
                    {"Queue": "EscalationQueue", "Messages": 0},
                ]
            },
        )
    },
    ("RedriveDeadLetters", "200"): {
        "moved": _example("All messages were moved", {"moved": 2, "failed": 0, "left": 0}),
    },
    ("CreateReminder", "202"): {"scheduled": _example("A new reminder", _SCHEDULED)},
    ("ListReminders", "200"): {
        "first": _example(
            "The first page",
            {"reminders": [_REMINDER], "next": "WyIyMDI3LTAxLTI3VDA4OjAwOjAwWiIsICIwYjlmN2M1MiJd"},
        ),
        "last": _example("The last page", {"reminders": [_FAILED], "next": None}),
    },
    ("GetReminder", "200"): {
        "scheduled": _example("A reminder that waits", _REMINDER),
        "failed": _example("A reminder that was not sent", _FAILED),
    },
    ("UpdateReminder", "200"): {
        "changed": _example("The changed reminder", {**_REMINDER, "message": "Water the flowers"}),
    },
    ("CancelReminder", "200"): {
        "cancelled": _example("The cancelled reminder", {**_REMINDER, "status": "CANCELLED"}),
    },
    ("GetAccount", "200"): {
        "first": _example(
            "The first of two parts", {**_COPY, "next": "orders.WyIyMDI2LTExLTI2VDA5OjAwOjAwLjAwMFoiXQ=="}
        ),
        "last": _example(
            "The last part",
            {
                **_COPY,
                "orders": [],
                "reminders": [_REMINDER_ROW],
                "messages": [{"queue": "ParkedQueue", "body": {"OrderId": "order-3", "Error": "NoOutcomeError"}}],
                "next": None,
            },
        ),
    },
    ("DeleteAccount", "200"): {
        "complete": _example("Everything is removed", _RECEIPT),
        "waits": _example(
            "An order is in progress",
            {
                **_RECEIPT,
                "complete": False,
                "removed": [],
                "waits": stores.counted(stores.WAITS, {stores.ORDERS: 1}),
            },
        ),
    },
}
"""The bodies of successful answers, by operation and status."""

_PRICE_IS_MISSING = [codes.MISSING().of("Price")]
_LIMIT_IS_WRONG = [codes.NOT_WHOLE_NUMBER(smallest=1, largest=MOST).of("limit")]
_NO_ORDER = "There is no such order."
_NO_REMINDER = "There is no such reminder."
_NO_ACCOUNT = "There is no such account."
_NO_TOPIC = "Only operators may use the topic. Choose email, sms or both."
_CHANGED = "Only an escalated or a parked order can be "

_FAILURES: Mapping[tuple[str, str], tuple[str, Sequence[Detail]]] = {
    ("", "InvalidRequest"): ("The request body is invalid.", _PRICE_IS_MISSING),
    ("CloseOrder", "InvalidRequest"): ("The request body is invalid.", [codes.MISSING().of("note")]),
    ("ListOrders", "InvalidRequest"): ("The query is invalid.", _LIMIT_IS_WRONG),
    ("ListReminders", "InvalidRequest"): ("The query is invalid.", _LIMIT_IS_WRONG),
    ("UpdateReminder", "InvalidRequest"): ("The change is invalid.", [codes.HAS_PASSED().of("timestamp")]),
    ("CreateReminder", "InvalidRequest"): ("The reminder is invalid.", [codes.HAS_PASSED().of("timestamp")]),
    ("GetAccount", "InvalidRequest"): ("The query is invalid.", [codes.NOT_A_NEXT().of("next")]),
    ("DeleteAccount", "InvalidRequest"): ("The query is invalid.", [codes.UNKNOWN_FIELD().of("e-mail")]),
    ("", "InvalidJson"): ("The body is not JSON: see line 1, column 15.", []),
    ("", "NotSignedIn"): ("Sign in, and send the ID token.", []),
    ("", "Forbidden"): ("Only operators may do this.", []),
    ("CreateReminder", "Forbidden"): (_NO_TOPIC, []),
    ("UpdateReminder", "Forbidden"): (_NO_TOPIC, []),
    ("", "ACCESS_DENIED"): ("The request was refused. Check its path, headers and body.", []),
    ("", "NotFound"): (_NO_ORDER, []),
    ("RemoveParked", "NotFound"): (
        "The message was not found. If somebody else is reading the queue, it is hidden for a moment. Try again.",
        [],
    ),
    ("RedriveDeadLetters", "NotFound"): (
        "This queue has no dead-letter queue. Use OrderFulfillmentQueue or EscalationQueue.",
        [],
    ),
    ("GetReminder", "NotFound"): (_NO_REMINDER, []),
    ("UpdateReminder", "NotFound"): (_NO_REMINDER, []),
    ("CancelReminder", "NotFound"): (_NO_REMINDER, []),
    ("PlaceOrder", "Conflict"): ("Another order has this OrderId. Choose a different id.", []),
    ("CorrectOrder", "Conflict"): (f"{_CHANGED}corrected.", []),
    ("CloseOrder", "Conflict"): (f"{_CHANGED}closed.", []),
    ("CreateReminder", "Conflict"): ("This Idempotency-Key belongs to another request. Use a new key.", []),
    ("UpdateReminder", "Conflict"): ("The reminder is being sent, or was cancelled before.", []),
    ("CancelReminder", "Conflict"): ("The reminder was sent, is being sent, has failed, or was cancelled before.", []),
    ("GetAccount", "NotFound"): (_NO_ACCOUNT, []),
    ("DeleteAccount", "NotFound"): (_NO_ACCOUNT, []),
    ("DeleteAccount", "SignInAgain"): ("Sign in again, and repeat this request within 15 minutes.", []),
    ("DeleteAccount", "Conflict"): (
        "This is an operator's account. An administrator must remove them from the group first.",
        [],
    ),
    ("", "TooLarge"): (f"The body may have at most {MAX_BODY_BYTES} bytes.", []),
    ("", "UnsupportedMediaType"): ("Send the body as application/json in UTF-8, and without a Content-Encoding.", []),
    ("", "TooManyToday"): (too_many_today(100, now=datetime.now(UTC)).message, []),
    ("", "TooManyWaiting"): (too_many_waiting(100).message, []),
    ("", "Throttled"): ("Too many requests. Try again.", []),
    ("", "InternalError"): ("The API failed and logged the error. Report it to the people who run the API.", []),
    ("", "Unavailable"): ("A service is not available. Try again.", []),
}
"""The message and the details, by operation and code. Entries without an operation are for all other operations."""


def failure(operation: str, code: str) -> Mapping[str, Any]:
    """Returns the example of an error of one operation."""
    message, details = _FAILURES.get((operation, code)) or _FAILURES["", code]
    return {"value": {"error": {"code": code, "message": message, "details": details}}}
