"""The handlers' environment in tests, and clients and workflows in the simulated AWS."""

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.support import quick_moto

quick_moto.apply()

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "ALLOWED_EMAILS": "Desk@example.com",
    "ALLOWED_ORIGIN": "*",
    "ALLOWED_PHONES": "+15555550199",
    "CACHE": "on",
    "TRACES": "on",
    # Far more than a healthy cache needs, even on a busy machine.
    "CACHE_BUDGET_MS": "2000",
    "CARD_RULE": "length",
    "CONFIGURATION_SET": "reminder-mails",
    "DAYS_KEPT": "30",
    "DIGEST_ARN": "digest-key",
    "EMAIL_PAUSE": "0",
    "EMAIL_QUEUE": "https://queues.example.com/email",
    "ESCALATION_DEAD_LETTERS": "escalation-dead-letters",
    "ESCALATION_QUEUE": "escalation",
    "FULFILLMENT_DEAD_LETTERS": "fulfillment-dead-letters",
    "FULFILLMENT_QUEUE": "fulfillment",
    "HOURS_LATE": "24",
    "IDEMPOTENCY_TABLE": "idempotency",
    # Tests of the limits set them lower.
    "MOST_SET_A_DAY": "1000",
    "MOST_TEXTS_A_DAY": "1000",
    "MOST_WAITING": "1000",
    "NOTIFY_TOPIC": f"arn:aws:sns:us-east-1:{DEFAULT_ACCOUNT_ID}:notify",
    "LOG_DAYS": "90",
    "ORDERS_TO_CHECK": "orders-to-check",
    "ORDER_DAYS": "30",
    "ORDER_TABLE": "orders",
    "ORDER_WORKFLOW": f"arn:aws:states:us-east-1:{DEFAULT_ACCOUNT_ID}:stateMachine:orders",
    "ORDER_WORKFLOW_TYPE": "EXPRESS",
    "PARKED_QUEUE": "parked",
    "REMINDER_DEAD_LETTERS": "reminder-dead-letters",
    "REMINDER_TABLE": "reminders",
    "REMINDER_WORKFLOW": f"arn:aws:states:us-east-1:{DEFAULT_ACCOUNT_ID}:stateMachine:reminders",
    "SENDER": "reminders@example.com",
    "SHIPMENT_DAYS": "16",
    "SHIPMENT_TABLE": "shipments",
    "SMS_PAUSE": "0",
    "SMS_QUEUE": "https://queues.example.com/sms",
    "STAGE": "test",
    "STOP_URL": "https://0123456789.execute-api.us-east-1.amazonaws.com/v1/stop",
    "TOPIC_PAUSE": "0",
    "TOPIC_QUEUE": "https://queues.example.com/topic",
    "USER_POOL": "us-east-1_users",
}
UNSET = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN", "REDIS_URL", "REDIS_NAME")
LAMBDAS = Path(__file__).parents[3] / "lambdas"
HANDLERS = sorted(
    f"{file.parent.name}.{file.stem}"
    for file in LAMBDAS.glob("*/*.py")
    if re.search(r"^def handler\(", file.read_text(), re.MULTILINE)
)


def set_environment(patch: pytest.MonkeyPatch) -> None:
    for name in UNSET:
        patch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)


# Handlers make their clients when they are imported. The variables are set only during these imports, so that other
# tests of the run do not see them. moto must be imported first: then it answers these clients whenever it is active.
with pytest.MonkeyPatch.context() as at_import:
    set_environment(at_import)
    for handler in HANDLERS:
        importlib.import_module(handler)
    dynamodb = boto3.resource("dynamodb")
    states = boto3.client("stepfunctions")
    secrets = boto3.client("secretsmanager")
    sqs = boto3.client("sqs")


def client_of(module: ModuleType, service: str) -> Any:
    """The client of `service`, like "sqs", in a module of the functions. Tests make its calls fail."""
    values = [getattr(getattr(value, "meta", None), "client", value) for value in vars(module).values()]
    clients = [one for one in values if isinstance(one, BaseClient)]
    (client,) = {id(one): one for one in clients if one.meta.service_model.service_name == service}.values()
    # botocore's own timeouts would use up the time of a function.
    assert client.meta.config.read_timeout <= 10
    return client


class Workflow:
    """A state machine whose executions keep running until `stop`."""

    def __init__(self, name: str) -> None:
        self.arn = states.create_state_machine(
            name=name,
            definition='{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}',
            roleArn=f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/workflow",
        )["stateMachineArn"]

    def executions(self) -> list[dict[str, Any]]:
        """The description of each execution, oldest first."""
        listed = states.list_executions(stateMachineArn=self.arn)["executions"]
        return [states.describe_execution(executionArn=one["executionArn"]) for one in reversed(listed)]

    def stop(self) -> None:
        """Stops every execution. The name of a stopped execution cannot be used again."""
        for one in self.executions():
            states.stop_execution(executionArn=one["executionArn"])
