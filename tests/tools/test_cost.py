"""`python -m tools.cost`: its sums, and what it says about wrong input."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from costs import prices, quantities
from costs.quantities import Configured
from costs.units import UNITS, Counts
from terminal.errors import CommandError
from tools import plots
from tools.cost import __main__ as program
from tools.cost import model
from tools.cost.model import Design, Traffic

PATHS = quantities.counted()
NO_FREE_UNITS = {unit for unit in UNITS if getattr(UNITS[unit], "billed", True)}


def design(**changes: object) -> Design:
    order = {"apigateway.request": {"Api": 1.0}, "states.express_request": {"Flow": 1.0}, "ses.mail": {"sender": 1.0}}
    plain = Design(name="a design", order=order, lookup={}, reminder={"states.transition": {"Reminder": 3.0}}, idle=2)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_each_billed_unit_has_a_price_with_a_source() -> None:
    assert NO_FREE_UNITS - prices.table().keys() == set()
    assert all(price.source.startswith("https://") for price in prices.table().values())


def test_each_unit_with_a_price_has_a_service() -> None:
    traffic = {unit for unit in prices.table() if not unit.startswith("idle.")}

    assert traffic - model.SERVICES.keys() == {"dynamodb.warm_write"}


def test_the_units_of_the_original_design_have_prices() -> None:
    said = quantities.original()

    assert {unit for counts in said["paths"].values() for unit in counts} <= prices.table().keys()
    assert said["idle"].keys() <= prices.table().keys()


def test_a_month_is_the_sum_of_its_traffic_and_of_what_is_idle() -> None:
    traffic = Traffic(orders=1e6, lookups=0, reminders=1e6)

    assert model.by_service(design().month(traffic)) == pytest.approx(
        {"SES": 100, "Step Functions": 1 + 75, "API Gateway": 3.5}
    )
    assert design().usd(traffic) == pytest.approx(100 + 76 + 3.5 + 2)


def test_a_million_is_counted_without_delivery() -> None:
    assert model.per_million(design().order) == pytest.approx(3.5 + 1)


def test_without_traffic_only_the_idle_cost_is_left() -> None:
    assert design().usd(Traffic(orders=0, lookups=0, reminders=0)) == 2


def test_an_http_api_costs_less_and_a_standard_workflow_more() -> None:
    assert model.per_million(model.with_http_api(design()).order) == pytest.approx(1 + 1)
    standard = model.with_standard_orders(design()).order
    assert model.per_million(standard) == pytest.approx(3.5 + 25 * model.STANDARD_TRANSITIONS)


def test_a_scheduler_replaces_the_transitions_of_a_reminder() -> None:
    assert model.per_million(model.with_scheduler(design()).reminder) == pytest.approx(1)


def test_counts_of_this_machine_are_replaced_by_estimates_for_aws() -> None:
    counts = {
        "lambda.request": {"PlaceOrder": 1.0},
        "lambda.gb_second": {"PlaceOrder": 99.0},
        "states.express_request": {"OrderFulfillmentStateMachine": 1.0},
    }

    found = quantities.on_aws("order", counts, Configured(memory={"PlaceOrder": 512}))

    assert found["lambda.gb_second"] == {"PlaceOrder": pytest.approx(quantities.seconds("PlaceOrder", "order") / 2)}
    assert found["states.express_gb_second"] == {"OrderFulfillmentStateMachine": pytest.approx(0.3 / 16)}


def test_only_the_log_level_of_the_stage_is_counted() -> None:
    counts = {"logs.workflow_byte": {"Flow/ALL": 9000.0, "Flow/ERROR": 0.0}, "logs.platform_byte": {"F/INFO": 484.0}}
    at = {"Flow": "ALL", "F": "WARN"}

    found = quantities.on_aws("order", counts, Configured(memory={}, levels=at, months_of_logs=2))

    assert found["logs.workflow_byte"] == {"Flow": 9000}
    assert "logs.platform_byte" not in found
    assert found["logs.stored_byte_month"] == {"logs": pytest.approx(9000 * 2 * 0.15)}


def test_a_function_that_reads_a_stream_is_counted_by_its_records() -> None:
    counts = {"lambda.request": {"WatchOrders": 5.0}, "lambda.stream_record": {"WatchOrders": 2.0}}

    found = quantities.on_aws("order", counts, Configured(memory={}))

    of_one = quantities.estimates()["invocations_of_a_record"]["WatchOrders"]["value"]
    assert found["lambda.request"] == {"WatchOrders": pytest.approx(2 * of_one)}


def test_the_stage_says_which_share_of_requests_is_traced() -> None:
    order = {"apigateway.request": {"OrdersApi": 1.0}, "states.entered": {"Flow/A": 7.0}}
    lookup = {"apigateway.request": {"OrdersApi": 1.0}}

    def traces(counts: Counts, share: float) -> float:
        found = quantities.on_aws("order", counts, Configured(memory={}, traces=share))
        return sum(found.get("xray.trace", {}).values())

    assert traces(order, 0.001) == pytest.approx(0.001), "an execution belongs to the trace of its request"
    assert traces(lookup, 1) == 0
    assert traces(order, 0) == 0


def test_each_function_and_workflow_of_the_paths_has_an_estimate() -> None:
    """Add its line to costs/estimates.json."""
    said = quantities.estimates()
    functions = {name for counts in PATHS.values() for name in counts.get("lambda.request", {})}
    workflows = {name for counts in PATHS.values() for name in counts.get("states.express_request", {})}
    readers = {name for counts in PATHS.values() for name in counts.get("lambda.stream_record", {})}

    assert functions | readers <= said["seconds"].keys()
    assert workflows <= said["express"].keys()
    assert readers <= said["invocations_of_a_record"].keys()


@pytest.mark.parametrize("number", ["-1", "nan", "inf", "1e13", "many", "", "0x10"])
def test_a_wrong_number_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main([f"--orders={number}"]) == 2
    assert "'--orders': not a number" in capsys.readouterr().err


def test_a_picture_needs_packages_that_make_plots_installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "FOLDER", tmp_path)

    with pytest.raises(CommandError, match="the package no_such_package is missing: run `make plots`"):
        plots.package("no_such_package")


def test_a_picture_says_what_it_shows(tmp_path: Path) -> None:
    file = tmp_path / "picture.svg"
    file.write_text("<dc:description>{&quot;a&quot;: 1}</dc:description>")

    assert plots.shown(file) == {"a": 1}


def test_the_prices_are_dated() -> None:
    assert json.loads(prices.FILE.read_text())["dated"] >= "2026-11-21"
