"""The codes of an error's details, each with its values and its sentence. Pure.

Programs read the code and the values. People read the sentence, which may change at any time. A published code is never
removed, and keeps its meaning and its values. docs/errors.md describes each code.

See decision D059.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypedDict

Value: TypeAlias = str | int | Sequence[str | int]
"""A limit, a name or a time that helps the caller. It is never a part of the request, which may be a card number."""


class Detail(TypedDict):
    """One problem of one field, as error.schema.json describes it. `problem` continues a sentence after the field."""

    field: str
    problem: str
    code: str
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Problem:
    """One problem, without the field that has it."""

    code: str
    values: Mapping[str, Value]
    sentence: str

    def of(self, field: str) -> Detail:
        return {"field": field, "problem": self.sentence, "code": self.code, "values": self.values}


@dataclass(frozen=True)
class Code:
    """A kind of problem. `TOO_LONG(longest=32)` is a problem of this kind.

    `values` are the names of its values. The sentence may contain them in braces, as in `str.format`. It must read well
    after the name of a field, and after "This".
    """

    name: str
    sentence: str
    values: tuple[str, ...] = ()

    def __call__(self, **values: Value) -> Problem:
        if values.keys() != set(self.values):
            raise TypeError(f"{self.name} takes the values {self.values}, and got {tuple(values)}")
        shown = {name: _shown(value, name) for name, value in values.items()}
        in_json = {name: value if isinstance(value, str | int) else list(value) for name, value in values.items()}
        return Problem(self.name, in_json, self.sentence.format(**shown))

    def saying(self, sentence: str) -> "Code":
        """Returns the same code with a sentence that gives better advice for one field."""
        return replace(self, sentence=sentence)


class _Either(tuple[str, ...]):
    """A list that a sentence shows as `a, b or c`. `{fields[1]}` shows one of its items."""

    def __str__(self) -> str:
        return " or ".join(filter(None, (", ".join(self[:-1]), self[-1])))


_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "array": "a list",
    "boolean": "true or false",
    "null": "null",
}
"""How sentences name the types of JSON schema."""


def _shown(value: Value, name: str) -> str | int | _Either:
    if isinstance(value, str | int):
        return value
    return _Either(_TYPES[str(one)] if name == "types" else str(one) for one in value)


_WITHOUT_CARD = "leave it out, or write only its last four digits"

MISSING = Code("Missing", "is missing")
UNKNOWN_FIELD = Code("UnknownField", "is not a field of this request")
MORE_UNKNOWN_FIELDS = Code("MoreUnknownFields", "has {count} more unknown fields", ("count",))
EXACTLY_ONE_OF = Code("ExactlyOneOf", "is an alternative to {fields[1]}: send exactly one of the two", ("fields",))
AT_MOST_ONE_OF = Code("AtMostOneOf", "may have {fields}, but not both", ("fields",))
EITHER_OF = AT_MOST_ONE_OF.saying("is an alternative to {fields[1]}: send only one of the two")

WRONG_TYPE = Code("WrongType", "must be {types}", ("types",))
UNKNOWN_VALUE = Code("UnknownValue", "must be {allowed}", ("allowed",))
NOT_WHOLE_NUMBER = Code(
    "NotWholeNumber", "must be a whole number from {smallest} to {largest}", ("smallest", "largest")
)
TOO_SMALL = Code("TooSmall", "must be at least {smallest}", ("smallest",))
TOO_BIG = Code("TooBig", "must be at most {largest}", ("largest",))
EMPTY = Code("Empty", "must not be empty")
TOO_SHORT = Code("TooShort", "must have at least {shortest} characters", ("shortest",))
TOO_LONG = Code("TooLong", "may have at most {longest} characters", ("longest",))
BREAKS_RULE = Code("BreaksRule", "breaks the rule {rule}", ("rule",))

BROKEN_CHARACTERS = Code("BrokenCharacters", "contains broken characters: check the encoding of the text")
NOTHING_VISIBLE = Code("NothingVisible", "must contain visible text")
NOT_ONE_LINE = Code("NotOneLine", "must be on one line, without control characters")
CONTROL_CHARACTERS = Code("ControlCharacters", "must not contain control characters other than tabs and line breaks")
LOOKS_LIKE_CARD = Code("LooksLikeCard", f"looks like a card number: {_WITHOUT_CARD}")
CARD_OUTSIDE_CC = LOOKS_LIKE_CARD.saying("looks like a card number, which belongs only in CC")
MAKES_CARD_WITH = Code(
    "MakesCardWith", f"makes a card number together with the {{fields}}: {_WITHOUT_CARD}", ("fields",)
)

NOT_AN_ORDER_ID = Code(
    "NotAnOrderId",
    "must have 1 to {longest} letters, digits, dots, dashes or underscores, and begin with a letter or a digit",
    ("longest",),
)
DIFFERS_FROM_PATH = Code("DiffersFromPath", "must be the id in the path")
TOO_MANY_DIGITS = Code("TooManyDigits", "has too many digits: it may have at most {longest} characters", ("longest",))
NOT_A_NEXT = Code("NotANext", "must be a `next` from an earlier answer")
NOT_A_KEY = Code("NotAKey", "must be sent once, with 1 to {longest} visible ASCII characters", ("longest",))

NOT_A_TIME = Code(
    "NotATime",
    "must be a time with its offset, such as 2027-01-27T09:00:00Z or 2027-01-27T09:00:00+01:00,"
    " or a local time such as 2027-01-27 09:00 together with timeZone",
)
NO_SUCH_TIME = Code("NoSuchTime", "is not a valid date and time")
SKIPPED_BY_CLOCKS = Code(
    "SkippedByClocks", "does not exist in {zone}: clocks jump from {before} to {after}", ("zone", "before", "after")
)
HAPPENS_TWICE = Code(
    "HappensTwice",
    "happens twice in {zone}, at {offsets[0]} and again at {offsets[1]}: add one of these offsets",
    ("zone", "offsets"),
)
HAPPENS_TWICE_WITHOUT_FOLD = HAPPENS_TWICE.saying(
    "happens twice in {zone}, at {offsets[0]} and again at {offsets[1]}: send fold, 0 for the first or 1 for the second"
)
HAS_PASSED = Code("HasPassed", "has passed")
TOO_FAR_AHEAD = Code("TooFarAhead", "is more than {days} days ahead", ("days",))
UNKNOWN_TIME_ZONE = Code("UnknownTimeZone", "must be a name of the IANA time zone database, such as Europe/Paris")
NEEDS_TIME_ZONE = Code("NeedsTimeZone", "is required, such as Europe/Paris, unless {fields} has an offset", ("fields",))
ONLY_FOR_LOCAL_TIME = Code("OnlyForLocalTime", "is allowed only with a local time")

BEFORE_FROM = Code("BeforeFrom", "must not be before from")
ONLY_FOR_OWN = Code("OnlyForOwn", "is allowed only in a list of your own orders: add owner=me")

NOT_AN_INTERVAL = Code(
    "NotAnInterval", "must be a number and a unit (m, h, d, w, M for months, y), such as 30m, 1d or 1M"
)
INTERVAL_TOO_SHORT = Code("IntervalTooShort", "must be at least {count}{unit}", ("count", "unit"))
INTERVAL_TOO_LONG = Code("IntervalTooLong", "must be at most a year, {count}{unit}", ("count", "unit"))
BEFORE_FIRST = Code("BeforeFirst", "must not be before the first time")

NOT_AN_EMAIL_ADDRESS = Code("NotAnEmailAddress", "must be one e-mail address such as ada@example.com")
NOT_A_PHONE_NUMBER = Code("NotAPhoneNumber", "must be a phone number with its country code, such as +15555550100")
NEEDED_FOR_CHANNEL = Code("NeededForChannel", "is required for the channel {channel}", ("channel",))
NONE_VERIFIED_FOR_CHANNEL = NEEDED_FOR_CHANNEL.saying(
    "is required for the channel {channel}: your account has no verified one"
)
NOT_CHANNELS = Code("NotChannels", "must be a list of one or more of {allowed}, each once", ("allowed",))
DIFFERS_FROM_CHANNELS = Code(
    "DiffersFromChannels", "does not match the field channels: send only one of the two fields"
)
NOT_YOUR_ADDRESS = Code("NotYourAddress", "must be your own verified one, or one that this stage lists")
TOO_LONG_FOR_SMS = Code(
    "TooLongForSms",
    "is too long for a text message: it takes {size} characters, and the limit is {longest}",
    ("size", "longest", "longestInGsm"),
)
TOO_LONG_FOR_SMS_IN_UCS2 = TOO_LONG_FOR_SMS.saying(
    "is too long for a text message: it takes {size} characters, and the limit is {longest}, or {longestInGsm} if all"
    " characters are in the GSM alphabet"
)

EMAIL_PAUSED = Code(
    "EmailPaused",
    "cannot be e-mail now: AWS or the AWS account's owner has paused e-mail; the SES console says why",
)
SENDER_NOT_VERIFIED = Code(
    "SenderNotVerified",
    "cannot be e-mail yet: the owner of the sender's address must first open the link that SES mailed there",
)
EMAIL_NOT_VERIFIED = Code(
    "EmailNotVerified",
    "must be verified while SES is in its sandbox: verify it in the SES console, or request production access there",
)
PHONE_NOT_VERIFIED = Code(
    "PhoneNotVerified",
    "must be verified while SNS is in the SMS sandbox: verify it in the SNS console under Text messaging, or ask there"
    " to leave the sandbox",
)
OPTED_OUT = Code(
    "OptedOut",
    "has opted out of text messages: opt it in again in the SNS console under Text messaging, at most once in 30 days",
)

CODES = {one.name: one.values for one in tuple(globals().values()) if isinstance(one, Code)}
"""The names of the values of each code."""
