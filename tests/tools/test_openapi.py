import itertools
import json
import re
from datetime import UTC, date, datetime
from typing import Any

import openapi_spec_validator
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_schema_validator import oas31_format_checker, validate

from local.settings import PROJECT
from reminders import recurrence
from reminders.due import due_at, instant_of
from reminders.errors import InvalidReminderError
from tests.support.documents import NAMES, fits, operation, operations, resolved
from tests.support.documents import document as read
from tools.openapi import CONTACT, LICENSE, document, examples, rules, words
from tools.openapi.__main__ import main

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def api(**models: dict[str, Any]) -> dict[str, Any]:
    """A template of the orders API with one call, `PUT /orders/{OrderId}`, described by `models`."""
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Description": "Orders"}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {"StageName": "v7"}},
        "All": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {"ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "PathPart": "orders"},
        },
        "One": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {"ParentId": {"Ref": "All"}, "PathPart": "{OrderId}"},
        },
        "Put": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "HttpMethod": "PUT",
                "AuthorizationType": "COGNITO_USER_POOLS",
                "OperationName": "CorrectOrder",
                "ResourceId": {"Ref": "One"},
                "RequestParameters": {"method.request.path.OrderId": True},
                "RequestModels": {"application/json": {"Ref": "AcceptedOrderModel"}},
                "MethodResponses": [
                    {
                        "StatusCode": "202",
                        "ResponseModels": {"application/json": {"Ref": "AcceptedOrderModel"}},
                        "ResponseParameters": {"method.response.header.Location": True},
                    }
                ],
            },
        },
        "Preflight": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {"HttpMethod": "OPTIONS", "AuthorizationType": "NONE", "ResourceId": {"Ref": "One"}},
        },
    }
    for name, schema in models.items():
        properties = {"Name": name, "Schema": schema}
        resources[f"{name}Model"] = {"Type": "AWS::ApiGateway::Model", "Properties": properties}
    return {"Resources": resources}


def a_schema(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "properties": properties}


@pytest.mark.parametrize("name", NAMES)
def test_the_documents_are_valid_openapi(name: str) -> None:
    assert read(name)["openapi"] == "3.1.0"
    openapi_spec_validator.validate(read(name))


def test_a_template_becomes_paths_bodies_answers_and_headers() -> None:
    made = document(api(AcceptedOrder=a_schema(Status={"type": "string", "enum": ["RECEIVED"]})))

    assert (made["info"]["title"], made["info"]["version"]) == ("Orders", "v7")
    assert made["components"]["schemas"] == {
        "AcceptedOrder": {
            "type": "object",
            "properties": {
                "Status": {"type": "string", "enum": ["RECEIVED"], "description": "The workflow has not finished yet."}
            },
            "description": "An order that the workflow has begun to check.",
        }
    }
    ((path, methods),) = made["paths"].items()
    (put,) = methods.values()
    assert (path, methods.keys(), put["operationId"]) == ("/orders/{OrderId}", {"put"}, "CorrectOrder")
    assert [(one["name"], one["in"], one["required"]) for one in put["parameters"]] == [("OrderId", "path", True)]
    schema = {"$ref": "#/components/schemas/AcceptedOrder"}
    assert put["requestBody"]["content"]["application/json"]["schema"] == schema
    ((status, answer),) = put["responses"].items()
    assert (status, answer["headers"]["Location"]["required"]) == ("202", True)
    assert answer["content"]["application/json"]["schema"] == schema


def test_a_part_of_a_schema_that_equals_a_named_one_becomes_a_reference() -> None:
    card = {"type": "object", "properties": {"Last4": {"type": "string"}}}
    enums = {name: {"type": "string", "enum": [name]} for name in ("Status", "State", "Queue", "CorrectedBy")}
    state = a_schema(Card=card, Reasons={"items": {"enum": ["Reason"]}}, **enums)
    listed = a_schema(orders={"type": "array", "items": {key: state[key] for key in ("type", "properties")}})

    made = document(api(AcceptedOrder=a_schema(OrderId={}), OrderState=state, OrderList=listed))["components"][
        "schemas"
    ]

    assert made["OrderList"]["properties"]["orders"]["items"] == {"$ref": "#/components/schemas/OrderState"}
    assert made["OrderState"]["properties"]["Card"]["$ref"] == "#/components/schemas/Card"
    assert made["Card"]["properties"]["Last4"]["type"] == "string"


