"""The project has each alarm that AWS recommends for its services, or the list says why not."""

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.config import PROD
from tools.docs.alarms import lists

RECOMMENDED = json.loads((Path(__file__).parent / "recommended_alarms.json").read_text())["recommendations"]
OURS = {f"{stack}/{alarm.id}": alarm for stack, alarms in lists(PROD.alarms).items() for alarm in alarms}
ID = "{namespace} {metric} {dimensions}"


@pytest.mark.parametrize("one", RECOMMENDED, ids=[ID.format(**one) for one in RECOMMENDED])
def test_a_recommended_alarm_is_there_or_the_list_says_why_not(one: dict[str, Any]) -> None:
    assert ("here" in one) != ("not" in one)

    if reason := one.get("not"):
        assert reason.endswith(".") and len(reason.split()) >= 5
    for alarm in one.get("here", []):
        metrics = {(metric.namespace, metric.name) for metric in OURS[alarm].metrics.values()}
        assert (one["namespace"], one["metric"]) in metrics


def test_the_list_names_each_alarm_whose_metric_has_a_recommendation() -> None:
    recommended = {(one["namespace"], one["metric"]) for one in RECOMMENDED if "here" in one}
    named = {alarm for one in RECOMMENDED for alarm in one.get("here", [])}
    about = {
        name
        for name, alarm in OURS.items()
        if {(metric.namespace, metric.name) for metric in alarm.metrics.values()} & recommended
    }

    assert about == named


def test_no_metric_that_the_list_leaves_out_has_an_alarm() -> None:
    for one in RECOMMENDED:
        if "not" in one and not any(other.get("here") for other in RECOMMENDED if other["metric"] == one["metric"]):
            assert not [
                name
                for name, alarm in OURS.items()
                if any(
                    (metric.namespace, metric.name) == (one["namespace"], one["metric"])
                    for metric in alarm.metrics.values()
                )
            ]
