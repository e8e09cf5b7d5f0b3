"""What an alarm is, as data. The templates, the runbook's table, the costs and the tests read the same lists.

This module does not import CDK. `stacks/alarms.py` makes the resources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stacks.metric import Metric

AWS, SLIC, SRE, SES, OURS = "AWS", "SLIC Watch", "SRE", "SES", "ours"
SOURCES = {
    AWS: (
        "AWS's [recommended alarms](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/"
        "Best_Practice_Recommended_Alarms_AWS_Services.html)"
    ),
    SLIC: "the defaults of [SLIC Watch](https://github.com/fourTheorem/slic-watch)",
    SRE: 'the chapter "Alerting on SLOs" of [The Site Reliability Workbook](https://sre.google/workbook/alerting-on-slos/)',
    SES: (
        "the rates at which [SES reviews an account]"
        "(https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html)"
    ),
    OURS: "what this project's own parts need, as the section says",
}
"""Where thresholds come from."""

_OPERATORS = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<": "LessThanThreshold",
}

A_MINUTE, AN_HOUR, A_DAY = 60, 3600, 86400


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm. It goes off if `reached` of the last `periods` periods are at the threshold or beyond it."""

    id: str
    title: str
    """The end of the alarm's name, in words that people recognise: `dev orders - dead letters of EscalationQueue`."""

    means: str
    """What has happened, for the alarm's message."""

    metrics: Mapping[str, Metric]
    """By the names that `expression` uses. Without an expression there is one metric."""

    expression: str = ""
    """Metric math. Each metric in it is billed like an alarm of its own."""

    comparison: Literal[">", ">=", "<"] = ">="
    threshold: float = 1
    period: int = A_MINUTE
    reached: int = 1
    periods: int = 1

    missing: Literal["notBreaching", "breaching"]
    """What a period without data means. `notBreaching`: nothing has failed. `breaching`: a heartbeat is missing."""

    source: str
    """Where the threshold comes from."""

    rolls_back: bool = False
    """Whether a gradual deployment goes back if it goes off: the alarm sees a faulty workflow, or a faulty function
    that workflows call, within a minute or two."""

    urgent: bool = False
    """Whether it is worth waking somebody for. The stack's composite alarm `Urgent` goes off with it."""

    window_of: str = ""
    """For one window of a promise: the promise's id. The window tells nobody by itself. See `stacks/promises.py`."""

    section: str = ""
    """The alarm whose section of the runbook is about this one, too."""

    def properties(
        self, *, name: str, runbook: str, resources: Mapping[str, str], actions: list[str]
    ) -> dict[str, Any]:
        """The properties of the CloudFormation resource.

        `resources` has the generated names of what the metrics are about. `runbook` is the address of the section.
        """
        told = [] if self.window_of else actions
        return {
            "AlarmName": name,
            "AlarmDescription": f"{self.means} What to do: {runbook}",
            "ComparisonOperator": _OPERATORS[self.comparison],
            "Threshold": self.threshold,
            "DatapointsToAlarm": self.reached,
            "EvaluationPeriods": self.periods,
            "TreatMissingData": self.missing,
            "AlarmActions": told,
            "OKActions": told,
            **(self._math(resources) if self.expression else self._metric(resources)),
        }

    def _metric(self, resources: Mapping[str, str]) -> dict[str, Any]:
        [metric] = self.metrics.values()
        # CloudWatch keeps the alarm's state while there are too few requests for a percentile.
        percentile = {"ExtendedStatistic": metric.statistic, "EvaluateLowSampleCountPercentile": "ignore"}
        statistic = percentile if metric.statistic.startswith("p") else {"Statistic": metric.statistic}
        return {**metric.properties(resources), **statistic, "Period": self.period}

    def _math(self, resources: Mapping[str, str]) -> dict[str, Any]:
        queries: list[dict[str, Any]] = [{"Id": "value", "Expression": self.expression, "ReturnData": True}]
        for id, metric in self.metrics.items():
            found = {"Metric": metric.properties(resources), "Stat": metric.statistic, "Period": self.period}
            queries.append({"Id": id, "MetricStat": found, "ReturnData": False})
        return {"Metrics": queries}


def one(metric: Metric) -> dict[str, Metric]:
    """The metrics of an alarm without an expression."""
    return {"metric": metric}
