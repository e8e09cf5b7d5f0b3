"""Card numbers of every issuer, in every form that docs/card-numbers.md says is found."""

import random
from collections.abc import Callable, Iterator

from tests.corpora.encodings import ENCODED, printed
from tests.corpora.ordinary import check_digit

ISSUERS = {
    **{14: ["300", "301", "302", "303", "304", "305", "36", "38", "39"], 15: ["34", "37"]},
    16: [
        *"4",
        "51",
        "53",
        "55",
        "2221",
        "2499",
        "2720",
        "2200",
        "2204",
        "6011",
        "644",
        "65",
        "3528",
        "3589",
        "62",
        "50",
        "58",
        "67",
    ],
    **{17: ["62", "6759"], 18: ["62", "6304", "5018"], 19: ["4", "62", "6011", "3530", "6759"]},
}
SEPARATORS = [
    " ",
    "-",
    ".",
    "/",
    "_",
    ", ",
    "\u00a0",
    "\u2009",
    "\u200b",
    "\u2011",
    "–",
    "·",
    "  ",
    " - ",
    "    ",
    " " * 20,
    "\u3000" * 4,
]
SCRIPTS = {
    "fullwidth": 0xFF10, "arabic": 0x660, "persian": 0x6F0, "devanagari": 0x966, "thai": 0xE50, "bold": 0x1D7CE,
    "double-struck": 0x1D7D8, "subscript": 0x2080, "segmented": 0x1FBF0,
}  # fmt: skip
STYLES = ["⁰¹²³⁴⁵⁶⁷⁸⁹", "⓪①②③④⑤⑥⑦⑧⑨", "⓿❶❷❸❹❺❻❼❽❾", "🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐", "🄋➀➁➂➃➄➅➆➇➈", "0⑴⑵⑶⑷⑸⑹⑺⑻⑼"]
AROUND = [
    "{}",
    "card {}",
    "{} please",
    "CC:{}",
    "({})",
    "xyz{}xyz",
    "ü{}ü",
    "3 lamps, card {}",
    "{} exp",
    "💳{}💳",
    "in 2026 x {}",
]
PAIRS = [("OrderId", "Name"), ("Name", "ItemName"), ("ItemName", "Name"), ("Name", "Price")]


class Cards:
    """Makes random card numbers with the right check digit."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self, length: int = 0) -> str:
        length = length or self.random.choice(list(ISSUERS))
        digits = self.random.choice(ISSUERS[length])
        digits += "".join(self.random.choices("0123456789", k=length - 1 - len(digits)))
        return digits + check_digit(digits)

    def texts(self, each: int = 8) -> Iterator[str]:
        """Texts with a card number, for a free text such as a name or a message."""
        for form in self._forms():
            for around in AROUND:
                for _ in range(each):
                    yield around.format(form(self.number()))

    def encoded(self, each: int = 60) -> Iterator[str]:
        """Texts in which a program has encoded a card number, perhaps with other words."""
        for form in ENCODED.values():
            for around in ("{}", "card {} thanks", "ü:{}."):
                for _ in range(each):
                    yield around.format(form(self.number()))

    def order_ids(self, each: int = 100) -> Iterator[str]:
        for _ in range(each):
            for separator in ("", "-", ".", "_"):
                for around in ("{}", "order-{}", "x{}y", "{}-x"):
                    yield around.format(printed(self.number(), separator))
            yield "-".join(self.number())

    def splits(self, each: int = 300) -> Iterator[dict[str, str]]:
        """Pairs of fields of an order that have parts of one card number."""
        for pair in PAIRS:
            for _ in range(each):
                card = self.number()
                cut = self.random.choice([4, 8, len(card) - 4, self.random.randint(1, len(card) - 1)])
                yield dict(zip(pair, (card[:cut], card[cut:]), strict=True))
            yield dict(zip(pair, ("4242-4242", "42424242"), strict=True))
        for _ in range(each):
            card = self.number(16)
            groups = [card[at : at + 4] for at in (0, 4, 8, 12)]
            yield {"ItemName": " ".join(groups[:3]), "Price": groups[3]}
            cut = self.random.randint(1, 3)
            yield {"OrderId": "-".join(groups[:cut]), "ItemName": " ".join(groups[cut:])}

    def _odd(self, card: str, separator: str) -> str:
        """The card number in three groups. No date has groups of five digits."""
        return separator.join((card[:5], card[5:10], card[10:]))

    def _forms(self) -> Iterator[Callable[[str], str]]:
        yield str
        for one in SEPARATORS:
            yield lambda card, one=one: printed(card, one)
            yield lambda card, one=one: one.join(card)
            yield lambda card, one=one: self._odd(card, one)
        yield lambda card: " ".join(card[at : at + 2] for at in range(0, len(card), 2)) if len(card) > 15 else card
        for zero in SCRIPTS.values():
            yield lambda card, zero=zero: "".join(chr(zero + int(digit)) for digit in card)
            yield lambda card, zero=zero: printed(card, "    ").translate({48 + n: chr(zero + n) for n in range(10)})
        for style in STYLES:
            yield lambda card, style=style: "".join(style[int(digit)] for digit in card)
            yield lambda card, style=style: printed(card, " ").translate({48 + n: style[n] for n in range(10)})
        yield lambda card: "".join(f"{digit}\ufe0f\u20e3" for digit in card)
