"""What comes in on the simulated day: orders through day and night, and a flash sale at noon. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi, sqrt
from random import Random

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, kw_only=True)
class Sale:
    """Begins within `rises` seconds, stays at `orders` a second, and fades."""

    begins: int = 12 * HOUR
    rises: int = 1
    lasts: int = 30 * 60
    fades: int = 60 * 60
    orders: float = 4000

    def rate(self, second: int) -> float:
        after = second - self.begins
        if after < 0 or after >= self.lasts + self.fades:
            return 0
        if after < self.rises:
            return self.orders * (after + 1) / self.rises
        return self.orders * min(1.0, 1 - (after - self.lasts) / self.fades)


def usual(second: int) -> float:
    """Orders a second on a day without a sale: 5 at four in the morning, 35 at four in the afternoon."""
    return 20 - 15 * cos(2 * pi * (second - 4 * HOUR) / DAY)


def arrivals(random: Random, *, sale: Sale, seconds: int = DAY) -> Iterator[int]:
    """New orders in each second, as a Poisson process."""
    for second in range(seconds):
        yield poisson(random, usual(second) + sale.rate(second))


def poisson(random: Random, mean: float) -> int:
    # Above some dozens the normal distribution is the same, to a fraction of a percent.
    if mean > 50:
        return max(0, round(random.gauss(mean, sqrt(mean))))
    left, count = random.expovariate(1.0), 0
    while left < mean:
        left += random.expovariate(1.0)
        count += 1
    return count
