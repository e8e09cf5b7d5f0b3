"""Which rows a caller may read or change."""

import pytest

from common.http import RequestError
from reminders.owner import own_row
from tests.support.handlers.callers import FLO, JO, OLGA, of
from tests.support.handlers.reminder_rows import row


@pytest.fixture
def write(reminder_table):
    def write_(reminder_id="r-1"):
        made = row(reminder_id, owner=JO)
        reminder_table.put_item(Item=made)
        return made

    return write_


def refusal(caller: str, reminder_id: str, *, or_operator: bool = True) -> tuple[int, str, str]:
    with pytest.raises(RequestError) as caught:
        own_row(of(caller, reminder_id), or_operator=or_operator)
    return caught.value.status, caught.value.code, caught.value.message


@pytest.mark.parametrize("reminder_id", ["r", "n" * 128])
def test_a_caller_gets_the_row_of_their_own_reminder(reminder_id, write):
    made = write(reminder_id)

    assert own_row(of(JO, reminder_id)) == made


@pytest.mark.parametrize(("caller", "or_operator"), [(FLO, False), (FLO, True), (OLGA, False)])
def test_another_persons_reminder_is_answered_like_an_unknown_one(caller, or_operator, write):
    write()

    assert refusal(caller, "r-1", or_operator=or_operator) == refusal(caller, "r-2", or_operator=or_operator)
    assert refusal(caller, "r-2")[:2] == (404, "NotFound")


def test_an_operator_may_read_every_reminder(write):
    assert write() == own_row(of(OLGA, "r-1"), or_operator=True)


@pytest.mark.parametrize("reminder_id", ["", "n" * 3000])
def test_an_id_that_no_row_can_have_is_unknown(reminder_id, reminder_table):
    assert refusal(JO, reminder_id)[0] == 404


def test_an_id_that_is_too_long_is_not_looked_up(write):
    reminder_id = write("n" * 129)["ReminderId"]

    assert refusal(JO, reminder_id)[0] == 404
