"""A burst above the limit, a soak, and large tables, on a laptop cloud of its own."""

import random

from tests.proof.cloud import proof_cloud
from tests.proof.load import burst, costs, soak
from tests.proof.section import Figure, Section

TITLE = "Load"
CLAIM = (
    "The APIs refuse what is above the stage's limit, and everything that they accept ends exactly once. In a soak, no"
    " warm process of a function grows by more than a megabyte, and an entry of the cache takes no more memory. Each"
    " kind of request about orders and reminders costs the same in a table of 100,000 rows as in one of 1,000."
)
SAMPLE = "tests/e2e/test_load.py tests/e2e/test_budgets.py"

ORDERS, REMINDERS = 300, 150
RATE, BURST, CLIENTS = 10, 50, 32
"""The limit of the burst, in requests a second and at once. Even a busy laptop could answer more."""
ROUNDS = 10
FEW, MANY = 1_000, 100_000


def run(seed: str) -> Section:
    chance = random.Random(seed)
    limits = {"clients": CLIENTS, "rate": RATE, "burst": BURST}
    with proof_cloud() as apps:
        bursts = (burst.of_orders(apps, ORDERS, **limits), burst.of_reminders(apps, REMINDERS, **limits))
        soaked = soak.soak(apps, rounds=ROUNDS, chance=chance)
        compared = costs.compared(apps, few=FEW, many=MANY, chance=chance)
    grown = soaked.grown
    figures = [
        Figure(
            "accepted orders and reminders that ended exactly once", *_sum(*(one.settled for one in (*bursts, soaked)))
        ),
        Figure("answers above the limit that were 429 with `Retry-After`", *_sum(*(one.refused for one in bursts))),
        Figure(
            "functions whose memory stayed flat", sum(size <= soak.FLAT for size in grown.values()), len(soaked.warm)
        ),
        Figure(f"kinds of requests that cost the same with {MANY:,} rows", len(compared.same), len(compared.kinds)),
        Figure("functions that may scan a table", len(compared.scanning)),
    ]
    parts = (*bursts, soaked, compared)
    failures = [line for one in parts for line in one.failures]
    return Section(figures, "\n".join(one.text() for one in parts[:-1]) + "\n\n" + compared.text(), failures)


def _sum(*pairs: tuple[int, int]) -> tuple[int, int]:
    return sum(one for one, _ in pairs), sum(total for _, total in pairs)
