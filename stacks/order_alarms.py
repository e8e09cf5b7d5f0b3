"""The alarms of the orders app, as data. docs/runbook.md has a section for each.

The keys of the metrics' dimensions are the resources that `OrdersStack` names.
"""

from orders import measures
from orders.order import BY_TODO, CORRECTED, OWN_ORDERS
from stacks.alarm import AWS, OURS, SLIC, Alarm, one
from stacks.alarm_settings import AlarmSettings
from stacks.api_alarms import api_alarms
from stacks.metric import Metric, messages, of_app, of_table, of_workflow
from stacks.promises import Promise
from stacks.waiting_alarms import waiting_alarms, watching_alarms

SETTLED = Promise(
    id="SettledLate",
    what="orders settled late",
    late=of_app(measures.NAMESPACE, measures.SETTLED_LATE.name, "Sum"),
    all=of_app(measures.NAMESPACE, measures.SECONDS_TO_OUTCOME.name, "SampleCount"),
    # WatchOrders writes these metrics from the stream, up to six minutes later.
    soonest=900,
)


def order_alarms(settings: AlarmSettings) -> tuple[Alarm, ...]:
    return (
        *_stuck(),
        *_workflow(),
        *watching_alarms(),
        *waiting_alarms(settings),
        *_api(settings),
        *SETTLED.alarms(settings),
    )


def _stuck() -> tuple[Alarm, ...]:
    return (
        Alarm(
            id="Parked",
            title="parked orders",
            means="The workflow could neither fulfil nor escalate an order, which now waits in ParkedQueue.",
            metrics=one(messages("ParkedQueue")),
            missing="notBreaching",
            source=OURS,
            rolls_back=True,
            urgent=True,
        ),
        *(
            Alarm(
                id=f"{queue}DeadLetters",
                title=f"dead letters of {queue}",
                means="A consumer failed five times on a message, which now waits in the dead-letter queue.",
                metrics=one(messages(f"{queue}DeadLetters")),
                missing="notBreaching",
                source=OURS,
            )
            for queue in ("OrderFulfillmentQueue", "EscalationQueue")
        ),
        Alarm(
            id="OrdersToCheckDeadLetters",
            title="dead letters of OrdersToCheck",
            means="WatchOrders or ParkLostOrders gave up on orders, so lost orders may be unknown.",
            metrics=one(messages("OrdersToCheckDeadLetters")),
            missing="notBreaching",
            source=OURS,
        ),
    )


def _workflow() -> tuple[Alarm, ...]:
    return (
        Alarm(
            id="WorkflowFailed",
            title="workflow failed",
            means="An execution of the order workflow failed and could not park its order.",
            metrics=one(of_workflow("Workflow", "ExecutionsFailed")),
            missing="notBreaching",
            source=SLIC,
            rolls_back=True,
            urgent=True,
        ),
        Alarm(
            id="WorkflowTimedOut",
            title="workflow timed out",
            means="An execution of the order workflow took too long and was stopped.",
            metrics=one(of_workflow("Workflow", "ExecutionsTimedOut")),
            missing="notBreaching",
            source=SLIC,
            rolls_back=True,
        ),
        Alarm(
            id="WorkflowThrottled",
            title="workflow throttled",
            means="Step Functions throttled the order workflow in 3 of 5 minutes.",
            metrics=one(of_workflow("Workflow", "ExecutionThrottled")),
            reached=3,
            periods=5,
            missing="notBreaching",
            source=SLIC,
        ),
        Alarm(
            id="TableThrottled",
            title="order table throttled",
            means="DynamoDB throttled more than 10 calls of the order table or its indexes in each of 3 minutes.",
            metrics={
                "reads": of_table("ReadThrottleEvents"),
                "writes": of_table("WriteThrottleEvents"),
                **{
                    f"index{number}": of_table("WriteThrottleEvents", index)
                    for number, index in enumerate((BY_TODO, OWN_ORDERS, CORRECTED))
                },
            },
            expression="SUM([reads, writes, index0, index1, index2])",
            comparison=">",
            threshold=10,
            reached=3,
            periods=5,
            missing="notBreaching",
            source=SLIC,
        ),
        Alarm(
            id="FunctionsThrottled",
            title="functions throttled",
            means="The account ran out of concurrent functions in 2 of 3 minutes, and Lambda refused calls.",
            # Without a dimension it counts the functions of the whole account in this region. They share one limit.
            metrics=one(Metric("AWS/Lambda", "Throttles", "Sum", {})),
            reached=2,
            periods=3,
            missing="notBreaching",
            source=AWS,
        ),
    )


def _api(settings: AlarmSettings) -> tuple[Alarm, ...]:
    expected = settings.requests_expected
    return (
        *api_alarms(settings),
        Alarm(
            id="ApiSilent",
            title="API silent",
            means="For ten minutes the API got fewer requests than the stage expects.",
            metrics=one(Metric("AWS/ApiGateway", "Count", "Sum", {"ApiName": "Api", "Stage": "ApiStage"})),
            comparison="<",
            # There is never less than nothing, so 0 switches the alarm off.
            threshold=expected or 0,
            reached=10,
            periods=10,
            missing="breaching" if expected else "notBreaching",
            source=AWS,
        ),
    )
