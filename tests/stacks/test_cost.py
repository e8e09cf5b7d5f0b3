"""What the templates cost, and that docs/cost.md says it."""

from collections.abc import Callable

import pytest

from costs import prices
from local.settings import PROJECT
from tests.support.templates.deployment import Deployment
from tools import plots
from tools.cost import model, page, picture, report, templates
from tools.cost.report import Costs

README, OBSERVABILITY = ((PROJECT / name).read_text() for name in ("README.md", "docs/observability.md"))

Synthesised = Callable[..., Deployment]

MOST_FOR_AN_ORDER, MOST_FOR_A_REMINDER = 8.75, 105
"""US dollars for a million, in prod."""


@pytest.fixture(scope="module")
def prod(synthesised: Synthesised) -> Costs:
    return report.costs_of(page.STAGE, synthesised("prod").templates, page.TRAFFIC)


def test_the_tables_of_the_pages_are_those_of_the_tool(prod: Costs, synthesised: Synthesised) -> None:
    stages = {name: synthesised(name).templates for name in (*page.OTHER_STAGES, page.STAGE)}
    wanted = {name for name in page.parts(prod, stages) if not name.startswith("idle-")}

    assert {*page.names_in(page.PAGE.read_text())} == wanted
    for file in page.FILES:
        assert page.rewritten(file.read_text(), prod, stages) == file.read_text(), "run `make cost-docs`"


def test_the_picture_looks_like_what_the_tool_says(prod: Costs) -> None:
    assert picture.is_like(plots.shown(page.PICTURE), prod), "run `make cost-docs`"


def test_a_million_costs_at_most_what_was_promised(prod: Costs) -> None:
    """A good order, and a reminder by e-mail without its delivery."""
    assert model.per_million(prod.chosen.order) <= MOST_FOR_AN_ORDER
    assert model.per_million(prod.chosen.reminder) <= MOST_FOR_A_REMINDER
    assert model.per_million(prod.original.order) / model.per_million(prod.chosen.order) >= 15


def test_the_pages_say_what_traces_cost(prod: Costs, synthesised: Synthesised) -> None:
    million, share = prices.usd("xray.trace", 1_000_000), synthesised("prod").stage.traces_sampled

    assert (
        f"`prod` traces 1 new order or reminder in {1 / share:,.0f} with X-Ray. A million traces cost {million:.2f}."
        in README
    )
    assert f"million traces cost {million:.2f} US dollars, so at the 1 in {1 / share:,.0f} of `prod`" in OBSERVABILITY
    assert million * share == pytest.approx(0.005), "half a cent"


def test_a_stage_without_its_cache_costs_what_its_templates_without_the_cache_cost(synthesised: Synthesised) -> None:
    derived = templates.without_cache(synthesised("dev").templates)
    built = synthesised("dev without cache").templates

    assert templates.idle(derived) == templates.idle(built)
    assert report.costs_of("dev", built, page.TRAFFIC).idle == report.costs_of("dev", derived, page.TRAFFIC).idle


def test_idle_parts_are_read_from_the_templates(synthesised: Synthesised) -> None:
    lines = {line.what: line for line in templates.idle(synthesised("prod").templates)}

    assert lines["cache nodes cache.t4g.small"].usd == pytest.approx(46.72)
    assert lines["keys"].number == 1 and lines["secrets"].number == 1
    alarms = synthesised("prod").properties("AWS::CloudWatch::Alarm").values()
    metrics = sum(max(1, len(alarm.get("Metrics", [])) - 1) for alarm in alarms)
    assert metrics > len(alarms) and lines["metrics in alarms"].usd == pytest.approx(metrics * 0.10)
    assert lines["composite alarms"].usd == pytest.approx(2 * 0.50)


def test_a_queue_that_starts_a_function_is_polled_all_the_time(synthesised: Synthesised) -> None:
    without, with_consumer = (
        sum(line.number for line in templates.idle(found.templates) if "queues" in line.what)
        for found in (synthesised("dev"), synthesised(stage="dev", cache="on", consumer="on"))
    )

    assert with_consumer == without + 1
