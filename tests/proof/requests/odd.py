"""Makes odd but valid orders and reminders. docs/input.md says what is valid. Calls nothing."""

import random
import string
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from common.texts import has_noncharacter
from tests.corpora.others import naughty
from tests.proof.requests.values import EXPRESSIONS, PRICES
from tests.support.texts import FAMILY, HEBREW, INVISIBLE, PERSIAN, VISIBLE

MOST_DIGITS = 6
"""In one text. Two texts with so many digits cannot make a card number."""

LONGEST_TEXT_MESSAGE = 300
"""In characters. A text message of this length fits in every alphabet."""

_PIECES = [
    *"O'Brien @@ \" ' \\ \\n \\u0000 %00 &lt; &amp; <b> {} [] {{ }} a=b&c # null None".split(),
    *'undefined true NaN -0 1e3 0x10 \\x00 \\ud800 \\" ` ~ | ; -- /* */ :: .. ./ // ?x'.split(),
    *"李雷 محمد 🏳\ufe0f\u200d🌈 👍🏽 🇪🇺 é e\u0301 \u212b A\u030a ﬁ ß ẞ İ ı ก็ क\u094dष \ufffc".split(),
    *"² ½ Ⅻ ٣ １ $ € £ %s %n".split(),
    *(PERSIAN, HEBREW, FAMILY, "\u202eabc", "\u2066x\u2069", "a\u200bb", "\ufeffa", "\u00a0", " ", "  ", "\u3000"),
]
_SCRIPTS = [
    (0xA1, 0x250),
    (0x370, 0x530),
    (0x5D0, 0x5EB),
    (0x620, 0x64B),
    (0x904, 0x93A),
    (0xE01, 0xE31),
    (0x3041, 0x3097),
]
_SCRIPTS += [(0x4E00, 0x9FA6), (0xAC00, 0xD7A4), (0xE000, 0xE100), (0x1F300, 0x1F650), (0x20000, 0x20100)]
_CARDS = [
    "4242424242424242",
    "4000056655665556",
    "0000000000000000",
    "4242 4242 4242 4242",
    "",
    "abc",
    "٤٢",
    "4" * 32,
    "🐈",
    "1",
]


class Odd:
    """Makes orders and reminders. The same seed makes the same ones, apart from times, which are in the future."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(f"odd but valid {seed}")
        self._zones = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
        self._naughty = [text for text in (*naughty(), *EXPRESSIONS, *VISIBLE, *INVISIBLE) if text]

    def order(self, order_id: str) -> dict[str, Any]:
        """An order. Its id ends with `order_id`, which has only letters."""
        odd_id = "".join(
            self._random.choices(string.ascii_letters + "._-", k=self._random.randrange(0, 64 - len(order_id)))
        )
        card = self._random.choice(_CARDS)
        return {
            "OrderId": f"{odd_id.lstrip('._-')}{order_id}",
            "Name": self.text(200),
            "ItemName": self.text(200),
            "Price": self._price(),
            "CC": card,
        }

    def reminder(self, *, is_operator: bool) -> dict[str, Any]:
        channels = self._channels(is_operator=is_operator)
        longest = (
            LONGEST_TEXT_MESSAGE
            if {"sms", "both"} & set(channels.get("channels", [channels.get("preference")]))
            else 1400
        )
        subject = {"subject": self.text(100)} if self._random.random() < 0.6 else {}
        return {"message": self.text(longest, breaks=True), **subject, **channels, **self._time()}

    def text(self, longest: int, *, breaks: bool = False) -> str:
        """A text with a visible character, without control characters. `breaks` allows line breaks and tabs."""
        makers = [self._known, self._piece, self._letters, self._naughty_one]
        made = "".join(self._random.choice(makers)() for _ in range(self._random.randrange(1, 7)))
        if self._random.random() < 0.05:
            made *= longest
        if breaks and self._random.random() < 0.4:
            at = self._random.randrange(len(made) + 1)
            made = made[:at] + self._random.choice(["\n", "\n\n", "\t", "\r\n", "\n-- \n", "\n.\n"]) + made[at:]
        allowed = "\n\t\r" if breaks else ""
        kept = "".join(one for one in made if one in allowed or _is_valid(one))
        short = _with_few_digits(kept)[: longest - 1]
        # A letter makes it visible, and keeps the digits of two fields from being one number.
        letter = self._random.choice("xé李ж🐈") if not any(map(str.isnumeric, short)) else "x"
        return self._random.choice([letter + short, short + letter])

    def _price(self) -> Any:
        drawn = [self._random.randrange(1, 10**6) / 100, self._random.randrange(10**9)]
        price: Any = self._random.choice([*PRICES, *drawn])
        if isinstance(price, str):
            return "".join(one for one in price if _is_valid(one))[:12]
        return price if abs(price) < 10**9 else 7

    def _channels(self, *, is_operator: bool) -> dict[str, Any]:
        choices: list[dict[str, Any]] = [
            *({"preference": one} for one in ("email", "sms", "both")),
            *({"channels": one} for one in (["email"], ["sms"], ["email", "sms"], ["sms", "email"])),
        ]
        if is_operator:
            choices += [{"preference": "topic"}, {"channels": ["topic", "email"]}]
        return self._random.choice(choices)

    def _time(self) -> dict[str, Any]:
        """A time, and perhaps a rule. One of ten reminders is due at once."""
        if self._random.random() < 0.1:
            return {"waitSeconds": self._random.choice([0, "0", 0.0, "00000000"])}
        rules = [{"every": one} for one in ("5m", "1h", "360d", "52w", "12M", "1y")] + [{"every": "1M", "times": 1000}]
        repeat = {"repeat": self._random.choice(rules)} if self._random.random() < 0.4 else {}
        seconds = self._random.randrange(3 * 86_400, 31_000_000)
        if self._random.random() < 0.5:
            return {"waitSeconds": self._random.choice([seconds, f"{seconds:08}", float(seconds)]), **repeat}
        zone = self._random.choice(self._zones)
        # At noon no clock is changed.
        day = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(hour=12, minute=30, second=7)
        form = self._random.choice(
            ["%Y-%m-%dT%H:%M:%S.5Z", "%Y-%m-%d %H:%M:%S+23:59", "%Y-%m-%dt%H:%M:%Sz", "%Y-%m-%d %H:%M"]
        )
        return {"timestamp": day.strftime(form), "timeZone": zone, **repeat}

    def _known(self) -> str:
        return self._random.choice(self._naughty)[:60]

    def _naughty_one(self) -> str:
        return self._random.choice(self._naughty)

    def _piece(self) -> str:
        return self._random.choice(_PIECES)

    def _letters(self) -> str:
        block = self._random.choice(_SCRIPTS)
        return "".join(chr(self._random.randrange(*block)) for _ in range(self._random.randrange(1, 20)))


def _is_valid(one: str) -> bool:
    return not (unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") or has_noncharacter(one) or one == "\ufffd")


def _with_few_digits(text: str) -> str:
    """`text` without the digits after the sixth. Digits of all scripts count."""
    seen, kept = 0, []
    for one in text:
        seen += one.isnumeric()
        if seen <= MOST_DIGITS or not one.isnumeric():
            kept.append(one)
    return "".join(kept)
