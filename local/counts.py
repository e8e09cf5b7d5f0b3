"""What the engine has counted, with the names of the constructs instead of the engine's own names."""

import json
import re
from collections.abc import Mapping

from costs import logs
from costs.units import Counts
from local import deploy
from local.engine import Engine


def read(engine: Engine) -> tuple[str, Counts]:
    """Since when the engine counts, and its counts. It has the log lines of every level."""
    found = engine.meter()
    return str(found["since"]), named(found["counts"], names(engine))


def billed(engine: Engine) -> tuple[str, Counts]:
    """The same, with only the log lines of the levels that are deployed."""
    found, constructs = engine.meter(), names(engine)
    level_of = {constructs.get(name, name): level for name, level in found["levels"].items()}
    return str(found["since"]), at_level(named(found["counts"], constructs), level_of)


def names(engine: Engine) -> dict[str, str]:
    """The construct id of each resource of the apps, by the last part of its physical id."""
    constructs = _construct_ids(engine)
    pages = engine.client("cloudformation").get_paginator("list_stack_resources")
    return {
        re.split("[/:]", one["PhysicalResourceId"])[-1]: constructs.get(
            logical_id := one["LogicalResourceId"], logical_id
        )
        for stack in deploy.outputs(engine)
        for page in pages.paginate(StackName=stack)
        for one in page["StackResourceSummaries"]
        # Parts of an API share its id.
        if one["ResourceType"] not in ("AWS::ApiGateway::Method", "AWS::ApiGateway::Stage", "AWS::ApiGateway::Resource")
    }


def _construct_ids(engine: Engine) -> dict[str, str]:
    """The construct id of each resource, by its logical id. The templates name the path of each construct."""
    found = {}
    for file in engine.settings.assembly.glob("*.template.json"):
        for logical_id, resource in json.loads(file.read_bytes())["Resources"].items():
            if path := resource.get("Metadata", {}).get("aws:cdk:path"):
                found[logical_id] = path.removesuffix("/Resource").rpartition("/")[2]
    return found


def named(counts: Mapping[str, Mapping[str, float]], constructs: dict[str, str]) -> Counts:
    """The same counts, by construct. A resource that no construct has keeps its name."""
    total: Counts = {}
    for unit, resources in counts.items():
        for resource, quantity in resources.items():
            name, slash, part = resource.partition("/")
            # A secret's ARN ends with letters of its own.
            construct = constructs.get(name) or constructs.get(name.rpartition("-")[0]) or name
            of_unit = total.setdefault(unit, {})
            of_unit[construct + slash + part] = of_unit.get(construct + slash + part, 0) + quantity
    return total


def at_level(counts: Mapping[str, Mapping[str, float]], level_of: dict[str, str]) -> Counts:
    """The same counts, with only the log lines that the resources' levels write."""
    return {
        unit: kept
        for unit, resources in counts.items()
        if (kept := {name: quantity for name, quantity in resources.items() if _is_written(unit, name, level_of)})
    }


def _is_written(unit: str, resource: str, level_of: dict[str, str]) -> bool:
    name, _, level = resource.partition("/")
    return unit not in logs.BY_LEVEL or level_of.get(name, level) == level
