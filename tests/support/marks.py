"""Marks some of the values of a test as long."""

from typing import Any

import pytest


def long(*values: object) -> list[Any]:
    """Values for `pytest.mark.parametrize`. `make test` leaves these values to `make test-long`."""
    return [pytest.param(value, marks=pytest.mark.long) for value in values]
