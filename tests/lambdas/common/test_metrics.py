import json
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator

from common.metrics import MOST, Measure, emit

NOON = datetime(2027, 1, 27, 12, tzinfo=UTC)
PLACED = Measure("Shop", "Placed", "Count")
SECONDS = Measure("Shop", "Seconds", "Seconds")
CARD = "4242424242424242"

# The rules of CloudWatch, and its units that we use:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
NAME = {"type": "string", "minLength": 1, "maxLength": 255}
METRIC = {
    "type": "object",
    "required": ["Name"],
    "properties": {"Name": NAME, "Unit": {"enum": ["Count", "Seconds"]}},
    "additionalProperties": False,
}
DIRECTIVE = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "properties": {
        "Namespace": NAME,
        "Dimensions": {"type": "array", "minItems": 1, "items": {"type": "array", "maxItems": 9, "items": NAME}},
        "Metrics": {"type": "array", "minItems": 1, "maxItems": 100, "items": METRIC},
    },
    "additionalProperties": False,
}
NUMBERS = {"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "number"}}
DOCUMENT = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {"type": "array", "items": DIRECTIVE},
            },
            "additionalProperties": False,
        }
    },
    "additionalProperties": {"anyOf": [{"type": "number"}, NUMBERS, {"type": "string", "minLength": 1}]},
}


@pytest.fixture
def lines(capsys):
    """Emits metrics, and returns the documents that were written, after a check of CloudWatch's rules."""

    def emitted(values, at=NOON, **dimensions):
        emit(values, stage="test", at=at, dimensions=dimensions)
        documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        for document in documents:
            Draft202012Validator(DOCUMENT).validate(document)
            for directive in document["_aws"]["CloudWatchMetrics"]:
                named = [name for names in directive["Dimensions"] for name in names]
                assert all(isinstance(document[name], str) for name in named)
                assert all(not isinstance(document[one["Name"]], str) for one in directive["Metrics"])
        return documents

    return emitted


def test_metrics_of_one_moment_are_one_line(lines):
    (document,) = lines({PLACED: 3, SECONDS: [0.5, 2]}, Reason="LATE")

    assert document == {
        "_aws": {
            "Timestamp": 1801051200000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Shop",
                    "Dimensions": [["Stage", "Reason"]],
                    "Metrics": [{"Name": "Placed", "Unit": "Count"}, {"Name": "Seconds", "Unit": "Seconds"}],
                }
            ],
        },
        "Stage": "test",
        "Reason": "LATE",
        "Placed": 3,
        "Seconds": [0.5, 2],
    }


def test_a_line_has_no_blanks_because_each_byte_of_a_log_costs(capsys):
    emit({PLACED: 3, SECONDS: [0.5, 2]}, stage="test", at=NOON)

    assert " " not in capsys.readouterr().out


def test_a_line_may_also_say_what_happened_and_leaves_out_empty_fields(capsys):
    emit({PLACED: 1}, stage="test", at=NOON, about={"message": "order placed", "OrderId": CARD, "Reason": None})

    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["OrderId"], line["Placed"]) == ("order placed", "#", 1)
    assert "Reason" not in line
    assert line["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "Placed", "Unit": "Count"}]
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stage"]]


def test_a_long_list_is_written_in_several_documents_and_a_number_in_only_one(lines):
    documents = lines({PLACED: 3, SECONDS: [*range(2 * MOST + 1)]})

    assert [len(one["Seconds"]) for one in documents] == [MOST, MOST, 1]
    assert [value for one in documents for value in one["Seconds"]] == [*range(2 * MOST + 1)]
    assert ["Placed" in one for one in documents] == [True, False, False]


def test_many_metrics_are_written_in_several_documents(lines):
    measures = {Measure("Shop", f"Count{number}", "Count"): number for number in range(MOST + 1)}

    documents = lines(measures)

    assert [len(one["_aws"]["CloudWatchMetrics"][0]["Metrics"]) for one in documents] == [MOST, 1]
    assert {name: value for one in documents for name, value in one.items() if name.startswith("Count")} == {
        measure.name: value for measure, value in measures.items()
    }


def test_zero_is_written_and_an_empty_list_is_not(lines):
    (document,) = lines({PLACED: 0, SECONDS: []})

    assert document["Placed"] == 0
    assert "Seconds" not in document
    assert lines({SECONDS: []}) == []


def test_a_card_number_is_masked_in_a_dimension(lines):
    (document,) = lines({PLACED: 1}, Reason=f"card {CARD}")

    assert document["Reason"] == "card #"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, float("-inf")]])
def test_a_value_that_is_no_number_is_rejected(lines, value):
    with pytest.raises(ValueError, match="JSON"):
        lines({PLACED: value})


def test_metrics_of_two_namespaces_are_rejected(lines):
    with pytest.raises(ValueError, match="unpack"):
        lines({PLACED: 1, Measure("Elsewhere", "Placed", "Count"): 1})
