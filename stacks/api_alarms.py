"""The alarms of a REST API, the same for each."""

from stacks.alarm import AWS, Alarm, one
from stacks.alarm_settings import AlarmSettings
from stacks.metric import of_api

MOST_ERRORS = 0.05
SLOW_MS = 2500


def api_alarms(settings: AlarmSettings) -> tuple[Alarm, ...]:
    return (
        Alarm(
            id="ApiErrors",
            title="API errors",
            means="More than 5 % of the API's answers were server errors (5xx).",
            metrics={"errors": of_api("5XXError", "Sum"), "requests": of_api("Count", "Sum")},
            expression=f"IF(requests >= {settings.least_requests}, errors / requests, 0)",
            comparison=">",
            threshold=MOST_ERRORS,
            reached=3,
            periods=3,
            missing="notBreaching",
            source=AWS,
            urgent=True,
        ),
        Alarm(
            id="ApiSlow",
            title="API slow",
            means="One of ten requests to the API took longer than 2.5 seconds.",
            metrics=one(of_api("Latency", "p90")),
            threshold=SLOW_MS,
            reached=5,
            periods=5,
            missing="notBreaching",
            source=AWS,
            urgent=True,
        ),
    )
