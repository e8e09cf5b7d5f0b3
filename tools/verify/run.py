"""One verification: the deployed stage, the users that it creates there, and what it leaves."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from stacks.names import ACCOUNT, FULFILLMENT, ORDERS, REMINDERS
from terminal.errors import CommandError
from tools.deployment import Deployment
from tools.errors import sentence
from tools.verify.findings import FailedError, LeftOutError, brief
from tools.verify.queues import Reader
from tools.verify.users import User, Users, letters
from tools.verify.web import Reply, Web

CARD = "4242424242424242"
"""A test card. https://docs.stripe.com/testing#cards"""

LAPTOP_PHONE = "+15555550199"
"""A number that nobody has. The laptop cloud sends no texts."""

FULFILLMENT_QUEUE, ESCALATION_QUEUE = "OrderFulfillmentQueueUrl", "EscalationQueueUrl"

PATIENCE_SECONDS = 120
PAUSE_SECONDS, LAPTOP_PAUSE_SECONDS = 1.0, 0.2

T = TypeVar("T")


class Caller:
    """The APIs of the stage, called by one user."""

    def __init__(self, run: "Run", user: User) -> None:
        self._run, self.user = run, user

    def call(self, stack: str, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Calls the API of `stack`. A body that is not text is sent as JSON. `_` in names of headers means `-`."""
        text = body if isinstance(body, str | bytes | None) else json.dumps(body)
        given = {"Content-Type": "application/json", "Authorization": self.user.token()}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self._run.send(stack, method, path, text, given)

    def orders(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self.call(ORDERS, method, path, body, **headers)

    def reminders(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self.call(REMINDERS, method, path, body, **headers)

    def account(self, method: str) -> Reply:
        return self.call(ACCOUNT, method, "/account")


class Run:
    """A verification in progress. `cleaning.cleaned` removes what it made."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        phone: str | None = None,
        reads_queues: bool = True,
        browser: Callable[[], AbstractContextManager[Any]] | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Texts go to `phone`; None leaves them out. `browser` opens a Chromium; None leaves the page out."""
        self.deployment = deployment
        self.phone = phone
        self.browser = browser
        self.say = say
        self.web = Web()
        self.users = Users(deployment)
        self.began = datetime.now(UTC)
        self.mark = letters(6)
        """In the id of each order and the text of each reminder of this run."""
        self.queues = {output: deployment.output(ORDERS, output) for output in (FULFILLMENT_QUEUE, ESCALATION_QUEUE)}
        """The URLs of the queues that the run reads, by the outputs of the stack Orders."""
        self.reader = Reader(deployment.client("sqs"), self.queues.values(), mark=self.mark, may_read=reads_queues)
        self.parking: str | None = None
        """The id of the order that the run has started by hand, until it has removed the parked message."""
        self.left: list[str] = []
        """What this run should have removed and could not, in sentences."""
        self.notes: list[str] = []
        """What else stays, in sentences."""

    @cached_property
    def person(self) -> Caller:
        return Caller(self, self.users.new(phone=self.phone))

    @cached_property
    def operator(self) -> Caller:
        return Caller(self, self.users.new(operator=True))

    @cached_property
    def stranger(self) -> User:
        """A person who may see nothing of `person`."""
        return self.users.new()

    @cached_property
    def site(self) -> str:
        return self.deployment.site_url()

    def as_user(self, user: User) -> Caller:
        return Caller(self, user)

    def send(self, stack: str, method: str, path: str, body: str | bytes | None, headers: Mapping[str, str]) -> Reply:
        """Sends a request to the API of `stack`, with exactly these headers."""
        url = self.deployment.api_url(stack)
        # Without the query, which may contain a person's data.
        return self.web.send(method, url + path, asked=f"{method} {path.partition('?')[0]}", body=body, headers=headers)

    def page(self, path: str = "", **headers: str) -> Reply:
        """Fetches a path of the page."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.web.send("GET", self.site + path, asked=f"GET /{path}", headers=given)

    def order(self, **changes: Any) -> dict[str, Any]:
        """A good order with changes, and with an id of this run."""
        id = f"verify-{self.mark}-{letters()}"
        return {"OrderId": id, "Name": "make verify", "ItemName": "Test", "Price": "12.50", "CC": CARD} | changes

    def message(self) -> str:
        """The text of a reminder of this run."""
        return f"A test of make verify ({self.mark}-{letters()})"

    @property
    def has_consumer(self) -> bool:
        """Whether the example consumer takes the messages out of the fulfillment queue."""
        return self.deployment.has(FULFILLMENT)

    def need_phone(self) -> str:
        """The number for texts. Raises LeftOutError without one."""
        if not self.phone:
            raise LeftOutError("no number for texts was given: PHONE=+15555550199 sends some")
        return self.phone

    def until(
        self, look: Callable[[], T], accepted: Callable[[T], object], *, what: str, patience: float = PATIENCE_SECONDS
    ) -> T:
        """Calls `look` until `accepted` is true for its result. Raises FailedError when the patience ends."""
        pause = LAPTOP_PAUSE_SECONDS if self.deployment.is_laptop else PAUSE_SECONDS
        deadline = time.monotonic() + patience
        while True:
            if accepted(seen := look()):
                return seen
            if time.monotonic() > deadline:
                raise FailedError(f"{what}: still {brief(seen)} after {patience:g} seconds")
            time.sleep(pause)

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Notes a failure of `what` in `left`, and goes on."""
        try:
            yield
        except (CommandError, FailedError) as error:
            self.left.append(f"{what}: {error}")
        except (BotoCoreError, ClientError) as error:
            self.left.append(f"{what}: {sentence(error)}")
