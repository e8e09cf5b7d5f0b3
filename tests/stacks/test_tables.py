import pytest

from costs import quantities
from orders.order import BY_TODO, CORRECTED, OWN_ORDERS
from stacks.stage import WRITES_OF_AN_ORDER
from tests.support import tables


@pytest.mark.parametrize(
    ("path", "pretended"),
    [("Orders/OrderTable", tables.ORDER_TABLE), ("Reminders/ReminderTable", tables.REMINDER_TABLE)],
)
def test_the_unit_tests_use_the_tables_of_the_template(path, pretended, synthesised):
    table = synthesised("local").properties("AWS::DynamoDB::Table")[path]

    found = {name: sorted(table[name], key=str) for name in pretended}
    assert found == {name: sorted(value, key=str) for name, value in pretended.items()}, (
        "change tests/support/tables.py to match the template"
    )


def test_only_a_stage_with_a_large_load_prepares_its_order_table(synthesised):
    prod, dev = (synthesised(stage).properties("AWS::DynamoDB::Table") for stage in ("prod", "dev"))
    orders = prod["Orders/OrderTable"]
    indexes = {index["IndexName"]: index.get("WarmThroughput") for index in orders["GlobalSecondaryIndexes"]}

    assert orders["WarmThroughput"] == {"WriteUnitsPerSecond": 13_200}
    assert indexes == {BY_TODO: None, CORRECTED: None, OWN_ORDERS: {"WriteUnitsPerSecond": 4_400}}
    assert "WarmThroughput" not in prod["Reminders/ReminderTable"]
    assert "WarmThroughput" not in str(dev)


def test_an_order_writes_its_row_as_often_as_the_prepared_table_expects():
    assert quantities.counted()["order"]["dynamodb.write"]["OrderTable"] == WRITES_OF_AN_ORDER
