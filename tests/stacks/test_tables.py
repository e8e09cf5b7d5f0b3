import pytest

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
