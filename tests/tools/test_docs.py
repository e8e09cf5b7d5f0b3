"""How the parts of the docs are generated. tests/stacks/test_docs.py compares them with the templates."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal.errors import CommandError
from tools import docs
from tools.docs import __main__ as program
from tools.docs import deployment, workflows
from tools.docs.workflows import Picture

BEGIN, END = "<!-- generated: numbers (make docs) -->", "<!-- end -->"
PICTURE = Picture(file="a.asl.json", merged={}, said={("Which", "Good"): "yes", ("Which", "Bad"): "no"})


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with one generated part, in a folder of docs of its own."""
    monkeypatch.setattr(docs, "FOLDER", tmp_path)
    page = tmp_path / "folder" / "page.md"
    page.parent.mkdir()
    page.write_text(f"# Page\n\n{BEGIN}\n\n1, 2\n\n{END}\n\nMore.\n")
    return page


def machine() -> dict[str, Any]:
    """A workflow with a choice, a failure that is caught, and two ends."""
    write = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Arguments": {"TableName": "${OrderTable}"},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Bad"}],
        "Next": "Good",
    }
    return {
        "StartAt": "Which",
        "States": {
            "Which": {"Type": "Choice", "Choices": [{"Condition": "{% x %}", "Next": "Good"}], "Default": "Bad"},
            "Write": write,
            "Good": {"Type": "Pass", "Output": {"Outcome": "DONE"}, "End": True},
            "Bad": {"Type": "Fail", "Error": "BadError"},
        },
    }


def drawn(picture: Picture = PICTURE) -> list[str]:
    """The lines of the picture of `machine`, without its first four lines and its last."""
    return [line.strip() for line in workflows.diagram(machine(), picture).splitlines()[4:-1]]


def a_stack(**tables: dict[str, Any]) -> deployment.Stack:
    resources = {
        name: {"Type": "AWS::DynamoDB::Table", "Properties": table, "Metadata": {"aws:cdk:path": f"S/{name}/Resource"}}
        for name, table in tables.items()
    }
    return deployment.Stack(name="S", template={"Resources": resources}, after=set())


def test_the_text_between_the_markers_is_replaced_and_no_other(page: Path) -> None:
    assert docs.rewritten(page.read_text(), {"numbers": "3, 4"}) == (f"# Page\n\n{BEGIN}\n\n3, 4\n\n{END}\n\nMore.\n")


def test_a_stale_part_is_named_with_its_page(page: Path) -> None:
    assert docs.stale({"numbers": "1, 2"}) == []
    assert docs.stale({"numbers": "3, 4"}) == ["folder/page.md: numbers"]


def test_an_unknown_part_is_refused(page: Path) -> None:
    with pytest.raises(CommandError, match="'numbers'.*letters"):
        docs.rewritten(page.read_text(), {"letters": "a"})


def test_the_command_writes_or_only_checks(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "synthesise", list)
    monkeypatch.setattr(program, "parts", lambda stacks: {"numbers": "3, 4"})

    assert program.main(["--check"]) == 1
    assert "folder/page.md: numbers" in capsys.readouterr().err
    assert "1, 2" in page.read_text()
    assert program.main([]) == 0
    assert "3, 4" in page.read_text()
    assert program.main(["--check"]) == 0


def test_a_workflow_is_drawn_with_its_ways_and_its_failures() -> None:
    assert drawn() == [
        'which{"<b>Which</b>"}',
        'write["<b>Write</b><br/>writes OrderTable"]',
        'good(["<b>Good</b><br/>outcome DONE"])',
        'bad(["<b>Bad</b><br/>fails: BadError"])',
        "start --> which",
        "which -->|yes| good",
        "which -->|no| bad",
        "write --> good",
        "write -.-> bad",
    ]


def test_states_can_be_drawn_as_one() -> None:
    merged = Picture(
        file="a.asl.json",
        merged={"Both": ("Which", "Write")},
        said={("Both", "Good"): "yes", ("Both", "Bad"): "no"},
    )

    assert drawn(merged)[:1] == ['both{"<b>Both</b><br/>2 states"}']
    assert drawn(merged)[3:] == ["start --> both", "both -->|yes| good", "both -->|no| bad"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({("Which", "Good"): "yes"}, "say in PICTURES when 'Which' leads to 'Bad'"),
        ({**PICTURE.said, ("Good", "Bad"): "never"}, "no way leads from 'Good' to 'Bad'"),
    ],
)
def test_words_that_do_not_fit_the_workflow_are_refused(said: dict[tuple[str, str], str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        drawn(Picture(file="a.asl.json", merged={}, said=said))


def test_a_table_is_shown_with_its_indexes_its_expiry_and_its_stream() -> None:
    key = {"KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}]}
    index = {
        "IndexName": "ByOwner",
        "KeySchema": [{"AttributeName": "Owner", "KeyType": "HASH"}, {"AttributeName": "At", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Name", "Price"]},
    }
    table = {
        **key,
        "GlobalSecondaryIndexes": [index],
        "TimeToLiveSpecification": {"AttributeName": "ExpiresAt", "Enabled": True},
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
    }

    assert list(rows(deployment.tables([a_stack(Orders=table, Others=key)]))) == [
        [
            "**`Orders`** (S)",
            "`Id`",
            "",
            "The whole row. DynamoDB deletes it after `ExpiresAt`. "
            "Its stream shows each row before and after a change.",
        ],
        ["index `ByOwner`", "`Owner`", "`At`", "the keys, `Name`, `Price`"],
        ["**`Others`** (S)", "`Id`", "", "The whole row."],
    ]


def rows(table: str) -> Iterator[list[str]]:
    return ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:])
