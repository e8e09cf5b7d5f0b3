"""Each stage has the alarms of the lists, and each of them keeps the rules for alarms."""

import json
import re
from dataclasses import replace

import pytest

from stacks.alarm import A_MINUTE, SOURCES, Alarm
from stacks.config import PROD, STAGES
from stacks.names import ACCOUNT, ORDERS, REMINDERS
from stacks.order_alarms import SETTLED, order_alarms
from stacks.reminder_alarms import SENT
from tools.docs.alarms import lists

TOPICS = {ORDERS: "Orders/OrderAlarms", REMINDERS: "Reminders/ReminderAlarms", ACCOUNT: "Orders/OrderAlarms"}
GROUPS = {ORDERS: "OrderAlarms", REMINDERS: "ReminderAlarms", ACCOUNT: "AccountAlarms"}
PROMISES = {ORDERS: SETTLED, REMINDERS: SENT}
COMPARISONS = {">": "GreaterThanThreshold", ">=": "GreaterThanOrEqualToThreshold", "<": "LessThanThreshold"}
HEARTBEATS = {"SettleLostRemindersSilent", "ApiSilent"}
ALL = [pytest.param(stack, alarm, id=f"{stack}-{alarm.id}") for stack, of in lists(PROD.alarms).items() for alarm in of]


def listed(stage) -> dict[str, Alarm]:
    """The alarms that a stage should have, by path."""
    return {
        f"{stack}/{GROUPS[stack]}/{alarm.id}": alarm
        for stack, alarms in lists(stage.alarms).items()
        for alarm in alarms
        if stage.cache or not alarm.id.startswith(("Cache", "UpdateCache"))
    }


def test_each_stage_has_the_listed_alarms_and_no_others(deployment):
    assert deployment.properties("AWS::CloudWatch::Alarm").keys() == listed(deployment.stage).keys()


def test_an_alarms_template_says_what_its_list_says(deployment):
    deployed = deployment.properties("AWS::CloudWatch::Alarm")
    for path, alarm in listed(deployment.stage).items():
        found = deployed[path]
        assert (found["DatapointsToAlarm"], found["EvaluationPeriods"]) == (alarm.reached, alarm.periods)
        assert (found["Threshold"], found["TreatMissingData"]) == (alarm.threshold, alarm.missing)
        assert found["ComparisonOperator"] == COMPARISONS[alarm.comparison]
        queries = {query["Id"]: query["MetricStat"] for query in found.get("Metrics", []) if "MetricStat" in query}
        if alarm.expression:
            assert queries.keys() == alarm.metrics.keys()
        watched = [query | query["Metric"] for query in queries.values()] or [found]
        for metric, query in zip(alarm.metrics.values(), watched, strict=True):
            assert query["MetricName"] == metric.name
            statistics = {query[name] for name in ("Stat", "Statistic", "ExtendedStatistic") if name in query}
            assert statistics == {metric.statistic}
            assert query["Period"] == alarm.period
            assert [one["Name"] for one in query.get("Dimensions", [])] == [*metric.dimensions]
            own = f"{deployment.stage.name}-{path.partition('/')[0].lower()}"
            assert query["Namespace"] in (metric.namespace, own)
            assert query["Namespace"].startswith("AWS/") == metric.namespace.startswith("AWS/")
        assert [query["Expression"] for query in found.get("Metrics", []) if query["ReturnData"]] == (
            [alarm.expression] if alarm.expression else []
        )


def test_every_metric_is_about_a_resource_of_the_stage(deployment):
    """A key that the stack does not know would stay in the template as a text."""
    texts = {deployment.stage.name, "v1", "ByTodo", "OwnOrders", "Corrected", "ByOwner", "ByStatus", "ByText"}
    for path, found in deployment.properties("AWS::CloudWatch::Alarm").items():
        stack = path.partition("/")[0]
        queries = [query["MetricStat"]["Metric"] for query in found.get("Metrics", []) if "MetricStat" in query]
        for metric in queries or [found]:
            for dimension in metric.get("Dimensions", []):
                value = dimension["Value"]
                name = dimension["Name"]
                if isinstance(value, str):
                    assert value in texts or (name == "ApiName" and value in deployment_apis(deployment)), (path, value)
                else:
                    assert "/" in deployment.named(stack, value), (path, value)


