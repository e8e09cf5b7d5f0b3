"""The alarms of the cache, as data. Only a stage with a cache has them."""

from orders import measures
from stacks.alarm import AWS, OURS, Alarm, one
from stacks.alarm_settings import AlarmSettings
from stacks.metric import Metric, messages, of_app, of_function

NODES = ("Node1", "Node2")
"""The keys of `CacheStack.nodes`. A failover may make either of them the primary."""

MOST_PERCENT = 90


def cache_alarms(settings: AlarmSettings) -> tuple[Alarm, ...]:
    looked_up = "SUM([hits, misses, bypasses])"
    return (
        Alarm(
            id="UpdateCacheFailures",
            title="cache not updated",
            means="UpdateCache could not write changes of orders to the cache within five minutes.",
            metrics=one(messages("UpdateCacheFailures")),
            missing="notBreaching",
            source=OURS,
        ),
        Alarm(
            id="UpdateCacheBehind",
            title="cache behind",
            means="For three minutes the cache got changes of orders more than a minute late.",
            metrics=one(of_function("UpdateCache", "IteratorAge", "Maximum")),
            threshold=60_000,
            reached=3,
            periods=3,
            missing="notBreaching",
            source=OURS,
        ),
        Alarm(
            id="CacheBypassed",
            title="cache bypassed",
            means="More than 5 % of the lookups did without the cache for five minutes.",
            metrics={
                name: of_app(measures.NAMESPACE, measure.name, "Sum")
                for name, measure in (
                    ("hits", measures.CACHE_HITS),
                    ("misses", measures.CACHE_MISSES),
                    ("bypasses", measures.CACHE_BYPASSES),
                )
            },
            expression=f"IF({looked_up} >= {settings.least_requests}, bypasses / {looked_up}, 0)",
            comparison=">",
            threshold=0.05,
            reached=5,
            periods=5,
            missing="notBreaching",
            source=OURS,
        ),
        *(
            Alarm(
                id=id,
                title=title,
                means=means,
                metrics={
                    f"node{number}": Metric("AWS/ElastiCache", name, "Maximum", {"CacheClusterId": node})
                    for number, node in enumerate(NODES)
                },
                expression="MAX([node0, node1])",
                comparison=">",
                threshold=MOST_PERCENT,
                reached=5,
                periods=5,
                missing="notBreaching",
                source=AWS,
            )
            for id, title, means, name in (
                (
                    "CacheFull",
                    "cache full",
                    "For five minutes the cache used more than 90 % of its memory.",
                    "DatabaseMemoryUsagePercentage",
                ),
                (
                    "CacheBusy",
                    "cache busy",
                    "For five minutes Redis used more than 90 % of its processor.",
                    "EngineCPUUtilization",
                ),
            )
        ),
    )
