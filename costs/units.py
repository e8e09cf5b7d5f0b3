"""The units that AWS bills, and what only AWS can say about them.

`Counts` says how much of each unit each resource used: `{"dynamodb.write": {"OrderTable/ByOwner": 1}}`. A resource has
the name of its construct. An index stands behind its table: `OrderTable/ByOwner`, and a state or a level of a log
behind its workflow or function: `ReminderStateMachine/Timer`, `PlaceOrder/INFO`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Counts = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Unit:
    """One unit of AWS's bill."""

    service: str
    means: str
    estimated: str = ""
    """Why the laptop cloud's count is an estimate. Empty if AWS would count the same."""
    metric: str = ""
    """The CloudWatch metric that gives AWS's own number, or where else AWS shows it."""
    billed: bool = True
    """False if AWS does not bill the unit. Budgets contain it anyway, because a change of it changes the bill."""


_TIME = "the time is this machine's"
_EVENTS = "composed from AWS's documented form of the event"

UNITS = {
    "apigateway.request": Unit("API Gateway", "requests with preflights", metric="AWS/ApiGateway Count"),
    "apigateway.out_byte": Unit(
        "Data transfer", "bytes of responses", "without TLS", metric="the bill's DataTransfer-Out-Bytes"
    ),
    "lambda.request": Unit("Lambda", "invocations", metric="AWS/Lambda Invocations"),
    "lambda.gb_second": Unit("Lambda", "GB-seconds", _TIME, metric="REPORT lines, or AWS/Lambda Duration"),
    "lambda.init_gb_second": Unit("Lambda", "GB-seconds of cold starts", _TIME, metric="REPORT lines"),
    "lambda.cold_start": Unit(
        "Lambda", "cold starts", "this machine keeps processes for a minute", metric="REPORT lines", billed=False
    ),
    "states.transition": Unit("Step Functions", "transitions with retries", metric="AWS/Billing, or the history"),
    "states.express_request": Unit("Step Functions", "Express requests", metric="AWS/States ExecutionsStarted"),
    "states.express_gb_second": Unit(
        "Step Functions", "Express GB-seconds", _TIME, metric="AWS/States ExpressExecutionMemory"
    ),
    "states.entered": Unit("Step Functions", "states entered", metric="the execution's history or log", billed=False),
    "dynamodb.write": Unit("DynamoDB", "write units", metric="AWS/DynamoDB ConsumedWriteCapacityUnits"),
    "dynamodb.read": Unit("DynamoDB", "read units", metric="AWS/DynamoDB ConsumedReadCapacityUnits"),
    "dynamodb.stream_record": Unit(
        "DynamoDB", "records in streams; free for Lambda", metric="AWS/DynamoDB ReturnedRecordsCount", billed=False
    ),
    "lambda.stream_record": Unit(
        "Lambda", "stream records after the filter", metric="AWS/Lambda FilteredOutEventCount", billed=False
    ),
    "sqs.request": Unit("SQS", "requests of 64 KB", metric="AWS/SQS NumberOfMessagesSent, and AWS/Usage CallCount"),
    "sqs.poll": Unit(
        "SQS", "empty receives of functions", "5 long polls every 20 seconds", metric="AWS/SQS NumberOfEmptyReceives"
    ),
    "sns.publish": Unit("SNS", "publishes of 64 KB", metric="AWS/SNS NumberOfMessagesPublished"),
    "sns.email": Unit("SNS", "messages to e-mail subscribers", metric="AWS/SNS NumberOfNotificationsDelivered"),
    "sns.sms": Unit("SNS", "text messages", "one part each", metric="AWS/SNS SMSMonthToDateSpentUSD"),
    "ses.mail": Unit("SES", "mails", metric="AWS/SES Send"),
    "logs.function_byte": Unit(
        "CloudWatch Logs",
        "bytes of functions' lines",
        "with the envelope of AWS's JSON format, if the logger writes them",
        "AWS/Logs IncomingBytes",
    ),
    "logs.function_line": Unit(
        "CloudWatch Logs", "lines of functions", metric="AWS/Logs IncomingLogEvents", billed=False
    ),
    "logs.metric_byte": Unit("CloudWatch Logs", "bytes of metrics", metric="AWS/Logs IncomingBytes"),
    "logs.workflow_event": Unit(
        "CloudWatch Logs", "log events of workflows", metric="AWS/Logs IncomingLogEvents", billed=False
    ),
    "logs.platform_byte": Unit("CloudWatch Logs", "bytes of Lambda's own lines", _EVENTS, "AWS/Logs IncomingBytes"),
    "logs.workflow_byte": Unit("CloudWatch Logs", "bytes of workflow events", _EVENTS, "AWS/Logs IncomingBytes"),
    "logs.access_byte": Unit(
        "CloudWatch Logs", "bytes of access logs", "composed from the stage's format", "AWS/Logs IncomingBytes"
    ),
    "kms.request": Unit(
        "KMS",
        "requests",
        "only requests of functions; services reuse data keys",
        metric="CloudTrail, kms.amazonaws.com",
    ),
    "secretsmanager.request": Unit("Secrets Manager", "requests", metric="CloudTrail, secretsmanager.amazonaws.com"),
    "events.event": Unit("EventBridge", "own events of 64 KB", metric="AWS/Events PutEventsEntriesCount"),
    "s3.get": Unit("S3", "GET requests", metric="AWS/S3 GetRequests"),
    "s3.put": Unit("S3", "PUT requests", metric="AWS/S3 PutRequests"),
    "cloudfront.request": Unit("CloudFront", "requests", metric="AWS/CloudFront Requests"),
    "cloudfront.out_byte": Unit("CloudFront", "bytes of responses", "not compressed", "AWS/CloudFront BytesDownloaded"),
}


def added(counts: Iterable[Mapping[str, Mapping[str, float]]]) -> Counts:
    """The sum of counts."""
    total: Counts = {}
    for one in counts:
        for unit, resources in one.items():
            for resource, quantity in resources.items():
                of_unit = total.setdefault(unit, {})
                of_unit[resource] = of_unit.get(resource, 0) + quantity
    return total


def differences(wanted: Mapping[str, Mapping[str, float]], found: Mapping[str, Mapping[str, float]]) -> list[str]:
    """One line for each resource whose count is not as wanted: `dynamodb.write OrderTable: 3, now 4 (+1)`."""
    lines = []
    for unit in sorted(wanted.keys() | found.keys()):
        before, after = wanted.get(unit, {}), found.get(unit, {})
        for resource in sorted(before.keys() | after.keys()):
            was, now = before.get(resource, 0), after.get(resource, 0)
            if was != now:
                lines.append(f"{unit} {resource}: {was:g}, now {now:g} ({now - was:+g})")
    return lines
