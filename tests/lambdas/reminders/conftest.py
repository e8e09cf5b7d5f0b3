from collections.abc import Iterator

import pytest

from tests.support.handlers.account import Account, asked


@pytest.fixture
def account() -> Iterator[Account]:
    """The account that `reminders.readiness` asks, in an environment that knows nothing of it yet."""
    with asked() as account:
        yield account
