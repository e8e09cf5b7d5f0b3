"""Hostile bodies: valid bodies with odd fields, and bytes that are almost JSON."""

import gzip
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.corpora.others import json_files
from tests.proof.requests.values import Values
from tests.support.documents import Operation

CONTENT_TYPES = [
    *("text/plain", "", "application/json;", "application/json; charset=utf-16", "application/json; charset=latin-1"),
    *(
        "APPLICATION/JSON",
        "application/json; charset=UTF-8",
        "application/json, text/plain",
        "application/jsonp",
        "*/*",
    ),
    *("application/problem+json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"),
    *('application/json; x="a;b\\""', "application/json; charset=ascii", "application/json;charset", "text/json"),
]
ENCODINGS = ["gzip", "deflate", "br", "identity", "gzip, gzip", "x", "", "GZIP", "identity, gzip"]


def valid(operation: str, mark: str, *, order_id: str) -> dict[str, Any]:
    """A body that `operation` accepts. It has `mark` in one field or more. `order_id` is the order in the path."""
    order = {"OrderId": mark, "Name": f"Zoë {mark}", "ItemName": "Lamp", "Price": "-1", "CC": "4242424242424242"}
    match operation:
        case "PlaceOrder":
            return order
        case "CorrectOrder":
            return {**order, "OrderId": order_id}
        case "CloseOrder":
            return {"note": f"No answer, {mark}"}
        case "CreateReminder":
            return {"message": "Feed the cat", "subject": mark, "preference": "email", "waitSeconds": 31_000_000}
        case "UpdateReminder":
            return {"message": "Feed the cat", "subject": mark, "waitSeconds": 31_000_000}
    raise AssertionError(f"{operation} has a body and is new to the documents: add it to {__file__}")


class Bodies:
    """Makes hostile bodies. The same generator in the same state makes the same ones."""

    def __init__(self, generator: random.Random) -> None:
        self._random = generator
        self._values = Values(generator)
        self._files = list(json_files().items())
        self._raw: Mapping[str, Callable[[bytes], bytes]] = {
            "a file of JSONTestSuite": lambda _: self._file(),
            "a file of JSONTestSuite in a field": self._with_a_file,
            "cut off": lambda raw: raw[: self._random.randrange(len(raw))],
            "a byte changed": self._with_a_byte,
            "a field twice": lambda raw: raw[:-1] + b"," + raw[1:],
            "more after the end": lambda raw: raw + self._random.choice([b"}", b",", b"null", raw, b"\0", b" x"]),
            "another encoding": lambda raw: raw.decode().encode(self._random.choice(["utf-16", "utf-32", "utf-8-sig"])),
            "nested deeply": lambda raw: self._nested(raw, self._random.randrange(20, 4000)),
            "half a character": lambda raw: self._spliced(raw, b'"x\\ud8%02x"' % self._random.randrange(256)),
            "no JSON number": lambda raw: self._spliced(
                raw, self._random.choice([b"NaN", b"-Infinity", b"01", b"1e9999"])
            ),
            "a long number": lambda raw: self._spliced(raw, b"9" * self._random.randrange(300, 12_000)),
            "too many bytes": lambda raw: raw.ljust(self._random.choice([24_576, 24_577, 30_000, 100_000])),
            "many fields": lambda raw: raw[:-1] + b"".join(b',"f%d":1' % at for at in range(700)) + b"}",
        }

    def odd(self, operation: Operation, body: dict[str, Any]) -> tuple[str, bytes]:
        """The body with one, two or three odd fields, and the kind of its oddity."""
        schemas, changed = operation.body_schema()["properties"], dict(body)
        kind = "an odd value"
        for _ in range(self._random.choice([1, 1, 1, 2, 3])):
            match self._random.randrange(10):
                case 0 if changed:
                    kind = "a missing field"
                    changed.pop(self._random.choice(list(changed)))
                case 1:
                    kind = "an unknown field"
                    changed[self._values.name()] = self._values.text()
                case _:
                    name = self._random.choice(list(schemas))
                    changed[name] = self._values.value(name, schemas[name])
        ascii_only = self._random.random() < 0.5
        return kind, json.dumps(changed, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")

    def raw(self, body: dict[str, Any]) -> tuple[str, bytes]:
        """Bytes that are almost the body, and the kind of their oddity."""
        kind = self._random.choice(list(self._raw))
        return kind, self._raw[kind](json.dumps(body).encode())

    def headers(self, raw: bytes) -> tuple[dict[str, str], bytes]:
        """Odd headers about a body, and the body to send with them."""
        if self._random.random() < 0.4:
            coding = self._random.choice(ENCODINGS)
            sent = gzip.compress(raw, mtime=0) if self._random.random() < 0.5 else raw
            return {"Content-Type": "application/json", "Content-Encoding": coding}, sent
        return {"Content-Type": self._random.choice(CONTENT_TYPES)}, raw

    def _file(self) -> bytes:
        return self._random.choice(self._files)[1]

    def _with_a_file(self, raw: bytes) -> bytes:
        return self._spliced(raw, self._file())

    def _spliced(self, raw: bytes, value: bytes) -> bytes:
        """The body with `value` in place of one of its values."""
        fields = {name: json.dumps(one).encode() for name, one in json.loads(raw).items()}
        fields[self._random.choice(list(fields))] = value
        return b"{" + b", ".join(json.dumps(name).encode() + b": " + one for name, one in fields.items()) + b"}"

    def _with_a_byte(self, raw: bytes) -> bytes:
        at = self._random.randrange(len(raw))
        return raw[:at] + bytes([self._random.randrange(256)]) + raw[at + 1 :]

    def _nested(self, raw: bytes, depth: int) -> bytes:
        kind = self._random.randrange(3)
        if kind == 0:
            return b"[" * depth
        opening, closing = (b"[", b"]") if kind == 1 else (b'{"a":', b"}")
        return self._spliced(raw, opening * depth + b"1" + closing * depth)
