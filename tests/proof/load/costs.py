"""What each kind of request reads and writes, in tables of two sizes."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from costs.units import Counts
from tests.proof.load import filling, requests
from tests.proof.load.requests import Kind
from tests.support.cloud import paths
from tests.support.cloud.apps import Apps

ATTEMPTS = 4
"""A schedule of the apps may run during a measurement. Then the next one differs from it."""

SCANS = {"ParkLostOrders": "an operator may call it to search for lost orders. It reads 500 rows a call"}
"""The functions that may scan a table, and why. No request calls them."""


@dataclass
class Costs:
    """What each kind of request cost with few and with many rows."""

    few: int
    many: int
    kinds: dict[str, tuple[Counts, Counts]]
    scanning: Sequence[str]
    """The roles that may scan a table."""
    missing: Sequence[str] = ()
    """Routes that no kind calls."""

    @property
    def same(self) -> list[str]:
        return [kind for kind, (few, many) in self.kinds.items() if not paths.changed(few, many)]

    @property
    def failures(self) -> list[str]:
        return [
            *(
                f"{kind} costs more with {self.many:,} rows: {'; '.join(lines)}"
                for kind, (few, many) in self.kinds.items()
                if (lines := paths.changed(few, many))
            ),
            *(f"no kind of request calls {route}" for route in self.missing),
            *(f"{role} may scan a table" for role in self.scanning if role not in SCANS),
            *(f"{role} may not scan a table: remove it from SCANS" for role in SCANS if role not in self.scanning),
        ]

    def text(self) -> str:
        lines = [
            "#### Large tables",
            "",
            f"The tables of orders and of reminders have {self.few:,} rows, then {self.many:,}. The person who",
            f"lists has {filling.OWN} orders and {filling.OWN} reminders in both. The meter counts by AWS's rules.",
            *(f"`{name}` may scan: {why}." for name, why in SCANS.items()),
            "No other function or workflow may scan.",
            "",
            f"| request | read units, {self.few:,} rows | {self.many:,} rows | write units | {self.many:,} rows |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for kind, sizes in self.kinds.items():
            units = [f"{_units(size, unit):g}" for unit in ("dynamodb.read", "dynamodb.write") for size in sizes]
            lines.append(f"| {kind} | {' | '.join(units)} |")
        return "\n".join(lines)


def _units(found: Counts, unit: str) -> float:
    return sum(found.get(unit, {}).values())


def compared(apps: Apps, *, few: int, many: int, chance: random.Random) -> Costs:
    """Fills both tables with `few` rows, measures each kind of request, and again with `many` rows."""
    person = apps.as_new_person()
    owner, corrector = requests.sub_of(person), requests.sub_of(apps)
    kinds, filled = requests.kinds(apps, person), 0
    found: list[dict[str, Counts]] = []
    for size in (few, many):
        numbers, filled = range(filled, size), size
        with filling.streams_off(apps):
            orders = filling.orders(numbers, owner=owner, corrector=corrector, chance=chance)
            filling.fill(apps, apps.places.order_table, orders)
            filling.fill(apps, apps.places.reminder_table, filling.reminders(numbers, owner=owner, chance=chance))
        print(f"filled both tables with {size:,} rows", flush=True)
        before = found[0] if found else {}
        found.append({one.name: _measured(apps, one, before.get(one.name)) for one in kinds})
    called = {one.route for one in kinds}
    return Costs(
        few,
        many,
        {one.name: (found[0][one.name], found[1][one.name]) for one in kinds},
        _scanning(apps),
        sorted(requests.routes() - called),
    )


def _measured(apps: Apps, kind: Kind, before: Counts | None) -> Counts:
    """What a request uses: as much as `before`, or else as much as in the last measurement.

    `before` is what it used in the small tables. What else runs in the cloud can only add to a measurement.
    """
    for _ in range(ATTEMPTS):
        found = kind.measure(apps)
        if before is not None and not paths.changed(before, found):
            break
        before = found
    return found


def _scanning(apps: Apps) -> list[str]:
    """The construct ids of the functions and workflows whose roles may scan a table or an index."""
    found = []
    for file in apps.cloud.settings.assembly.glob("*.template.json"):
        resources = json.loads(file.read_bytes())["Resources"]
        policies = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::IAM::Policy"]
        roles = {role["Ref"] for one in policies if _may_scan(one["PolicyDocument"]) for role in one["Roles"]}
        for resource in resources.values():
            properties = resource.get("Properties", {})
            role = properties.get("Role", properties.get("RoleArn", {}))
            if isinstance(role, dict) and role.get("Fn::GetAtt", [""])[0] in roles:
                found.append(resource["Metadata"]["aws:cdk:path"].removesuffix("/Resource").rpartition("/")[2])
    return sorted(found)


def _may_scan(document: Mapping[str, Any]) -> bool:
    """Whether a statement allows `dynamodb:Scan`, perhaps with a wildcard, or PartiQL, which may scan."""
    for statement in document["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if any(fnmatch(wanted, action) for action in actions for wanted in ("dynamodb:Scan", "dynamodb:PartiQLSelect")):
            return True
    return False
