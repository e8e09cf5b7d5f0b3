"""What the OpenAPI documents say in words: summaries, descriptions, parameters, headers and the codes of errors.

The templates say which calls there are, what goes in and what comes out. A call, a field or an error without words
here is an error of `make openapi`; a test finds words for what no longer exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Api:
    """What a document says of its API as a whole."""

    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a document says of one operation.

    `errors` are the codes that this operation gives another meaning to, or has in addition to those of ERRORS.
    `links` are operations that take a value of the answer: by status, then by operation, the parameter and where its
    value stands.
    """

    tag: str
    summary: str
    description: str
    for_operators: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)


INTRODUCTION = """\

Send the ID token of a user of the user pool as `Authorization: Bearer …` with every request. Bodies are JSON in \
UTF-8 and have at most 16,384 bytes. Send them as `Content-Type: application/json`, with or without \
`charset=utf-8`; any other type is answered with 415. Unknown paths and methods are answered with 404.

Every error has the same shape: `code` is for programs, `message` is a sentence for people and may change, and \
`details` names the faulty fields. No error repeats a value that you sent. If an answer has the header `Retry-After`, \
you can send the same request again after that number of seconds. New fields may be added to answers and new codes to \
errors, so ignore those that you do not know."""

APIS: Mapping[str, Api] = {
    "Orders": Api(
        description="""\
Place orders and look them up. A workflow checks each order: a good order goes to the fulfillment queue, and an order \
with a wrong card or price is escalated to an operator.

A card number belongs only in `CC`. A request is refused if another text contains what looks like a card number: 14 to \
19 digits that a card issuer could have given out. The API stores only the last four digits of `CC`.
"""
        + INTRODUCTION,
        tags={
            "Orders": "Place orders and look them up.",
            "Operators": "Correct or close orders that need a person, and work on messages that could not be "
            "processed. The caller must be in the user pool's group `operators`.",
        },
    ),
    "Reminders": Api(
        description="""\
Schedule reminders by e-mail and text message, list them and cancel them. A reminder is due after a number of seconds \
or at a time, within a year, and it may repeat. A request is refused if a text contains what looks like a card number.
"""
        + INTRODUCTION,
        tags={"Reminders": "Schedule, list, look up and cancel reminders."},
    ),
}

# The text of each status; Python's own phrases change with its version.
ANSWERS = {
    "200": "OK",
    "202": "Accepted",
    "400": "Bad request; `details` names the faulty fields",
    "401": "Not signed in, or the token has expired",
    "403": "Forbidden",
    "404": "Not found",
    "409": "Conflict",
    "413": "The body is too large",
    "415": "The body is not declared as JSON in UTF-8",
    "429": "Too many requests",
    "500": "An error in the API, which it has logged",
    "503": "A service is not available",
}

ERRORS: Mapping[str, Mapping[str, str]] = {
    "400": {
        "InvalidRequest": "a field, a query parameter or a header is invalid.",
        "InvalidJson": "the body is not JSON in UTF-8; `message` says where.",
    },
    "401": {"NotSignedIn": "the request has no valid ID token."},
    "403": {"ACCESS_DENIED": "API Gateway refused the request. The code is API Gateway's own, and there are others."},
    "404": {"NotFound": "there is none, or it is not yours."},
    "409": {"Conflict": "the request conflicts with the current state."},
    "413": {"TooLarge": "the body has more than 16,384 bytes."},
    "415": {
        "UnsupportedMediaType": "the request's `Content-Type` is not `application/json` in UTF-8, or the request has a "
        "`Content-Encoding`."
    },
    "429": {"Throttled": "wait as long as `Retry-After` says, then send the request again."},
    "500": {"InternalError": "sending the same request again will probably not help."},
    "503": {"Unavailable": "wait as long as `Retry-After` says, then send the same request again."},
}

ONLY_OPERATORS = {"Forbidden": "the caller is not an operator."}

