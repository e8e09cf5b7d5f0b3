"""Odd values for the fields, ids and parameters of requests. A random generator chooses them. Pure."""

import base64
import html
import json
import random
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from tests.corpora.cards import Cards
from tests.corpora.others import naughty
from tests.support.documents import Schema, just_outside
from tests.support.texts import INVISIBLE, VISIBLE

Chosen = TypeVar("Chosen")

EXPRESSIONS = [
    *("$", "$.x", "$$.Execution.Id", "$states.input", "{% $states.input %}", "{% $eval('1') %}", "{%", "%}", "{% "),
    *("States.Format('{}', $.x)", "States.JsonToString($)", "<% 1 %>", "${OrderId}", "${jndi:ldap://x/}", "#{7*7}"),
    *("{{7*7}}", "%s%n%x", "`id`", "$(id)", "'; DROP TABLE orders; --", "<script>alert(1)</script>", "*", "a:b", "#a"),
    *(
        "__proto__",
        "constructor",
        "toString",
        "null",
        "undefined",
        "None",
        "true",
        "NaN",
        "../../etc/passwd",
        "\\",
        '"',
    ),
]
PRICES = [
    *(
        "0",
        "-0",
        "0.00",
        "12.50",
        "12.505",
        "1e3",
        "NaN",
        "Infinity",
        "-Infinity",
        " 5 ",
        "5\n",
        "٣",
        "²",
        "１２",
        "0x1F",
    ),
    *("1_000", "1,000", "+1", ".5", "5.", "9" * 40, "9" * 5000, "-1", "1e999", "$5", "5 EUR", "", "00000000001", "--1"),
    *(0, -0.0, 12.5, 12.505, 1e3, 1e308, -1, 10**12, 10**400, 0.1 + 0.2, 1e-7, 2**53, 2**53 + 2),
]
TIMES = [
    *("2027-01-27T09:00:00Z", "2027-01-27T09:00:00", "2027-01-27t09:00:00z", "2027-01-27 09:00", "2027-01-27"),
    *("2027-01-27T09:00:60Z", "2027-01-27T24:00:00Z", "2027-02-30T09:00:00Z", "2027-01-27T09:00:00+25:00"),
    *("2027-03-28T02:30:00", "2027-10-31T02:30:00", "2028-02-29T09:00:00Z", "0001-01-01T00:00:00Z", "0000-01-01T00:00"),
    *(
        "9999-12-31T23:59:59-23:59",
        "9999-12-31T23:59:59.9999999Z",
        "2027-W04-3",
        "20270127T090000Z",
        "now",
        "1e3",
        "٢٠٢٧",
    ),
    *("0001-01-01T00:00:00+23:59", "2027-01-27T09:00:00.0000000000000000000001Z", "2027-01-27T09:00:00−01:00"),
]
WAITS = [0, -1, 1.5, "1e3", "00000060", "60", "+60", " 60", 31_536_000, 31_536_001, 10**30, "٦٠", True, "", 60.0, 1e308]
ADDRESSES = [
    *(
        "a@b",
        "a@b.c\r\nBcc: x@y.z",
        "a@b.c,x@y.z",
        '"a b"@c.d',
        "a@b.c\0",
        "ä@ö.de",
        "a@" + "b" * 250 + ".de",
        "@",
        "a@@b.c",
    ),
    *("a@[127.0.0.1]", "a@b.c ", " a@b.c", "a@xn--b.c", "a..b@c.d", "a@b..c", "x" * 65 + "@b.de", "mailto:a@b.c"),
    *(
        "+1",
        "0015555550100",
        "tel:+15555550100",
        "+1 555 555 0100",
        "+15555550100;ext=1",
        "+١٥٥٥٥٥٥٠١٠٠",
        "+1900555" * 3,
    ),
    *("+0123456789", "+15555550199", "15555550100", "+", "+" + "1" * 15, "+" + "1" * 16),
]
RULES: list[Any] = [
    *(
        {"every": one}
        for one in ("1d", "0d", "1D", "-1d", "999999m", "1000000m", "1 d", "1d\n", "٣d", "1.5h", "", "1w1d")
    ),
    *({"every": "1d", "times": one} for one in (0, 1, 1000, 1001, -1, 1.0, 1.5, "1", None, True, 10**20)),
    *({"every": "1d", "until": one} for one in TIMES),
    *({"every": None}, {}, [], "1d", None, {"every": "1d", "each": 1}, {"every": {"every": "1d"}}, {"times": 3}),
]
WRONG_TYPES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**20, 1e308, [], {}, [[]], [None], [""], {"": ""}, {"S": "x"}, {"$ne": None}),
    *({"__proto__": {"isAdmin": True}}, [{"a": [{"b": [1]}]}], {"toString": "x"}, ["email"], {"Ref": "x"}),
]
SPECIAL: Mapping[str, list[Any]] = {
    "Price": PRICES,
    "timestamp": TIMES,
    "until": TIMES,
    "from": TIMES,
    "to": TIMES,
    "waitSeconds": WAITS,
    "email": ADDRESSES,
    "phone": ADDRESSES,
    "repeat": RULES,
    "limit": [*WAITS, 100, 101, "1e2", "0x10", "1 "],
    "channels": [[], ["email", "email"], ["fax"], "email", [None], ["email", ["sms"]], {"email": True}, ["EMAIL"]],
    "preference": ["", "fax", "Email", "both ", ["both"], None, 1],
    "timeZone": [
        "Mars/Base",
        "Europe/Paris",
        "europe/paris",
        "../../etc/localtime",
        "localtime",
        "UTC+1",
        "",
        "posixrules",
    ],
    "fold": [0, 1, 2, -1, True, "0", 0.0, 1e0, None],
    "sendNow": [False, "true", 1, None, [True]],
    "next": ["", "e30=", "bnVsbA==", "%%%", "W10=", "WyIyMDI3LTAxLTI3VDA5OjAwOjAwWiIsICIiXQ==", "a" * 2000],
}
"""Values that are odd for the fields and parameters with these names."""

