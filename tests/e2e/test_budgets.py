"""What each path would cost on AWS: exactly the units of `costs/budgets.json`."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orders.order import OWN_SHARDS, own_part
from tests.support.cloud import paths
from tests.support.cloud.apps import Apps
from tests.support.cloud.paths import PATHS, Steps
from tests.support.cloud.turning import paused
from tests.support.names import unique

ATTEMPTS = 3
"""More than one look, because a late reader of a stream may have run during the first."""


@pytest.fixture(autouse=True, scope="module")
def paused_rules(apps: Apps) -> Iterator[None]:
    """Stops the rules that call SettleLostReminders, because it reads the table of reminders."""
    with paused(apps.cloud, "Every"):
        yield


@pytest.mark.parametrize("path", PATHS)
def test_a_path_uses_what_its_budget_says(apps: Apps, path: str) -> None:
    budget, lines = paths.budgets().get(path, {}), ["not measured"]

    for _ in range(ATTEMPTS):
        lines = lines and paths.changed(budget, paths.measured(apps, path))

    assert not lines, "\n".join([f"{path} does not cost what its budget says:", *lines, "", paths.ACCEPT])


@pytest.fixture(scope="module")
def person_with(apps: Apps) -> Iterator[Callable[[int], Apps]]:
    """Returns a function that makes a new person with this number of finished orders, one in each minute.

    It makes one person for each number. The orders are deleted at the end.
    """
    client, table = apps.cloud.engine.client("dynamodb"), apps.places.order_table
    cognito = apps.cloud.engine.client("cognito-idp")
    kept: list[dict[str, Any]] = []

    def write(requests: list[dict[str, Any]]) -> None:
        for start in range(0, len(requests), 25):
            client.batch_write_item(RequestItems={table: requests[start : start + 25]})

    @functools.cache
    def person(orders: int) -> Apps:
        owner = apps.as_new_person()
        user = cognito.admin_get_user(UserPoolId=apps.places.user_pool, Username=owner.user.email)
        sub = next(one["Value"] for one in user["UserAttributes"] if one["Name"] == "sub")
        rows = [
            {
                "OrderId": unique("T-"),
                "Owner": sub,
                "OwnPart": own_part(sub, number % OWN_SHARDS),
                **dict.fromkeys(("Name", "ItemName", "Price", "CardLast4"), "1"),
                "Status": "CLOSED",
                "ReceivedAt": f"2026-01-01T{number // 60:02}:{number % 60:02}:00.000Z",
                "UpdatedAt": "2026-01-02T00:00:00.000Z",
                "ExecutionName": "name",
            }
            for number in range(orders)
        ]
        items = [{**{name: {"S": text} for name, text in row.items()}, "Reasons": {"L": []}} for row in rows]
        kept.extend({"OrderId": item["OrderId"]} for item in items)
        write([{"PutRequest": {"Item": item}} for item in items])
        return owner

    yield person
    write([{"DeleteRequest": {"Key": key}} for key in kept])


@pytest.mark.parametrize("query", ["", "&from=2025-11-21&to=2026-12-31"])
def test_a_page_of_a_list_reads_as_much_of_1000_orders_as_of_20(
    apps: Apps, person_with: Callable[[int], Apps], query: str
) -> None:
    def page(_: Apps, person: Apps) -> None:
        status, body, _headers = person.call("GET", f"/orders?owner=me&limit=20{query}")
        assert status == 200 and len(body["orders"]) == 20, body

    expected = {"OrderTable": 20, "OrderTable/OwnOrders": OWN_SHARDS * 0.5}

    def read(number: int) -> Any:
        return paths.counted(apps, Steps(page, prepare=lambda _: person_with(number)))["dynamodb.read"]

    for number in (20, 1000):
        reads: list[Any] = []
        while expected not in reads and len(reads) < ATTEMPTS:
            reads.append(read(number))
        assert expected in reads, f"a page of {number} orders"
