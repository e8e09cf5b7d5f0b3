"""The units that AWS bills, and the log lines that the laptop cloud composes in AWS's form."""

import json

import pytest

from costs import logs, prices
from costs.units import UNITS, Counts, added, differences
from local import counts
from local.cost import billed, rows
from stacks.rest_api import LOGGED
from tests.support.cloud import paths


def test_each_billed_unit_has_a_price() -> None:
    assert {name for name, unit in UNITS.items() if unit.billed} - prices.load().keys() == set()


def test_each_unit_says_where_aws_shows_its_own_number() -> None:
    assert [name for name, unit in UNITS.items() if not unit.metric] == []


def test_differences_name_what_is_more_and_what_is_less() -> None:
    wanted = {"dynamodb.write": {"OrderTable": 3, "OrderTable/ByOwner": 1}, "states.entered": {"Orders/Check": 1}}
    found = {"dynamodb.write": {"OrderTable": 4}, "states.entered": {"Orders/Check": 1, "Orders/New": 1}}

    assert differences(wanted, found) == [
        "dynamodb.write OrderTable: 3, now 4 (+1)",
        "dynamodb.write OrderTable/ByOwner: 1, now 0 (-1)",
        "states.entered Orders/New: 0, now 1 (+1)",
    ]
    assert differences(wanted, wanted) == []


def test_counts_are_added() -> None:
    assert added([{"sqs.request": {"A": 1}}, {"sqs.request": {"A": 2, "B": 1}}]) == {"sqs.request": {"A": 3, "B": 1}}


@pytest.mark.parametrize(
    ("event", "levels"),
    [
        ("TaskStateEntered", ("ALL",)),
        ("ExecutionSucceeded", ("ALL",)),
        ("TaskFailed", ("ALL", "ERROR")),
        ("LambdaFunctionTimedOut", ("ALL", "ERROR")),
        ("FailStateEntered", ("ALL", "ERROR")),
        ("ExecutionFailed", ("ALL", "ERROR", "FATAL")),
        ("ExecutionAborted", ("ALL", "ERROR", "FATAL")),
    ],
)
def test_a_level_has_the_events_that_aws_documents(event: str, levels: tuple[str, ...]) -> None:
    assert logs.levels_of(event) == levels


def test_lambda_writes_two_lines_about_a_good_call_and_none_at_the_level_warn() -> None:
    assert [json.loads(line)["type"] for line in logs.platform_lines("INFO", function_version="arn")] == [
        "platform.start",
        "platform.report",
    ]
    assert logs.platform_lines("WARN", function_version="arn") == []
    assert len(logs.platform_lines("WARN", function_version="arn", status="error")) == 2


def test_the_access_log_has_the_fields_of_the_apis() -> None:
    assert json.loads(logs.access_line()).keys() == LOGGED.keys()


def test_constructs_replace_the_names_of_the_engine() -> None:
    constructs = {"local-orders-OrderTable1-AB": "OrderTable", "local-orders-Key-AB": "OrderDigestKey"}

    assert counts.named(
        {
            "dynamodb.write": {"local-orders-OrderTable1-AB": 2, "local-orders-OrderTable1-AB/ByOwner": 1},
            # A secret's ARN ends with letters of its own.
            "secretsmanager.request": {"local-orders-Key-AB-f245b8": 1},
            "sns.sms": {"US": 1},
        },
        constructs,
    ) == {
        "dynamodb.write": {"OrderTable": 2, "OrderTable/ByOwner": 1},
        "secretsmanager.request": {"OrderDigestKey": 1},
        "sns.sms": {"US": 1},
    }


def test_only_the_lines_of_the_deployed_level_are_billed() -> None:
    found = {
        "logs.workflow_byte": {"Orders/ALL": 9000, "Orders/ERROR": 300, "Orders/FATAL": 300},
        "logs.platform_byte": {"PlaceOrder/INFO": 500},
        "lambda.request": {"PlaceOrder": 1},
    }

    assert counts.at_level(found, {"Orders": "ERROR", "PlaceOrder": "WARN"}) == {
        "logs.workflow_byte": {"Orders/ERROR": 300},
        "lambda.request": {"PlaceOrder": 1},
    }


def test_the_bill_marks_estimates_and_leaves_out_what_is_free() -> None:
    found: Counts = {
        "states.transition": {"A": 30, "B": 10},
        "states.entered": {"A": 30},
        "lambda.gb_second": {"C": 0.5},
    }

    bill = rows(billed(found))

    assert [row[:4] for row in bill] == [
        ["Lambda", "GB-seconds", "~0.500", "0.000007"],
        ["Step Functions", "transitions with retries", "40", "0.001000"],
        ["total", "", "", "0.001007"],
    ]
    assert bill[1][4] == "1,000.00"


def test_a_budget_tells_each_difference_and_lets_bytes_vary_a_little() -> None:
    budget: Counts = {"states.entered": {"Orders/Check": 1}, "logs.function_byte": {"PlaceOrder": 1000}}

    assert paths.changed(budget, budget) == []
    assert paths.changed(budget, {**budget, "logs.function_byte": {"PlaceOrder": 1090}}) == []
    assert paths.changed(budget, {"logs.function_byte": {"PlaceOrder": 1200}}) == [
        "logs.function_byte PlaceOrder: 1000, now 1200 (+200)",
        "states.entered Orders/Check: 1, now 0 (-1)",
    ]
    more = {**budget, "dynamodb.write": {"OrderTable": 1.0}}
    assert paths.changed(budget, more) == ["dynamodb.write OrderTable: 0, now 1 (+1)"]


def test_calls_of_functions_that_read_a_stream_are_not_budgeted() -> None:
    found: Counts = {
        "lambda.request": {"PlaceOrder": 1, "UpdateCache": 2},
        "logs.platform_byte": {"PlaceOrder/INFO": 500, "UpdateCache/INFO": 900},
        "lambda.stream_record": {"UpdateCache": 3},
        "lambda.gb_second": {"PlaceOrder": 0.5},
    }

    assert paths.of_the_path(found) == {
        "lambda.request": {"PlaceOrder": 1},
        "logs.platform_byte": {"PlaceOrder/INFO": 500},
        "lambda.stream_record": {"UpdateCache": 3},
    }
