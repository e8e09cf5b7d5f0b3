"""The operator's commands on a simulated AWS: their output and their error messages."""

import json
from typing import Any

import boto3
import pytest
from botocore import exceptions
from botocore.stub import Stubber

from local.processes import free_port
from orders.rules import REASONS
from terminal.errors import CommandError
from terminal.text import printable
from tests.support.aws_answers import add_refusal, refused
from tests.support.commands import Command, run_inside
from tests.support.orders_stack import CARD, REGION, Stack, template
from tools.deployment import Deployment
from tools.errors import sentence
from tools.orders import executions
from tools.orders.__main__ import main


def test_list_shows_the_orders_with_one_status_starting_with_the_last_changed(stack: Stack, command: Command) -> None:
    for minute, order_id in enumerate(["first", "second", "third"]):
        stack.order(order_id, "PARKED", minute=minute)
    stack.order("other", "RECEIVED")

    run = command("list", "--status", "PARKED", "--json")

    assert [row["OrderId"] for row in run.json] == ["third", "second", "first"]
    assert run.json[0] == {
        "OrderId": "third",
        "Status": "PARKED",
        "UpdatedAt": "2026-11-21T00:02:00.000Z",
        "Reasons": [],
        "ExecutionName": "execution-third",
        "Name": "Jo",
        "ItemName": "Lamp",
        "Price": "12.50",
        "Why": [],
    }


def test_a_limit_shortens_the_list_and_a_sentence_says_so(stack: Stack, command: Command) -> None:
    for minute in range(3):
        stack.order(f"order-{minute}", "PARKED", minute=minute)

    cut, whole = command("list", "--status", "PARKED", "--limit", "2"), command("list", "--status=PARKED", "--limit=3")

    assert "order-2" in cut.out and "order-0" not in cut.out and "there are more than 2" in cut.out
    assert "order-0" in whole.out and "there are more" not in whole.out


def test_orders_beyond_the_first_page_are_listed(stack: Stack, command: Command) -> None:
    """A page of a query has at most 1 MB."""
    for minute in range(12):
        stack.order(f"order-{minute:02}", "ESCALATED", minute=minute, reasons=("x" * 100_000,))

    run = command("escalations", "--json")

    assert [row["OrderId"] for row in run.json] == [f"order-{minute:02}" for minute in reversed(range(12))]


def test_escalations_are_shown_with_their_reasons_as_sentences(stack: Stack, command: Command) -> None:
    stack.order("A-1", "ESCALATED", reasons=("CARD_NOT_16_DIGITS", "A_REASON_TO_COME"))
    stack.order("A-2", "PARKED")

    as_text, as_json = command("escalations"), command("escalations", "--json")

    assert REASONS["CARD_NOT_16_DIGITS"] in as_text.out and "A_REASON_TO_COME" in as_text.out
    assert [row["Reasons"] for row in as_json.json] == [["CARD_NOT_16_DIGITS", "A_REASON_TO_COME"]]
    assert as_json.json[0]["Why"] == [REASONS["CARD_NOT_16_DIGITS"], "A_REASON_TO_COME"]


def test_without_orders_a_sentence_is_shown_or_an_empty_list_in_json(stack: Stack, command: Command) -> None:
    assert command("escalations").out == "no order is ESCALATED\n"
    assert command("escalations", "--json").json == []


def test_a_list_shows_whose_order_of_what_waits(stack: Stack, command: Command) -> None:
    """DynamoDB returns at most 100 rows at once."""
    for number in range(101):
        stack.order(f"order-{number}", "ESCALATED", minute=number)

    run = command("escalations", "--limit", "101")

    assert [run.out.count(text) for text in ("Lamp", "12.50", "Jo")] == [101, 101, 101]


