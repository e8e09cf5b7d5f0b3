"""Sends odd but valid orders and reminders, and compares what the stores hold with what was sent, byte by byte."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

from tests.proof.requests import stores
from tests.proof.requests.client import Client, Reply, at_once
from tests.proof.requests.odd import Odd
from tests.proof.requests.stores import Accepted
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.names import unique

A_PERSONS_SHARE = 100
"""The reminders of one person: as many as stage `prod` allows. Stage `local` would allow one person to set them all."""


@dataclass
class Stored:
    """What was accepted and then found as it was sent."""

    orders: int = 0
    reminders: int = 0
    queued: int = 0
    listed: int = 0
    sent: int = 0
    people: int = 0
    failures: list[str] = field(default_factory=list)


class Storing:
    """Both apps, and people who send orders and reminders."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps

    def run(self, seed: str, *, orders: int, reminders: int) -> Stored:
        odd, stored = Odd(seed), Stored()
        people = [self._apps.as_new_person() for _ in range(max(1, math.ceil(max(reminders, 1) / A_PERSONS_SHARE)))]
        stored.people = len(people)
        with Client(self._apps.places.endpoint) as self._client:
            self._orders(odd, stored, people[: math.ceil(orders / 1000)], orders)
            self._reminders(odd, stored, people, reminders)
        return stored

    def _orders(self, odd: Odd, stored: Stored, people: Sequence[Apps], count: int) -> None:
        made = [odd.order(unique(length=8)) for _ in range(count)]
        before = balance.mark(self._apps.cloud, self._apps.places)
        posts = (("orders", people[at % len(people)].token, order) for at, order in enumerate(made))
        answers = list(at_once(self._posted, posts))
        accepted = self._accepted(made, answers, stored)
        stores.at_rest(self._apps, Accepted(placed=Counter(order["OrderId"] for order, _ in accepted)))
        seen = balance.order_records(self._apps.cloud, self._apps.places, since=before)
        messages = {one.body["OrderId"]: one for one in seen.messages if one.id not in before.messages}
        listed = {one["OrderId"]: one for person in people for one in self._pages(person, "orders", "owner=me")}
        for order, _ in accepted:
            id = order["OrderId"]
            stored.orders += same(order, seen.rows.get(id, {}), "its row", stored)
            stored.queued += same(order, messages[id].body if id in messages else {}, "its message", stored)
            stored.listed += same(order, listed.get(id, {}), "the list", stored)

    def _reminders(self, odd: Odd, stored: Stored, people: Sequence[Apps], count: int) -> None:
        made = [odd.reminder(is_operator=False) for _ in range(count)]
        posts = (("reminders", people[at % len(people)].token, one) for at, one in enumerate(made))
        accepted = self._accepted(made, list(at_once(self._posted, posts)), stored)
        due = {
            answer["reminderId"]
            for reminder, answer in accepted
            if str(reminder.get("waitSeconds", 1)).strip("0.") == ""
        }
        stores.at_rest(self._apps, Accepted(changed=due))
        rows = balance.reminder_rows(self._apps.cloud, self._apps.places)
        listed = {one["reminderId"]: one for person in people for one in self._pages(person, "reminders", "")}
        mails = [mail for mail in self._apps.cloud.engine.mails() if mail.get("BodyText")]
        mailed = {id: mail for mail in mails if (id := balance.id_in(mail["BodyText"]))}
        for reminder, answer in accepted:
            id = answer["reminderId"]
            row, shown = rows.get(id, {}), listed.get(id, {})
            sent = {
                "Message": reminder["message"],
                "Subject": reminder.get("subject"),
                "Repeat": reminder.get("repeat"),
            }
            kept = {
                "Message": row.get("Message"),
                "Subject": row.get("Subject"),
                "Repeat": json.loads(row.get("Repeat", "null")),
            }
            stored.reminders += _equal(sent, kept, f"the row of reminder {id}", stored)
            stored.listed += _equal(
                sent,
                {name: shown.get(name.lower()) for name in sent},
                f"the list, about reminder {id}",
                stored,
            )
            if id in due and "email" in str(reminder.get("channels", reminder.get("preference"))).replace(
                "both", "email"
            ):
                mail = mailed.get(id, {"BodyText": "", "Subject": ""})
                text = mail["BodyText"].rpartition("\n\n-- \n")[0]
                stored.sent += _equal(reminder["message"], text, f"the mail of reminder {id}, {row}", stored)

    def _posted(self, post: tuple[str, str, Any]) -> Reply:
        name, token, body = post
        url = self._apps.places.orders_api if name == "orders" else self._apps.places.reminders_api
        headers = {"Content-Type": "application/json", "Authorization": token}
        # Half of the texts are sent as \u escapes.
        raw = json.dumps(body, ensure_ascii=len(str(body)) % 2 == 0).encode()
        return self._client.send("POST", f"{urlsplit(url).path}/{name}", headers, raw)

    def _accepted(self, made: Sequence[Any], answers: Sequence[Reply], stored: Stored) -> list[tuple[Any, Any]]:
        refused = [(body, answer) for body, answer in zip(made, answers, strict=True) if answer.status != 202]
        stored.failures += [f"{answer.status} {answer.text} for {body!r}" for body, answer in refused]
        return [(body, json.loads(one.text)) for body, one in zip(made, answers, strict=True) if one.status == 202]

    def _pages(self, person: Apps, name: str, query: str) -> Iterator[Mapping[str, Any]]:
        """The person's own orders or reminders, from all pages of the list."""
        url = self._apps.places.orders_api if name == "orders" else self._apps.places.reminders_api
        following = ""
        while True:
            path = f"{urlsplit(url).path}/{name}?limit=100&{query}{following}"
            page = json.loads(self._client.send("GET", path, {"Authorization": person.token}).text)
            yield from page[name]
            if not page["next"]:
                return
            following = f"&next={quote(page['next'])}"


def same(order: Mapping[str, Any], found: Mapping[str, Any], where: str, stored: Stored) -> bool:
    """Whether `found` has the order's fields. A price that was sent as a number is compared as one."""
    names = ("OrderId", "Name", "ItemName")
    price = order["Price"]
    sent = {**{name: order[name] for name in names}, "Price": price if isinstance(price, str) else Decimal(str(price))}
    kept = {name: found.get(name) for name in (*names, "Price")}
    if not isinstance(price, str) and kept["Price"] is not None:
        kept["Price"] = Decimal(kept["Price"])
    return _equal(sent, kept, f"{where}, about {order['OrderId']}", stored)


def _equal(sent: Any, kept: Any, where: str, stored: Stored) -> bool:
    if sent != kept:
        stored.failures.append(f"{where}: sent {sent!r}, found {kept!r}"[:1000])
    return bool(sent == kept)
