"""The dashboard of the people in the group `operators`: what waits for them, and whether both apps keep up."""

from collections.abc import Iterator

from stacks.dashboards import orders, parts, reminders
from stacks.dashboards.widgets import Graph, Line, Row
from stacks.metric import Metric, age, messages

WAITING = ("EscalationQueue", "ParkedQueue")
DEAD = (*orders.DEAD, *reminders.DEAD)
APIS = ("OrdersApi", "RemindersApi", "AccountApi")


def rows() -> Iterator[Row]:
    yield Row("What waits for you", (waiting(), oldest(), dead_letters()))
    yield Row("Orders", (orders.outcomes(), orders.time_to_outcome(), orders.reasons(), orders.missed()))
    yield Row("Reminders", (reminders.sent(), reminders.lateness(), reminders.answers()))
    yield Row("APIs", (_of_apis("Requests", "Count"), _of_apis("Our errors", "5XXError"), _latency()))
    yield Row("Logs", (orders.LAST_PARKED, reminders.LAST_FAILED))


def waiting() -> Graph:
    lines = [Line(one, messages(one)) for one in WAITING]
    return Graph(title="Escalated and parked orders", unit="messages", lines=lines)


def oldest() -> Graph:
    lines = [Line(one, age(one)) for one in WAITING]
    return Graph(title="Age of the oldest", unit="s", lines=lines)


def dead_letters() -> Graph:
    return Graph(title="Dead letters", unit="messages", lines=[Line(one, messages(one)) for one in DEAD])


def _of_apis(title: str, name: str) -> Graph:
    return parts.counts(title, [Line(one, _of_api(one, name, "Sum")) for one in APIS])


def _latency() -> Graph:
    lines = [Line(one, _of_api(one, "Latency", "p99")) for one in APIS]
    return Graph(title="Latency, p99", unit="ms", lines=lines)


def _of_api(api: str, name: str, statistic: str) -> Metric:
    return Metric("AWS/ApiGateway", name, statistic, {"ApiName": api, "Stage": "ApiStage"})
