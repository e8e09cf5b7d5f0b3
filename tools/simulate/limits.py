"""AWS's limits, as small machines that a simulation asks once in each second. Pure."""

from collections import deque
from math import inf

from costs import quotas


class TokenBucket:
    """Holds at most `size` tokens and gets `rate` of them each second, as API Gateway, Step Functions and SES count."""

    def __init__(self, *, rate: float, size: float) -> None:
        self.rate, self.size = rate, size
        self._tokens, self._at = size, 0.0

    def take_one(self, *, now: float) -> bool:
        """Takes a token for one request at this moment. Returns False if there is not a whole one."""
        self._tokens = min(self.size, self._tokens + (now - self._at) * self.rate)
        self._at = now
        # Sums of fractions of a second are not exact.
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens -= 1
        return True

    def take_in_a_second(self, wanted: float) -> float:
        """Takes tokens for requests that come evenly within the next second, in which the bucket is refilled, too."""
        taken = min(wanted, self._tokens + self.rate)
        self._tokens = min(self.size, self._tokens + self.rate - taken)
        return taken


class Writes:
    """The write units that a table, an index or a key takes in each second.

    An on-demand table takes `starts_with` at first. It always takes twice the peak that is older than half an hour, up
    to the quota of a table. A single key lies in one partition, whose limit never grows.
    """

    def __init__(self, *, starts_with: float, most: float = inf) -> None:
        self.limit, self.most = starts_with, most
        self._used, self._second = 0.0, -1
        self._peaks = deque[tuple[int, float]]()

    @classmethod
    def of_table(cls, *, prepared: float = 0) -> "Writes":
        starts = max(prepared, quotas.value("dynamodb.new_writes"))
        return cls(starts_with=starts, most=quotas.value("dynamodb.table_writes"))

    @classmethod
    def of_key(cls) -> "Writes":
        most = quotas.value("dynamodb.partition_writes")
        return cls(starts_with=most, most=most)

    def left(self, *, now: int) -> float:
        if now != self._second:
            self._close(now)
        return max(0.0, self.limit - self._used)

    def use(self, units: float, *, now: int) -> None:
        self.left(now=now)
        self._used += units

    def _close(self, now: int) -> None:
        if self._used and self.limit < self.most:
            self._peaks.append((self._second, self._used))
        old = now - quotas.value("dynamodb.minutes_to_double") * 60
        while self._peaks and self._peaks[0][0] <= old:
            self.limit = min(self.most, max(self.limit, 2 * self._peaks.popleft()[1]))
        self._used, self._second = 0.0, now


class Function:
    """The environments of a function. A cold one takes one call in its first second; a warm one, `1 / seconds`."""

    IDLE_SECONDS = 600
    """An environment that is not used ends after some minutes."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self.warm = 0.0
        most = quotas.value("lambda.new_in_ten_seconds")
        self._new = TokenBucket(rate=most / 10, size=most)

    def run(self, calls: float, *, room: float) -> tuple[float, float]:
        """Returns how many of the calls warm and cold environments take. Others are throttled.

        `room` is the account's concurrency that is free for new environments.
        """
        warm = min(calls, self.warm / self.seconds)
        cold = self._new.take_in_a_second(min(calls - warm, max(0.0, room)))
        needed = (warm + cold) * self.seconds
        self.warm = max(needed, self.warm * (1 - 1 / self.IDLE_SECONDS)) + cold
        return warm, cold
