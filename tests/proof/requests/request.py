"""What a hostile request is."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.support.documents import Operation

PERSON, OTHER, OPERATOR = "person", "other", "operator"
FOR_OPERATORS = {"ListDeadLetters", "RedriveDeadLetters", "ListParked", "RemoveParked", "CloseOrder", "GetContact"}
"""The operations that answer 403 to a person."""

NOT_FOUND = frozenset({404})
STOP_LINK = "an odd stop link"
"""The kind of the only route that no document has. It answers with pages."""


@dataclass(frozen=True)
class Request:
    """A request. `operation` is None if no document has its route."""

    kind: str
    mark: str
    document: str
    method: str
    path: str
    """What follows the address of the API, percent-encoded, with the query."""

    caller: str
    """The name of a token."""

    operation: Operation | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    statuses: frozenset[int] = frozenset()
    """The statuses that are right, if the request says it."""

    def form(self) -> bytes:
        """A hash that is equal for requests that differ only in their marks."""
        text = repr((self.document, self.method, self.path, self.caller, sorted(self.headers.items()), self.body))
        return hashlib.sha256(text.replace(self.mark, "").encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class Targets:
    """Ids that exist. PERSON owns the first two kinds. None of the callers owns the foreign ones."""

    orders: Sequence[str]
    reminders: Sequence[str]
    foreign_orders: Sequence[str]
    foreign_reminders: Sequence[str]
    internal: Sequence[str] = ()
    """Keys of rows that are not orders or reminders, and names of executions."""
