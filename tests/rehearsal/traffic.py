"""Uses both apps while they are deployed, and counts the answers."""

import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any

from tests.support.cloud.apps import Apps, new_order
from tests.support.names import unique

PAUSE_SECONDS = 0.05
"""Between two requests. The deployment needs the processor, too."""

EXPECTED = {
    "order": (202,),
    "order again": (200, 202),
    "bad order": (202,),
    "look up": (200,),
    "list orders": (200,),
    "set a reminder": (202,),
    "list reminders": (200,),
    "cancel it": (200,),
}
"""The statuses that each request may have."""


class Traffic:
    """A thread that sends one request after the other, from `with` to its end, and at least `least`."""

    def __init__(self, apps: Apps, *, least: int) -> None:
        self._apps = apps
        self._least = least
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.answers: Counter[tuple[str, int]] = Counter()
        """How often each request had each status."""
        self.meanwhile = 0
        """How many requests were answered before the end of the deployment. The others followed at once."""
        self.broken: list[str] = []
        """What went wrong with requests without a readable answer."""

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(
        self, type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.meanwhile = self.requests
        self._over.set()
        self._thread.join()

    @property
    def requests(self) -> int:
        return self.answers.total() + len(self.broken)

    def server_errors(self) -> int:
        """How many requests had a status of 5xx, or no readable answer."""
        return len(self.broken) + sum(count for (_, status), count in self.answers.items() if status >= 500)

    def unexpected(self) -> list[str]:
        """A sentence for each other status that no request should have."""
        return [
            f"{count} x {what}: {status}"
            for (what, status), count in sorted(self.answers.items())
            if status < 500 and status not in EXPECTED[what]
        ]

    def _run(self) -> None:
        # A round always ends, so that no reminder of the traffic stays.
        while not self._over.is_set() or self.requests < self._least:
            self._round()

    def _round(self) -> None:
        apps, order = self._apps, new_order()
        self._count("order", lambda: apps.post_order(order))
        self._count("order again", lambda: apps.post_order(order))
        self._count("bad order", lambda: apps.post_order({**new_order(), "Price": "-1"}))
        self._count("look up", lambda: apps.get_order(order["OrderId"]))
        self._count("list orders", lambda: apps.call("GET", "/orders"))
        reminder = {"message": unique("Traffic "), "channels": ["email"], "waitSeconds": 3600}
        answer = self._count("set a reminder", lambda: apps.post_reminder(reminder))
        self._count("list reminders", lambda: apps.call_reminders("GET", "/reminders"))
        if answer and "reminderId" in answer:
            self._count("cancel it", lambda: apps.call_reminders("DELETE", f"/reminders/{answer['reminderId']}"))

    def _count(self, what: str, call: Callable[[], tuple[Any, ...]]) -> Any:
        try:
            status, body, *_ = call()
        except Exception as error:  # any answer that is not one of an API counts as broken
            self.broken.append(f"{what}: {type(error).__name__}")
            return None
        finally:
            self._over.wait(PAUSE_SECONDS)  # no pause after the end of the deployment
        self.answers[what, status] += 1
        return body
