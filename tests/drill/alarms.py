"""The alarms that are deployed on a laptop cloud, and the messages that they send."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from local import deploy
from local.metrics import maths
from local.metrics.alarms import COMPARISONS
from stacks.config import STAGES
from tests.support.cloud.apps import Apps
from tests.support.waiting import eventually
from tools.docs.alarms import lists

STAGE = STAGES["local"]
URGENT = "Urgent"
ALARM, OK = "ALARM", "OK"

MINUTE = 60
LATER = 30 * 86_400
"""Seconds ahead at which no alarm sees a value any more. The longest window is three days."""

TOPICS = {
    deploy.ORDERS_STACK: ("OrderAlarmsTopicArn", "OrderAlarmsUrgentTopicArn"),
    deploy.REMINDERS_STACK: ("ReminderAlarmsTopicArn", "ReminderAlarmsUrgentTopicArn"),
}


def known() -> dict[str, str]:
    """The names of the alarms of the stage `local` by id, such as `Orders.Parked`."""
    found = {
        f"{stack}.{alarm.id}": f"{STAGE.name} {stack.lower()} - {alarm.title}"
        for stack, alarms in lists(STAGE.alarms).items()
        for alarm in alarms
    }
    return found | {f"{stack}.{URGENT}": f"{STAGE.name} {stack.lower()} - URGENT" for stack in ("Orders", "Reminders")}


class Alarms:
    """The alarms of a laptop cloud, with a queue that gets the messages of their topics."""

    def __init__(self, apps: Apps, inbox: str) -> None:
        self.apps = apps
        self._client = apps.cloud.engine.client("cloudwatch")
        self._inbox = inbox

    def ahead(self, seconds: float) -> None:
        """Makes the alarms see the time in `seconds`, now."""
        self.apps.cloud.engine.evaluate_alarms_ahead(seconds)

    def description(self, name: str) -> dict[str, Any]:
        found = self._client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        [alarm] = [*found["MetricAlarms"], *found["CompositeAlarms"]]
        return dict(alarm)

    def state(self, name: str) -> str:
        """The state of an alarm, evaluated now: the engine evaluates all alarms when somebody puts a value."""
        self._client.put_metric_data(Namespace="Drill", MetricData=[{"MetricName": "Look", "Value": 1}])
        return str(self.description(name)["StateValue"])

    def messages(self, name: str) -> list[str]:
        """The states that the messages of an alarm said, oldest first."""
        bodies = [json.loads(json.loads(one["Body"])["Message"]) for one in self.apps.cloud.engine.queued(self._inbox)]
        return [one["NewStateValue"] for one in bodies if one["AlarmName"] == name]

    def metrics(self, name: str) -> dict[str, dict[str, Any]]:
        """The metrics of an alarm by the names in its expression, each with its statistic and period."""
        alarm = self.description(name)
        if "Metrics" in alarm and alarm["Metrics"]:
            return {one["Id"]: one["MetricStat"] for one in alarm["Metrics"] if "MetricStat" in one}
        metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions") if key in alarm}
        stat = alarm.get("ExtendedStatistic") or alarm["Statistic"]
        return {"metric": {"Metric": metric, "Stat": stat, "Period": alarm["Period"]}}

    def measured(self, name: str, *, since: datetime) -> dict[str, float]:
        """The statistics of an alarm's metrics since the minute of `since`, without the metrics that have no value."""
        found = {}
        for id, metric in self.metrics(name).items():
            stat = metric["Stat"]
            kind = "ExtendedStatistics" if stat.startswith("p") else "Statistics"
            points = self._client.get_metric_statistics(
                **metric["Metric"],
                StartTime=since.replace(second=0, microsecond=0),
                EndTime=datetime.now(UTC) + timedelta(minutes=1),
                Period=86_400,
                **{kind: [stat]},
            )["Datapoints"]
            if points:
                found[id] = float(points[0][kind][stat] if kind == "ExtendedStatistics" else points[0][stat])
        return found

    def added(self, name: str, *, since: datetime, before: Mapping[str, float]) -> dict[str, float]:
        """What `measured` has found since it found `before`. Levels and percentiles stay unchanged."""
        stats = {id: metric["Stat"] for id, metric in self.metrics(name).items()}
        now = self.measured(name, since=since)
        counts = {id: value - before.get(id, 0) for id, value in now.items() if stats[id] in ("Sum", "SampleCount")}
        return {id: counts.get(id, value) for id, value in now.items() if counts.get(id, 1) or id not in before}

    def crosses(self, name: str, values: Mapping[str, float]) -> bool:
        """Whether these values of the alarm's metrics are beyond its threshold, by the arithmetic of its template."""
        alarm = self.description(name)
        expressions = [one["Expression"] for one in alarm.get("Metrics") or () if "Expression" in one]
        if not values:
            return False
        series = {id: {0: values[id]} if id in values else {} for id in self.metrics(name)}
        result = maths.evaluated(expressions[0], series, (0,)) if expressions else series["metric"]
        return 0 in result and bool(COMPARISONS[alarm["ComparisonOperator"]](result[0], float(alarm["Threshold"])))

    def put(self, name: str, values: Mapping[str, float]) -> float:
        """Writes one value of each metric into each period of a time to come. Returns how far ahead that time ends.

        Nobody waits for it, and nothing else has a value there.
        """
        alarm, metrics = self.description(name), self.metrics(name)
        period = next(iter(metrics.values()))["Period"]
        periods = int(alarm["EvaluationPeriods"])
        now = datetime.now(UTC)
        begin = now.replace(second=0, microsecond=0) + timedelta(hours=3)
        # Further periods have values, too, because the time goes on while the alarm is evaluated.
        for at in range(periods + (15 if period == MINUTE else 2)):
            for id, value in values.items():
                metric = metrics[id]["Metric"]
                point: dict[str, Any] = {"Timestamp": begin + timedelta(seconds=at * period)}
                if metrics[id]["Stat"] == "SampleCount":
                    point |= {"Values": [1.0], "Counts": [value]}
                else:
                    point["Value"] = value
                more = {"Dimensions": metric["Dimensions"]} if metric.get("Dimensions") else {}
                self._client.put_metric_data(
                    Namespace=metric["Namespace"], MetricData=[{"MetricName": metric["MetricName"], **more, **point}]
                )
        return (begin - now).total_seconds() + periods * period + MINUTE


@contextmanager
def watched(apps: Apps, name: str) -> Iterator[Alarms]:
    """The alarms of the apps, whose messages go to a queue with this name. Afterwards time is as it was."""
    sqs, sns = apps.cloud.engine.client("sqs"), apps.cloud.engine.client("sns")
    inbox = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**may, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": json.dumps(policy)})
    outputs = deploy.outputs(apps.cloud.engine)
    topics = [outputs[stack][output] for stack, names in TOPICS.items() for output in names]
    subscriptions = [
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)["SubscriptionArn"]
        for topic in topics
    ]
    alarms = Alarms(apps, inbox)
    try:
        yield alarms
    finally:
        alarms.ahead(0)
        for subscription in subscriptions:
            sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=inbox)


def wait_for(alarms: Alarms, name: str, state: str) -> None:
    eventually(lambda: alarms.state(name), until=lambda found: found == state, every=0.3, within=180)