def test_control_characters_are_escaped_and_card_numbers_are_hidden(stack: Stack, command: Command) -> None:
    stack.order(f"[red]\x1b[31m\u202e{CARD}", "PARKED")

    as_text, as_json = command("list", "--status", "PARKED"), command("list", "--status", "PARKED", "--json")

    assert r"[red]\x1b[31m\u202e#" in as_text.out
    assert "\x1b" not in as_text.out + as_json.out and "\u202e" not in as_text.out + as_json.out
    assert CARD not in as_text.out + as_json.out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë O'Brien 🐈 李", "Zoë O'Brien 🐈 李"),
        ("two\nlines\ttab\x7f", r"two\nlines\ttab\x7f"),
        ("4242 4242 4242 4242", "#"),
        ("4242-4242-4242-4242!", "#!"),
        ("４２４２４２４２４２４２４２４２", "#"),
        ("x378282246310005x", "x#x"),
        ("1763709340123457", "1763709340123457"),
        ("\ud800", r"\ud800"),
    ],
)
def test_text_is_printed_on_one_line_without_card_numbers(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_table_without_the_index_is_reported(aws: None, command: Command) -> None:
    older = template()
    properties = older["Resources"]["OrderTable"]["Properties"]
    del properties["GlobalSecondaryIndexes"]
    properties["AttributeDefinitions"] = properties["AttributeDefinitions"][:1]
    Stack(older)

    run = command("escalations")

    assert run.status == 1
    assert run.err == "error: the table has no index ByTodo: deploy this version of the stack first\n"


@pytest.mark.usefixtures("aws")
def test_a_stage_that_is_not_deployed_is_named(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    run = command("parked")
    by_option = command("--stage", "prod", "parked")
    monkeypatch.setenv("STAGE", "prod")
    by_setting = command("parked")

    assert run.status == 1
    assert run.err.startswith("error: there is no stack dev-orders in us-east-1: deploy it, or name another stage")
    assert "there is no stack prod-orders" in by_option.err
    assert "there is no stack prod-orders" in by_setting.err


def test_an_unknown_stage_is_refused_before_a_region_is_needed(alone: Command) -> None:
    refused = alone("parked", "--stage", "prodd")

    assert (refused.status, refused.out) == (2, "")
    assert refused.err.endswith("unknown stage 'prodd'. Did you mean prod?\n")
    assert "unknown stage 'production'" in alone("parked", STAGE="production").err


@pytest.mark.usefixtures("aws")
def test_a_missing_region_or_profile_is_reported(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    without_region = command("parked")
    monkeypatch.setenv("AWS_REGION", REGION)
    with_region = command("parked")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with_profile = command("parked")

    assert without_region.err.startswith("error: no AWS region is set")
    assert "there is no stack" in with_region.err
    assert with_profile.err.startswith("error: there is no AWS profile nobody: set AWS_PROFILE to a name from")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refused("cloudformation", "DescribeStacks", "ExpiredToken", CARD), "AWS refuses these credentials"),
        (refused("cloudformation", "DescribeStacks", "RequestExpired", CARD), "the clock of this machine is wrong"),
        (
            refused("cloudformation", "DescribeStacks", "SignatureDoesNotMatch", f"Signature expired: {CARD}"),
            "the clock of this machine is wrong",
        ),
        (
            refused("cloudformation", "DescribeStacks", "SignatureDoesNotMatch", f"Signature not yet current: {CARD}"),
            "the clock of this machine is wrong",
        ),
        (refused("cloudformation", "DescribeStacks", "SignatureDoesNotMatch", CARD), "AWS refuses these credentials"),
        (refused("sqs", "SendMessage", "denied", CARD), "not authorised to call SendMessage"),
        (refused("dynamodb", "Query", "throttled", CARD), "Query was refused (ThrottlingException)"),
        (exceptions.NoCredentialsError(), "no AWS credentials were found"),
        (exceptions.EndpointConnectionError(endpoint_url="http://x"), "no answer from AWS"),
        (
            exceptions.ParamValidationError(report=CARD),
            "the AWS settings or the call are wrong: check AWS_PROFILE, AWS_REGION",
        ),
    ],
)
def test_a_refusal_of_aws_is_explained_without_the_parameters_of_the_call(error: Any, said: str) -> None:
    assert said in sentence(error)
    assert CARD not in sentence(error)


