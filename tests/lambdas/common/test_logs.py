import json
import logging

import pytest

from common.logs import event, logger_of

CARD = "4242424242424242"
DIGITS = "12345678-1234-1234-1234-12345678901a"
"""A UUID with a run of digits that is as long as a card number's."""


class Everything(logging.Handler):
    """Keeps each record with everything that a formatter could write."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(f"{self.format(record)} {json.dumps(vars(record), default=repr)}")


@pytest.fixture
def written():
    """The output of a handler that was installed before the code was imported, as in Lambda."""
    handler = Everything()
    logging.getLogger().addHandler(handler)
    logger_of("ours").setLevel(logging.INFO)
    yield handler.seen
    logging.getLogger().removeHandler(handler)


def test_a_card_number_is_masked_in_a_message_and_its_arguments(written):
    logger_of("ours").warning(f"an order {CARD} and %s", {"CC": CARD})

    (line,) = written
    assert CARD not in line
    assert "an order # and {'CC': '#'}" in line


def test_a_card_number_is_masked_in_an_exception(written):
    try:
        raise ValueError(CARD)
    except ValueError:
        logger_of("ours").exception("it failed")

    (line,) = written
    assert CARD not in line
    assert "ValueError: #" in line and "test_logs.py" in line


def test_a_card_number_is_masked_in_extra_fields(written):
    logger_of("ours").warning("an order", extra={"order": CARD})

    assert CARD not in written[0]


def test_logs_of_libraries_are_scrubbed_too(written):
    logging.getLogger("botocore.endpoint").warning("sending %s", CARD)

    assert CARD not in written[0]


def test_a_handler_gets_one_scrubbing_filter_for_many_loggers(written):
    for name in ("a", "b", "c"):
        logger_of(name)

    assert all(len(handler.filters) <= 1 for handler in logging.getLogger().handlers)


def test_a_uuid_in_an_extra_field_stays(written):
    logger_of("ours").warning("an order", extra={"OrderId": DIGITS})

    assert DIGITS in written[0]


def test_an_event_is_one_line_of_json_without_empty_fields(capsys):
    event("order settled", OrderId="ä-1", Reasons=["A", "B"], Seconds=0.5, RequestId=None)

    assert capsys.readouterr().out == (
        '{"message":"order settled","OrderId":"ä-1","Reasons":["A","B"],"Seconds":0.5}\n'
    )


def test_an_event_hides_card_numbers_and_keeps_uuids(capsys):
    event("order received", OrderId=f"no {CARD}", Reasons=[CARD, "A"], RequestId=DIGITS)

    line = json.loads(capsys.readouterr().out)
    assert line == {"message": "order received", "OrderId": "no #", "Reasons": ["#", "A"], "RequestId": DIGITS}


def test_a_line_break_does_not_begin_another_line(capsys):
    event("order received", OrderId='1\n{"message":"order settled"}')

    assert capsys.readouterr().out.count("\n") == 1