_BLOCKS = [
    *((0x20, 0x7F), (0x80, 0x100), (0x300, 0x370), (0x590, 0x700), (0x900, 0xA00), (0x1100, 0x1200), (0x2000, 0x2070)),
    *((0x2E80, 0x3000), (0x4E00, 0x5000), (0xE000, 0xE100), (0xFB00, 0xFE00), (0xFF00, 0xFFFE), (0x1D000, 0x1D800)),
    *((0x1F300, 0x1FA00), (0xE0000, 0xE0100), (0x0, 0x20), (0xD800, 0xE000), (0x10FF00, 0x110000)),
]

_ENCODINGS: list[Callable[[str], str]] = [
    lambda text: quote(text.encode("utf-8", "surrogatepass"), safe=""),
    lambda text: base64.b64encode(text.encode("utf-8", "surrogatepass")).decode(),
    lambda text: base64.urlsafe_b64encode(text.encode("utf-16", "surrogatepass")).decode().rstrip("="),
    lambda text: text.encode("utf-8", "surrogatepass").hex(),
    lambda text: "".join(f"&#x{ord(one):x};" for one in text),
    lambda text: json.dumps(text)[1:-1],
    html.escape,
]


class Values:
    """Chooses odd values. The same generator in the same state chooses the same ones."""

    def __init__(self, generator: random.Random) -> None:
        self._random = generator
        self._cards = list(Cards(generator.randrange(10**6)).texts(1))
        self._texts: list[Callable[[], str]] = [
            lambda: self._one_of(naughty()),
            lambda: self._one_of(naughty())[:20] + self._one_of(naughty())[-20:],
            lambda: self._one_of(EXPRESSIONS),
            lambda: self._one_of(EXPRESSIONS) + self._one_of(VISIBLE),
            lambda: self._one_of(INVISIBLE) * self._random.randrange(1, 4),
            lambda: self._one_of(VISIBLE) + self._one_of(INVISIBLE) + self._one_of(VISIBLE),
            lambda: self._one_of(["x", "é", "🐈", "\u0301", "\u202e", "'", '"', "\\"]) * self._length(),
            lambda: self._one_of(self._cards),
            self._letters,
            self._encoded,
        ]

    def text(self) -> str:
        return self._one_of(self._texts)()

    def value(self, field: str, schema: Schema) -> Any:
        """An odd value for a field, often of the wrong type or barely outside its schema."""
        special = SPECIAL.get(field, [])
        match self._random.randrange(6):
            case 0 | 1 if special:
                return self._one_of(special)
            case 2:
                return self._one_of(WRONG_TYPES)
            case 3 if outside := just_outside(schema):
                return self._one_of(outside)
        return self.text()

    def parameter(self, name: str) -> str:
        """An odd text for a parameter of a query, a path or a header."""
        special = SPECIAL.get(name, [])
        chosen = self._one_of(special) if special and self._random.random() < 0.5 else self.text()
        return chosen if isinstance(chosen, str) else json.dumps(chosen)

    def name(self) -> str:
        """The name of an unknown field."""
        return self._one_of(
            [*EXPRESSIONS, "CVV", "cc", "Owner", "Status", "Claimed", "RequestId", "", "orderid", "é", "x" * 99]
        )

    def _letters(self) -> str:
        """A text with random characters of a few blocks of Unicode."""
        blocks = self._random.sample(_BLOCKS, 2)
        return "".join(chr(self._random.randrange(*self._one_of(blocks))) for _ in range(self._random.randrange(1, 24)))

    def _encoded(self) -> str:
        """A text that is encoded once, twice or three times."""
        text = self._one_of([*naughty(), *self._cards, self._letters()])
        for _ in range(self._random.randrange(1, 4)):
            text = self._one_of(_ENCODINGS)(text)[:1400]
        return text

    def _length(self) -> int:
        """A length near a limit of a field."""
        limit = self._one_of([1, 64, 100, 128, 200, 254, 1400, 4000])
        return max(1, limit + self._random.randrange(-2, 3))

    def _one_of(self, choices: Sequence[Chosen]) -> Chosen:
        return self._random.choice(choices)


def mark(number: int) -> str:
    """A text that names one request and looks like nothing else: `qz` and letters."""
    letters = ""
    for _ in range(5):
        number, digit = divmod(number, 26)
        letters = string.ascii_lowercase[digit] + letters
    return f"qz{letters}"
