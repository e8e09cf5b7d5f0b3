import json
import logging

import pytest

from common.logs import logger_of

CARD = "4242424242424242"


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
