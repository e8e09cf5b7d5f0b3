"""The words of the OpenAPI documents: summaries, descriptions, parameters, headers and the codes of errors.

The calls, their requests and their answers come from the templates. `make openapi` fails if a call, a field or an error
has no words here. A test finds words that are no longer used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.jsontext import MAX_BODY_BYTES
from orders.order import LISTED, STATUSES
from orders.rules import REASONS
from orders.search_query import TEXT
from tools.openapi.rules import DAY_OR_TIME


@dataclass(frozen=True, kw_only=True)
class Api:
    """The description of an API and of its tags."""

    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Call:
    """The words of one operation.

    `errors` are codes that ERRORS does not contain, or that have another meaning in this operation. `links` are
    operations that use a value of the answer, by status and operation: each parameter with the place of its value.
    """

    tag: str
    summary: str
    description: str
    for_operators: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)


INTRODUCTION = f"""\

Send the ID token of a user of the user pool as `Authorization: Bearer …` with every request. Bodies are JSON in \
UTF-8 and have at most {MAX_BODY_BYTES:,} bytes. Send them as `Content-Type: application/json`, with or without \
`charset=utf-8`; any other type is answered with 415. Unknown paths and methods are answered with 404.

Every error has the same shape: `code` is for programs, `message` is a sentence for people and may change, and \
`details` names the faulty fields. No error repeats a value that you sent. If an answer has the header `Retry-After`, \
you can send the same request again after that number of seconds. Every answer has the id of its request in the \
header `X-Request-Id`, and an error also in `requestId`. Quote it if you report a problem. New fields may be added to \
answers and new codes to errors, so ignore those that you do not know."""

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
            "Orders": "Place orders, look them up, and correct those that were escalated or parked.",
            "Operators": "Close escalated and parked orders, and work on messages that could not be processed. The "
            "caller must be in the user pool's group `operators`.",
        },
    ),
    "Reminders": Api(
        description="""\
Schedule reminders by e-mail and text message, list, change and cancel them. A reminder is due after a number of \
seconds or at a time, within a year, and it may repeat. A request is refused if a text contains what looks like a card \
number.
"""
        + INTRODUCTION,
        tags={"Reminders": "Schedule, list, look up, change and cancel reminders."},
    ),
    "Account": Api(
        description="""\
