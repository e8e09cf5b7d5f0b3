"""Lets rows of a deployed table expire.

The engine ignores the TimeToLiveSpecification of a template (`services/cloudformation/provisioners.py:2120`), so the
table would keep its rows for ever.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]

SETTING = "TimeToLiveSpecification"


def apply() -> None:
    table = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create, update, delete = table["create"], table["update"], table["delete"]
    table["create"] = expiring(create, properties_of=lambda _, properties, *rest: properties)
    table["update"] = expiring(update, properties_of=lambda _, old, new, *rest: new)
    table["delete"] = forgetting(delete)


def expiring(make: Callable[..., Made], *, properties_of: Callable[..., Properties]) -> Callable[..., Made]:
    """Returns `make`, which creates or updates a table, changed to set when its rows expire."""

    def made(*arguments: Any, **more: Any) -> Made:
        name, attributes = make(*arguments, **more)
        if setting := properties_of(*arguments).get(SETTING):
            # CloudFormation's texts may be booleans.
            enabled = str(setting.get("Enabled", "")).lower() == "true"
            given = {"Enabled": enabled, "AttributeName": setting.get("AttributeName", "")}
            status, _, body = dynamodb._update_ttl({"TableName": name, SETTING: given})
            if status != 200:
                raise ValueError(body.decode())
        else:
            dynamodb._ttl_settings.pop(name, None)
        return name, attributes

    return made


def forgetting(delete: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `delete`, which deletes a table, changed to forget when its rows expire."""

    def deleted(name: str, *rest: Any) -> Any:
        dynamodb._ttl_settings.pop(name, None)
        return delete(name, *rest)

    return deleted