def test_a_template_that_leaves_a_model_out_makes_no_document() -> None:
    with pytest.raises(KeyError, match="AcceptedOrderModel"):
        document(api())


@pytest.mark.parametrize("field", ["Unknown", "OrderId"])
def test_a_field_without_words_makes_no_document(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, fields = words.SCHEMAS["AcceptedOrder"]
    described = {name: said for name, said in fields.items() if name != "OrderId"}
    monkeypatch.setattr(words, "SCHEMAS", {**words.SCHEMAS, "AcceptedOrder": (text, described)})
    monkeypatch.setattr("tools.openapi.SCHEMAS", words.SCHEMAS)

    with pytest.raises(KeyError, match=field):
        document(api(AcceptedOrder=a_schema(**{field: {"type": "string"}})))


@pytest.mark.parametrize(("operation", "missing"), [("ShipOrder", "ShipOrder"), ("CloseOrder", "CloseOrder 202")])
def test_the_command_names_the_part_without_words(
    operation: str, missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    template = api(AcceptedOrder=a_schema())
    template["Resources"]["Put"]["Properties"]["OperationName"] = operation
    monkeypatch.setattr("tools.openapi.__main__.synthesise", lambda: {"Orders": template})

    assert main([]) == 1
    assert capsys.readouterr().err.startswith(f"error: the OpenAPI document has no text or example for {missing}")


def test_every_call_requires_an_id_token() -> None:
    assert all(one.said["security"] == [{"idToken": []}] for one in operations())


def test_every_call_that_only_operators_may_make_says_so() -> None:
    """Each handler that asks for an operator before anything else is tagged and described as one for operators."""
    for one in operations():
        (file,) = PROJECT.glob(f"lambdas/*/{re.sub('(?<!^)(?=[A-Z])', '_', one.id).lower()}.py")
        [first] = re.findall(r"def handler\(.*?\n    (?:\"\"\".*?\"\"\"\n    )?(.*?)\n", file.read_text(), re.S)
        is_for_operators = "operator_of(event)" in first
        said = (one.said["tags"] == ["Operators"], "Only operators may do this." in one.said["description"])

        assert said == (is_for_operators, is_for_operators), one.id
        codes = one.said["responses"]["403"]["content"]["application/json"]["examples"]
        assert "Forbidden" in codes or not is_for_operators


def test_nothing_is_described_that_does_not_exist() -> None:
    schemas = {name for document in NAMES for name in read(document)["components"]["schemas"]}
    answers = {(one.id, status) for one in operations() for status in one.said["responses"]}
    parameters = {(one.id, parameter["name"]) for one in operations() for parameter in one.said.get("parameters", [])}
    headers = {name for one in operations() for answer in one.said["responses"].values() for name in answer["headers"]}
    fields = {
        (name, field)
        for document in NAMES
        for name, schema in read(document)["components"]["schemas"].items()
        for field in schema.get("properties", {})
    }

    assert words.CALLS.keys() == {one.id for one in operations()}
    assert words.PARAMETERS.keys() == parameters
    assert words.HEADERS.keys() == headers
    assert words.SCHEMAS.keys() == schemas
    assert {(name, field) for name, (_, of) in words.SCHEMAS.items() for field in of} == fields
    assert rules.REFINED.keys() <= schemas and rules.PARTS.keys() <= schemas
    assert examples.ASKED.keys() == {one.id for one in operations() if "requestBody" in one.said}
    assert examples.ANSWERED.keys() == {answer for answer in answers if answer[1] < "400"}
    for id, call in words.CALLS.items():
        told = {*call.answers, *call.errors, *call.links}
        assert told <= {status for operation, status in answers if operation == id}, id
        targets = [(target, name) for link in call.links.values() for target, of in link.items() for name in of]
        assert set(targets) <= parameters


def test_every_request_and_every_answer_has_an_example_that_fits_its_schema() -> None:
    for one in operations():
        bodies = [one.said["requestBody"]] if "requestBody" in one.said else []
        for body in [*bodies, *one.said["responses"].values()]:
            (content,) = body["content"].values()
            assert content["examples"], one.id
            for example in content["examples"].values():
                schema = resolved(one.document, content["schema"])
                validate(example["value"], schema, allow_remote_references=False, format_checker=oas31_format_checker)
        for parameter in one.said.get("parameters", []):
            if "example" in parameter:
                assert fits(resolved(one.document, parameter["schema"]), parameter["example"]), one.id


def test_no_example_has_a_card_number_outside_cc() -> None:
    # The largest price is a number of 16 digits.
    texts = re.sub(": -?9007199254740991", "", json.dumps([read(name) for name in NAMES]))

    assert len(re.findall("[0-9]{13,}", texts)) == len(re.findall('"CC": "4242424242424242"', texts)) > 0


def test_every_answer_of_an_error_lists_its_codes() -> None:
    for one in operations():
        for status, answer in one.said["responses"].items():
            (content,) = answer["content"].values()
            if status >= "400":
                codes = {example["value"]["error"]["code"] for example in content["examples"].values()}
                assert codes == content["examples"].keys() == set(re.findall("^- `(.*?)`", answer["description"], re.M))


def test_the_documents_name_the_licence_of_the_project() -> None:
    text = " ".join((PROJECT / "LICENSE").read_text().split())

    assert text.startswith("Apache License Version 2.0")
    assert LICENSE["identifier"] == "Apache-2.0" and CONTACT
    for file in ("package.json", "tools/checks/package.json"):
        assert json.loads((PROJECT / file).read_text())["license"] == "Apache-2.0"


@pytest.mark.parametrize("options", [{"least": 1}, {"least": 5}, {"digits": 4}, {"digits": 6}])
def test_a_pattern_of_whole_numbers_accepts_exactly_its_range(options: dict[str, int]) -> None:
    least, longest = options.get("least", 0), options.get("digits", 9)
    for most in (5, 9, 10, 12, 52, 99, 100, 365, 1009):
        pattern = re.compile(rules.up_to(most, **options))
        for number in range(0, 1_020):
            for text in (str(number), f"0{number}", f"{number:06}"):
                is_written_so = len(text) <= longest and ("digits" in options or text == str(number))

                assert bool(pattern.fullmatch(text)) == (is_written_so and least <= number <= most), (most, text)


def test_the_pattern_of_waits_accepts_the_same_as_the_function() -> None:
    schema = operation("CreateReminder").body_schema()["properties"]["waitSeconds"]
    ends = [0, 1, 9, 10, 31_535_999, 31_536_000, 31_536_001, 31_600_000, 39_999_999, 40_000_000, 99_999_999]
    texts = [text for number in ends for text in (str(number), f"{number:08}", f"{number:09}")]

    for wait in [*ends, *texts, "", "-1", "1.0", " 1", "+1", "1e3", "١", -1]:
        try:
            due_at({"waitSeconds": wait}, now=NOW)
            is_accepted = True
        except InvalidReminderError:
            is_accepted = False
        assert fits(schema, wait) == is_accepted, wait


def test_the_pattern_of_intervals_accepts_the_same_as_the_function() -> None:
    schema = operation("CreateReminder").body_schema()["properties"]["repeat"]["properties"]["every"]
    first = due_at({"waitSeconds": 0}, now=NOW)
    ends = {end + more for end in (0, 5, 10, 100, 1000, *recurrence.MOST.values()) for more in (-1, 0, 1)}

    for count, unit in itertools.product([*sorted(ends), "01", "", "-1", "1.0"], [*recurrence.MOST, "s", "H", ""]):
        try:
            recurrence.check({"every": f"{count}{unit}"}, first, zone=None)
            is_accepted = True
        except InvalidReminderError:
            is_accepted = False
        assert fits(schema, f"{count}{unit}") == is_accepted, f"{count}{unit}"


NEARLY_A_TIME = re.compile(
    "20[0-9]{2}-(0[1-9]|1[0-3])-(0[1-9]|1[0-9]|2[0-9]|3[0-2])[Tt _]([01][0-9]|2[0-4]):([0-5][0-9]|60)"
    r"(:([0-5][0-9]|60)(|[.,][0-9]{0,8}))?(|Z|z| Z|[+-]([01][0-9]|2[0-4]):?([0-5][0-9]|60))\n?"
)


def is_a_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@settings(max_examples=400)
@given(st.from_regex(NEARLY_A_TIME, fullmatch=True))
def test_the_pattern_of_times_accepts_the_same_as_the_function(text: str) -> None:
    """Only the pattern also accepts days that no calendar has."""
    try:
        instant_of(text, field="timestamp", zone="Etc/UTC")
        is_accepted = True
    except InvalidReminderError:
        is_accepted = False

    assert is_accepted == (bool(re.fullmatch(rules.TIME, text)) and is_a_day(text[:10]))
