"""What AWS would bill for what the laptop cloud has run."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from costs import prices
from costs.units import UNITS
from local import counts
from local.cloud import Cloud
from terminal import tables, times
from terminal.errors import naming_home

TITLES = ("service", "unit", "quantity", "USD", "USD x million")


def show(cloud: Cloud, console: Console, *, reset: bool, as_json: bool) -> None:
    """Prints the bill of all calls since the last deployment, start or reset, or sets the counts to zero."""
    cloud.require_running()
    home = cloud.settings.other_home
    if reset:
        cloud.engine.meter(forget=True)
        console.print(naming_home("the counts are zero; make some calls, then run `laptop cost`", home))
        return
    since, found = counts.billed(cloud.engine)
    terms = prices.read()
    items = billed(found)
    if as_json:
        total = sum(item["usd"] for item in items)
        bill = {"since": since, "region": terms["region"], "prices": terms["dated"], "items": items, "usd": total}
        print(json.dumps(bill, indent=2))
        return
    began = times.local(since, seconds=True)
    if not items:
        console.print(naming_home(f"no calls since {began}: run `laptop demo`, or use the page", home))
        return
    console.print(f"all calls since {began}, at the prices of {terms['dated']} in {terms['region']}")
    if table := tables.fitted(TITLES, lines := rows(items), width=console.width):
        console.print(table)
    else:
        for _, *line in lines:
            console.print(tables.card(TITLES[1:], [line[0] or "total", *line[1:]]), soft_wrap=True)
    console.print(NOTE)


NOTE = (
    "~ is an estimate: this machine's time, or log lines that only AWS writes. Without\n"
    "what a stage costs when idle, and without storage: `make cost` adds both."
)


def billed(found: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Each billed unit in the order of UNITS, with its quantity and its price in US dollars."""
    quantities = {name: sum(found.get(name, {}).values()) for name, unit in UNITS.items() if unit.billed}
    return [
        {
            "service": UNITS[name].service,
            "unit": UNITS[name].means,
            "quantity": quantity,
            "estimated": UNITS[name].estimated,
            "usd": prices.usd(name, quantity),
        }
        for name, quantity in quantities.items()
        if quantity
    ]


def rows(items: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """A row for each item, and the total."""
    lines: list[list[str]] = []
    last = ""
    for item in items:
        quantity = ("~" if item["estimated"] else "") + _number(item["quantity"])
        service = "" if item["service"] == last else item["service"]
        lines.append([service, item["unit"], quantity, _usd(item["usd"]), _usd(item["usd"] * 1e6)])
        last = item["service"]
    total = sum(item["usd"] for item in items)
    return [*lines, ["total", "", "", _usd(total), _usd(total * 1e6)]]


def _number(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity == int(quantity) or quantity >= 1000 else f"{quantity:.3f}"


def _usd(usd: float) -> str:
    """At least two decimal places, or enough to show the first digit that is not 0."""
    return f"{usd:,.2f}" if usd >= 1 or not usd else f"{usd:.6f}"