DETAILS: Mapping[str, str] = {
    "AtMostOneOf": "the object may have only one of `fields`.",
    "BeforeFirst": "the last moment is before the first time.",
    "BreaksRule": "the value breaks `rule`, a keyword of JSON schema that no other code is for.",
    "BrokenCharacters": "the text contains U+FFFD or half of a surrogate pair: somebody read or cut it in the wrong "
    "encoding.",
    "ControlCharacters": "the text contains control characters other than tabs and line breaks.",
    "DiffersFromChannels": "`preference` and `channels` name different channels.",
    "DiffersFromPath": "the id in the body is not the id in the path.",
    "EmailNotVerified": "SES is in its sandbox, and the address is not verified in SES.",
    "EmailPaused": "sending e-mail is paused for the AWS account.",
    "Empty": "the text is empty.",
    "ExactlyOneOf": "of `fields`, the request must have exactly one.",
    "HappensTwice": "clocks in `zone` are put back, so they show this local time twice, at each of the two UTC "
    "`offsets`, the first one first.",
    "HasPassed": "the time has passed.",
    "IntervalTooLong": "the interval may be at most `count` times `unit`.",
    "IntervalTooShort": "the interval must be at least `count` times `unit`.",
    "LooksLikeCard": "the text contains what looks like a card number.",
    "MakesCardWith": "the text makes what looks like a card number together with `fields`.",
    "Missing": "the field is required, and missing.",
    "MoreUnknownFields": "the request has `count` more unknown fields than the details name.",
    "NeededForChannel": "`channel` needs an address, and neither the request nor your account has one.",
    "NeedsTimeZone": "a local time in `fields` needs a time zone.",
    "NoSuchTime": "no calendar or clock has this time, such as 30 February.",
    "NotANext": "the text is not the `next` of an earlier answer.",
    "NotAKey": "the key is not one text of 1 to `longest` visible ASCII characters.",
    "NotATime": "the text is not a time in one of the forms that the field takes.",
    "NotChannels": "the list is empty, or has a channel twice, or one that is not in `allowed`.",
    "NotAnEmailAddress": "the text is not exactly one e-mail address.",
    "NotAnInterval": "the text is not a number and a unit, such as `1d`.",
    "NotAnOrderId": "the text is not an order's id of at most `longest` characters.",
    "NotAPhoneNumber": "the text is not a phone number with its country code.",
    "NothingVisible": "the text contains no character that people can see.",
    "NotOneLine": "the text contains line breaks or other control characters.",
    "NotWholeNumber": "the value is not a whole number from `smallest` to `largest`.",
    "NotYourAddress": "the address is not your verified one, and the stage does not list it.",
    "OnlyForLocalTime": "the field is only for local times.",
    "OptedOut": "the owner of the number has opted out of text messages.",
    "PhoneNotVerified": "SNS is in its SMS sandbox, and the number is not verified there.",
    "SenderNotVerified": "the sender's address is not verified in SES.",
    "SkippedByClocks": "clocks in `zone` are put forward, from the local time `before` to `after`, so they never show "
    "this time.",
    "TooBig": "the number may be at most `largest`.",
    "TooFarAhead": "the time is more than `days` days ahead.",
    "TooLong": "the text may have at most `longest` characters.",
    "TooLongForSms": "as a text message, the text takes `size` characters. With the letters in it, it may take "
    "`longest`; with letters of the GSM alphabet only, `longestInGsm`.",
    "TooManyDigits": "written out, the number may have at most `longest` characters.",
    "TooShort": "the text must have at least `shortest` characters.",
    "TooSmall": "the number must be at least `smallest`.",
    "UnknownField": "there is no such field. Each digit in its name is shown as `#`.",
    "UnknownTimeZone": "the text is not a name in the IANA time zone database.",
    "UnknownValue": "the value is not one of `allowed`.",
    "WrongType": "the value has a wrong type: `types` are the right ones, as JSON schema names them.",
}
"""By code of a detail: what it means. Words in backquotes are the names of its values."""

HEADERS: Mapping[str, Mapping[str, Any]] = {
    "Access-Control-Allow-Origin": {
        "description": "The web origin whose pages may read this answer, or `*` for all.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The address of what was created. It is relative to the address of this request.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "Send the request again after this number of seconds.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-Cache": {
        "description": "`HIT`: the order came from the cache. `MISS`: it came from the table and is now in the cache. "
        "`BYPASS`: it came from the table because the cache was not available.",
        "schema": {"type": "string", "enum": ["HIT", "MISS", "BYPASS"]},
    },
}

_ORDER_ID: Mapping[str, Any] = {
    "description": "The id of the order.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    "example": "order-1",
}
_REMINDER_ID: Mapping[str, Any] = {
    "description": "The id of the reminder, as the answer to its creation says it.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    "example": "0b9f7c52-6a3e-4a51-9f0e-3c8d1b2a4e5f",
}
_NEXT: Mapping[str, Any] = {
    "description": "Where the page begins: `next` of the page before, unchanged. Leave it out for the first page.",
    "schema": {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+={0,2}$"},
}


def _limit(default: int) -> Mapping[str, Any]:
    return {
        "description": "The most entries that the page may have.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": default},
        "example": default,
    }


