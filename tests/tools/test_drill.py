"""The drills, their report and the alarms of the stages are the same alarms. Needs no cloud."""

import re

import pytest

from local.settings import PROJECT
from stacks.config import STAGES
from tests.drill.alarms import URGENT, known
from tests.drill.drills import MEANINGS
from tests.drill.table import DRILLS
from tools.docs.alarms import lists

REPORT = (PROJECT / "docs" / "drill.md").read_text()


def test_each_alarm_has_one_drill() -> None:
    drilled = [alarm for drill in DRILLS for alarm in drill.alarms]

    assert sorted(drilled) == sorted(known())


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_has_the_alarms_that_are_drilled(stage: str) -> None:
    of_stage = {f"{stack}.{one.id}" for stack, alarms in lists(STAGES[stage].alarms).items() for one in alarms}

    assert of_stage == {one for one in known() if not one.endswith(f".{URGENT}")}


def test_the_report_has_each_alarm_with_its_fault() -> None:
    rows = re.findall(r"^\| ((?:orders|reminders|account) - .*) \|$", REPORT, re.M)
    reported = {tuple(row.split(" | ")[:3]) for row in rows}

    names = known()
    expected = {
        (names[alarm].removeprefix("local "), drill.fault, drill.figures) for drill in DRILLS for alarm in drill.alarms
    }
    assert reported == expected, "run `make drill`"
    assert len(rows) == len(reported)


def test_a_fault_is_made_unless_the_figures_are_put() -> None:
    for drill in DRILLS:
        assert drill.figures in MEANINGS
        assert (drill.make is None) == (drill.figures == "put"), drill.alarm
        assert bool(drill.values) == (drill.figures == "put"), drill.alarm