def deployment_apis(deployment) -> set[str]:
    return {api["Name"] for api in deployment.properties("AWS::ApiGateway::RestApi").values()}


@pytest.mark.parametrize("name", STAGES)
def test_names_say_stage_and_app_and_occur_once(name, synthesised):
    deployment = synthesised(name)
    alarms = deployment.properties("AWS::CloudWatch::Alarm") | deployment.properties("AWS::CloudWatch::CompositeAlarm")
    names = [alarm["AlarmName"] for alarm in alarms.values()]

    assert len(set(names)) == len(names)
    for path, alarm in alarms.items():
        # Quotes would end a name in the rule of a composite alarm.
        assert re.fullmatch(rf"{name} {path.partition('/')[0].lower()} - [\w ,-]+", alarm["AlarmName"])


def test_every_alarm_tells_its_topic_also_when_it_is_over(deployment):
    lists_of = listed(deployment.stage)
    for path, alarm in deployment.properties("AWS::CloudWatch::Alarm").items():
        stack = path.partition("/")[0]
        told = [deployment.named(stack, action) for action in alarm["AlarmActions"]]
        assert told == ([] if lists_of[path].window_of else [TOPICS[stack]])
        assert alarm["OKActions"] == alarm["AlarmActions"]


@pytest.mark.parametrize("stack", PROMISES)
def test_one_composite_alarm_of_each_app_wakes_somebody(stack, deployment):
    group = f"{stack}/{GROUPS[stack]}"
    urgent = deployment.properties("AWS::CloudWatch::CompositeAlarm")[f"{group}/Urgent"]
    needed = deployment.resources("AWS::CloudWatch::CompositeAlarm")[f"{group}/Urgent"]["DependsOn"]
    names = {
        path: alarm["AlarmName"]
        for path, alarm in deployment.properties("AWS::CloudWatch::Alarm").items()
        if path.startswith(group)
    }
    wake = {names[path] for path, alarm in listed(deployment.stage).items() if path in names and alarm.urgent}
    pairs = {(names[f"{group}/{one}"], names[f"{group}/{other}"]) for one, other in PROMISES[stack].urgent_rule}

    parts = urgent["AlarmRule"].split(" OR ")
    assert {found[1] for part in parts if (found := re.fullmatch(r'ALARM\("([^"]+)"\)', part))} == wake
    both = r'\(ALARM\("([^"]+)"\) AND ALARM\("([^"]+)"\)\)'
    assert {found.groups() for part in parts if (found := re.fullmatch(both, part))} == pairs
    assert len(parts) == len(wake) + len(pairs)
    mentioned = wake | {name for pair in pairs for name in pair}
    assert {names[deployment.path(stack, one)] for one in needed} == mentioned
    [action] = urgent["AlarmActions"]
    assert deployment.named(stack, action) == f"{group}/UrgentTopic"
    assert urgent["OKActions"] == urgent["AlarmActions"]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_only_this_accounts_alarms_budget_and_rule_publish_to_the_topics(deployment):
    services = {
        "Orders/OrderAlarms": {"cloudwatch", "events", "budgets"},
        "Orders/OrderAlarms/UrgentTopic": {"cloudwatch"},
        "Reminders/ReminderAlarms": {"cloudwatch"},
        "Reminders/ReminderAlarms/UrgentTopic": {"cloudwatch"},
    }
    for topic, allowed in services.items():
        policy = deployment.properties("AWS::SNS::TopicPolicy")[f"{topic}/Policy"]["PolicyDocument"]
        allows = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
        # CDK joins statements that differ in nothing else.
        given = [name for one in allows for name in _listed(one["Principal"]["Service"])]
        assert sorted(given) == sorted(f"{name}.amazonaws.com" for name in allowed)
        for one in allows:
            assert one["Action"] == "sns:Publish"
            assert one["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_a_change_of_the_key_reaches_the_operators(deployment):
    rule = deployment.properties("AWS::Events::Rule")["Orders/KeyWatch/KeyChanged"]
    [target] = rule["Targets"]
    pattern = rule["EventPattern"]

    assert deployment.named("Orders", pattern["detail"]["resources"]["ARN"][0]) == "Orders/OrderWorkflowKey.Arn"
    assert pattern["detail"]["eventName"] == ["DisableKey", "ScheduleKeyDeletion"]
    assert (pattern["source"], pattern["detail"]["eventSource"]) == (["aws.kms"], ["kms.amazonaws.com"])
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    assert pattern["detail-type"] == ["AWS API Call via CloudTrail"]
    assert deployment.named("Orders", target["Arn"]) == "Orders/OrderAlarms"
    text = target["InputTransformer"]["InputTemplate"]
    # EventBridge puts the values into a JSON text.
    assert "docs/runbook.md#orders-keychanged" in json.loads(text)
    values = target["InputTransformer"]["InputPathsMap"]
    assert {*re.findall("<([^>]+)>", text)} == values.keys()
    assert [*values.values()] == ["$.detail.userIdentity.arn", "$.detail.eventName"]


@pytest.mark.parametrize(("stack", "alarm"), ALL)
def test_an_alarm_keeps_the_limits_of_cloudwatch(stack: str, alarm: Alarm):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    evaluated = alarm.period * alarm.periods

    assert evaluated <= (604_800 if alarm.period >= 3600 else 86_400)
    assert alarm.period % A_MINUTE == 0 and 1 <= alarm.reached <= alarm.periods
    assert len(alarm.metrics) <= 10 and (alarm.expression or len(alarm.metrics) == 1)
    assert set(re.findall(r"\b[a-z]\w*", alarm.expression)) == (set(alarm.metrics) if alarm.expression else set())
    assert len(f"prod {stack} - {alarm.title}") <= 255 and len(alarm.means) <= 900


@pytest.mark.parametrize(("stack", "alarm"), ALL)
def test_an_alarm_says_what_missing_data_means_and_where_its_threshold_comes_from(stack: str, alarm: Alarm):
    assert (alarm.missing == "breaching") <= (alarm.id in HEARTBEATS)
    assert alarm.source in SOURCES
    assert re.fullmatch(r"[A-Z].+\.", alarm.means)


@pytest.mark.parametrize(("stack", "alarm"), ALL)
def test_one_bad_minute_of_a_rate_is_no_alarm(stack: str, alarm: Alarm):
    """A rate needs M of N, and enough requests. Windows of hours are long enough by themselves."""
    if "/" in alarm.expression and alarm.period == A_MINUTE:
        assert alarm.reached >= 3
    if "/" in alarm.expression:
        assert re.match(r"IF\(.+ >= \d+, .+, 0\)$", alarm.expression)


@pytest.mark.parametrize(("stack", "alarm"), ALL)
def test_no_alarm_averages_a_time(stack: str, alarm: Alarm):
    for metric in alarm.metrics.values():
        if re.search("Latency|Duration|Age|Seconds", metric.name):
            assert metric.statistic != "Average"


def test_few_slow_requests_are_no_alarm(deployment):
    alarms = deployment.properties("AWS::CloudWatch::Alarm")
    slow = [alarm for alarm in alarms.values() if "ExtendedStatistic" in alarm]

    assert len(slow) == 2
    assert {alarm["EvaluateLowSampleCountPercentile"] for alarm in slow} == {"ignore"}


def test_an_alarm_that_waits_for_traffic_is_off_where_the_stage_expects_none(synthesised):
    silent = synthesised("prod").properties("AWS::CloudWatch::Alarm")["Orders/OrderAlarms/ApiSilent"]

    # A count is never below 0, and missing data does not count either.
    assert (silent["Threshold"], silent["ComparisonOperator"]) == (0, "LessThanThreshold")
    assert silent["TreatMissingData"] == "notBreaching"


def test_an_expected_traffic_that_stops_is_an_alarm():
    [silent] = [one for one in order_alarms(replace(PROD.alarms, requests_expected=3)) if one.id == "ApiSilent"]

    assert (silent.threshold, silent.comparison, silent.missing) == (3, "<", "breaching")


def test_every_queue_is_watched(deployment):
    """Messages of a queue without a consumer are an alarm at once, and old messages of the others."""
    watched: dict[str, set[str]] = {}
    for path, alarm in deployment.properties("AWS::CloudWatch::Alarm").items():
        stack = path.partition("/")[0]
        queries = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one]
        for metric in queries or [alarm]:
            if metric["Namespace"] == "AWS/SQS":
                [dimension] = metric["Dimensions"]
                queue = deployment.named(stack, dimension["Value"]).removesuffix(".QueueName")
                watched.setdefault(metric["MetricName"], set()).add(queue)

    queues = deployment.properties("AWS::SQS::Queue")
    consumed = {path for path, queue in queues.items() if "RedrivePolicy" in queue}
    assert watched["ApproximateAgeOfOldestMessage"] == consumed
    assert watched["ApproximateNumberOfMessagesVisible"] == queues.keys() - consumed


