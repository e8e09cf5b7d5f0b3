"""Reminders that are due in the same second, and the rate of SES: each one is a process of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from costs import quotas
from tools.simulate.limits import TokenBucket

RETRIES, LONGEST = 6, 30
"""What `EmailOnly` did until 2026-11-27: six retries after 2, 4, 8, 16, 30 and 30 seconds at most, jitter FULL."""

SEND_SECONDS = 0.15


@dataclass
class Sent:
    """When each reminder went out, in seconds after it was due, and how many failed."""

    name: str
    sent: list[float] = field(default_factory=list)
    failed: int = 0
    calls: int = 0


def earlier(env: Any, random: Random, *, number: int) -> Sent:
    """Each reminder asks SES by itself, waits if SES refuses, and fails after its last retry."""
    found, ses = Sent("earlier design"), _ses()

    def one() -> Iterator[Any]:
        for attempt in range(RETRIES + 1):
            yield env.timeout(SEND_SECONDS)
            found.calls += 1
            if ses.take_one(now=env.now):
                found.sent.append(env.now)
                return
            if attempt < RETRIES:
                yield env.timeout(random.uniform(0, min(LONGEST, 2 ** (attempt + 1))))
        found.failed += 1

    for _ in range(number):
        env.process(one())
    return found


def queued(env: Any, package: Any, *, number: int, rate: float, instances: int) -> Sent:
    """Each reminder is a message. A few instances of one function send them, and pause so that the rate is kept."""
    found, ses, queue = Sent("with a queue"), _ses(), package.Store(env)
    queue.items = list(range(number))

    def instance(first: float) -> Iterator[Any]:
        yield env.timeout(first)
        while True:
            message = yield queue.get()
            found.calls += 1
            if ses.take_one(now=env.now):
                found.sent.append(env.now)
            else:
                queue.put(message)
            yield env.timeout(instances / rate)

    for at in range(instances):
        env.process(instance(at / rate))
    return found


def _ses() -> TokenBucket:
    rate = quotas.value("ses.rate")
    return TokenBucket(rate=rate, size=rate)
