"""What a function imports and which clients it makes while it starts: each takes time in every cold start.

Add a package or a client only if the function cannot do without it, and measure what it takes:
`python -m benchmarks imports`.
"""

import pytest

from stacks.function_files import LAMBDAS, files_of
from tests.support.handlers.aws import ENVIRONMENT, HANDLERS
from tests.support.handlers.imports import Imported, imported

API = {"fastjsonschema"}
REMINDERS = {"fastjsonschema", "zoneinfo"}
POWERTOOLS = {"aws_lambda_powertools", "asyncio", "jmespath", "typing_extensions"}

IMPORTS = {
    "account.delete_account": (REMINDERS, ["cognito-idp", "dynamodb", "dynamodb", "sqs", "stepfunctions"]),
    "account.get_account": (REMINDERS, ["cognito-idp", "dynamodb", "dynamodb", "sqs", "stepfunctions"]),
    "feedback.record_feedback": ({"zoneinfo"}, ["dynamodb", "stepfunctions"]),
    "fulfillment.ship_order": ({"fastjsonschema", *POWERTOOLS}, ["dynamodb"]),
    "identity.check_sign_up": (set(), []),
    "orders.close_order": (API, ["dynamodb"]),
    "orders.correct_order": (API, ["dynamodb", "secretsmanager", "stepfunctions"]),
    "orders.get_contact": (API, ["cognito-idp", "dynamodb"]),
    "orders.get_order": (API, ["dynamodb"]),
    "orders.list_dead_letters": (API, ["sqs"]),
    "orders.list_orders": (API, ["dynamodb"]),
    "orders.list_parked": (API, ["dynamodb", "sqs"]),
    "orders.park_lost_orders": (set(), ["dynamodb", "sqs", "sqs"]),
    "orders.place_order": (API, ["dynamodb", "secretsmanager", "stepfunctions"]),
    "orders.redrive_dead_letters": (API, ["sqs"]),
    "orders.remove_parked": (API, ["sqs"]),
    "orders.update_cache": (API, []),
    "orders.verify_cc_and_price": (set(), []),
    "orders.watch_orders": (set(), ["sqs"]),
    "publishing.publish_site": (set(), ["cloudfront", "s3"]),
    "reminders.cancel_reminder": (REMINDERS, ["dynamodb", "stepfunctions"]),
    "reminders.create_reminder": (REMINDERS, ["dynamodb", "stepfunctions"]),
    "reminders.get_reminder": (REMINDERS, ["dynamodb"]),
    "reminders.list_reminders": (REMINDERS, ["dynamodb"]),
    "reminders.schedule_reminder": (REMINDERS, ["dynamodb"]),
    "sending.send_reminder": ({"zoneinfo"}, ["dynamodb", "stepfunctions"]),
    "sweep.settle_lost_reminders": (REMINDERS, ["dynamodb", "sqs", "stepfunctions"]),
    "feedback.stop_reminder": ({"zoneinfo"}, ["dynamodb", "stepfunctions"]),
    "reminders.update_reminder": (REMINDERS, ["dynamodb", "stepfunctions"]),
}
"""The packages and heavy parts of the standard library that each handler imports, and the clients that it makes."""


@pytest.fixture(scope="module")
def found() -> dict[str, Imported]:
    return imported(HANDLERS, ENVIRONMENT)


def test_a_function_imports_and_makes_only_what_is_listed(found: dict[str, Imported]) -> None:
    listed = {handler: (one.packages, one.clients) for handler, one in found.items()}

    changed = {handler: now for handler, now in listed.items() if now != IMPORTS.get(handler)}
    assert not changed, "\n".join(["these are new or gone:", *(f"    {one!r}: {changed[one]}," for one in changed)])
    assert listed.keys() == IMPORTS.keys()


def test_the_code_of_a_function_has_every_module_that_it_imports(found: dict[str, Imported]) -> None:
    for handler, one in found.items():
        files = [file.relative_to(LAMBDAS).with_suffix("") for file in files_of(handler.partition(".")[0])]
        assert one.ours <= {".".join(file.parts).removesuffix(".__init__") for file in files}, handler


def test_every_function_that_calls_aws_keeps_libraries_from_writing_debug_lines(found: dict[str, Imported]) -> None:
    """A stage that samples debug lines sets the level DEBUG at Lambda. `common.calls` then raises it for libraries."""
    for handler, one in found.items():
        assert not one.clients or "common.calls" in one.ours, handler


def test_python_searches_no_garbage_while_a_function_imports_boto3(found: dict[str, Imported]) -> None:
    """The package of the handler imports `common` first."""
    assert [handler for handler, one in found.items() if one.threshold < 200_000] == []


def test_the_calls_of_every_client_are_reported(found: dict[str, Imported]) -> None:
    """A client copies the handlers of the session when it is made, so `common.calls` must be imported before."""
    assert {handler: one.unreported for handler, one in found.items() if one.unreported} == {}
