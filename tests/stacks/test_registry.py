"""CloudFormation's registry knows the properties of each resource, and allows their values.

`make security` runs all rules of cfn-lint, which takes minutes. These rules need no cfn-lint, only the schemas that it
brings along. They find a missing property, an unknown property, and a value that AWS does not have.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.support.templates.deployment import Deployment

Schema = Mapping[str, Any]


def is_function(value: Any) -> bool:
    """Whether CloudFormation computes the value: `{"Ref": "OrderTable"}`."""
    return isinstance(value, dict) and len(value) == 1 and all(key == "Ref" or key.startswith("Fn::") for key in value)


def resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def mistakes(value: Any, schema: Schema, root: Schema, where: str) -> Iterator[str]:
    """What the schema does not allow in a value. It allows each value that CloudFormation computes."""
    schema = resolved(schema, root)
    if is_function(value):
        return
    for kind in ("anyOf", "oneOf"):
        if kind in schema and all([*mistakes(value, one, root, where)] for one in schema[kind]):
            yield f"{where}: {value!r} has another form"
    match value:
        case dict():
            yield from _of_object(value, schema, root, where)
        case list():
            if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
                yield f"{where}: the list has {len(value)} items"
            for number, one in enumerate(value):
                yield from mistakes(one, schema.get("items", {}), root, f"{where}/{number}")
        case _:
            if "enum" in schema and value not in schema["enum"]:
                yield f"{where}: {value!r} is not in {schema['enum']}"
            if isinstance(value, int | float) and not (
                schema.get("minimum", value) <= value <= schema.get("maximum", value)
            ):
                yield f"{where}: {value} is too small or too large"


def _of_object(value: Mapping[str, Any], schema: Schema, root: Schema, where: str) -> Iterator[str]:
    yield from (f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    only_one = schema.get("requiredXor", ())
    if only_one and len(value.keys() & {*only_one}) != 1:
        yield f"{where}: it needs one of {only_one}"
    known = schema.get("properties", {})
    if not schema.get("additionalProperties", True) and not schema.get("patternProperties"):
        yield from (f"{where}: {name} is unknown" for name in value.keys() - known.keys())
    for name, one in value.items():
        if name in known:
            yield from mistakes(one, known[name], root, f"{where}/{name}")


def of_resource(type: str, properties: Mapping[str, Any], path: str) -> Iterator[str]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type).schema
    return mistakes(properties, schema, schema, path)


def test_the_registry_knows_each_property_and_allows_its_value(with_everything: Deployment) -> None:
    ours = {path: one for path, one in with_everything.resources().items() if not one["Type"].startswith("Custom::")}

    assert len(ours) > 400
    found = [
        one
        for path, resource in ours.items()
        for one in of_resource(resource["Type"], resource.get("Properties", {}), path)
    ]
    assert not found, "\n".join(found)


def test_a_mistake_is_named() -> None:
    function = {"Role": {"Ref": "Role"}, "Code": {"S3Key": "key"}, "TracingConfig": {"Mode": "On"}, "Color": "red"}

    assert [*of_resource("AWS::Lambda::Function", function, "Orders/A")] == [
        "Orders/A: Color is unknown",
        "Orders/A/TracingConfig/Mode: 'On' is not in ['Active', 'PassThrough']",
    ]
    assert [*of_resource("AWS::Lambda::Function", {"Code": {}}, "Orders/A")] == ["Orders/A: Role is missing"]
