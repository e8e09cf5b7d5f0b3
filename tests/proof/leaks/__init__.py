"""Plants card numbers and people in every place, and then searches every store for them.

See decisions D032, D251 and D252.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.proof.cloud import proof_cloud
from tests.proof.leaks import behind, cards, detector, inside, persons, report, stores
from tests.proof.leaks.cards import Ids, Planting
from tests.proof.leaks.client import Client, Sent
from tests.proof.leaks.people import People
from tests.proof.leaks.places import Request, order, reminder
from tests.proof.leaks.stores import Search
from tests.proof.section import Section
from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import without_window
from tests.support.cloud.written import Piece
from tests.support.names import unique
from tests.support.waiting import eventually

TITLE = "No card number and no person leaks"
CLAIM = (
    "Card numbers and people are planted in every field, header, URL, file and event, in every form. Then every store"
    " is searched, also after `down`. A card number is only in the encrypted input of an execution. No log, metric,"
    " trace or refusal has a person's name, address or number. Leaks on purpose show that the search finds them."
)
SAMPLE = "tests/e2e/test_leaks.py"

TEXTS, OTHERS, GIVEN = 2, 27, 1000
"""How often each text that is stored gets each form; how many forms each other place gets; and how many orders."""
STRANGERS, USERS = 1000, 30


def run(seed: str) -> Section:
    began = datetime.now(UTC)
    planting, people = Planting(seed), People(seed)
    with proof_cloud() as apps, tempfile.TemporaryDirectory() as folder, stores.every_command_logged(apps):
        apps.cloud.engine.limit_sending(mails=0, texts=0)
        with stores.traced(apps, inside.functions(apps)) as traces, without_window(apps, "WatchOrders"):
            sent, outputs = _plant(apps, planting, people, Path(folder))
            leaks = detector.planted(apps, planting.plants)
            _wait(apps)
            running = Search(planting.plants, people)
            running.read(stores.all_of(apps, began, traces))
        print("searched the running cloud", flush=True)
        running.read(answers(sent)).read(outputs)
        apps.cloud.down()
        stopped = Search(planting.plants, people).read(stores.left_by(apps, began))
    return report.section(planting, people, sent, running, stopped, leaks)


def _plant(apps: Apps, planting: Planting, people: People, folder: Path) -> tuple[list[Sent], list[Piece]]:
    client, ids = Client(apps), made(apps)
    cases = cards.cases(planting.random, texts=TEXTS, others=OTHERS, given=GIVEN)
    sent = client.all(list(cards.requests(planting, ids, cases)))
    print(f"{len(sent)} requests with cards: {dict(Counter(one.status for one in sent))}", flush=True)
    behind.start_orders(apps, planting, each=12)
    behind.start_reminders(apps, planting, each=12)
    outputs = behind.call_functions(apps, planting)
    behind.send_messages(apps, planting)
    behind.sign_up(apps, planting)
    print("behind the APIs", flush=True)
    outputs += behind.run_commands(apps, planting, folder, each=1)
    sent.append(client.send("a list of parked messages", Request("GET", "/parked")))
    print("command lines", flush=True)
    sent += persons.strangers(client, people, ids, STRANGERS)
    sent += persons.as_users(apps, people, USERS)
    persons.behind(apps, people)
    print("people", flush=True)
    return sent, outputs


def made(apps: Apps, count: int = 30) -> Ids:
    """Makes escalated orders and waiting reminders, about which requests can be."""
    client = Client(apps)
    orders = [unique("L-") for _ in range(count)]
    placed = client.all([("", Request("POST", "/orders", order(id, Price="-1"))) for id in orders])
    assert {one.status for one in placed} == {202}, placed[0]
    for id in orders:
        apps.settled(id)
    made = client.all([("", Request("POST", "/reminders", reminder(), api="reminders")) for _ in range(count)])
    return Ids(orders, [found[1] for one in made if (found := re.search('"reminderId": "([^"]+)"', one.written))])


def _wait(apps: Apps) -> None:
    """Waits until no order is in progress any more."""
    states = apps.cloud.engine.executions()
    eventually(
        lambda: states.list_executions(stateMachineArn=apps.places.order_workflow, statusFilter="RUNNING"),
        until=lambda found: not found["executions"],
    )


def answers(sent: Sequence[Sent]) -> list[Piece]:
    return [("answer" if one.status < 400 else "refusal", one.written) for one in sent]
