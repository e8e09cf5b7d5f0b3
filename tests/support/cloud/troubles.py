"""What can go wrong with a call of AWS between a function and the service, and how often it does."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from tests.support.cloud.service_errors import ServiceError

RESET, SILENT, HTML = "reset before", "silent", "HTML"
LOST, SLOW, LATE = "answer lost", "answer late", "call late"
CORRUPT, TRUNCATED, EMPTY, CUT = "answer corrupt", "answer truncated", "answer empty", "answer cut"
KILLED, LOST_THEN_KILLED = "killed", "answer lost, then killed"
TRANSPORT = {
    RESET: "the connection ends before AWS gets the call",
    SILENT: "AWS never gets the call, and no answer comes",
    HTML: "a load balancer answers 502, 503 or 504 with a page of HTML, and AWS never gets the call",
    CORRUPT: "AWS does it, and the answer has wrong bytes in it",
    TRUNCATED: "AWS does it, and the answer ends in its middle, with a length that fits",
    EMPTY: "AWS does it, and the answer has no body",
    CUT: "AWS does it, and the connection ends in the middle of the answer",
    LOST: "AWS does it, and the connection ends before the answer",
    SLOW: "AWS does it, and the answer comes after the client has given up",
    LATE: "AWS does it after the client has given up and the caller has an answer",
}
KILLS = {
    KILLED: "AWS does it, and the function is killed before it has the answer",
    LOST_THEN_KILLED: "the first attempt loses its answer, and the function is killed in the second attempt",
}
"""They happen once: a function that Lambda kills at each call is a function that does not run."""
SAME_FOR_READS = {LOST, SLOW, LATE}
"""Troubles that are RESET or SILENT for a call that only reads."""
UNREPEATED = {CORRUPT, TRUNCATED, EMPTY, *KILLS}
"""Troubles after which botocore may not repeat the call."""

ONCE, LAST, EVER = "once", "until the last attempt", "for ever"
OFTEN = {
    ONCE: "The first attempt of the call fails. botocore's second attempt meets a healthy service.",
    LAST: "All attempts of botocore fail, and so the function's call. The next try of the caller, of the queue or of"
    " Lambda meets a healthy service. Errors of SES and SNS come seven times; at the eighth a reminder would fail.",
    EVER: "Each call fails as long as the case lasts. A caller tries again and meets the same fault. A queue or a"
    " workflow tries three times, and SES and SNS fail until the reminder is too late.",
}
PAGES = {ONCE: 502, LAST: 503, EVER: 504}
"""The status of a page of HTML."""

Trouble: TypeAlias = str | ServiceError
"""One of TRANSPORT or KILLS, or an error of a service."""


class Call(NamedTuple):
    """An AWS call: the construct id of the function that makes it, and its IAM action."""

    function: str
    action: str

    def __str__(self) -> str:
        return f"{self.function}, {self.action}"


@dataclass
class Fault:
    """Makes calls like `call` fail: the one with number `nth`, counted from 0, or with `EVER` all from that one on.

    `LAST` may last for several calls, if somebody repeats the function as often: `calls`.
    """

    call: Call
    trouble: Trouble
    often: str = LAST
    nth: int = 0
    calls: int = 1
    met: int = 0
    """The number of attempts that met the fault."""
    most: int = 1
    """The number of attempts that botocore makes, as the last request said."""
    survived: bool = False
    """Whether the function should have been killed, but had hung up before."""

    def __post_init__(self) -> None:
        self._ids: list[str] = []
        self._attempts: dict[str, int] = {}
        self.troubled: set[str] = set()

    @property
    def status_of_page(self) -> int:
        return PAGES[self.often]

    @property
    def calls_met(self) -> int:
        return len(self.troubled)

    def meets(self, call: Call, invocation: str, most: int) -> Trouble | None:
        """The trouble of this attempt, or None. All attempts of one call have the same `invocation`."""
        if call != self.call:
            return None
        if invocation not in self._attempts:
            self._ids.append(invocation)
        number = self._attempts[invocation] = self._attempts.get(invocation, 0) + 1
        after = self._ids.index(invocation) - self.nth
        if after < 0 or (self.often != EVER and after >= self.calls):
            return None
        if self.often == ONCE and number > (2 if self.trouble == LOST_THEN_KILLED else 1):
            return None
        self.met += 1
        self.most = most
        self.troubled.add(invocation)
        if self.trouble == LOST_THEN_KILLED:
            return LOST if number == 1 else KILLED
        return self.trouble

    def is_repeated(self) -> bool:
        """Whether botocore makes another attempt after this trouble. Then a fault that comes once changes nothing."""
        if self.most < 2:
            return False
        if isinstance(self.trouble, ServiceError):
            return self.trouble.is_repeated()
        return self.trouble not in UNREPEATED
