import json

import openapi_spec_validator
import pytest

from tools.openapi import DOCUMENTS, document

ORDERS, REMINDERS = "orders.json", "reminders.json"


def read(name: str) -> dict:
    return json.loads((DOCUMENTS / name).read_text())


def api(**models: dict) -> dict:
    """A template with the API `PUT /things/{Id}`, described by `models`."""
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Description": "Things"}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {"StageName": "v7"}},
        "Thing": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {"ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "PathPart": "things"},
        },
        "OneThing": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {"ParentId": {"Ref": "Thing"}, "PathPart": "{Id}"},
        },
        "Put": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "HttpMethod": "PUT",
                "AuthorizationType": "COGNITO_USER_POOLS",
                "OperationName": "PutThing",
                "ResourceId": {"Ref": "OneThing"},
                "RequestParameters": {"method.request.querystring.limit": False, "method.request.path.Id": True},
                "RequestModels": {"application/json": {"Ref": "ThingModel"}},
                "MethodResponses": [
                    {
                        "StatusCode": "202",
                        "ResponseModels": {"application/json": {"Ref": "ThingModel"}},
                        "ResponseParameters": {"method.response.header.Location": True},
                    }
                ],
            },
        },
        "Preflight": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {"HttpMethod": "OPTIONS", "AuthorizationType": "NONE", "ResourceId": {"Ref": "OneThing"}},
        },
    }
    for name, schema in models.items():
        properties = {"Name": name, "Schema": schema}
        resources[f"{name}Model"] = {"Type": "AWS::ApiGateway::Model", "Properties": properties}
    return {"Resources": resources}


@pytest.mark.parametrize("name", [ORDERS, REMINDERS])
def test_the_documents_are_valid_openapi(name):
    document = read(name)

    assert document["openapi"] == "3.1.0"
    openapi_spec_validator.validate(document)


def test_a_template_becomes_paths_bodies_answers_and_headers():
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"}

    made = document(api(Thing=schema))

    openapi_spec_validator.validate(made)
    assert (made["info"], made["components"]["schemas"]) == (
        {"title": "Things", "version": "v7"},
        {"Thing": {"type": "object"}},
    )
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
    assert made["paths"] == {
        "/things/{Id}": {
            "put": {
                "operationId": "PutThing",
                "security": [{"idToken": []}],
                "parameters": [
                    {"name": "Id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "limit", "in": "query", "required": False, "schema": {"type": "string"}},
                ],
                "requestBody": {"required": True, "content": body},
                "responses": {
                    "202": {
                        "description": "Accepted",
                        "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
                        "content": body,
                    }
                },
            }
        }
    }


def test_a_template_that_leaves_a_model_out_makes_no_document():
    with pytest.raises(KeyError, match="ThingModel"):
        document(api())


@pytest.mark.parametrize("name", [ORDERS, REMINDERS])
def test_every_call_names_who_calls(name):
    operations = [operation for path in read(name)["paths"].values() for operation in path.values()]

    assert operations
    assert all(operation["security"] == [{"idToken": []}] for operation in operations)