@pytest.mark.parametrize("table", ["Orders/OrderTable", "Reminders/ReminderTable"])
def test_throttled_writes_of_a_table_and_of_each_index_are_watched(table, deployment):
    stack = table.partition("/")[0]
    alarm = deployment.properties("AWS::CloudWatch::Alarm")[f"{stack}/{GROUPS[stack]}/TableThrottled"]
    metrics = [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]
    dimensions = [{one["Name"]: one["Value"] for one in metric["Dimensions"]} for metric in metrics]
    indexes = deployment.properties("AWS::DynamoDB::Table")[table]["GlobalSecondaryIndexes"]

    assert {deployment.named(stack, one["TableName"]) for one in dimensions} == {table}
    written = {
        one.get("GlobalSecondaryIndexName")
        for one, metric in zip(dimensions, metrics, strict=True)
        if metric["MetricName"] == "WriteThrottleEvents"
    }
    assert written == {None, *(index["IndexName"] for index in indexes)}


def test_the_budget_counts_the_tag_of_the_stage(deployment):
    budget = deployment.properties("AWS::Budgets::Budget")["Orders/Budget"]
    stage = deployment.stage

    assert budget["Budget"]["CostFilters"] == {"TagKeyValue": [f"user:stage${stage.name}"]}
    assert budget["Budget"]["BudgetLimit"] == {"Amount": stage.budget_usd, "Unit": "USD"}
    assert (budget["Budget"]["BudgetType"], budget["Budget"]["TimeUnit"]) == ("COST", "MONTHLY")
    kinds = {one["Notification"]["NotificationType"] for one in budget["NotificationsWithSubscribers"]}
    assert kinds == {"ACTUAL", "FORECASTED"}
    for one in budget["NotificationsWithSubscribers"]:
        limit = {name: value for name, value in one["Notification"].items() if name != "NotificationType"}
        assert limit == {"ComparisonOperator": "GREATER_THAN", "Threshold": 100, "ThresholdType": "PERCENTAGE"}
        [subscriber] = one["Subscribers"]
        assert deployment.named("Orders", subscriber["Address"]) == "Orders/OrderAlarms"


def test_every_stack_has_the_tags_of_its_stage(deployment):
    stage = deployment.stage
    for stack, tags in deployment.tags.items():
        assert tags["stage"] == stage.name
        assert (tags["owner"], tags["cost-center"]) == (stage.owner, stage.cost_center)
        assert tags["app"] == {"Cache": "orders", "Orders": "orders", "Reminders": "reminders"}.get(stack, "shared")


def test_refused_orders_do_not_say_that_nobody_watches():
    """A refused or repeated order calls PlaceOrder and changes no row. An accepted one starts an execution."""
    [silent] = [one for one in order_alarms(PROD.alarms) if one.id == "WatchOrdersSilent"]

    assert (silent.metrics["placed"].namespace, silent.metrics["placed"].name) == ("AWS/States", "ExecutionsStarted")
