"""The dashboards in the templates: what they show, of which resources, and in CloudWatch's form."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

import pytest

from common.metrics import Measure
from orders import measures as of_orders
from orders.rules import REASONS
from reminders import measures as of_reminders
from stacks.dashboards.widgets import COLUMNS, PERIOD_SECONDS
from tests.support.templates.deployment import Deployment
from tools.dashboards import picture

DASHBOARDS = {
    "Orders/OrdersDashboard": ("Orders",),
    "Reminders/RemindersDashboard": ("Reminders",),
    "Account/OperatorsDashboard": ("Orders", "Reminders", "Account"),
}
"""The stacks whose alarms each dashboard shows."""

OF_ACCOUNT = {("AWS/Lambda", "Throttles"), ("AWS/States", "ConsumedCapacity")}
"""Metrics that AWS has only for the whole account."""


def bodies(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """The bodies of the dashboards, by path. Each reference is the path of its resource."""
    found = {}
    for path, properties in deployment.properties("AWS::CloudWatch::Dashboard").items():
        found[path] = json.loads(deployment.named(path.partition("/")[0], properties["DashboardBody"]))
    return found


def widgets(deployment: Deployment, type: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, body in bodies(deployment).items():
        for widget in body["widgets"]:
            if widget["type"] == type:
                yield path, widget["properties"]


def lines(properties: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str], dict[str, Any]]]:
    """Namespace, name, dimensions and options of each line that is a metric."""
    for metric in properties["metrics"]:
        if len(metric) > 1:
            namespace, name, *dimensions, options = metric
            yield namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True)), options


def test_each_app_has_a_dashboard_and_so_have_the_operators(deployment: Deployment) -> None:
    assert bodies(deployment).keys() == DASHBOARDS.keys()


def test_a_dashboard_begins_with_the_states_of_all_alarms(deployment: Deployment) -> None:
    alarms = deployment.properties("AWS::CloudWatch::CompositeAlarm") | deployment.properties("AWS::CloudWatch::Alarm")
    for path, body in bodies(deployment).items():
        first = body["widgets"][0]
        shown = {arn.rpartition(":")[2] for arn in first["properties"]["alarms"]}

        names = {one["AlarmName"] for of, one in alarms.items() if of.split("/")[0] in DASHBOARDS[path]}
        assert first["type"] == "alarm" and first["y"] == 0
        assert shown == names


def test_no_widget_covers_another_one(deployment: Deployment) -> None:
    for body in bodies(deployment).values():
        cells = [
            {
                (x, y)
                for x in range(one["x"], one["x"] + one["width"])
                for y in range(one["y"], one["y"] + one["height"])
            }
            for one in body["widgets"]
        ]
        assert all(x < COLUMNS for places in cells for x, _ in places)
        assert not any(one & other for one, other in combinations(cells, 2))


def test_each_figure_is_of_a_resource_of_its_stage(deployment: Deployment) -> None:
    """A metric with a wrong name has no values, and nothing says so."""
    for _, properties in widgets(deployment, "metric"):
        for namespace, name, dimensions, _ in lines(properties):
            if namespace.startswith("AWS/") and (namespace, name) not in OF_ACCOUNT:
                values = {key: value for key, value in dimensions.items() if key not in ("Operation", "Stage")}
                of_stage = f"{deployment.stage.name}-"
                assert values and all(
                    "/" in value or value.startswith(of_stage) or key == "GlobalSecondaryIndexName"
                    for key, value in values.items()
                ), (properties["title"], dimensions)


def test_our_own_figures_exist_and_are_all_shown(deployment: Deployment) -> None:
    known = {
        (one.namespace, one.name)
        for module in (of_orders, of_reminders)
        for one in vars(module).values()
        if isinstance(one, Measure)
    }
    shown = {
        (namespace, name)
        for _, properties in widgets(deployment, "metric")
        for namespace, name, dimensions, _ in lines(properties)
        if not namespace.startswith("AWS/") and dimensions["Stage"] == deployment.stage.name
    }

    assert shown == known


def test_each_reason_has_its_line(deployment: Deployment) -> None:
    found = {
        dimensions["Reason"]
        for path, properties in widgets(deployment, "metric")
        for _, name, dimensions, _ in lines(properties)
        if name == of_orders.ESCALATED_FOR.name
    }

    assert found == REASONS.keys()


def test_figures_are_of_a_minute_and_times_are_percentiles(deployment: Deployment) -> None:
    for _, properties in widgets(deployment, "metric"):
        assert properties["period"] == PERIOD_SECONDS
        for _, name, _, options in lines(properties):
            is_time = re.search("Latency|Duration$|Time$|^Seconds", name) and "Billed" not in name
            assert not is_time or re.fullmatch("p[0-9]+", options["stat"]), name


def test_expressions_use_only_ids_of_their_own_graph(deployment: Deployment) -> None:
    for _, properties in widgets(deployment, "metric"):
        ids = {options["id"] for *_, options in lines(properties) if "id" in options}
        for metric in properties["metrics"]:
            if len(metric) == 1:
                assert {*re.findall(r"\b[a-z][a-z0-9_]*\b", metric[0]["expression"])} <= ids


def test_tables_read_log_groups_of_the_stage(deployment: Deployment) -> None:
    found = [properties["query"] for _, properties in widgets(deployment, "log")]
    groups = {name for query in found for name in re.findall("SOURCE '([^']+)'", query)}

    assert found and groups <= deployment.resources("AWS::Logs::LogGroup").keys()


def test_a_function_can_be_chosen_and_changes_no_other_row(deployment: Deployment) -> None:
    for path, body in bodies(deployment).items():
        of_functions = [
            widget["properties"]["title"]
            for widget in body["widgets"]
            if widget["type"] == "metric"
            and any("FunctionName" in dimensions for _, _, dimensions, _ in lines(widget["properties"]))
        ]
        if not body["variables"]:
            assert of_functions == []
            continue
        [choice] = body["variables"]
        values = [one["value"] for one in choice["values"]]
        assert of_functions == ["Calls", "Duration"]
        assert choice["property"] == "FunctionName" and choice["defaultValue"] == values[0]
        assert {*values} <= deployment.resources("AWS::Lambda::Function").keys(), path


def test_the_output_leads_to_the_dashboard(deployment: Deployment) -> None:
    for path in DASHBOARDS:
        stack, name = path.split("/")
        url = deployment.templates[stack]["Outputs"][f"{name}Url"]["Value"]["Fn::Sub"]
        assert url[0].endswith("#dashboards/dashboard/${Name}")
        assert deployment.named(stack, url[1]["Name"]) == path


def test_a_stage_without_cache_shows_no_redis(synthesised: Callable[..., Deployment]) -> None:
    def titles(name: str) -> set[str]:
        return {properties["title"] for _, properties in widgets(synthesised(name), "metric")}

    assert titles("dev") - titles("dev without cache") == {"Redis", "Hits"}


@pytest.mark.parametrize("stack", ["Orders", "Reminders"])
def test_the_operators_dashboard_needs_no_export_of_alarms(deployment: Deployment, stack: str) -> None:
    alarms = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    template = deployment.templates[stack]
    found = {id for id, resource in template["Resources"].items() if resource["Type"] in alarms}
    exported = json.dumps([output["Value"] for output in template["Outputs"].values() if "Export" in output])

    assert found and not [id for id in found if f'"{id}"' in exported]


def test_the_pictures_of_the_docs_show_the_dashboards(synthesised: Callable[..., Deployment]) -> None:
    for path, body in bodies(synthesised("local")).items():
        name = path.rpartition("/")[2].removesuffix("Dashboard").lower()
        assert picture.is_current(picture.file_of(name), body), "run `laptop up`, `laptop demo` and `make dashboards`"
