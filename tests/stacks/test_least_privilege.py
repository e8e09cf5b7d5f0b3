"""Each role may do what the code, the workflows and the event sources need, and nothing else.

The needs come from tests/proof/permissions, which does not read the code of the stacks. `make proof PART=permissions`
does the same for more settings.
"""

import json

import pytest

from tests.proof.permissions import changed
from tests.proof.permissions.account import Account
from tests.proof.permissions.compare import Compared, compared
from tests.proof.permissions.resources import differences, lines
from tests.support.templates.deployment import Deployment


@pytest.fixture(scope="session")
def known() -> dict[str, tuple[Account, Compared]]:
    """What was computed for each content of the templates. It takes seconds.

    `make proof PART=mutants` changes templates in memory, so the name of a deployment does not tell their content.
    """
    return {}


@pytest.fixture
def found(deployment: Deployment, known: dict[str, tuple[Account, Compared]]) -> tuple[Account, Compared]:
    content = json.dumps(deployment.templates)
    if content not in known:
        account = Account(deployment)
        known[content] = account, compared(account)
    return known[content]


@pytest.fixture
def account(found: tuple[Account, Compared]) -> Account:
    return found[0]


@pytest.fixture
def roles(found: tuple[Account, Compared]) -> Compared:
    return found[1]


def test_roles_may_do_exactly_what_they_need(roles: Compared) -> None:
    assert not roles.failures, "\n".join(roles.failures)
    assert len(roles.grants) > 300


def test_without_any_one_of_its_permissions_a_role_lacks_something(roles: Compared) -> None:
    assert changed.unnoticed_removals(roles) == []


def test_a_permission_too_many_or_too_wide_is_noticed(roles: Compared) -> None:
    tried = changed.additions(roles, every=20)

    assert [one for one, failures in tried if not failures] == []
    assert len(tried) > 50


def test_services_may_do_exactly_what_they_need_with_resources(account: Account) -> None:
    assert not (found := differences(account)), "\n".join(found)
    assert len(lines(account)) > 50
