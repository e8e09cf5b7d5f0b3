"""The laptop cloud's commands show Express executions. AWS's API and events do not."""

import json

import pytest
from botocore.exceptions import ClientError

from local.cloud import Cloud, Places
from tests.support.cloud.apps import is_finished
from tests.support.names import unique
from tests.support.waiting import eventually


@pytest.fixture
def started(cloud: Cloud, places: Places) -> str:
    """An Express execution."""
    states = cloud.engine.client("stepfunctions")
    return str(states.start_execution(stateMachineArn=places.order_workflow, input="{}")["executionArn"])


@pytest.mark.parametrize(
    "operation",
    ["describe_execution", "stop_execution", "get_execution_history", "describe_state_machine_for_execution"],
)
def test_the_api_does_not_show_express_executions(cloud: Cloud, started: str, operation: str) -> None:
    with pytest.raises(ClientError, match="Resource type not valid in this context: express") as refused:
        getattr(cloud.engine.client("stepfunctions"), operation)(executionArn=started)

    assert refused.value.response["Error"]["Code"] == "InvalidArn"


def test_the_laptop_clouds_commands_show_express_executions(cloud: Cloud, places: Places, started: str) -> None:
    states = cloud.engine.executions()

    eventually(lambda: states.describe_execution(executionArn=started), until=is_finished)
    name = states.describe_execution(executionArn=started)["name"]

    assert cloud.engine.execution(places.order_workflow, name) == started
    assert cloud.engine.execution(places.order_workflow, "no such name") is None
    assert states.get_execution_history(executionArn=started)["events"]


def test_only_standard_executions_send_events(cloud: Cloud, places: Places) -> None:
    events, sqs, states = (cloud.engine.client(one) for one in ("events", "sqs", "stepfunctions"))
    name = unique("express-")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    workflows = [places.order_workflow, places.reminder_workflow]
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": workflows}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    express = states.start_execution(stateMachineArn=places.order_workflow, input="{}")["executionArn"]
    eventually(lambda: cloud.engine.executions().describe_execution(executionArn=express), until=is_finished)
    standard = states.start_execution(stateMachineArn=places.reminder_workflow, input="{}")["executionArn"]
    told: list[str] = []

    def ended() -> bool:
        told.extend(
            one["Body"] for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        )
        return any(standard in one and '"RUNNING"' not in one for one in told)

    eventually(ended)
    assert not [one for one in told if places.order_workflow in one]
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=url)