PARAMETERS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("GetOrder", "OrderId"): _ORDER_ID,
    ("CorrectOrder", "OrderId"): {**_ORDER_ID, "description": "The id of the order. The body must have the same one."},
    ("CloseOrder", "OrderId"): _ORDER_ID,
    ("ListOrders", "status"): {
        "description": "For operators: lists all orders with this status, last changed first.",
        "schema": {"$ref": "#/components/schemas/OrderStatus"},
        "example": "ESCALATED",
    },
    ("ListOrders", "limit"): _limit(20),
    ("ListOrders", "next"): _NEXT,
    ("RemoveParked", "MessageId"): {
        "description": "The `MessageId` of a parked message, as `GET /parked` says it.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 100},
        "example": "5fea7756-0ea4-451a-a703-a558b933e274",
    },
    ("RedriveDeadLetters", "Queue"): {
        "description": "The queue that the messages go back to.",
        "schema": {"$ref": "#/components/schemas/QueueName"},
        "example": "OrderFulfillmentQueue",
    },
    ("CreateReminder", "Idempotency-Key"): {
        "description": "Any text of 1 to 128 visible ASCII characters, such as a UUID. If you send the same request "
        "again with the same key, you get the first answer again and no second reminder.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        "example": "3f1c9a52-7d0b-4c53-9f3c-3d1f6c0f5b7e",
    },
    ("ListReminders", "when"): {
        "description": "`upcoming`: reminders that are due from now on, first due first. `past`: the others, last due "
        "first. Leave it out for all, first due first.",
        "schema": {"type": "string", "enum": ["upcoming", "past"]},
        "example": "upcoming",
    },
    ("ListReminders", "status"): {
        "description": "For operators: lists all reminders with this status, last due first.",
        "schema": {"$ref": "#/components/schemas/ReminderStatus"},
        "example": "FAILED",
    },
    ("ListReminders", "limit"): _limit(100),
    ("ListReminders", "next"): _NEXT,
    ("GetReminder", "reminderId"): _REMINDER_ID,
    ("CancelReminder", "reminderId"): _REMINDER_ID,
}
"""By operation and name."""

