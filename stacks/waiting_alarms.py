"""The alarms on orders that wait, and on the functions that look for lost orders, as data."""

from stacks.alarm import AN_HOUR, AWS, OURS, Alarm, one
from stacks.alarm_settings import AlarmSettings
from stacks.metric import age, of_function, of_workflow

WINDOW_SECONDS = 300
"""The batching window of `WatchOrders`, so its records are usually so old."""


def watching_alarms() -> tuple[Alarm, ...]:
    return (
        *(
            Alarm(
                id=f"{function}Failed",
                title=f"{function} failed",
                means=means,
                metrics=one(of_function(function, "Errors")),
                missing="notBreaching",
                source=AWS,
            )
            for function, means in (
                ("ParkLostOrders", "ParkLostOrders could not look for lost orders, or could not park them."),
                (
                    "WatchOrders",
                    "WatchOrders could not read the changes of orders, or could not make ParkLostOrders look at an "
                    "order.",
                ),
            )
        ),
        Alarm(
            id="WatchOrdersBehind",
            title="WatchOrders is behind",
            means="WatchOrders reads changes of orders that are more than 15 minutes old.",
            metrics=one(of_function("WatchOrders", "IteratorAge", "Maximum")),
            threshold=3 * WINDOW_SECONDS * 1000,
            period=WINDOW_SECONDS,
            reached=2,
            periods=3,
            missing="notBreaching",
            source=OURS,
        ),
        Alarm(
            id="WatchOrdersSilent",
            title="WatchOrders is silent",
            means="Orders came in for half an hour, and WatchOrders did not run, so nobody looks for lost orders.",
            metrics={
                # Not the calls of PlaceOrder: refused and repeated orders change nothing that WatchOrders could read.
                "placed": of_workflow("Workflow", "ExecutionsStarted"),
                "runs": of_function("WatchOrders", "Invocations"),
            },
            # A run makes the sum negative. Without a run, `runs` has no value, which counts as 0.
            expression="SUM([placed, runs * -1000000])",
            # An order of the last five minutes may still wait for the next run. Two periods without a run are a fault.
            period=3 * WINDOW_SECONDS,
            reached=2,
            periods=2,
            missing="notBreaching",
            source=OURS,
        ),
    )


def waiting_alarms(settings: AlarmSettings) -> tuple[Alarm, ...]:
    return (
        Alarm(
            id="FulfillmentWaits",
            title="orders wait to be fulfilled",
            means="An order waits in OrderFulfillmentQueue for longer than the stage allows.",
            metrics=one(age("OrderFulfillmentQueue")),
            threshold=settings.hours_until_fulfilled * AN_HOUR,
            reached=15,
            periods=15,
            missing="notBreaching",
            source=AWS,
        ),
        Alarm(
            id="EscalationWaits",
            title="orders wait for an operator",
            means="An escalated order waits in EscalationQueue for longer than the stage allows.",
            metrics=one(age("EscalationQueue")),
            threshold=settings.hours_until_operator * AN_HOUR,
            reached=15,
            periods=15,
            missing="notBreaching",
            source=AWS,
        ),
        Alarm(
            id="OrdersToCheckWait",
            title="lost orders wait",
            means="Nobody has looked for half an hour at orders that may be lost.",
            metrics=one(age("OrdersToCheck")),
            threshold=AN_HOUR / 2,
            reached=5,
            periods=5,
            missing="notBreaching",
            source=OURS,
        ),
    )
