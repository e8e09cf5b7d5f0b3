"""Reads what a text encodes: escapes of URLs, HTML and JSON, base64 and hexadecimal digits. Pure.

See decision D251.
"""

import base64
import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_ESCAPES = re.compile(
    # The search does not begin within a row of backslashes. Otherwise a long row would take very long.
    r"(?P<url>(?:%[0-9A-Fa-f]{2})+)|(?P<json>(?:(?<!\\)\\+u[0-9A-Fa-f]{4})+)"
    r"|(?P<html>&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][0-9A-Za-z]{1,31});)"
)
_BASE64 = re.compile("[0-9A-Za-z+/_-]{18,}")
"""14 digits, the shortest card number, have 19 characters in base64, and 18 if a character of text touches them."""
_HEXADECIMAL = re.compile("(?:3[0-9]){14,}")
_NO_TEXT = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")
"""Bytes that are not UTF-8, and control characters apart from line breaks, tabs and the zeros of UTF-16."""
_APART = "\ufffd" * 4
"""Stands for a character of _NO_TEXT. More than three characters end a number, so it ends a number, too.

Otherwise `NoneNoneNone…` would be a row of digits, because `None` is a 6 and two broken bytes in base64.
"""
_NO_DIGITS = bytes(byte for byte in range(256) if not 48 <= byte <= 57)


class Decoded(NamedTuple):
    """What a text encodes. `begins` and `ends` have the place in the text that each character comes from."""

    text: str
    begins: list[int]
    ends: list[int]


def decoded(text: str) -> Iterator[Decoded]:
    """Yields what `text` encodes, without the parts that cannot contain 14 digits."""
    if (plain := _unescaped(text)) is not None:
        yield plain
    for run in _HEXADECIMAL.finditer(text):
        yield _of_run(run, bytes.fromhex(run[0]).decode())
    for run in _BASE64.finditer(text):
        standard = run[0].replace("-", "+").replace("_", "/")
        # Other letters may touch the run, so it may begin at any of four characters.
        for start in range(4):
            # Without its padding. A single last character encodes nothing.
            whole = standard[start:] if (len(standard) - start) % 4 != 1 else standard[start:-1]
            content = base64.b64decode(whole + "=" * (-len(whole) % 4))
            if _may_contain_digits(content):
                yield _of_run(run, _NO_TEXT.sub(_APART, content.decode("utf-8", errors="replace")))


def _unescaped(text: str) -> Decoded | None:
    """Returns the text without its escapes, or None if it has none."""
    parts, last = list[Decoded](), 0
    for escape in _ESCAPES.finditer(text):
        parts += [_unchanged(text, last, escape.start()), _of_run(escape, _read(escape))]
        last = escape.end()
    if not parts:
        return None
    parts.append(_unchanged(text, last, len(text)))
    return Decoded(
        "".join(part.text for part in parts),
        [begin for part in parts for begin in part.begins],
        [end for part in parts for end in part.ends],
    )


def _read(escape: re.Match[str]) -> str:
    if escape["url"]:
        return bytes.fromhex(escape["url"].replace("%", "")).decode(errors="replace")
    if escape["html"]:
        return html.unescape(escape["html"])
    # JSON writes a character outside of the basic plane as two escapes.
    units = bytes.fromhex("".join(re.findall("u(.{4})", escape["json"])))
    return units.decode("utf-16-be", errors="replace")


def _may_contain_digits(content: bytes) -> bool:
    """Whether there are 14 ASCII digits, or as many bytes of other digits, or another run of base64."""
    if len(content.translate(None, _NO_DIGITS)) >= 14:
        return True
    return _is_text(content) and (not content.isascii() or _BASE64.search(content.decode()) is not None)


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _of_run(run: re.Match[str], content: str) -> Decoded:
    return Decoded(content, [run.start()] * len(content), [run.end()] * len(content))


def _unchanged(text: str, begin: int, end: int) -> Decoded:
    return Decoded(text[begin:end], list(range(begin, end)), list(range(begin + 1, end + 1)))