Get a copy of everything that the stage keeps about you, and delete your account. Operators do the same for another \
person who asks them to.
"""
        + INTRODUCTION,
        tags={"Account": "Copy and delete your own data."},
    ),
}

# The text of each status; Python's own phrases change with its version.
ANSWERS = {
    "200": "OK",
    "202": "Accepted",
    "400": "Bad request; see `details`",
    "401": "Not signed in, or the token has expired",
    "403": "Forbidden",
    "404": "Not found",
    "409": "Conflict",
    "413": "The body is too large",
    "415": "The body is not sent as JSON in UTF-8",
    "429": "Too many requests",
    "500": "Internal error",
    "503": "A service is not available",
}

ERRORS: Mapping[str, Mapping[str, str]] = {
    "400": {
        "InvalidRequest": "a field, a query parameter or a header is invalid.",
        "InvalidJson": "the body is not JSON in UTF-8; `message` says where.",
    },
    "401": {"NotSignedIn": "the request has no valid ID token."},
    "403": {"ACCESS_DENIED": "API Gateway refused the request. The code is API Gateway's own, and there are others."},
    "404": {"NotFound": "the order or reminder does not exist, or it is not yours."},
    "409": {"Conflict": "the request conflicts with the current state."},
    "413": {"TooLarge": f"the body has more than {MAX_BODY_BYTES:,} bytes."},
    "415": {
        "UnsupportedMediaType": "the request's `Content-Type` is not `application/json` in UTF-8, or the request has a "
        "`Content-Encoding`."
    },
    "429": {"Throttled": "wait as long as `Retry-After` says, then send the request again."},
    "500": {"InternalError": "the API has logged an error. Sending the same request again will probably not help."},
    "503": {"Unavailable": "wait as long as `Retry-After` says, then send the same request again."},
}

LIMITS = {
    "TooManyToday": "you have set or changed as many reminders as a person may on one day in UTC. `Retry-After` says "
    "how many seconds are left of the day.",
    "TooManyWaiting": "as many of your reminders wait as a person may have at once. Cancel one, or wait until one is "
    "sent, and then as long as `Retry-After` says.",
}
"""The limits of a person."""

ONLY_OPERATORS = {"Forbidden": "the caller is not an operator."}

DETAILS: Mapping[str, str] = {
    "AtMostOneOf": "the object may have only one of `fields`.",
    "BeforeFirst": "the repetition ends before the reminder's first time.",
    "BeforeFrom": "the end of a period is before its beginning.",
    "BreaksRule": "the value breaks `rule`, a keyword of JSON schema that has no code of its own.",
    "BrokenCharacters": "the text contains U+FFFD or half of a surrogate pair. Its encoding is probably wrong.",
    "ControlCharacters": "the text contains control characters other than tabs and line breaks.",
    "DiffersFromChannels": "`preference` and `channels` name different channels.",
    "DiffersFromPath": "the id in the body differs from the id in the path.",
    "EmailNotVerified": "SES is in its sandbox, and the address is not verified in SES.",
    "EmailPaused": "sending e-mail is paused for the AWS account.",
    "Empty": "the text is empty, or the request has no field.",
    "ExactlyOneOf": "the request must have exactly one of `fields`.",
    "HappensTwice": "clocks in `zone` are put back and show this local time twice: first at the first of the two UTC "
    "`offsets`, then at the second.",
    "HasPassed": "the time has passed.",
    "IntervalTooLong": "the interval may be at most `count` times `unit`.",
    "IntervalTooShort": "the interval must be at least `count` times `unit`.",
    "LooksLikeCard": "the text contains what looks like a card number.",
    "MakesCardWith": "the text makes what looks like a card number together with `fields`.",
    "Missing": "the required field is missing.",
    "MoreUnknownFields": "the request has `count` more unknown fields than the details name.",
    "NeededForChannel": "`channel` needs an address, and neither the request nor your account has one.",
    "NeedsTimeZone": "a local time in `fields` needs a time zone.",
    "NoSuchTime": "the date or the time of day does not exist, such as 30 February.",
    "NotANext": "the text is not a `next` from an earlier answer.",
    "NotAKey": "the key was sent twice, or does not have 1 to `longest` visible ASCII characters.",
    "NotATime": "the text is not a time in one of the forms that the field accepts.",
    "NotChannels": "the list is empty, or has a channel twice, or one that is not in `allowed`.",
    "NotAnEmailAddress": "the text is not exactly one e-mail address.",
    "NotAnInterval": "the text is not a number and a unit, such as `1d`.",
    "NotAnOrderId": "the text is not a valid order id of at most `longest` characters.",
    "NotAPhoneNumber": "the text is not a phone number with its country code.",
    "NothingVisible": "the text contains no character that people can see.",
    "NotOneLine": "the text contains line breaks or other control characters.",
    "NotWholeNumber": "the value is not a whole number from `smallest` to `largest`.",
    "NotYourAddress": "the address is not your verified one, and the stage does not list it.",
    "OnlyForLocalTime": "the field is only for local times.",
    "OnlyForOwn": "the parameter is only for a list of your own orders.",
    "OptedOut": "the owner of the number has opted out of text messages.",
    "PhoneNotVerified": "SNS is in its SMS sandbox, and the number is not verified there.",
    "SenderNotVerified": "the sender's address is not verified in SES.",
    "SkippedByClocks": "clocks in `zone` are put forward from the local time `before` to `after` and never show this "
    "time.",
    "TooBig": "the number may be at most `largest`.",
    "TooFarAhead": "the time is more than `days` days ahead.",
    "TooLong": "the text may have at most `longest` characters.",
    "TooLongForSms": "the text takes `size` characters in a text message, and the limit for them is `longest`. It "
    "would be `longestInGsm` if all characters were in the GSM alphabet.",
    "TooManyDigits": "the number has more than `longest` characters if written without an exponent.",
    "TooShort": "the text must have at least `shortest` characters.",
    "TooSmall": "the number must be at least `smallest`.",
    "UnknownField": (
        "the field is unknown. Each digit in its name is shown as `#`. If the name has a blank or an `@`, so is each"
        " letter."
    ),
    "UnknownTimeZone": "the text is not a name in the IANA time zone database.",
    "UnknownValue": "the value is not one of `allowed`.",
    "WrongType": "the value has the wrong type. `types` are the right ones, as JSON schema names them.",
}
"""The meaning of each code of a detail. Names in backquotes are the names of its values, or of fields."""

REMEDIES: Mapping[str, str] = {
    "AtMostOneOf": "Send only one of `fields`.",
    "BeforeFirst": "End the repetition at the first time or later, or leave out `repeat`.",
    "BeforeFrom": "Send an end that is not before the beginning, or leave out one of the two.",
    "BreaksRule": "Look up `rule` of this field in [docs/openapi](openapi).",
    "BrokenCharacters": "Read the text with its own encoding, then send it as UTF-8.",
    "ControlCharacters": "Remove the control characters.",
    "DiffersFromChannels": "Send only one of the two fields.",
    "DiffersFromPath": "Send the id of the path in the body, too.",
    "EmailNotVerified": "Verify the address in the SES console, or request production access there.",
    "EmailPaused": "Read the reason in the SES console. Until then, use another channel.",
    "Empty": "Send a text, or leave out the field if it is optional. A change needs at least one field.",
    "ExactlyOneOf": "Send exactly one of `fields`.",
    "HappensTwice": "Send one of the `offsets` with the time. For `timestamp`, you can also send `fold`: 0 for the "
    "first, 1 for the second.",
    "HasPassed": "Send a later time.",
    "IntervalTooLong": "Send a shorter interval.",
    "IntervalTooShort": "Send a longer interval.",
    "LooksLikeCard": "Write a card number only into `CC`, and shorten other long numbers.",
    "MakesCardWith": "Shorten the number in one of the texts.",
    "Missing": "Send the field.",
    "MoreUnknownFields": "Remove all fields that [docs/openapi](openapi) does not list.",
    "NeededForChannel": "Send the address, or verify one of your own. Or leave out `channel`.",
    "NeedsTimeZone": "Send `timeZone`, or add an offset to each time.",
    "NoSuchTime": "Send a date and a time that exist.",
    "NotANext": "Send `next` exactly as you got it, to the same list. Leave it out to begin at the first page.",
    "NotAKey": "Send the header once, for example with a UUID.",
    "NotATime": "Send a time such as `2027-01-27T09:00:00Z`, or a local time such as `2027-01-27 09:00` together with "
    "`timeZone`.",
    "NotChannels": "Send one or more channels of `allowed`, each once.",
    "NotAnEmailAddress": "Send one address, such as `ada@example.com`.",
    "NotAnInterval": "Send a number and one of the units `m`, `h`, `d`, `w`, `M` (months) and `y`.",
    "NotAnOrderId": "Use letters, digits, dots, dashes and underscores. Begin with a letter or a digit.",
    "NotAPhoneNumber": "Send the number with its country code, such as `+15555550100`.",
    "NothingVisible": "Send a text that people can see.",
    "NotOneLine": "Send a single line.",
    "NotWholeNumber": "Send a whole number in these limits.",
    "NotYourAddress": "Verify the address in your account, or ask an administrator to list it in the stage.",
    "OnlyForLocalTime": "Leave out the field, or send the time without an offset.",
    "OnlyForOwn": "Add `owner=me`, or leave out the parameter.",
    "OptedOut": "If the owner agrees, opt the number in again in the SNS console, at most once in 30 days.",
    "PhoneNotVerified": "Verify the number in the SNS console, or ask there to leave the sandbox.",
    "SenderNotVerified": "The owner of the sender's address must open the link that SES mailed there.",
    "SkippedByClocks": "Send another time, such as `after`.",
    "TooBig": "Send a smaller number.",
    "TooFarAhead": "Send an earlier time.",
    "TooLong": "Shorten the text.",
    "TooLongForSms": "Shorten the text, or use another channel.",
    "TooManyDigits": "Round the number.",
    "TooShort": "Send a longer text.",
    "TooSmall": "Send a larger number.",
    "UnknownField": "Remove the field, or correct its name.",
    "UnknownTimeZone": "Send a name such as `Europe/Paris`.",
    "UnknownValue": "Send a value of `allowed`.",
    "WrongType": "Send the value with one of `types`: a number without quotation marks, for example.",
}
"""What to do about each code of a detail. Names in backquotes are the names of its values, or of fields."""

HEADERS: Mapping[str, Mapping[str, Any]] = {
    "Access-Control-Allow-Origin": {
        "description": "The web origin whose pages may read this answer, or `*` for all.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The address of the new order or reminder. It is relative to the address of this request.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "Send the request again after this number of seconds.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-Request-Id": {
        "description": "The id of this request. Quote it if you report a problem.",
        "schema": {"type": "string", "format": "uuid"},
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
    "description": "The id of the reminder, from the answer to its creation.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    "example": "0b9f7c52-6a3e-4a51-9f0e-3c8d1b2a4e5f",
}
_KEY: Mapping[str, Any] = {
    "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    "example": "3f1c9a52-7d0b-4c53-9f3c-3d1f6c0f5b7e",
}
_NEXT: Mapping[str, Any] = {
    "description": "The value of `next` in the page before, unchanged. Leave it out for the first page.",
    "schema": {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+={0,2}$"},
}

_EMAIL: Mapping[str, Any] = {
    "description": "For operators: the e-mail address of another person.",
    "schema": {"type": "string", "format": "email", "maxLength": 128},
    "example": "ada@example.com",
}
_ACCOUNT_ID: Mapping[str, Any] = {
    "description": "For operators: the id of another person's account, from a receipt or a copy of their data. It also "
    "finds what a deleted account has left behind. Send only one of `email` and `id`.",
    "schema": {"type": "string", "format": "uuid"},
    "example": "6f1c2d3e-0000-4000-8000-00000000000a",
}


def _limit(default: int) -> Mapping[str, Any]:
    return {
        "description": "The largest number of entries in the page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": default},
        "example": default,
    }


PARAMETERS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("GetOrder", "OrderId"): _ORDER_ID,
    ("CorrectOrder", "OrderId"): {**_ORDER_ID, "description": "The id of the order. The body must have the same one."},
    ("CloseOrder", "OrderId"): _ORDER_ID,
    ("GetContact", "OrderId"): _ORDER_ID,
    ("ListOrders", "owner"): {
        "description": "`me`: your own orders. It makes a difference only with `status`.",
        "schema": {"type": "string", "enum": ["me"]},
        "example": "me",
    },
    ("ListOrders", "status"): {
        "description": "With `owner=me`: your orders with this status. Without it, for operators: all people's orders "
        f"with this status, last changed first. That list has only {' and '.join(f'`{one}`' for one in LISTED)}.",
        "schema": {"type": "string", "enum": [*STATUSES]},
        "example": "ESCALATED",
    },
    ("ListOrders", "text"): {
        "description": "Your orders with this text in `OrderId`, `Name` or `ItemName`, in upper or lower case. It must "
        "contain a visible character and no card number.",
        "schema": TEXT,
        "example": "lamp",
    },
    ("ListOrders", "from"): {
        "description": "Your orders that were received on this day (UTC) or at this time, or later.",
        "schema": {"type": "string", "pattern": f"^({DAY_OR_TIME})$"},
        "example": "2026-11-01",
    },
    ("ListOrders", "to"): {
        "description": "Your orders that were received on this day (UTC) or at this time, or earlier. It must not be "
        "before `from`.",
        "schema": {"type": "string", "pattern": f"^({DAY_OR_TIME})$"},
        "example": "2026-11-30T12:00:00Z",
    },
    ("ListOrders", "corrected"): {
        "description": "For operators: the orders that you corrected, last corrected first, with their current status. "
        "An order that somebody else has corrected since is left out. Send none of the filters with it.",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
    ("ListOrders", "limit"): _limit(20),
    ("ListOrders", "next"): _NEXT,
    ("GetAccount", "email"): _EMAIL,
    ("GetAccount", "id"): _ACCOUNT_ID,
    ("GetAccount", "next"): {
        "description": "The value of `next` in the part before, unchanged. Leave it out for the first part.",
        "schema": {"type": "string", "minLength": 1, "pattern": "^(orders|reminders)[.][A-Za-z0-9_-]+={0,2}$"},
    },
    ("DeleteAccount", "email"): _EMAIL,
    ("DeleteAccount", "id"): _ACCOUNT_ID,
    ("RemoveParked", "MessageId"): {
        "description": "The `MessageId` of a parked message, from `GET /parked`.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 100},
        "example": "5fea7756-0ea4-451a-a703-a558b933e274",
    },
    ("RedriveDeadLetters", "Queue"): {
        "description": "The queue that the messages go back to.",
        "schema": {"$ref": "#/components/schemas/QueueName"},
        "example": "OrderFulfillmentQueue",
    },
    ("CreateReminder", "Idempotency-Key"): {
        **_KEY,
        "description": "Any text of 1 to 128 visible ASCII characters, such as a UUID. If you send the same request "
        "again with the same key, you get the first answer again and no second reminder.",
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
    ("UpdateReminder", "reminderId"): _REMINDER_ID,
    ("UpdateReminder", "Idempotency-Key"): {
        **_KEY,
        "description": "Any text of 1 to 128 visible ASCII characters, such as a UUID. If you send the same change "
        "again with the same key, and no other change came between, nothing changes again: a reminder is not sent "
        "twice.",
    },
    ("CancelReminder", "reminderId"): _REMINDER_ID,
}
"""By operation and name."""

CALLS: Mapping[str, Call] = {
    "PlaceOrder": Call(
        tag="Orders",
        summary="Place an order",
        description="Starts the workflow that checks the order. If you send the same order again, it is not placed "
        "twice; the answer is its current state.",
        answers={
            "200": "You have sent this order before. This is its current state",
            "202": "The order is accepted, and the workflow has started",
        },
        errors={"409": {"Conflict": "another order has this `OrderId`. That order does not change."}},
        links={"202": {"GetOrder": {"OrderId": "$response.body#/OrderId"}}},
    ),
    "ListOrders": Call(
        tag="Orders",
        summary="List orders",
        description="Lists your own orders, last received first. With `status` or `text` each page looks at 500 orders "
        "at most. So it may be short, or empty, although `next` leads to another page. An operator can list all orders "
        "with one status instead. That list leaves out orders whose status has just changed, so a page may be short.",
        answers={"200": "A page of orders"},
        errors={
            "403": {"Forbidden": "you asked for `corrected`, or `status` without `owner=me`, and are not an operator."}
        },
        links={"200": {"ListOrders": {"next": "$response.body#/next"}}},
    ),
    "GetOrder": Call(
        tag="Orders",
        summary="Look up an order",
        description="Returns one of your own orders; operators can look up every order. A finished order may come from "
        "a cache.",
        answers={"200": "The order"},
        errors={"404": {"NotFound": "the order does not exist, or another person placed it."}},
    ),
    "CorrectOrder": Call(
        tag="Orders",
        summary="Correct an order",
        description="Sends an order that is `ESCALATED` or `PARKED` through the workflow once more, with the corrected "
        "fields. You can correct your own orders; operators can correct every order. The body is the whole order with "
        "its card number, because the card number is not stored. The order keeps its owner.",
        answers={
            "200": "You have sent this correction before. This is the order's current state",
            "202": "The correction is accepted, and the workflow has started",
        },
        errors={
            "404": {"NotFound": "the order does not exist, or another person placed it."},
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
        description="Closes an order that is `ESCALATED` or `PARKED` and will not be corrected. The order's owner can "
        "read the note.",
        for_operators=True,
        answers={"200": "The closed order"},
        errors={
            "404": {"NotFound": "the order does not exist."},
            "409": {"Conflict": "the order is neither `ESCALATED` nor `PARKED`, or somebody else has just changed it."},
        },
    ),
    "GetContact": Call(
        tag="Operators",
        summary="Look up whom to ask about an order",
        description="Returns the verified e-mail address of the order's owner, for questions about the order. The API "
        "does not log it.",
        for_operators=True,
        answers={"200": "The owner's address"},
        errors={
            "404": {
                "NotFound": "the order does not exist, somebody started it by hand, or its owner has no account or no "
                "verified address."
            }
        },
    ),
    "ListParked": Call(
        tag="Operators",
        summary="List parked messages",
        description="Lists messages about orders that the workflow parked. Copies of a message are listed "
        "once. The messages stay in the queue, but they are hidden from other readers until this request ends.",
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
                "NotFound": "the message does not exist, or another reader holds it at the moment. Try again in the "
                "second case."
            }
        },
    ),
    "ListDeadLetters": Call(
        tag="Operators",
        summary="Count the dead letters",
        description="Counts, for each queue, the messages that were received five times but not processed.",
        for_operators=True,
        answers={"200": "The approximate number for each queue"},
    ),
    "RedriveDeadLetters": Call(
        tag="Operators",
        summary="Send dead letters back",
        description="Moves the dead letters of a queue back to the queue, so that they are processed once more.",
        for_operators=True,
        answers={"200": "How many messages were moved"},
        errors={"404": {"NotFound": "the queue has no dead-letter queue."}},
    ),
    "CreateReminder": Call(
        tag="Reminders",
        summary="Schedule a reminder",
        description="Schedules a reminder to your own verified address or number, or to one that the stage lists. If "
        "the reminder could not be sent when it is due, it is refused now, and `details` says why.",
        answers={"202": "The reminder is scheduled"},
        errors={
            "403": {"Forbidden": "a channel is `topic`, and you are not an operator."},
            "409": {
                "Conflict": "you have used this `Idempotency-Key` for another request, or the reminder of the first "
                "request was never started and has failed."
            },
            "429": LIMITS,
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
        errors={"404": {"NotFound": "the reminder does not exist, or another person set it."}},
    ),
    "UpdateReminder": Call(
        tag="Reminders",
        summary="Change, snooze or send a reminder",
        description="Changes one of your own reminders. A reminder that waits takes every field. A reminder that was "
        "sent or has failed takes only a new time or `sendNow`, and is sent again. A new time moves only this "
        "occurrence of a repeated reminder; the later ones stay where they are. A new `repeat` is counted from this "
        "reminder's time. The rules for texts, times and addresses are the same as for a new reminder.",
        answers={"200": "The changed reminder"},
        errors={
            "403": {"Forbidden": "a channel is `topic`, and you are not an operator."},
            "404": {"NotFound": "the reminder does not exist, or another person set it."},
            "409": {
                "Conflict": "the reminder is being sent, was cancelled, or was changed a moment ago. Or it was sent or "
                "has failed, and the change is more than a new time. Or its addresses are no longer known."
            },
            "429": LIMITS,
        },
    ),
    "CancelReminder": Call(
        tag="Reminders",
        summary="Cancel a reminder",
        description="Cancels one of your own reminders and all its repetitions. If a repeated reminder is being sent "
        "at this moment, this is the last time. You can still look up a cancelled reminder.",
        answers={"200": "The reminder. It is cancelled, or it will not repeat any more"},
        errors={
            "404": {"NotFound": "the reminder does not exist, or another person set it."},
            "409": {"Conflict": "the reminder was sent, is being sent, has failed, or was cancelled before."},
        },
    ),
    "GetAccount": Call(
        tag="Account",
        summary="Get a copy of one's data",
        description="Returns everything that the stage keeps about you, in parts. A part has at most 100 orders and "
        "100 reminders. Join the lists of all parts to one document. Operators can name another person.",
        answers={"200": "A part of the data"},
        errors={
            "403": {"Forbidden": "you named a person and are not an operator."},
            "404": {"NotFound": "no account has this address or id."},
        },
        links={"200": {"GetAccount": {"next": "$response.body#/next"}}},
    ),
    "DeleteAccount": Call(
        tag="Account",
        summary="Delete an account",
        description="Deletes your account with your orders and reminders. You must have signed in within the last 15 "
        "minutes. A call works for some seconds. If `complete` is false, send the request again until it is true; if "
        "something `waits`, wait a minute first. Nothing is lost if a call fails. Operators can name another person.",
        answers={"200": "What this call has removed, what waits, and what stays"},
        errors={
            "403": {
                "Forbidden": "you named a person and are not an operator.",
                "SignInAgain": "you signed in more than 15 minutes ago. Sign in with your password, not with a "
                "refresh token.",
            },
            "404": {"NotFound": "no account has this address or id."},
            "409": {"Conflict": "the account belongs to another operator."},
        },
    ),
}
"""By operation."""

SCHEMAS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Order": (
        "An order to place.",
        {
            "OrderId": "The id of the order. You choose it. If you send the order again, the API recognises it by its "
            "id.",
            "Name": "The customer's name. It must contain a visible character and no card number.",
            "ItemName": "The name of the item. It must contain a visible character and no card number.",
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
        "An order and its state.",
        {
            "OrderId": "The id of the order.",
            "Name": "The customer's name.",
            "ItemName": "The name of the item.",
            "Price": "The price as text.",
            "Card": "The stored part of the card number.",
            "Status": "The order's status.",
            "Reasons": "Why the order was escalated; empty if it was not.",
            "ReceivedAt": "When the order was placed.",
            "UpdatedAt": "When the order last changed.",
            "Note": "The note of the operator who closed the order.",
            "State": "The workflow's first state until an execution has begun, then the second one. Only a `RECEIVED` "
            "order has it.",
            "Queue": "The queue that a `PARKED` order is in already.",
            "CorrectedAt": "When the order was last corrected. Only a corrected order has it.",
            "CorrectedBy": "Who has corrected the order last. Only a corrected order has it.",
        },
    ),
    "OrderStatus": (
        "`RECEIVED`: the workflow has not finished. `FULFILLMENT_QUEUED`: the order is good. `ESCALATED`: the order's "
        "owner must correct it, or an operator must decide. `PARKED`: the workflow failed, and an operator must handle "
        "the order. `CLOSED`: an operator has closed it.",
        {},
    ),
    "Corrector": ("`owner`: the person who placed the order. `operator`: an operator.", {}),
    "Reason": (" ".join(f"`{reason}`: {sentence}" for reason, sentence in REASONS.items()), {}),
    "Card": (
        "The stored part of a card number.",
        {"Last4": "The last four digits. Empty if `CC` was not a card number."},
    ),
    "WorkflowState": ("A state of the workflow.", {}),
    "QueueName": ("A queue that downstream applications read.", {}),
    "OrderList": (
        "A page of orders.",
        {"orders": "The orders of this page.", "next": "Send it as `next` for the next page; null on the last page."},
    ),
    "Closing": (
        "The reason for closing an order.",
        {"note": "A note for the order's owner. It must contain a visible character and no card number."},
    ),
    "Contact": ("Whom to ask about an order.", {"Email": "The verified e-mail address of the order's owner."}),
    "ParkedList": (
        "Parked messages.",
        {"items": "The messages.", "left": "The approximate number of messages that are not listed."},
    ),
    "ParkedMessage": (
        "A message about a parked order. A field is null if the message does not have it.",
        {
            "MessageId": "The id of the message, for `DELETE /parked/{MessageId}`.",
            "OrderId": "The id of the order.",
            "State": "The workflow's state that failed.",
            "Error": "The name of the error.",
            "ExecutionId": "The execution that failed.",
            "Order": "The order, without its card number.",
            "Status": "The order's status now; null for an unknown order.",
            "ParkingId": "An id that all copies of a message share.",
            "Queue": "The queue that the order is in already. Only its status was not updated.",
            "Copies": "The number of copies of this message in the queue.",
        },
    ),
    "ParkedOrder": (
        "The order of a parked message, without its card number.",
        {
            "OrderId": "The id of the order.",
            "Name": "The customer's name.",
            "ItemName": "The name of the item.",
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
        "The result of moving the dead letters of one queue.",
        {
            "moved": "How many messages were moved.",
            "failed": "How many messages could not be moved. Some of them may be in both queues.",
            "left": "The approximate number of messages that there was no time for, or that another reader hides.",
        },
    ),
    "Reminder": (
        "A reminder to schedule. It has either `channels` or `preference`, and either `waitSeconds` or `timestamp`.",
        {
            "message": "The text of the reminder. It must contain a visible character and no card number. A text "
            "message has at most 1,530 characters if all are in the GSM alphabet, and otherwise 630.",
            "channels": "How the reminder is sent. Only operators may choose `topic`.",
            "preference": "How the reminder is sent, in one word. Prefer `channels`, which can name any combination.",
            "waitSeconds": "The reminder is due after this number of seconds, at most a year.",
            "timestamp": "The reminder is due at this time, at most 365 days ahead. Write it with its offset "
            "(RFC 3339), or as a local time with `timeZone`.",
            "timeZone": "A name of the IANA time zone database. It is required with a local time.",
            "fold": "Needed if clocks show the local time twice: 0 for the first time, 1 for the second.",
            "email": "Your own verified address, which is also the default, or an address that the stage lists.",
            "phone": "Your own verified number in E.164, which is also the default, or a number that the stage lists.",
            "subject": "The subject of the e-mail. It must contain a visible character and no card number.",
            "repeat": "How the reminder repeats. Without it, the reminder is sent once.",
        },
    ),
    "ReminderChange": (
        "A change of a reminder. It needs at least one field. What it leaves out does not change.",
        {
            "message": "The new text, as in a new reminder.",
            "channels": "How the reminder is sent from now on.",
            "preference": "How the reminder is sent from now on, in one word. Prefer `channels`.",
            "waitSeconds": "The reminder is due after this number of seconds from now, at most a year.",
            "timestamp": "The reminder is due at this time, written as in a new reminder.",
            "sendNow": "`true` sends the reminder now. It takes the place of a time.",
            "timeZone": "A name of the IANA time zone database. It is required with a local time. A repeated reminder "
            "keeps its own time zone, unless the change has a new `repeat`.",
            "fold": "Needed if clocks show the local time twice: 0 for the first time, 1 for the second.",
            "email": "Your own verified address, or an address that the stage lists.",
            "phone": "Your own verified number in E.164, or a number that the stage lists.",
            "subject": "The new subject of the e-mail. null means the default subject.",
            "repeat": "How the reminder repeats from now on, counted from its time and again from occurrence 1. null "
            "ends the repetition after this occurrence.",
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
    "Feedback": (
        "What SES and SNS reported about messages that they had accepted.",
        {
            "email": "About a mail.",
            "sms": "About a text message.",
        },
    ),
    "Report": (
        "What was reported about a message.",
        {
            "kind": "`UNDELIVERED`: it did not arrive. `REJECTED`: SES found something dangerous in it. `BOUNCED`: the "
            "address accepts no mail. `COMPLAINED`: the recipient marked it as spam.",
            "at": "When the report came.",
            "occurrence": "The number of the occurrence that the message was for.",
        },
    ),
    "Repeat": (
        "How a reminder repeats: for ever, `until` a time, or a number of `times`.",
        {
            "every": "A number and a unit: `m` for minutes (at least 5), `h` for hours, `d` for days, `w` for weeks, "
            "`M` for months or `y` for years. At most a year.",
            "until": "The end of the repetition, written as in `timestamp`. It must not be before the first time.",
            "times": "The number of times that the reminder is sent in all.",
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
            "status": "The reminder's status.",
            "channels": "How the reminder is sent.",
        },
    ),
    "ReminderState": (
        "A reminder and its state.",
        {
            "reminderId": "The id of the reminder.",
            "dueAt": "When the reminder is due, or was due last, in UTC.",
            "dueAtLocal": "The same time in the reminder's time zone.",
            "timeZone": "The reminder's time zone.",
            "status": "The reminder's status.",
            "message": "The text of the reminder.",
            "channels": "How the reminder is sent.",
            "preference": "How the reminder is sent, in one word. It leaves out the topic if there are other channels.",
            "occurrence": "The number of the current occurrence. The first is 1.",
            "updatedAt": "When the reminder last changed.",
            "subject": "The subject of the e-mail. It is missing in reminders of earlier versions.",
            "email": "The recipient's address, mostly hidden.",
            "phone": "The recipient's number, mostly hidden.",
            "reason": "Why the reminder was not sent, not sent by all channels, or stopped.",
            "feedback": "What became of messages after they were sent. Missing if nothing was reported.",
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
    "AccountData": (
        "A part of the copy of a person's data.",
        {
            "format": "The version of this document. Another number means other fields.",
            "madeAt": "When this part was made.",
            "account": "The account; null if it is deleted.",
            "orders": "The rows of the orders, with the attributes of OrderTable. Attributes that say nothing about "
            "the person are left out.",
            "reminders": "The rows of the reminders, with the attributes of ReminderTable. `Request` has the request "
            "with its addresses while the reminder waits.",
            "messages": "Messages in queues of operators. Only the last part has them.",
            "elsewhere": "What is not in this copy, and why.",
            "next": "Send it as `next` for the next part; null in the last part.",
        },
    ),
    "AccountRecord": (
        "An account in the user pool, without its password.",
        {
            "id": "The id of the account.",
            "attributes": "The addresses, and whether they are verified.",
            "groups": "The groups, such as `operators`.",
            "status": "The state of the sign-up, in Cognito's words.",
            "isEnabled": "Whether the person may sign in.",
            "secondFactors": "What the sign-in asks for after the password.",
            "createdAt": "When the account was created.",
            "updatedAt": "When the account last changed.",
        },
    ),
    "HeldMessage": (
        "A message about one of the person's orders or reminders.",
        {"queue": "The queue that holds it.", "body": "The message."},
    ),
    "Elsewhere": (
        "Data that this API does not reach.",
        {
            "store": "The place.",
            "what": "What it holds.",
            "why": "Why it stays there.",
            "until": "How long it stays.",
        },
    ),
    "DeletionReceipt": (
        "What one call of a deletion has done.",
        {
            "format": "The version of this document. Another number means other fields.",
            "id": "The id of the account.",
            "at": "When the call began.",
            "complete": "Whether nothing is left to remove. If it is false, send the request again.",
            "removed": "What this call has removed. Add up the counts of all calls.",
            "waits": "What cannot be removed yet. Send the request again in a minute.",
            "stays": "What stays, and why.",
        },
    ),
    "StoreCount": (
        "A number of things in one place.",
        {"store": "The place.", "what": "What it held.", "count": "How many."},
    ),
    "ErrorAnswer": ("The body of every error.", {"error": "What went wrong."}),
    "ErrorBody": (
        "What went wrong.",
        {
            "code": "The kind of error, for programs. Each answer below lists its codes; new ones may be added.",
            "message": "A sentence for people. It may change.",
            "details": "One entry for each problem of a field.",
            "requestId": "The id of this request, as in the header `X-Request-Id`. Quote it if you report a problem.",
        },
    ),
    "ErrorDetail": (
        "What is wrong with one field.",
        {
            "field": "The name of the field, of the query parameter or of the header.",
            "problem": "What is wrong, as a text for people that follows the field's name. It may change.",
            "code": "The kind of problem, for programs. New codes may be added.\n\n"
            + "\n".join(f"- `{code}`: {text}" for code, text in sorted(DETAILS.items())),
            "values": "The values that belong to the code. It may be empty.",
        },
    ),
    "DetailValues": (
        "The values of a detail's code.",
        {
            "after": "The local time that clocks show after they were put forward, as `YYYY-MM-DD HH:MM`.",
            "allowed": "All values that the field may have.",
            "before": "The local time at which clocks are put forward, as `YYYY-MM-DD HH:MM`.",
            "channel": "A channel of reminders.",
            "count": "A number of units, or of fields.",
            "days": "The largest number of days.",
            "fields": "The names of the fields that the problem involves.",
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
"""By name: the description of the schema, and of each of its fields."""
