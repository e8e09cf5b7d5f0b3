"""Damages both tables of a laptop cloud, and restores them as the runbook says."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import redis

from local.cloud import Cloud
from local.engine import CREDENTIALS
from local.processes import free_port
from local.settings import PROJECT, REGION, Settings
from local.users import EMAILS, OPERATOR
from orders.cache_entry import key_of
from tests.drill.faults import REMINDERS, bad_order, good_order, invoke
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.balance import Mark
from tests.support.cloud.records import Terms
from tests.support.cloud.reminders import first_execution, row_of, settled
from tests.support.names import unique
from tests.support.waiting import eventually

A_DAY = 86_400
DAMAGE = "damaged by the drill"


class NotALaptopError(Exception):
    """The endpoint is not a laptop cloud."""


def require_laptop(endpoint: str | None) -> None:
    """Raises NotALaptopError unless this is an address of this machine."""
    if urlsplit(endpoint or "").hostname not in ("127.0.0.1", "localhost"):
        raise NotALaptopError(f"the drill damages tables, so it refuses {endpoint or 'AWS'}")


def drill(apps: Apps) -> None:
    """Fills both tables, copies them, damages them, restores them, and checks the books. Prints each step."""
    require_laptop(apps.cloud.settings.endpoint)
    dynamodb = apps.cloud.engine.client("dynamodb")
    require_laptop(dynamodb.meta.endpoint_url)
    tables = apps.places.order_table, apps.places.reminder_table
    try:
        _drill(apps, tables)
    finally:
        for table in tables:
            with suppress(dynamodb.exceptions.ResourceNotFoundException):
                dynamodb.delete_table(TableName=copy_of(table))
    say("deleted", "the two copies")


def _drill(apps: Apps, tables: tuple[str, ...]) -> None:
    places = apps.places
    mark = balance.mark(apps.cloud, places)

    orders = [good_order(apps) for _ in range(3)] + [bad_order(apps) for _ in range(2)]
    waiting = [reminder(apps, A_DAY) for _ in range(2)]
    sent = reminder(apps, 0)
    for id in orders:
        apps.settled(id)
    settled(apps, sent)
    say("filled", f"{len(orders)} orders, {len(waiting)} waiting reminders, 1 sent reminder")
    books(apps, mark)

    for table in tables:
        restored_copy(apps, table)
    say("copied", "both tables with RestoreTableToPointInTime, as they are now. The engine ignores the time")
    later = [good_order(apps), apps.settled(good_order(apps))["OrderId"]["S"]]
    apps.settled(later[0])
    closed = apps.as_operator().call("POST", f"/orders/{orders[4]}/close", {"note": "the drill closes it"})
    assert closed[0] == 200, closed
    say("went on", "2 more orders, and an operator closed an escalated one")

    damage(apps, orders, waiting, sent)
    say("damaged", "deleted 2 orders, 1 waiting and 1 sent reminder; changed the status of 1 order")
    faults = [*balance.order_records(apps.cloud, places, since=mark).balance()[1]]
    faults += balance.reminder_records(apps.cloud, places, since=mark).balance()[1]
    assert len(faults) >= 3, faults
    say("noticed", f"{len(faults)} faults in the books, for example: {faults[0]}")
    stopped(apps, waiting[0])
    say("stopped", "the execution of the deleted reminder has ended meanwhile, without sending it")

    for table in tables:
        found = restore(apps, table)
        say("compared", f"{table.partition('-')[2].partition('Table')[0]}Table: {counted(found)}")
        written = restore(apps, table, "--write")
        assert all(one["written"] == "yes" for one in written if one["kind"] in ("missing", "changed")), written
        assert [one["kind"] for one in restore(apps, table) if one["kind"] != "newer"] == []
    closed_row = apps.row(orders[4])
    assert closed_row, orders[4]
    assert closed_row["Status"]["S"] == "CLOSED", closed_row
    say("restored", "put the lost and damaged rows back. The order that was closed since is still closed")

    looked_up(apps, [*orders, *later])
    say("cache", "a lookup of each order shows the row of the table, and the cache has the same")
    ended = row_of(apps, waiting[0])["ExecutionId"]
    invoke(apps, REMINDERS, "SettleLostReminders", {"Waiting": True})
    row = row_of(apps, waiting[0])
    assert row["Status"] == "SCHEDULED", row
    assert row["ExecutionId"] != ended, row
    say("settled", "SettleLostReminders, called for all waiting reminders, started the execution that had ended")
    books(apps, mark)


def say(step: str, text: str) -> None:
    print(f"{step:9} {text}", flush=True)


def reminder(apps: Apps, seconds: int) -> str:
    body = {"message": unique("Drill, "), "preference": "email", "email": EMAILS[OPERATOR], "waitSeconds": seconds}
    status, answer = apps.post_reminder(body)
    assert status == 202, answer
    id = str(answer["reminderId"])
    if seconds:
        eventually(lambda: row_of(apps, id), until=lambda row: row.get("ExecutionId") == first_execution(apps, id))
    return id


def books(apps: Apps, mark: Mark) -> None:
    orders = balance.orders(apps.cloud, apps.places, since=mark)
    reminders = balance.reminders(apps.cloud, apps.places, since=mark)
    say("books", f"orders: {summed(orders)}; reminders: {summed(reminders)}")


def summed(terms: Terms) -> str:
    ends = [f"{end} {number}" for end, number in sorted(terms.items()) if end != "accepted"]
    return f"accepted {terms['accepted']} = {' + '.join(ends)}"


def copy_of(table: str) -> str:
    return f"{table}-restored"


def restored_copy(apps: Apps, table: str) -> None:
    """Makes the restored table, with the call that the runbook names."""
    apps.cloud.engine.client("dynamodb").restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=copy_of(table), RestoreDateTime=datetime.now(UTC)
    )


def damage(apps: Apps, orders: list[str], waiting: list[str], sent: str) -> None:
    dynamodb, order_table, reminder_table = (
        apps.cloud.engine.client("dynamodb"),
        apps.places.order_table,
        apps.places.reminder_table,
    )
    for id in (orders[0], orders[3]):
        dynamodb.delete_item(TableName=order_table, Key={"OrderId": {"S": id}})
    for id in (waiting[0], sent):
        dynamodb.delete_item(TableName=reminder_table, Key={"ReminderId": {"S": id}})
    dynamodb.update_item(
        TableName=order_table,
        Key={"OrderId": {"S": orders[1]}},
        UpdateExpression="SET #status = :status, ItemName = :name REMOVE ExecutionId",
        ExpressionAttributeNames={"#status": "Status"},
        ExpressionAttributeValues={":status": {"S": "ESCALATED"}, ":name": {"S": DAMAGE}},
    )
    eventually(lambda: apps.get_order(orders[1])[1], until=lambda body: body.get("ItemName") == DAMAGE)


def stopped(apps: Apps, reminder_id: str) -> None:
    """Ends the execution of a reminder that has no row."""
    states, execution = apps.cloud.engine.client("stepfunctions"), first_execution(apps, reminder_id)
    states.stop_execution(executionArn=execution)
    eventually(lambda: states.describe_execution(executionArn=execution)["status"] == "ABORTED")


def restore(apps: Apps, table: str, *arguments: str) -> list[dict[str, Any]]:
    """Runs the command of the runbook against the laptop cloud. Returns its rows."""
    endpoint = apps.cloud.settings.endpoint
    require_laptop(endpoint)
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
        "AWS_REGION": REGION,
    }
    program = [sys.executable, "-m", "tools.restore", "--stage=local", "--from", copy_of(table), "--to", table]
    done = subprocess.run(
        [*program, "--json", *arguments], env=environment, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def counted(found: list[dict[str, Any]]) -> str:
    kinds = [one["kind"] for one in found]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted({*kinds})) or "no row differs"


def looked_up(apps: Apps, order_ids: list[str]) -> None:
    """Waits until a lookup of each order shows what the table has, and until the cache has the same."""
    with redis.Redis.from_url(apps.cloud.settings.redis_url) as cache:
        for id in order_ids:
            row = apps.row(id)
            assert row, id
            expected = {name: row[name]["S"] for name in ("Status", "ItemName")}

            def is_right(found: Mapping[str, Any], expected: Mapping[str, str] = expected) -> bool:
                return expected.items() <= found.items()

            eventually(lambda id=id: apps.get_order(id)[1], until=is_right)  # type: ignore[misc]
            eventually(lambda id=id: json.loads(cache.get(key_of(id)) or b"{}"), until=is_right)  # type: ignore[misc]


def run() -> None:
    """Runs the drill on a new laptop cloud in a folder of its own."""
    with TemporaryDirectory(prefix="restore-drill-") as folder:
        cloud = Cloud(Settings(home=Path(folder), port=free_port(), redis_port=free_port(), idle_seconds=3600))
        try:
            cloud.up(print)
            drill(Apps(cloud, cloud.places(), user=cloud.users()[OPERATOR]))
        finally:
            for part in (cloud.engine, cloud.cache):
                part.daemon.stop()
