"""Writes docs/openapi/: what the templates say of the APIs, as OpenAPI documents. `make openapi` runs it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from stacks.layer import LayerNotBuiltError
from tools import command
from tools.errors import CommandError

Template: TypeAlias = Mapping[str, Any]

DOCUMENTS = Path(__file__).parent.parent / "docs" / "openapi"

# Python's own phrases change with its version.
STATUS = {
    "200": "The current state",
    "202": "Accepted",
    "400": "Not what was asked for; the details name the field",
    "401": "Not signed in, or not any more",
    "403": "Not permitted, or no such path",
    "404": "Not found",
    "409": "In conflict with what is there",
    "413": "Body too large",
    "415": "Body not declared as JSON",
    "429": "Too many requests",
    "500": "A fault of ours, which has been logged",
    "503": "A service is not available",
}

SIGN_IN = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The ID token of a person of the user pool.",
}


def documents(templates: Mapping[str, Template]) -> dict[str, str]:
    """The text of each document by its file's name: `orders.json` for the stack Orders, none for one without an API.

    `templates` are by stack. A document is the same whichever stage's templates it is made from.
    """
    return {
        f"{stack.lower()}.json": json.dumps(document(template), indent=2, ensure_ascii=False) + "\n"
        for stack, template in templates.items()
        if _resources(template, "RestApi")
    }


def document(template: Template) -> dict[str, Any]:
    """The OpenAPI document of the one REST API in `template`."""
    (api,) = _resources(template, "RestApi").values()
    (stage,) = _resources(template, "Stage").values()
    models = _resources(template, "Model")
    paths: dict[str, dict[str, Any]] = {}
    for method in _resources(template, "Method").values():
        if method["HttpMethod"] != "OPTIONS":
            path = _path(template, method["ResourceId"])
            paths.setdefault(path, {})[method["HttpMethod"].lower()] = _operation(method, models)
    return {
        "openapi": "3.1.0",
        "info": {"title": api["Description"], "version": stage["StageName"]},
        "servers": [
            {
                "url": f"{{address}}/{stage['StageName']}",
                "variables": {
                    "address": {
                        "default": "https://api-id.execute-api.us-east-1.amazonaws.com",
                        "description": "The stack's output ApiUrl says it.",
                    }
                },
            }
        ],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {
                model["Name"]: {key: value for key, value in model["Schema"].items() if key != "$schema"}
                for model in sorted(models.values(), key=lambda model: str(model["Name"]))
            },
            "securitySchemes": {"idToken": SIGN_IN},
        },
    }


def _operation(method: Mapping[str, Any], models: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": method["OperationName"]}
    if method["AuthorizationType"] == "COGNITO_USER_POOLS":
        operation["security"] = [{"idToken": []}]
    if parameters := method.get("RequestParameters"):
        operation["parameters"] = [_parameter(name, required) for name, required in sorted(parameters.items())]
    if request := method.get("RequestModels"):
        operation["requestBody"] = {"required": True, "content": _content(request, models)}
    operation["responses"] = {
        answer["StatusCode"]: {
            "description": STATUS[answer["StatusCode"]],
            "headers": {
                name.removeprefix("method.response.header."): {"required": required, "schema": {"type": "string"}}
                for name, required in answer["ResponseParameters"].items()
            },
            "content": _content(answer["ResponseModels"], models),
        }
        for answer in method["MethodResponses"]
    }
    return operation


def _parameter(name: str, required: bool) -> dict[str, Any]:
    """`method.request.path.OrderId`, `….querystring.limit` or `….header.Idempotency-Key` in OpenAPI's words."""
    _, _, place, name = name.split(".")
    where = {"path": "path", "querystring": "query", "header": "header"}[place]
    return {"name": name, "in": where, "required": required, "schema": {"type": "string"}}


def _content(references: Mapping[str, Any], models: Mapping[str, Any]) -> dict[str, Any]:
    """`{"application/json": {"Ref": logical id}}` in OpenAPI's words."""
    return {
        content_type: {"schema": {"$ref": f"#/components/schemas/{models[reference['Ref']]['Name']}"}}
        for content_type, reference in references.items()
    }


def _path(template: Template, resource: Mapping[str, Any]) -> str:
    """`/orders/{OrderId}`, from the resource that a method or another resource refers to."""
    if "Ref" not in resource:
        return ""
    part = template["Resources"][resource["Ref"]]["Properties"]
    return f"{_path(template, part['ParentId'])}/{part['PathPart']}"


def _resources(template: Template, type: str) -> dict[str, Any]:
    """The properties of each resource of API Gateway's `type`, by logical id."""
    return {
        logical_id: resource.get("Properties", {})
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == f"AWS::ApiGateway::{type}"
    }


def synthesise() -> dict[str, Template]:
    """The templates by stack, as `cdk synth` makes them. Raises LayerNotBuiltError."""
    command.find_node()
    # Here, because CDK starts Node when it is imported, and the help needs neither.
    import aws_cdk as cdk

    import app
    from stacks.config import DEV

    with TemporaryDirectory() as folder:
        cdk_app = cdk.App(outdir=folder)
        app.build(cdk_app, stage=DEV)
        return {stack.id: stack.template for stack in cdk_app.synth().stacks}


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: _parse_and_write(arguments))


def _parse_and_write(arguments: list[str] | None) -> int:
    description = "Writes docs/openapi from the templates. It overwrites what is there."
    command.Parser(prog="python -m tools.openapi", description=description).parse_args(arguments)
    try:
        written = documents(synthesise())
    except LayerNotBuiltError as error:
        raise CommandError(str(error)) from None
    for name, text in written.items():
        (DOCUMENTS / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
