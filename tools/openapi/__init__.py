"""Makes the OpenAPI documents in docs/openapi from the templates. `make openapi` writes them.

See decision D065.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from common.caller import OPERATORS
from tools.openapi.examples import ANSWERED, ASKED, failure
from tools.openapi.rules import PARTS, REFINED
from tools.openapi.words import (
    ANSWERS,
    APIS,
    CALLS,
    ERRORS,
    HEADERS,
    ONLY_OPERATORS,
    PARAMETERS,
    SCHEMAS,
    Call,
)

Template: TypeAlias = Mapping[str, Any]
Schema: TypeAlias = dict[str, Any]

DOCUMENTS = Path(__file__).parent.parent.parent / "docs" / "openapi"

SIGN_IN = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The ID token of a user of the user pool. An access token is not enough. Operations with the role "
    f"`{OPERATORS}` are for members of the user pool's group of that name.",
}
LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
"""The licence in the file LICENSE."""

CONTACT = {"name": "The operators of your deployment"}


def documents(templates: Mapping[str, Template]) -> dict[str, str]:
    """Returns the text of each document by file name: `orders.json` for the stack Orders. Skips stacks without an API.

    `templates` are by stack. The templates of all stages make the same documents.
    """
    return {
        f"{stack.lower()}.json": json.dumps(document(template), indent=2, ensure_ascii=False) + "\n"
        for stack, template in templates.items()
        if _resources(template, "RestApi")
    }


def document(template: Template) -> dict[str, Any]:
    """Returns the OpenAPI document of the only REST API in `template`. Raises KeyError if a part of it has no words."""
    (api,) = _resources(template, "RestApi").values()
    (stage,) = _resources(template, "Stage").values()
    models = _resources(template, "Model")
    words = APIS[api["Description"]]
    paths: dict[str, dict[str, Any]] = {}
    for method in _resources(template, "Method").values():
        # Without a sign-in there are only preflights, and pages for people.
        if method["AuthorizationType"] != "NONE":
            path = _path(template, method["ResourceId"])
            paths.setdefault(path, {})[method["HttpMethod"].lower()] = _operation(method, models)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": api["Description"],
            "version": stage["StageName"],
            "description": words.description,
            "contact": CONTACT,
            "license": LICENSE,
        },
        "servers": [
            {
                "url": f"{{address}}/{stage['StageName']}",
                "variables": {
                    "address": {
                        "default": "https://api-id.execute-api.us-east-1.amazonaws.com",
                        "description": "It is the beginning of the stack's output ApiUrl.",
                    }
                },
            }
        ],
        "tags": [{"name": name, "description": text} for name, text in words.tags.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components({model["Name"]: model["Schema"] for model in models.values()}),
            "securitySchemes": {"idToken": SIGN_IN},
        },
    }


def components(models: Mapping[str, Schema]) -> dict[str, Schema]:
    """Returns the schemas of a document by name: the `models`, and their PARTS as separate schemas.

    A part of a schema that equals a named schema becomes a reference to it.
    """
    schemas = {name: _nullable(without(schema, "$schema")) for name, schema in models.items()}
    parts = {name: _at(schemas, place) for name, place in PARTS.items() if place.partition("/")[0] in schemas}
    named = {**{name: without(schema, "title") for name, schema in schemas.items()}, **parts}
    made = {}
    for name, schema in sorted({**parts, **schemas}.items()):
        inner = {key: _referring(value, named) for key, value in schema.items()}
        made[name] = _described(name, _merged(inner, REFINED.get(name, {})))
    return made


def without(schema: Mapping[str, Any], *names: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in names}


def _nullable(value: Any) -> Any:
    """Returns `value` with `anyOf` for objects that may be null, because only a schema of an object can have a name."""
    if isinstance(value, list):
        return [_nullable(one) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _nullable(one) for key, one in value.items()}
    if inner.get("type") == ["object", "null"]:
        return {"anyOf": [{**inner, "type": "object"}, {"type": "null"}]}
    return inner


def _at(value: Any, place: str) -> Any:
    for name in place.split("/"):
        value = value[int(name) if isinstance(value, list) else name]
    return value


def _referring(value: Any, named: Mapping[str, Schema]) -> Any:
    if isinstance(value, list):
        return [_referring(one, named) for one in value]
    if not isinstance(value, dict):
        return value
    for name, schema in named.items():
        if value == schema:
            return _reference(name)
    return {key: _referring(one, named) for key, one in value.items()}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _merged(value: Any, patch: Mapping[str, Any]) -> Any:
    merged = dict(value)
    for name, one in patch.items():
        merged[name] = _merged(merged[name], one) if isinstance(one, Mapping) and name in merged else one
    return merged


def _described(name: str, schema: Schema) -> Schema:
    text, fields = SCHEMAS[name]
    described = {**schema, "description": text}
    if "properties" in schema:
        described["properties"] = {
            field: {**one, "description": fields[field]} for field, one in schema["properties"].items()
        }
    return described


def _operation(method: Mapping[str, Any], models: Mapping[str, Any]) -> dict[str, Any]:
    name = method["OperationName"]
    call = CALLS[name]
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": [call.tag],
        "summary": call.summary,
        "description": f"{call.description}\n\nOnly operators may do this." if call.for_operators else call.description,
    }
    operation["security"] = [{"idToken": []}]
    if parameters := method.get("RequestParameters"):
        operation["parameters"] = [_parameter(name, *one) for one in sorted(parameters.items())]
    if request := method.get("RequestModels"):
        operation["requestBody"] = {"required": True, "content": _content(request, models, ASKED[name])}
    operation["responses"] = {
        answer["StatusCode"]: _answer(name, call, answer, models) for answer in method["MethodResponses"]
    }
    return operation


def _parameter(operation: str, name: str, required: bool) -> dict[str, Any]:
    """Turns `method.request.path.OrderId`, `….querystring.limit` or `….header.Idempotency-Key` into a parameter."""
    _, _, place, name = name.split(".")
    where = {"path": "path", "querystring": "query", "header": "header"}[place]
    return {"name": name, "in": where, "required": required, **PARAMETERS[operation, name]}


def _answer(operation: str, call: Call, answer: Mapping[str, Any], models: Mapping[str, Any]) -> dict[str, Any]:
    status = answer["StatusCode"]
    text = call.answers.get(status, ANSWERS[status])
    if status >= "400":
        codes = codes_of(operation, status)
        text += ".\n\n" + "\n".join(f"- `{code}`: {meaning}" for code, meaning in codes.items())
        examples: Mapping[str, Any] = {code: failure(operation, code) for code in codes}
    else:
        text += "."
        examples = ANSWERED[operation, status]
    made: dict[str, Any] = {
        "description": text,
        "headers": {
            name.removeprefix("method.response.header."): {
                "required": required,
                **HEADERS[name.removeprefix("method.response.header.")],
            }
            for name, required in answer["ResponseParameters"].items()
        },
        "content": _content(answer["ResponseModels"], models, examples),
    }
    if links := call.links.get(status):
        made["links"] = {
            target: {"operationId": target, "parameters": dict(parameters)} for target, parameters in links.items()
        }
    return made


def codes_of(operation: str, status: str) -> dict[str, str]:
    """Returns the codes of an operation's errors with one status, and the meaning of each."""
    call = CALLS[operation]
    codes = dict(ERRORS[status])
    if status == "400" and operation not in ASKED:
        del codes["InvalidJson"]
    if status == "403" and call.for_operators:
        codes = {**ONLY_OPERATORS, **codes}
    return {**codes, **call.errors.get(status, {})}


def _content(references: Mapping[str, Any], models: Mapping[str, Any], examples: Mapping[str, Any]) -> dict[str, Any]:
    """Turns `{"application/json": {"Ref": logical id}}` into OpenAPI's `content`."""
    return {
        content_type: {"schema": _reference(models[reference["Ref"]]["Name"]), "examples": dict(examples)}
        for content_type, reference in references.items()
    }


def _path(template: Template, resource: Mapping[str, Any]) -> str:
    """Returns a path such as `/orders/{OrderId}`, from the resource that a method or another resource refers to."""
    if "Ref" not in resource:
        return ""
    part = template["Resources"][resource["Ref"]]["Properties"]
    return f"{_path(template, part['ParentId'])}/{part['PathPart']}"


def _resources(template: Template, type: str) -> dict[str, Any]:
    """Returns the properties of each API Gateway resource of this `type`, by logical id."""
    return {
        logical_id: resource.get("Properties", {})
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == f"AWS::ApiGateway::{type}"
    }
