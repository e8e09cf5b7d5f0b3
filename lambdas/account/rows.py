"""The rows of a person in the tables of both apps: reads all of them, and erases them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from account.stores import EXECUTIONS, ORDERS, REMINDERS
from common.paging import MOST, Place
from common.times import timestamp
from orders import rules
from orders import table as order_table
from orders.order import FINAL, PARKED
from reminders import allowance, executions
from reminders import table as reminder_table
from reminders.due import from_utc_text
from reminders.reminder import CANCELLED, SCHEDULED

Row: TypeAlias = dict[str, Any]
Page: TypeAlias = tuple[list[Row], Place | None]

STARTING = timedelta(minutes=5)
"""A function writes the row of a reminder before it starts the execution. No function runs longer than this."""


@dataclass
class Erasing:
    """One call of a deletion. `until` is the value of time.monotonic after which it erases no further row."""

    owner: str
    until: float
    searched_since: datetime
    """When the search of the queues began. A message of an order that was parked later may not have been found."""

    removed: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)

    def run(self) -> bool:
        """Erases the rows. Returns whether none is left.

        It looks until it finds nothing more, because another device may add orders and reminders meanwhile.
        """
        is_clean = False
        while not is_clean:
            is_clean = True
            for find, erase in ((reminders_of, self.erase_reminder), (orders_of, self.erase_order)):
                for row in find(self.owner):
                    if time.monotonic() > self.until:
                        return False
                    is_clean = not erase(row) and is_clean
            if self.waits:
                return False
        allowance.forget(self.owner)
        return True

    def erase_order(self, row: Row) -> bool:
        """Returns True, because the row was there. The next round shows whether it still is."""
        is_unsearched = row["Status"] == PARKED and row["UpdatedAt"] >= timestamp(self.searched_since)
        if row["Status"] not in FINAL or is_unsearched:
            self.waits[ORDERS] += 1
        elif order_table.erase(row, now=datetime.now(UTC)):
            self.removed[ORDERS] += 1
        return True

    def erase_reminder(self, row: Row) -> bool:
        """Returns whether the row was there. The index lags, so it may name a row that is gone."""
        # The execution is stopped before its row is deleted. After a crash in between, somebody still finds it.
        if row["Status"] in (SCHEDULED, CANCELLED) and not self._stop(row):
            self.waits[REMINDERS] += 1
        elif reminder_table.erase(row):
            self.removed[REMINDERS] += 1
        else:
            return reminder_table.find(row["ReminderId"]) is not None
        return True

    def _stop(self, row: Row) -> bool:
        """Stops the execution of a reminder. Returns False if it may be about to start."""
        if "After" in row:
            # Usually it has ended. After a change of the reminder it runs on if nobody could stop it then.
            executions.stop(row["After"])
        if executions.stop(row["ExecutionId"]):
            self.removed[EXECUTIONS] += row["Status"] == SCHEDULED
            return True
        return row["Status"] == CANCELLED or datetime.now(UTC) - from_utc_text(row["UpdatedAt"]) > STARTING


def orders_of(owner: str) -> Iterator[Row]:
    yield from _all(partial(orders_page, owner))


def reminders_of(owner: str) -> Iterator[Row]:
    yield from _all(partial(reminders_page, owner))


def orders_page(owner: str, *, after: Place | None) -> Page:
    return order_table.of_owner(owner, limit=MOST, after=after)


def reminders_page(owner: str, *, after: Place | None) -> Page:
    return reminder_table.of_owner(owner, limit=MOST, after=after, last_first=False, due=None)


def orders_named(ids: Set[str]) -> Mapping[str, Row]:
    """The rows of at most 100 ids. Ids that no order can have are left out: a message by hand may name anything."""
    return order_table.find_all(filter(rules.is_order_id, ids))


def reminders_named(ids: Set[str]) -> Mapping[str, Row]:
    """The rows of the ids. Ids of no reminder are left out, because a message by hand may name anything."""
    rows = (reminder_table.find(id) for id in ids if 0 < len(id) <= reminder_table.LONGEST_ID)
    return {row["ReminderId"]: row for row in rows if row}


def _all(page: Callable[..., Page]) -> Iterator[Row]:
    after: Place | None = None
    while True:
        rows, after = page(after=after)
        yield from rows
        if after is None:
            return
