"""Some alarms of the fire drill, and the restore drill. `make drill` and `make restore-drill` run all of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local import deploy
from local.cloud import Cloud, Places
from local.users import OPERATOR
from tests.drill import restoring
from tests.drill.alarms import STAGE, Alarms, known, watched
from tests.drill.drills import run
from tests.drill.table import DRILLS
from tests.support.cloud.apps import Apps, new_order
from tests.support.names import unique
from tools.docs.alarms import lists

FAST = (
    "Orders.ParkLostOrdersFailed",
    "Orders.OrdersToCheckWait",
    "Reminders.TextsSpent",
    "Orders.ApiSilent",
)
"""One drill of each kind, whose alarms no other test makes go off."""


@pytest.fixture(scope="module")
def apps(cloud: Cloud, places: Places) -> Apps:
    return Apps(cloud, places, user=cloud.users()[OPERATOR])


@pytest.fixture(scope="module")
def alarms(apps: Apps) -> Iterator[Alarms]:
    with watched(apps, unique("drill-")) as found:
        yield found


@pytest.mark.parametrize("alarm", FAST)
def test_an_alarm_goes_off_and_ends(alarms: Alarms, alarm: str) -> None:
    [drill] = [one for one in DRILLS if one.alarm == alarm]

    results = run(drill, alarms)

    assert [one.name for one in results] == [known()[alarm]]
    assert results[0].seen == (("arithmetic",) * 2 if drill.figures == "template" else ("message",) * 2)


def test_the_deployed_alarms_are_those_of_the_stage(apps: Apps) -> None:
    pages = apps.cloud.engine.client("cloudwatch").get_paginator("describe_alarms")
    found = [
        one["AlarmName"]
        for page in pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        for one in (*page["MetricAlarms"], *page["CompositeAlarms"])
        if one["AlarmName"].startswith("local ")
    ]

    assert sorted(found) == sorted(known().values())
    assert len(found) == sum(map(len, lists(STAGE.alarms).values())) + 2


@pytest.mark.long
def test_both_tables_are_restored(apps: Apps, capsys: pytest.CaptureFixture[str]) -> None:
    restoring.drill(apps)

    steps = [line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()]
    assert steps.count("books") == 2
    assert steps[-1] == "deleted"


@pytest.mark.parametrize("endpoint", [None, "https://dynamodb.us-east-1.amazonaws.com", "http://localhost.example.com"])
def test_the_restore_drill_refuses_anything_but_a_laptop_cloud(endpoint: str | None) -> None:
    with pytest.raises(restoring.NotALaptopError):
        restoring.require_laptop(endpoint)


def test_the_engine_restores_the_table_as_it_is_now(apps: Apps) -> None:
    """AWS restores it as it was at the time that the call names."""
    dynamodb, table = apps.cloud.engine.client("dynamodb"), unique("restored-")
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName=table, Item={"Id": {"S": "new"}})

    dynamodb.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=f"{table}-2", RestoreDateTime=datetime.now(UTC) - timedelta(days=1)
    )

    assert dynamodb.scan(TableName=f"{table}-2")["Items"] == [{"Id": {"S": "new"}}]
    for name in (table, f"{table}-2"):
        dynamodb.delete_table(TableName=name)


def test_a_disabled_key_stops_nothing(apps: Apps) -> None:
    """On AWS no execution starts."""
    client, stack = apps.cloud.engine.client, deploy.ORDERS_STACK
    resources = client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    [key] = [one["PhysicalResourceId"] for one in resources if one["ResourceType"] == "AWS::KMS::Key"]
    order = new_order()
    client("kms").disable_key(KeyId=key)
    try:
        assert apps.post_order(order)[0] == 202
        assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"
    finally:
        client("kms").enable_key(KeyId=key)
