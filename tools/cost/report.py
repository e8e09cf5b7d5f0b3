"""The cost report: sections of rows, which are printed as tables, as JSON, or as Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from costs import prices, quantities
from costs.quantities import ORDER_WORKFLOW
from costs.units import Counts
from tools.cost import model, templates
from tools.cost.model import Design, Traffic
from tools.cost.templates import Templates

WIDEST = 100
"""The most columns of a bar chart."""

MORE_TRACES = 0.1
"""The share of traced requests in an alternative design."""

MARK = "(est)"
"""Follows each number that only AWS can measure."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table. `columns` maps the keys of a row to the titles; `more` has columns for which only a page has room."""

    name: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def numbers(self) -> set[str]:
        """The keys of the columns with numbers."""
        return {key for row in self.rows for key, value in row.items() if isinstance(value, float)}

    def texts(self, columns: Mapping[str, str]) -> list[dict[str, str]]:
        """The rows as texts."""
        return [{key: _text(row.get(key)) for key in columns} for row in self.rows]


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Everything that is known about the costs of a stage."""

    stage: str
    traffic: Traffic
    chosen: Design
    original: Design
    alternatives: Sequence[Design]
    paths: Mapping[str, Counts]
    idle: Sequence[templates.Line]
    once: Sequence[templates.Line]

    @property
    def designs(self) -> list[Design]:
        """All designs, the original first."""
        return [self.original, self.chosen, *self.alternatives]


def costs_of(stage: str, synthesised: Templates, traffic: Traffic, *, cache: bool = True) -> Costs:
    """The costs of a stage with these templates. `cache=False` switches off the cache that the templates have."""
    counted = quantities.counted()
    has = templates.has_cache(synthesised)
    configured = templates.configured(synthesised)
    standard = templates.is_standard(synthesised, ORDER_WORKFLOW)
    off = templates.without_cache(synthesised)

    def design(with_cache: bool) -> Design:
        lines = templates.idle(synthesised if with_cache else off)
        idle = sum(line.usd for line in lines)
        found = model.ours(counted, configured, cache=with_cache, idle=idle)
        return replace(model.with_standard_orders(found), name=found.name, changes="") if standard else found

    chosen = design(has and cache)
    other = [replace(design(not cache), name="cache on" if not cache else "cache off")] if has else []
    if has and cache:
        other[0] = replace(other[0], changes="lookups read the table: milliseconds instead of less than one")
    return Costs(
        stage=stage,
        traffic=traffic,
        chosen=chosen,
        original=model.original(),
        alternatives=[
            *other,
            *([] if standard else [model.with_standard_orders(chosen)]),
            model.with_http_api(chosen),
            model.with_scheduler(chosen),
            model.with_traces(chosen, share=MORE_TRACES),
        ],
        paths={path: quantities.on_aws(path, counts, configured) for path, counts in counted.items()},
        idle=templates.idle(synthesised if has and cache else off),
        once=templates.once(synthesised),
    )


def sections(costs: Costs) -> list[Section]:
    without_traffic = idle(costs.stage, costs.idle), _once(costs)
    return [_month(costs), _millions(costs), _alternatives(costs), *without_traffic, _paths(costs), _estimates()]


def _month(costs: Costs) -> Section:
    month, before = (model.by_service(one.month(costs.traffic)) for one in (costs.chosen, costs.original))
    rows = [
        {"service": name, "ours": month.get(name, 0), "original": before.get(name, 0)}
        for name in dict.fromkeys([*month, *before])
        if month.get(name, 0) + before.get(name, 0) > 0
    ]
    rows.append({"service": "idle", "ours": costs.chosen.idle, "original": costs.original.idle})
    total = {"ours": costs.chosen.usd(costs.traffic), "original": costs.original.usd(costs.traffic)}
    rows.append({"service": "sum", **total})
    return Section(
        name="month",
        title=f"A month of {costs.stage}, in US dollars",
        columns={"service": "service", "ours": "ours", "original": "original design"},
        rows=rows,
    )


def _millions(costs: Costs) -> Section:
    rows = []
    for name, of in (("order", "order"), ("lookup", "lookup"), ("reminder by e-mail, without delivery", "reminder")):
        ours, before = (model.per_million(getattr(one, of)) for one in (costs.chosen, costs.original))
        rows.append({"what": name, "ours": ours, "original": before, "times": before / ours})
    return Section(
        name="millions",
        title="A million of each, in US dollars",
        columns={"what": "a million", "ours": "ours", "original": "original design", "times": "times cheaper"},
        rows=rows,
    )


def _alternatives(costs: Costs) -> Section:
    chosen = costs.chosen.usd(costs.traffic)
    rows = [
        {
            "name": one.name,
            "month": one.usd(costs.traffic),
            "order": model.per_million(one.order),
            "lookup": model.per_million(one.lookup),
            "reminder": model.per_million(one.reminder),
            "difference": one.usd(costs.traffic) - chosen,
            "changes": one.changes,
        }
        for one in [costs.chosen, *costs.alternatives]
    ]
    return Section(
        name="alternatives",
        title="The same month, built otherwise, and a million of each",
        columns={
            "name": "design",
            "month": "month",
            "difference": "more",
            "order": "order",
            "lookup": "lookup",
            "reminder": "e-mail",
        },
        more={"changes": "what changes"},
        rows=rows,
    )


def idle(stage: str, lines: Sequence[templates.Line]) -> Section:
    """What a stage costs without traffic."""
    rows: list[dict[str, Any]] = [
        {"what": line.what, "number": f"{line.number:g}", "each": line.each, "usd": line.usd} for line in lines
    ]
    rows.append({"what": "sum", "number": "", "each": "", "usd": sum(line.usd for line in lines)})
    return Section(
        name="idle",
        title=f"{stage} without traffic, in US dollars a month",
        columns={"what": "what", "number": "number", "each": "each", "usd": "USD"},
        rows=rows,
    )


def stages(synthesised: Mapping[str, Templates]) -> Section:
    """What stages cost without traffic, by their templates with a cache."""
    rows = [
        {
            "stage": stage,
            "on": sum(line.usd for line in templates.idle(of)),
            "off": sum(line.usd for line in templates.idle(templates.without_cache(of))),
        }
        for stage, of in synthesised.items()
    ]
    return Section(
        name="stages",
        title="Stages without traffic, in US dollars a month",
        columns={"stage": "stage", "on": "with the cache", "off": "without (CACHE=off)"},
        rows=rows,
    )


def _once(costs: Costs) -> Section:
    return Section(
        name="once",
        title="Paid once, at the first deployment, in US dollars",
        columns={"what": "what", "usd": "USD"},
        rows=[{"what": line.what, "usd": line.usd} for line in costs.once],
    )


def _paths(costs: Costs) -> Section:
    rows = []
    for path, counts in costs.paths.items():
        services = model.by_service({unit: of for unit, of in counts.items() if unit not in model.DELIVERY})
        shown = [f"{name} {usd * model.MILLION:.2f}" for name, usd in services.items() if usd * model.MILLION >= 0.005]
        rows.append({"path": path, "usd": model.per_million(counts), "services": ", ".join(shown)})
    return Section(
        name="paths",
        title="A million times each path, in US dollars, without delivery",
        columns={"path": "path", "usd": "USD", "services": "of this"},
        rows=rows,
    )


def _estimates() -> Section:
    return Section(
        name="estimates",
        title="Estimates that only AWS can measure",
        columns={"what": "what", "value": "value", "look": "where AWS has it"},
        more={"why": "why"},
        rows=[
            {"what": f"{name} {MARK}", "value": f"{one['value']:g}", "why": one["why"], "look": one["look"]}
            for name, one in _flat(quantities.estimates())
        ],
    )


def _flat(found: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, one in found.items():
        if isinstance(one, dict) and "value" in one:
            yield f"{above}{name}".replace("_", " "), one
        elif isinstance(one, dict):
            yield from _flat(one, f"{name}: ")


def bars(costs: Costs, *, width: int) -> str:
    """The designs as bars of text, at most `width` columns wide."""
    found = {one.name: one.usd(costs.traffic) for one in costs.designs}
    names = max(map(len, found))
    room, most = max(1, min(width, WIDEST) - names - 12), max(*found.values(), 0.01)
    return "\n".join(f"{name:{names}} {'█' * round(usd / most * room)} {usd:,.2f}" for name, usd in found.items())


def as_json(costs: Costs) -> dict[str, Any]:
    """Everything in one object, with unrounded numbers."""
    return {
        "stage": costs.stage,
        "region": prices.read()["region"],
        "prices_dated": prices.read()["dated"],
        "traffic": {
            "orders": costs.traffic.orders,
            "lookups": costs.traffic.lookups,
            "reminders": costs.traffic.reminders,
        },
        **{section.name: [dict(row) for row in section.rows] for section in sections(costs)},
    }


def _text(value: Any) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value or "")
