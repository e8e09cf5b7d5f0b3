"""When a look at an order arrives, and that no message is lost on the way to the queue."""

from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from common.times import timestamp
from orders import looks
from orders.looks import LooksNotSentError, seconds_left
from tests.support.handlers.aws import client_of

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
OVERDUE = timestamp(NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("changed", "left"),
    [
        (timedelta(), 600),
        (timedelta(seconds=-599.5), 1),
        (timedelta(seconds=-600), 0),
        (timedelta(days=-700), 0),
        (timedelta(seconds=2), 602),
        (timedelta(days=7), 900),
    ],
)
def test_the_delay_ends_when_the_order_is_overdue_but_is_at_most_what_sqs_allows(changed, left):
    """The clock that set the row's time may be ahead."""
    assert seconds_left(timestamp(NOW + changed), now=NOW) == left


@pytest.mark.parametrize("damaged", [None, "", "soon", 7, "9999-12-31T23:59:59.999Z" * 2])
def test_an_order_with_a_damaged_time_is_overdue(damaged):
    assert seconds_left(damaged, now=NOW) == 0


@pytest.mark.parametrize("number", [0, 1, 10, 11, 23])
def test_any_number_of_looks_arrives(number, to_check):
    ids = [f"A-{one:02}" for one in range(number)]

    looks.at_orders(dict.fromkeys(ids, OVERDUE), now=NOW)

    assert sorted(message["OrderId"] for message in to_check.take_json()) == ids


@pytest.mark.parametrize("after", [None, "A-1"])
def test_a_look_at_the_rows_of_the_table_says_where_to_begin(after, to_check):
    looks.at_rows(after=after)

    assert to_check.take_json() == [{"After": after}]


def test_all_refused_looks_are_counted_after_every_look_was_tried(monkeypatch):
    answer = {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    send = Mock(return_value=answer)
    monkeypatch.setattr(client_of(looks, "sqs"), "send_message_batch", send)

    with pytest.raises(LooksNotSentError, match="3 messages"):
        looks.at_orders({f"A-{one}": OVERDUE for one in range(21)}, now=NOW)

    sizes = [len(call.kwargs["Entries"]) for call in send.call_args_list]
    assert sizes == [10, 10, 1]
    for call in send.call_args_list:
        ids = [entry["Id"] for entry in call.kwargs["Entries"]]
        assert len(set(ids)) == len(ids), "SQS refuses a batch in which two entries have one id"
