"""The ways in which programs encode a card number in a text."""

import base64
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

PRINTED = {
    14: [4, 6, 4],
    15: [4, 6, 5],
    16: [4, 4, 4, 4],
    17: [4, 4, 4, 4, 1],
    18: [4, 4, 4, 4, 2],
    19: [4, 4, 4, 4, 3],
}
"""The groups in which cards print their numbers, by the number of digits."""


def printed(card: str, separator: str = " ") -> str:
    """`card` in the groups that cards print."""
    at, groups = 0, []
    for size in PRINTED[len(card)]:
        groups.append(card[at : at + size])
        at += size
    return separator.join(groups)


def in_script(zero: int, card: str) -> str:
    """`card` in the digits that begin with the character `zero`."""
    return "".join(chr(zero + int(one)) for one in card)


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def percent(text: str) -> str:
    """Each byte of `text` as in a URL: `%34%32`."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def json_escaped(text: str) -> str:
    return "".join(f"\\u{ord(one):04x}" for one in text)


ENCODED: Mapping[str, Callable[[str], str]] = {
    "base64": in_base64,
    "base64 without padding": lambda card: in_base64(card).rstrip("="),
    "base64 of a text": lambda card: in_base64(f'{{"card": "{card}"}}'),
    "base64 of groups": lambda card: base64.urlsafe_b64encode(f"~ÿ{printed(card)}".encode()).decode(),
    "base64 of base64": lambda card: in_base64(in_base64(card)),
    "percent-encoded digits": percent,
    "percent-encoded blanks": lambda card: quote(printed(card)),
    "percent-encoded twice": lambda card: quote(percent(card)),
    "percent-encoded full-width": lambda card: quote(in_script(0xFF10, card)),
    "HTML": lambda card: "".join(f"&#{ord(one)};" for one in card),
    "HTML, hexadecimal": lambda card: "".join(f"&#x{ord(one):x};" for one in card),
    "HTML blanks": lambda card: printed(card, "&nbsp;"),
    "JSON-escaped": json_escaped,
    "JSON in JSON": lambda card: json.dumps({"note": in_script(0xFF10, card)}),
    "hexadecimal": lambda card: card.encode().hex(),
}
"""By name. The APIs decode these forms, and the order workflow does not."""
