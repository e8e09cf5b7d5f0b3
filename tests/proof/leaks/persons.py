"""Plants people: as users of the apps, and as texts in every place of a request."""

from collections.abc import Sequence
from dataclasses import replace

from local import users
from local.users import PERSON
from tests.proof.leaks import inside
from tests.proof.leaks.cards import Ids, about
from tests.proof.leaks.client import Client, Sent
from tests.proof.leaks.people import FORMS, People, Person
from tests.proof.leaks.places import HEADERS, PLACES, Request, in_header, order
from tests.support.cloud.apps import Apps
from tests.support.names import unique

IDS = ("OrderId", "path and OrderId of a correction")
"""The places of ids. Logs have ids, so a name in an id would be in logs. See decision D252."""
TEXT = "{} <{}>, {}"


def strangers(client: Client, people: People, ids: Ids, count: int) -> list[Sent]:
    """Plants new people in requests of somebody else: each person in three places and in some headers."""
    places = [place for place in PLACES if place not in IDS]
    requests = []
    for number in range(count):
        person = people.new()
        texts = [person.name, person.address, person.number, TEXT.format(*_all(person))]
        for place in people.random.sample(places, 3):
            form = people.random.choice(list(FORMS))
            text = FORMS[form](people.random.choice(texts))
            request = PLACES[place].make(text, about(place, ids, people.random))
            headers = {name: in_header(text) for name, text in _headers(people, person)}
            requests.append((f"{place}, {form}, person {number}", _with(request, headers)))
    return client.all(requests)


def _all(person: Person) -> tuple[str, str, str]:
    return person.name, person.address, person.number


def _headers(people: People, person: Person) -> list[tuple[str, str]]:
    return list(zip(people.random.sample(HEADERS, 3), _all(person), strict=True))


def _with(request: Request, headers: dict[str, str]) -> Request:
    return replace(request, headers={**headers, **request.headers})


def as_users(apps: Apps, people: People, count: int) -> list[Sent]:
    """Makes people users of the apps, who do everything that a person can do. Half of them leave at the end."""
    sent: list[Sent] = []
    for number in range(count):
        person = people.new()
        user = replace(apps.cloud.users()[PERSON], email=person.address)
        users.add(apps.cloud.engine.client("cognito-idp"), apps.places.user_pool, user, phone=person.number)
        own = Apps(apps.cloud, apps.places, user=user)
        sent += _life(Client(own), Client(apps), person, leaves=bool(number % 2))
    return sent


def _life(own: Client, operator: Client, person: Person, *, leaves: bool) -> list[Sent]:
    good, bad, reminder = unique("L-"), unique("L-"), "a reminder of a user"
    both = {"message": f"Call {person.name}", "subject": person.name, "preference": "both"}
    found = [
        own.send("an order of a user", Request("POST", "/orders", order(good, Name=person.name))),
        own.send("an order of a user", Request("POST", "/orders", order(bad, Name=person.name, Price="-1"))),
        own.send("a wrong order of a user", Request("POST", "/orders", order(bad, Name=[person.name]))),
        own.send("another order with the id", Request("POST", "/orders", order(good, Name=person.name.upper()))),
        own.send("a lookup", Request("GET", f"/orders/{good}")),
        own.send("a search", PLACES["query text of orders"].make(person.name, "")),
        operator.send("a contact", Request("GET", f"/orders/{good}/contact")),
        operator.send("a closing", Request("POST", f"/orders/{bad}/close", {"note": f"Called {person.name}"})),
        own.send(reminder, Request("POST", "/reminders", {**both, "waitSeconds": 0}, api="reminders")),
        own.send(reminder, Request("POST", "/reminders", {**both, "waitSeconds": 86400}, api="reminders")),
        own.send(
            "a reminder to a stranger",
            Request("POST", "/reminders", {**both, "email": "x" + person.address, "waitSeconds": 0}, api="reminders"),
        ),
        own.send("a list of reminders", Request("GET", "/reminders", api="reminders")),
        own.send("a copy of the account", Request("GET", "/account", api="account")),
        operator.send("a copy by an operator", PLACES["query email of the account"].make(person.address, "")),
        own.send("a copy of another account", PLACES["query email of the account"].make("x" + person.address, "")),
    ]
    if leaves:
        found.append(own.send("a deletion", Request("DELETE", "/account", api="account")))
    return found


def behind(apps: Apps, people: People) -> None:
    """Plants people behind the APIs: in workflows that are started by hand, and in events of functions."""
    inputs = [
        (workflow, make(FORMS[form](text)))
        for workflow, ways in (
            (apps.places.order_workflow, inside.ORDERS_BY_HAND),
            (apps.places.reminder_workflow, inside.REMINDERS_BY_HAND),
        )
        for place, make in ways.items()
        if "OrderId" not in place
        for form in ("raw", "in a sentence")
        for text in _all(people.new())
    ]
    inside.start(apps, inputs)
    events: Sequence[tuple[str, str, object]] = [
        (event, function, make(TEXT.format(*_all(people.new()))))
        for function in inside.functions(apps)
        for event, make in inside.EVENTS.items()
    ]
    list(inside.invoke(apps, events))