CALLS: Mapping[str, Call] = {
    "PlaceOrder": Call(
        tag="Orders",
        summary="Place an order",
        description="Starts the workflow that checks the order. If you send the same order again, it is not placed "
        "twice: you get its current state.",
        answers={
            "200": "You have sent this order before. This is its current state",
            "202": "The order is accepted, and the workflow has started",
        },
        errors={"409": {"Conflict": "another order has this `OrderId`. It stays as it is."}},
        links={"202": {"GetOrder": {"OrderId": "$response.body#/OrderId"}}},
    ),
    "ListOrders": Call(
        tag="Orders",
        summary="List orders",
        description="Lists your own orders, last received first. An operator can list all orders with one "
        "status instead. Such a page may be short, because orders whose status has just changed are left out.",
        answers={"200": "A page of orders"},
        errors={"403": {"Forbidden": "you asked for a `status` and are not an operator."}},
        links={"200": {"ListOrders": {"next": "$response.body#/next"}}},
    ),
    "GetOrder": Call(
        tag="Orders",
        summary="Look up an order",
        description="Returns one of your own orders; operators can look up every order. A finished order may come from "
        "a cache.",
        answers={"200": "The order"},
        errors={"404": {"NotFound": "there is no such order, or somebody else placed it."}},
    ),
    "CorrectOrder": Call(
        tag="Operators",
        summary="Correct an order",
        description="Sends an order that is `ESCALATED` or `PARKED` through the workflow once more, with the corrected "
        "fields. The body is the whole order with its card number, because the card number is not stored. The order "
        "stays with the person who placed it.",
        for_operators=True,
        answers={
            "200": "You have sent this correction before. This is the order's current state",
            "202": "The correction is accepted, and the workflow has started",
        },
        errors={
            "404": {"NotFound": "there is no such order."},
            "409": {
                "Conflict": "the order is neither `ESCALATED` nor `PARKED`, it is in the fulfillment queue already, or "
                "somebody else has just changed it."
            },
        },
        links={"202": {"GetOrder": {"OrderId": "$response.body#/OrderId"}}},
    ),
    "CloseOrder": Call(
        tag="Operators",
        summary="Close an order",
        description="Closes an order that is `ESCALATED` or `PARKED` and will not be corrected. The person who placed "
        "the order can read the note.",
        for_operators=True,
        answers={"200": "The closed order"},
        errors={
            "404": {"NotFound": "there is no such order."},
            "409": {"Conflict": "the order is neither `ESCALATED` nor `PARKED`, or somebody else has just changed it."},
        },
    ),
    "ListParked": Call(
        tag="Operators",
        summary="List parked messages",
        description="Lists the orders that the workflow could not settle. A message that was sent several times is "
        "listed once. The messages stay in the queue, but they are hidden from other readers until this request ends.",
        for_operators=True,
        answers={"200": "At most 100 messages, copies included"},
    ),
    "RemoveParked": Call(
        tag="Operators",
        summary="Remove a parked message",
        description="Removes a parked message that you have dealt with, and its copies.",
        for_operators=True,
        answers={"200": "The message is removed"},
        errors={
            "404": {
                "NotFound": "there is no such message, or another reader holds it at the moment. Try again in the "
                "second case."
            }
        },
    ),
    "ListDeadLetters": Call(
        tag="Operators",
        summary="Count the dead letters",
        description="Says how many messages of each queue were received five times and not processed.",
        for_operators=True,
        answers={"200": "The approximate number for each queue"},
    ),
    "RedriveDeadLetters": Call(
        tag="Operators",
        summary="Send dead letters back",
        description="Moves the dead letters of a queue back to the queue, so that they are processed once more.",
        for_operators=True,
        answers={"200": "What was moved"},
        errors={"404": {"NotFound": "the queue has no dead-letter queue."}},
    ),
    "CreateReminder": Call(
        tag="Reminders",
        summary="Schedule a reminder",
        description="Schedules a reminder to your own verified address or number, or to one that the stage lists. A "
        "reminder that could not be sent when it is due is refused now, and `details` says why.",
        answers={"202": "The reminder is scheduled"},
        errors={
            "403": {"Forbidden": "a channel is `topic`, and you are not an operator."},
            "409": {
                "Conflict": "you have used this `Idempotency-Key` for another request, or the reminder of the first "
                "request was never started and has failed."
            },
        },
        links={"202": {"GetReminder": {"reminderId": "$response.body#/reminderId"}}},
    ),
    "ListReminders": Call(
        tag="Reminders",
        summary="List reminders",
        description="Lists your own reminders. An operator can list all reminders with one status instead.",
        answers={"200": "A page of reminders"},
        errors={"403": {"Forbidden": "you asked for a `status` and are not an operator."}},
        links={"200": {"ListReminders": {"next": "$response.body#/next"}}},
    ),
    "GetReminder": Call(
        tag="Reminders",
        summary="Look up a reminder",
        description="Returns one of your own reminders; operators can look up every reminder.",
        answers={"200": "The reminder"},
        errors={"404": {"NotFound": "there is no such reminder, or it is somebody else's."}},
    ),
    "CancelReminder": Call(
        tag="Reminders",
        summary="Cancel a reminder",
        description="Cancels one of your own reminders and all its repetitions. A repeated reminder that is being sent "
        "at this moment is sent for the last time. You can still look up a cancelled reminder.",
        answers={"200": "The reminder, which will not be sent any more"},
        errors={
            "404": {"NotFound": "there is no such reminder, or it is somebody else's."},
            "409": {"Conflict": "the reminder is sent, being sent, or cancelled already."},
        },
    ),
}
"""By operation."""

