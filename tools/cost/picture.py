"""The picture of what the designs cost, by service."""

from pathlib import Path
from typing import Any

from tools import plots
from tools.cost import model
from tools.cost.report import Costs

LEAST = 0.2
"""US dollars. A service that costs less everywhere is drawn as a part of `others`."""

CLOSE = 0.02
"""A picture is drawn again if a bar differs by more than this part of it."""

OTHERS, IDLE = "others", "idle"


def shows(costs: Costs) -> dict[str, Any]:
    """What the picture shows: US dollars a month of each design, by service, and of a million orders."""
    month = {one.name: _parts(one.month(costs.traffic), 1) | {IDLE: one.idle} for one in costs.designs}
    order = {one.name: _parts(one.order, model.MILLION) for one in costs.designs[:2]}
    return {
        name: {design: {part: round(usd, 4) for part, usd in parts.items()} for design, parts in of.items()}
        for name, of in (("month", month), ("a million orders", order))
    }


def is_like(shown: Any, costs: Costs) -> bool:
    """Whether a picture that shows `shown` still looks like the costs: each bar is as long, give or take CLOSE."""
    now = shows(costs)
    if not shown or {name: list(of) for name, of in shown.items()} != {name: list(of) for name, of in now.items()}:
        return False
    return all(
        abs(sum(parts.values()) - sum(shown[name][design].values())) <= CLOSE * sum(parts.values())
        for name, of in now.items()
        for design, parts in of.items()
    )


def draw(costs: Costs, file: Path) -> None:
    """Writes the picture as SVG or PNG. Raises CommandError."""
    drawn = plots.figure(figsize=(9, 6))
    month, order = drawn.subplots(2, 1, height_ratios=[7, 2])
    found = shows(costs)
    names = list(dict.fromkeys(part for of in found.values() for parts in of.values() for part in parts))
    colours = dict(zip(names, plots.COLOURS * 2, strict=False))
    traffic = costs.traffic
    _bars(month, found["month"], colours)
    drawn.suptitle(
        f"A month of {costs.stage} in US dollars: {traffic.orders:,.0f} orders, {traffic.lookups:,.0f} lookups, "
        f"{traffic.reminders:,.0f} reminders by e-mail",
    )
    _bars(order, found["a million orders"], colours)
    order.set_title("A million orders, in US dollars", loc="left")
    handles = [plots.package("matplotlib.patches").Patch(color=colours[name], label=name) for name in names]
    drawn.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False)
    plots.save(drawn, file, shows=found)


def _parts(counts: Any, times: float) -> dict[str, float]:
    services = {name: usd * times for name, usd in model.by_service(counts).items()}
    large = {name: usd for name, usd in services.items() if usd >= LEAST}
    return large | {OTHERS: sum(services.values()) - sum(large.values())}


def _bars(axes: Any, designs: dict[str, dict[str, float]], colours: dict[str, str]) -> None:
    for name, parts in designs.items():
        left = 0.0
        for part, usd in sorted(parts.items(), key=lambda one: list(colours).index(one[0])):
            axes.barh(name, usd, left=left, color=colours[part], height=0.7)
            left += usd
        axes.text(left, name, f" {left:,.2f}", va="center")
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.1)
