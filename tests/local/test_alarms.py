"""The laptop cloud has metrics of AWS's services and of log lines, and its alarms go off."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import Cloud
from local.metrics import alarms
from tests.support.names import unique
from tests.support.waiting import eventually

LOGGED = """
import json, time

def handler(event, context):
    if event == "raise":
        raise ValueError
    directive = {"Namespace": "Tests", "Dimensions": [["Stage"]], "Metrics": [{"Name": event["name"], "Unit": "Count"}]}
    metadata = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    print(json.dumps({"_aws": metadata, "Stage": "test", event["name"]: [1, 2]}))
    print(json.dumps({"lost": 3}))
"""


@pytest.fixture
def client(cloud: Cloud) -> Callable[[str], Any]:
    return cloud.engine.client


@pytest.fixture
def name() -> str:
    return unique("metrics-")


@pytest.fixture
def queue(client: Callable[[str], Any], name: str) -> Iterator[str]:
    """The URL of an empty queue with this name."""
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def a_minute_ahead(cloud: Cloud) -> Iterator[None]:
    """The current minute counts as ended."""
    cloud.engine.evaluate_alarms_ahead(60)
    yield
    cloud.engine.evaluate_alarms_ahead(0)


@pytest.fixture
def role(client: Callable[[str], Any], name: str) -> str:
    services = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}
    trust = {"Statement": [{"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}]}
    return str(client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"])


@pytest.fixture
def function(client: Callable[[str], Any], name: str, role: str) -> Iterator[str]:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("logged.py", LOGGED)
    client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Architectures=["arm64"],
        Handler="logged.handler",
        Role=role,
        Code={"ZipFile": code.getvalue()},
    )
    yield name
    client("lambda").delete_function(FunctionName=name)


def total(client: Callable[[str], Any], namespace: str, metric: str, *, stat: str = "Sum", **dimensions: str) -> float:
    """One statistic of a metric in the last hour. It fits into one period."""
    now = datetime.now(UTC)
    found = client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=86_400,
        Statistics=[stat],
    )
    return float(sum(point[stat] for point in found["Datapoints"]))


def test_calls_of_functions_their_errors_and_their_lines_become_metrics(
    client: Callable[[str], Any], function: str
) -> None:
    lambda_, logs = client("lambda"), client("logs")
    lambda_.invoke(FunctionName=function, Payload=json.dumps({"name": function}))
    logs.put_metric_filter(
        logGroupName=f"/aws/lambda/{function}",
        filterName="lost",
        filterPattern="{ $.lost > 0 }",
        metricTransformations=[{"metricNamespace": "Tests", "metricName": f"{function}-lost", "metricValue": "$.lost"}],
    )

    lambda_.invoke(FunctionName=function, Payload=json.dumps({"name": function}))
    lambda_.invoke(FunctionName=function, Payload=b'"raise"')

    assert total(client, "AWS/Lambda", "Invocations", FunctionName=function) == 3
    assert total(client, "AWS/Lambda", "Errors", FunctionName=function) == 1
    assert total(client, "AWS/Lambda", "Duration", stat="Maximum", FunctionName=function) > 0
    assert total(client, "Tests", function, Stage="test") == 6
    assert total(client, "Tests", function, stat="SampleCount", Stage="test") == 4
    # The filter did not exist yet when the function wrote the first line.
    assert total(client, "Tests", f"{function}-lost") == 3


def test_executions_become_metrics(client: Callable[[str], Any], name: str, role: str) -> None:
    states = client("stepfunctions")
    definition = {
        "StartAt": "Choose",
        "States": {
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.wait", "BooleanEquals": True, "Next": "Wait"}],
                "Default": "Fail",
            },
            "Wait": {"Type": "Wait", "Seconds": 3600, "End": True},
            "Fail": {"Type": "Fail", "Error": "Test"},
        },
    }
    workflow = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)[
        "stateMachineArn"
    ]

    states.start_execution(stateMachineArn=workflow, input='{"wait": false}')
    waiting = states.start_execution(stateMachineArn=workflow, input='{"wait": true}')["executionArn"]
    states.stop_execution(executionArn=waiting)
    states.stop_execution(executionArn=waiting)

    def count(metric: str) -> float:
        return total(client, "AWS/States", metric, StateMachineArn=workflow)

    eventually(lambda: count("ExecutionsFailed") == 1)
    eventually(lambda: count("ExecutionsStarted") == 2)
    assert count("ExecutionsAborted") == 1
    assert count("ExecutionsSucceeded") == 0


def test_an_alarm_goes_off_publishes_and_sets_off_the_composite_alarm(
    client: Callable[[str], Any], name: str, queue: str, a_minute_ahead: None
) -> None:
    cloudwatch, sqs, sns = client("cloudwatch"), client("sqs"), client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    inbox = sqs.create_queue(QueueName=f"{name}-inbox")["QueueUrl"]
    inbox_arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": inbox_arn}]}
    sqs.set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox_arn)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": name}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic],
        OKActions=[topic],
    )
    cloudwatch.put_composite_alarm(AlarmName=f"{name}-any", AlarmRule=f'ALARM("{name}")')

    def states() -> list[str]:
        found = cloudwatch.describe_alarms(AlarmNamePrefix=name, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return [one["StateValue"] for one in (*found["MetricAlarms"], *found["CompositeAlarms"])]

    eventually(states, until=lambda found: found == ["OK", "OK"])

    sqs.send_message(QueueUrl=queue, MessageBody="x")

    eventually(states, until=lambda found: found == ["ALARM", "ALARM"])
    received = eventually(lambda: sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10).get("Messages"))
    messages = [json.loads(json.loads(one["Body"])["Message"]) for one in received]
    assert {"ALARM"} <= {message["NewStateValue"] for message in messages}
    cloudwatch.delete_alarms(AlarmNames=[f"{name}-any"])
    cloudwatch.delete_alarms(AlarmNames=[name])
    sqs.delete_queue(QueueUrl=inbox)
    sns.delete_topic(TopicArn=topic)


def test_a_stack_may_have_alarms_with_math_and_composite_alarms(
    client: Callable[[str], Any], name: str, a_minute_ahead: None
) -> None:
    metric = {"Namespace": "Tests", "MetricName": name, "Dimensions": [{"Name": "Stage", "Value": "test"}]}
    template = {
        "Resources": {
            "Share": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "ComparisonOperator": "GreaterThanThreshold",
                    "EvaluationPeriods": 1,
                    "Threshold": 5,
                    "TreatMissingData": "notBreaching",
                    "Metrics": [
                        {"Id": "share", "Expression": "100 * late / FILL(late, 0)", "ReturnData": True},
                        {
                            "Id": "late",
                            "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
                            "ReturnData": False,
                        },
                    ],
                },
            },
            "Any": {
                "Type": "AWS::CloudWatch::CompositeAlarm",
                "Properties": {"AlarmName": name, "AlarmRule": {"Fn::Sub": 'ALARM("${Share.Arn}")'}},
            },
        }
    }
    cloudformation, cloudwatch = client("cloudformation"), client("cloudwatch")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name)

    def composite() -> Any:
        # Each time, because an alarm does not look at values from long before it was made.
        data = [{"MetricName": name, "Dimensions": metric["Dimensions"], "Value": 1}]
        cloudwatch.put_metric_data(Namespace="Tests", MetricData=data)
        found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return found and found[0]["StateValue"]

    assert eventually(composite, until=lambda found: found == "ALARM")
    cloudformation.delete_stack(StackName=name)
    eventually(lambda: composite() == [])


def test_expressions_are_calculated(client: Callable[[str], Any], name: str) -> None:
    cloudwatch, now = client("cloudwatch"), datetime.now(UTC)
    cloudwatch.put_metric_data(Namespace="Tests", MetricData=[{"MetricName": name, "Value": 4, "Timestamp": now}])
    metric = {"Namespace": "Tests", "MetricName": name}
    queries = [
        {"Id": "half", "Expression": "one / 2"},
        {"Id": "one", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
    ]
    window = {"StartTime": now - timedelta(minutes=5), "EndTime": now + timedelta(minutes=1)}

    [result] = cloudwatch.get_metric_data(MetricDataQueries=queries, **window)["MetricDataResults"]

    assert result["Values"] == [2]
    with pytest.raises(ClientError, match="ValidationError"):
        cloudwatch.get_metric_data(MetricDataQueries=[{"Id": "a", "Expression": "SEARCH('x')"}], **window)


def test_some_services_have_no_metrics(client: Callable[[str], Any]) -> None:
    def namespaces() -> set[str]:
        pages = client("cloudwatch").get_paginator("list_metrics").paginate()
        return {metric["Namespace"] for page in pages for metric in page["Metrics"]}

    # The engine counts the messages of queues every few seconds.
    found = eventually(namespaces, until=lambda found: "AWS/SQS" in found)
    assert found & {"AWS/SES", "AWS/Cognito", "AWS/CloudFront", "AWS/ElastiCache"} == set()


@pytest.mark.parametrize(
    ("began", "values", "expected"),
    [(1200, {}, True), (300, {}, False), (1200, {900: 1.0}, False), (1200, {0: 1.0}, True)],
)
def test_a_start_sets_off_no_alarm_about_silence(began: float, values: dict[int, float], expected: bool) -> None:
    """The alarm looks at the three periods that begin at 600, 900 and 1200, and the engine starts in the last."""
    alarm = {"EvaluationPeriods": 3}
    periods = alarms.evaluation_range(alarm, period=300, now=1500)

    assert alarms.is_about_time_before(alarm, values, periods, began=began) == expected