SCHEMAS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Order": (
        "An order to place.",
        {
            "OrderId": "You choose it. It recognises the order if you send it again.",
            "Name": "Who ordered. It must contain a visible character and no card number.",
            "ItemName": "What was ordered. It must contain a visible character and no card number.",
            "Price": "Any number or text of at most 32 characters is accepted. An order is escalated unless its price "
            "is a decimal above zero, with at most 12 digits before the point and 4 after it. A price that looks like "
            "a card number is refused.",
            "CC": "The card number. Any text is accepted; an order is escalated unless the text has 16 digits.",
        },
    ),
    "AcceptedOrder": (
        "An order that the workflow has begun to check.",
        {"OrderId": "The id of the order.", "Status": "The workflow has not finished yet."},
    ),
    "OrderState": (
        "An order and what has become of it.",
        {
            "OrderId": "The id of the order.",
            "Name": "Who ordered.",
            "ItemName": "What was ordered.",
            "Price": "The price as text.",
            "Card": "What is stored of the card number.",
            "Status": "How far the order is.",
            "Reasons": "Why the order was escalated; empty if it was not.",
            "ReceivedAt": "When the order was placed.",
            "UpdatedAt": "When the order last changed.",
            "Note": "What an operator wrote when they closed the order.",
            "State": "If the order is `RECEIVED`: the workflow's state that it waits for.",
            "Queue": "If the order is `PARKED` but in a queue already: that queue.",
        },
    ),
    "OrderStatus": (
        "`RECEIVED`: the workflow has not finished. `FULFILLMENT_QUEUED`: the order is good. `ESCALATED`: an operator "
        "must decide. `PARKED`: the workflow failed, and an operator must look. `CLOSED`: an operator has closed it.",
        {},
    ),
    "Reason": (
        "`CARD_NOT_16_DIGITS`: the card number does not have exactly 16 digits. `CARD_CHECKSUM_WRONG`: its check digit "
        "is wrong. `PRICE_NOT_A_DECIMAL`: the price is not a decimal number. `PRICE_NOT_POSITIVE`: the price is not "
        "above zero.",
        {},
    ),
    "Card": ("What is stored of a card number.", {"Last4": "Its last four digits; empty if it was not a card number."}),
    "WorkflowState": ("A state of the workflow.", {}),
    "QueueName": ("A queue that downstream applications read.", {}),
    "OrderList": (
        "A page of orders.",
        {"orders": "The orders of this page.", "next": "Send it as `next` for the next page; null on the last page."},
    ),
    "Closing": (
        "Why an order is closed.",
        {"note": "A note for the person who placed the order. It must contain a visible character and no card number."},
    ),
    "ParkedList": (
        "Parked messages.",
        {"items": "The messages.", "left": "The approximate number of messages that are not listed."},
    ),
    "ParkedMessage": (
        "A message about an order that the workflow could not settle. A field is null if the message does not have it.",
        {
            "MessageId": "The id of the message, for `DELETE /parked/{MessageId}`.",
            "OrderId": "The id of the order.",
            "State": "The workflow's state that failed.",
            "Error": "The name of its error.",
            "ExecutionId": "The execution of the workflow that the message is about.",
            "Order": "The order, without its card number.",
            "Status": "The order's status now; null for an unknown order.",
            "ParkingId": "The same in all copies of a message.",
            "Queue": "The queue that the order is in already, although its status does not say so.",
            "Copies": "How often the queue has this message.",
        },
    ),
    "ParkedOrder": (
        "The order of a parked message, without its card number.",
        {
            "OrderId": "The id of the order.",
            "Name": "Who ordered.",
            "ItemName": "What was ordered.",
            "Price": "The price as text.",
        },
    ),
    "RemovedMessages": ("Removed messages.", {"removed": "How many messages were removed, copies included."}),
    "DeadLetters": ("The dead letters of all queues.", {"queues": "One entry for each queue."}),
    "DeadLetterQueue": (
        "The dead letters of one queue.",
        {"Queue": "The queue that the messages were sent to.", "Messages": "Their approximate number."},
    ),
    "RedrivenDeadLetters": (
        "What became of the dead letters of one queue.",
        {
            "moved": "How many messages were moved.",
            "failed": "How many could not be moved. Some of them may be in both queues.",
            "left": "The approximate number of messages that there was no time for.",
        },
    ),
    "Reminder": (
        "A reminder to schedule. It has either `waitSeconds` or `timestamp`.",
        {
            "message": "The text of the reminder. It must contain a visible character and no card number. As a text "
            "message it has at most 1,530 characters of the GSM alphabet, or 630 others.",
            "channels": "How the reminder is sent. Only operators may choose `topic`.",
            "preference": "How the reminder is sent, in one word. Use `channels` instead, which can name any of them.",
            "waitSeconds": "The reminder is due after this number of seconds: at most a year.",
            "timestamp": "The reminder is due at this time, which is in the future and at most 365 days ahead: with "
            "its offset (RFC 3339), or as a local time with `timeZone`.",
            "timeZone": "A name of the IANA time zone database. It is required with a local time.",
            "fold": "If clocks show the local time twice: 0 for the first time, 1 for the second.",
            "email": "Your own verified address, which is also the default, or an address that the stage lists.",
            "phone": "Your own verified number in E.164, which is also the default, or a number that the stage lists.",
            "subject": "The subject of the e-mail. It must contain a visible character and no card number.",
            "repeat": "Sends the reminder again and again.",
        },
    ),
    "Channel": (
        "`email`: an e-mail. `sms`: a text message. `topic`: to everybody who has subscribed to the topic.",
        {},
    ),
    "Preference": (
        "`email`: an e-mail. `sms`: a text message. `both`: an e-mail and a text message. `topic`: to everybody who "
        "has subscribed to the topic.",
        {},
    ),
    "Repeat": (
        "How a reminder repeats: for ever, `until` a time, or a number of `times`.",
        {
            "every": "A number and a unit: `m` for minutes (at least 5), `h` for hours, `d` for days, `w` for weeks, "
            "`M` for months or `y` for years. At most a year.",
            "until": "The last moment, written as in `timestamp`. It may not be before the first time.",
            "times": "How often the reminder is sent in all.",
        },
    ),
    "ReminderStatus": (
        "`SCHEDULED`: the reminder waits. `SENDING`: it is being sent. `SENT`: it was sent. `PARTLY_SENT`: some of "
        "several channels failed. `FAILED`: it was not sent. `CANCELLED`: it was cancelled before it was due.",
        {},
    ),
    "ScheduledReminder": (
        "A reminder that was just scheduled.",
        {
            "reminderId": "The id of the reminder.",
            "dueAt": "When the reminder is due, in UTC.",
            "dueAtLocal": "The same time in the reminder's time zone.",
            "timeZone": "The reminder's time zone.",
            "status": "How far the reminder is.",
            "channels": "How the reminder is sent.",
        },
    ),
    "ReminderState": (
        "A reminder and what has become of it.",
        {
            "reminderId": "The id of the reminder.",
            "dueAt": "When the reminder is due, or was due last, in UTC.",
            "dueAtLocal": "The same time in the reminder's time zone.",
            "timeZone": "The reminder's time zone.",
            "status": "How far the reminder is.",
            "message": "The text of the reminder.",
            "channels": "How the reminder is sent.",
            "preference": "How the reminder is sent, in one word. Only `channels` names the topic beside others.",
            "occurrence": "The number of the current repetition. The first is 1.",
            "updatedAt": "When the reminder last changed.",
            "email": "The recipient's address, mostly hidden.",
            "phone": "The recipient's number, mostly hidden.",
            "reason": "Why the reminder was not sent.",
            "repeat": "How the reminder repeats.",
        },
    ),
    "ReminderList": (
        "A page of reminders.",
        {
            "reminders": "The reminders of this page.",
            "next": "Send it as `next` for the next page; null on the last page.",
        },
    ),
    "ErrorAnswer": ("The body of every error.", {"error": "What went wrong."}),
    "ErrorBody": (
        "What went wrong.",
        {
            "code": "The kind of error, for programs. Each answer below lists its codes; new ones may be added.",
            "message": "A sentence for people. It may change.",
            "details": "One entry for each fault that belongs to a field.",
        },
    ),
    "ErrorDetail": (
        "What is wrong with one field.",
        {
            "field": "The name of the field, of the query parameter or of the header.",
            "problem": "A text for people that says what is wrong with it. It may change.",
            "code": "The kind of problem, for programs. New codes may be added.\n\n"
            + "\n".join(f"- `{code}`: {text}" for code, text in sorted(DETAILS.items())),
            "values": "The values that belong to the code. It has no others, and may have none.",
        },
    ),
    "DetailValues": (
        "The values of a detail's code.",
        {
            "after": "The local time that clocks show after they were put forward, as `YYYY-MM-DD HH:MM`.",
            "allowed": "All values that the field may have.",
            "before": "The local time at which clocks are put forward, as `YYYY-MM-DD HH:MM`.",
            "channel": "A channel that reminders are sent by.",
            "count": "A number of units, or of fields.",
            "days": "The largest number of days.",
            "fields": "The names of the fields that the problem is about, or of those that it has to do with.",
            "largest": "The largest value that is accepted.",
            "longest": "The largest number of characters that is accepted.",
            "longestInGsm": "The largest number of characters of a text message in the GSM alphabet.",
            "offsets": "Two UTC offsets such as `+02:00`, the earlier point in time first.",
            "rule": "A keyword of JSON schema.",
            "shortest": "The smallest number of characters that is accepted.",
            "size": "The number of characters that the text takes.",
            "smallest": "The smallest value that is accepted.",
            "types": "The types that are accepted, as JSON schema names them.",
            "unit": "A unit of an interval, as in `repeat.every`.",
            "zone": "A name in the IANA time zone database.",
        },
    ),
}
"""By name: what the schema describes, and each of its fields."""
