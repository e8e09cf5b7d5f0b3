"""Queries of CloudWatch Logs Insights, saved with each stack. The runbook and the command `story` name them.

A query costs 0.005 US dollars for each GB that it reads, so choose a short time before you run one.

See decision D209.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.stage import Stage as Settings

ALL = ""
"""Every log group of the stack. The other words are parts of construct ids."""

ERRORS = """\
fields @timestamp, @log, level, message, errorType, errorMessage, type, details.error, status, resourcePath
| filter level in ["WARN", "WARNING", "ERROR", "CRITICAL"] or status like /^5/ or type like /(Failed|TimedOut|Aborted)$/
| sort @timestamp desc
| limit 100"""

SLOWEST_REQUESTS = """\
fields @timestamp, responseLatency, httpMethod, resourcePath, status, requestId
| filter ispresent(responseLatency)
| sort responseLatency desc
| limit 50"""

# The API answers some requests itself. Only its access log has them.
REFUSALS = """\
fields coalesce(Status, status) as answer, coalesce(Code, errorType) as reason
| filter message = "request refused" or (ispresent(resourcePath) and errorType != "-")
| stats count(*) as requests by answer, reason, Problems
| sort requests desc"""

LAST_PARKED = """\
fields @timestamp, OrderId, Seconds, Queue, RequestId
| filter message = "order parked"
| sort @timestamp desc
| limit 50"""

SLOWEST_ORDERS = """\
fields @timestamp, Seconds, message, OrderId, Outcome, RequestId
| filter message in ["order settled", "order parked"]
| sort Seconds desc
| limit 50"""

SLOWEST_REMINDERS = """\
fields @timestamp, SecondsLate, ReminderId, RequestId
| filter message = "reminder sent"
| sort SecondsLate desc
| limit 50"""

# The workflow's own lines have the id in the execution's name.
ONE = """\
fields @timestamp, @log, coalesce(message, type) as happened, level, @message
| filter @message like "{id}"
| sort @timestamp
| limit 1000"""


@dataclass(frozen=True)
class Query:
    """The text of a query, and which log groups it reads: those with this word in their construct id."""

    text: str
    of: str = ALL


EVERY_APP: Mapping[str, Query] = {
    "errors": Query(ERRORS),
    "refusals by reason": Query(REFUSALS),
    "slowest requests": Query(SLOWEST_REQUESTS, of="Api"),
}

OF_ORDERS: Mapping[str, Query] = {
    **EVERY_APP,
    "last parked": Query(LAST_PARKED, of="WatchOrders"),
    "slowest": Query(SLOWEST_ORDERS, of="WatchOrders"),
    "one order": Query(ONE.format(id="ORDER_ID")),
}

OF_REMINDERS: Mapping[str, Query] = {
    **EVERY_APP,
    "slowest": Query(SLOWEST_REMINDERS, of="SendReminder"),
    "one reminder": Query(ONE.format(id="REMINDER_ID")),
}
"""The queries of the apps by their names. Write the id into the last one before you run it."""


class SavedQueries(Construct):
    """Saves `queries` in the folder `STAGE/STACK` of Logs Insights, for the log groups of the stack.

    Make it last in a stack, because it looks for the log groups.
    """

    def __init__(self, scope: Stack, id: str, *, stage: Settings, queries: Mapping[str, Query]) -> None:
        super().__init__(scope, id)
        groups = {one.node.id: one for one in scope.node.find_all() if isinstance(one, logs.LogGroup)}
        for name, query in queries.items():
            logs.CfnQueryDefinition(
                self,
                "".join(word.capitalize() for word in name.split()),
                name=f"{stage.name}/{scope.node.id}/{name}",
                query_string=query.text,
                log_group_names=[group.log_group_name for key, group in sorted(groups.items()) if query.of in key],
            )
