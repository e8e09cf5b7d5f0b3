"""`python -m tests.proof.faults.share SHARE OF SEED FILE`: runs a share of the cases on a laptop cloud of its own.

SHARE is a number below OF, or `others`: the cases of the example consumer and of accounts.
"""

import json
import sys
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from terminal import program
from tests.proof.cloud import proof_cloud
from tests.support.cloud import fault_plan, fault_proof, shipments
from tests.support.cloud.account_journeys import ACCOUNTS
from tests.support.cloud.between import between, calls_granted
from tests.support.cloud.fault_matrix import Matrix, fault_matrix
from tests.support.cloud.fault_plan import Place, Planned
from tests.support.cloud.fault_verdicts import Result
from tests.support.cloud.shop import Shop

OTHERS = "others"


class Case(NamedTuple):
    """What the report says about a case."""

    function: str
    action: str
    kind: str
    trouble: str
    often: str
    wrong: bool

    @property
    def name(self) -> str:
        return f"{self.function}, {self.action}, {self.kind}, {self.trouble}, {self.often}"


class Done(NamedTuple):
    """The result of a share."""

    cases: Sequence[Case]
    planned: Sequence[str]
    """The names of the cases of all shares, as this one has planned them."""
    repeated: Sequence[str]
    failures: Sequence[str]
    terms: str
    """The balance, or an empty text if it does not hold or nothing has one."""


def main() -> int:
    share, of, seed, file = sys.argv[1:]

    def run() -> int:
        done = _shipments_and_accounts(seed) if share == OTHERS else _orders_and_reminders(seed, int(share), int(of))
        Path(file).write_text(json.dumps(done))
        return 0

    # A signal ends this like Ctrl-C, so that the laptop cloud stops.
    return program.run(run, said_of=lambda error: None)


def is_in(planned: Planned, share: int, of: int) -> bool:
    """Whether a case is in a share. All clouds make the same calls, but may find them in another order."""
    return zlib.crc32(_name(planned).encode()) % of == share


def _name(planned: Planned) -> str:
    return f"{planned.place.call}, {planned.kind}, {planned.trouble}, {planned.often}"


def _orders_and_reminders(seed: str, share: int, of: int) -> Done:
    all_cases: list[Planned] = []

    def plan(places: Collection[Place]) -> Sequence[Planned]:
        all_cases.extend(fault_plan.every(places, seed))
        return [one for one in all_cases if is_in(one, share, of)]

    with proof_cloud() as apps:
        granted = {one for stack in ("Orders", "Reminders") for one in calls_granted(apps.cloud, stack)}
        with fault_matrix(apps, seed) as matrix:
            proof = fault_proof.run(matrix, plan)
    failures = [*proof.failures, *fault_proof.missing(granted, matrix.reached)]
    return _done(all_cases, matrix.results, matrix.repeated, failures, proof.terms)


def _shipments_and_accounts(seed: str) -> Done:
    """The consumer would remove the messages that the cases of orders look for, so it has a cloud of its own."""
    with (
        proof_cloud(consumer=True) as apps,
        between(apps.cloud, "local-fulfillment", "local-account") as proxy,
    ):
        shipped = shipments.run(proxy, Shop(apps.cloud), shipments.every(seed))
        accounts = Matrix(apps, proxy, seed, ACCOUNTS)
        accounts.run(lambda places: fault_plan.kinds(places, seed))
        accounts.release()
        missing = fault_proof.missing(calls_granted(apps.cloud, "Account"), accounts.reached)
    results = [*shipped, *accounts.results]
    return _done((), results, accounts.repeated, [*missing, *(one.line for one in results if one.wrong)], "")


def _done(
    planned: Sequence[Planned],
    results: Sequence[Result],
    repeated: Sequence[Result],
    failures: Sequence[str],
    terms: str,
) -> Done:
    cases = [
        Case(*one.planned.place.call, one.planned.kind, str(one.planned.trouble), one.planned.often, bool(one.wrong))
        for one in results
    ]
    return Done(cases, [*map(_name, planned)], [one.line for one in repeated], failures, terms)


if __name__ == "__main__":
    sys.exit(main())