@pytest.fixture
def alone(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in an environment that has only the given settings."""
    settings = {"PATH": "", "LANG": "C", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"}
    return lambda *arguments, **more: run_inside(capsys, main, arguments, alone=True, **settings, **more)


def test_an_endpoint_that_does_not_answer_is_reported(alone: Command) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_MAX_ATTEMPTS": "1", "AWS_REGION": REGION}

    run = alone("parked", AWS_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}", **keys)
    odd = alone("parked", AWS_ENDPOINT_URL="nowhere", AWS_REGION=REGION)

    assert (run.status, run.out) == (1, "")
    assert run.err.startswith("error: no answer from AWS, or from the address in AWS_ENDPOINT_URL")
    assert odd.err.startswith("error: AWS_ENDPOINT_URL is not an address")


def test_missing_credentials_are_reported(alone: Command) -> None:
    run = alone("parked", AWS_REGION=REGION)

    assert (run.status, run.out) == (1, "")
    assert run.err.startswith("error: no AWS credentials were found")


def test_a_laptop_cloud_that_does_not_run_is_reported(alone: Command, tmp_path: Any) -> None:
    run = alone("--home", str(tmp_path), "--stage", "local", "escalations", AWS_PROFILE="not-to-be-looked-at")

    assert run.status == 1
    assert run.err == f"error: the laptop cloud is not running: start it with `laptop --home {tmp_path} up`\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["remove"],
        ["list", "--status", "LOST"],
        ["list", "--status", "RECEIVED"],
        ["list", "--status", "PARKED", "--limit", "0"],
        ["list", "--status", "PARKED", "--limit", CARD],
        ["show", ""],
        ["show", "A-1", CARD],
        ["submit"],
        ["parked", "--done", ""],
        ["parked", "--stage", "../x"],
    ],
)
def test_wrong_usage_is_status_2_and_repeats_no_card_number(command: Command, arguments: list[str]) -> None:
    run = command(*arguments)

    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("error: ") or "Usage: orders" in run.err
    assert CARD not in run.err


def test_the_help_explains_the_exit_statuses_and_why_orders_come_from_files(command: Command) -> None:
    run = command("--help")

    assert run.status == 0
    said = " ".join(run.out.split())
    assert "exit status: 0 done; 1 refused, failed or not found; 2 wrong usage; 130 interrupted" in said
    assert "shell's history" in said


class Standard(Deployment):
    """A deployment with a Standard workflow. Step Functions is stubbed; the other services are simulated."""

    ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:orders"

    def __init__(self, stack: Stack, unfinished: dict[str, list[str]]) -> None:
        self._table: str = stack.outputs["OrderTableName"]
        states = boto3.client("stepfunctions", REGION)
        self.stub = Stubber(states)
        self._clients = {"stepfunctions": states, "dynamodb": boto3.client("dynamodb", REGION)}
        about = {"stateMachineArn": self.ARN, "name": "orders", "definition": "{}", "roleArn": "arn:aws:iam::role"}
        now = "2026-11-21T00:00:00Z"
        self.stub.add_response("describe_state_machine", {**about, "type": "STANDARD", "creationDate": now})
        self.unfinished, self._now = unfinished, now

    def list(self, status: str) -> None:
        listed = [
            {
                "executionArn": self.execution(name),
                "stateMachineArn": self.ARN,
                "name": name,
                "status": status,
                "startDate": self._now,
            }
            for name in self.unfinished.get(status, [])
        ]
        expected = {"stateMachineArn": self.ARN, "statusFilter": status}
        self.stub.add_response("list_executions", {"executions": listed}, expected)

    def execution(self, name: str) -> str:
        return f"{self.ARN.replace('stateMachine', 'execution')}:{name}"

    def output(self, stack: str, name: str) -> str:
        return {"OrderTableName": self._table, "OrderFulfillmentStateMachineArn": self.ARN}[name]

    def client(self, service: str) -> Any:
        return self._clients[service]


def test_unfinished_executions_are_redriven_if_their_order_waits_for_them(stack: Stack) -> None:
    waits, settled = "waits-0123456789ab", "settled-0123456789ab"
    stack.order("waits", "RECEIVED", execution=waits)
    stack.order("swept", "PARKED")
    stack.order("settled", "FULFILLMENT_QUEUED", execution=settled)
    stack.order("again", "RECEIVED", execution="again-0123456789ab")
    names = {"FAILED": [waits, settled, "again-ba9876543210"], "ABORTED": ["execution-swept", "no-row"]}
    standard = Standard(stack, names)
    standard.list("FAILED")
    expected = {"executionArn": standard.execution(waits)}
    standard.stub.add_response("redrive_execution", {"redriveDate": "2026-11-21T00:00:00Z"}, expected)
    standard.list("TIMED_OUT")
    standard.list("ABORTED")
    expected = {"executionArn": standard.execution("execution-swept")}
    add_refusal(standard.stub, "RedriveExecution", "ExecutionNotRedrivable", **expected)

    with standard.stub:
        redriven = executions.redrive(standard)
        standard.stub.assert_no_pending_responses()

    assert (redriven.redriven, redriven.failed, redriven.left) == (1, 1, 3)
    assert redriven.codes == {"ExecutionNotRedrivable"}


def test_an_endpoint_that_cannot_redrive_is_reported(stack: Stack) -> None:
    stack.order("waits", "PARKED")
    standard = Standard(stack, {"FAILED": ["execution-waits"]})
    standard.list("FAILED")
    add_refusal(standard.stub, "RedriveExecution", "InvalidAction")

    with standard.stub, pytest.raises(CommandError, match="cannot redrive executions"):
        executions.redrive(standard)


def test_output_is_json_in_ascii(stack: Stack, command: Command) -> None:
    stack.order("Zoë", "PARKED")

    run = command("list", "--status", "PARKED", "--json")

    assert run.out.isascii()
    assert json.loads(run.out)[0]["OrderId"] == "Zoë"
