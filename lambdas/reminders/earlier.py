"""Finds the earlier request of a reminder, addresses included, in the input of an execution."""

import contextlib
from collections.abc import Mapping
from typing import Any

from common.jsontext import NotJsonError, read_leniently
from common.shape import ShapeError
from reminders import executions, validation
from reminders.channels import addresses_of, channels_of
from reminders.reminder import Row, request_on


def before(row: Row) -> dict[str, Any] | None:
    """Returns the execution that holds the addresses of a reminder whose own execution has not started yet.

    None if there is none, or if Step Functions does not know it any more.
    """
    return executions.found(row["After"]) if "After" in row else None


def request_in(execution: Mapping[str, Any] | None, row: Row) -> dict[str, Any] | None:
    """Returns the request for the reminder, addresses included. None if the addresses are no longer known.

    The request comes from the execution's input. The row hides addresses, so it is only enough for channels without
    addresses.
    """
    on_the_row = request_on(row)
    with contextlib.suppress(NotJsonError, ShapeError):
        given = read_leniently(execution.get("input", "{}")) if execution else {}
        request = validation.given_to_the_workflow(given)
        is_its_own = given.get("reminderId", row["ReminderId"]) == row["ReminderId"]
        if is_its_own and {**request, "channels": channels_of(request)}.items() >= on_the_row.items():
            return request
    return None if addresses_of(on_the_row["channels"]) else on_the_row
