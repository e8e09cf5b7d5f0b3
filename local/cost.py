"""What AWS would bill for what the laptop cloud has run."""

from collections.abc import Mapping
from datetime import datetime

from rich.console import Console

from costs import prices
from costs.units import UNITS
from local import counts
from local.cloud import Cloud
from terminal import tables

TITLES = ("service", "unit", "quantity", "USD", "USD x million")


def show(cloud: Cloud, console: Console, *, reset: bool) -> None:
    """Prints the bill of all calls since the last deployment, start or reset, or sets the counts to zero."""
    cloud.require_running()
    if reset:
        cloud.engine.meter(forget=True)
        console.print("the counts are zero; make some calls, then run `python -m local cost`")
        return
    since, found = counts.billed(cloud.engine)
    bill = rows(found)
    began = datetime.fromisoformat(since).astimezone()
    terms = prices.read()
    if not bill:
        console.print(f"no calls since {began:%H:%M:%S}: run `python -m local demo`, or use the page")
        return
    console.print(
        f"all calls since {began:%Y-%m-%d %H:%M:%S}, at the prices of {terms['dated']} in {terms['region']}",
        highlight=False,
    )
    console.print(tables.fitted(TITLES, bill, width=console.width) or "\n\n".join(_line(row) for row in bill))
    console.print(NOTE, highlight=False)


NOTE = (
    "~ is an estimate: this machine's time, or log lines that only AWS writes. Without\n"
    "what a stage costs when idle, and without storage: `make cost` adds both."
)


def rows(found: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """A row for each billed unit in the order of UNITS, and the total."""
    lines: list[list[str]] = []
    total, last = 0.0, ""
    for name, unit in UNITS.items():
        quantity = sum(found.get(name, {}).values())
        if not unit.billed or not quantity:
            continue
        usd = prices.usd(name, quantity)
        total += usd
        same = bool(lines) and unit.service == last
        last = unit.service
        lines.append(
            [
                "" if same else unit.service,
                unit.means,
                ("~" if unit.estimated else "") + _number(quantity),
                _usd(usd),
                _usd(usd * 1e6),
            ]
        )
    return [*lines, ["total", "", "", _usd(total), _usd(total * 1e6)]] if lines else []


def _number(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity == int(quantity) or quantity >= 1000 else f"{quantity:.3f}"


def _usd(usd: float) -> str:
    """At least two decimal places, or enough to show the first digit that is not 0."""
    return f"{usd:,.2f}" if usd >= 1 or not usd else f"{usd:.6f}"


def _line(row: list[str]) -> str:
    return tables.line_by_line(TITLES, row)
