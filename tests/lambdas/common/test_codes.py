"""Each code of a detail has a sentence and one description, and keeps its values."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from common import codes
from common.codes import CODES, Code
from local.settings import PROJECT
from tools.openapi.words import CALLS, DETAILS, ERRORS, ONLY_OPERATORS, REMEDIES

Node = TypeVar("Node", bound=ast.AST)

PAGE = (PROJECT / "docs" / "errors.md").read_text()
SCHEMA = json.loads((PROJECT / "lambdas" / "common" / "error.schema.json").read_text())
VALUES = SCHEMA["properties"]["error"]["properties"]["details"]["items"]["properties"]["values"]["properties"]
SENTENCES = [one for one in vars(codes).values() if isinstance(one, Code)]
EXAMPLES = {"string": "x", "integer": 7, "array": ["x", "y"]}
WORD = re.compile(
    r"[a-z]+([-'=][a-z]+)*|[A-Z]{2,5}|Text|timeZone|Europe/Paris|M|[0-9]+[MTZdhmx0-9:+-]*|\+[0-9]+|\S+\.com"
)
"""Words in small letters, abbreviations, the names in sentences of the consoles, numbers, times and addresses."""


def example(code: Code) -> codes.Problem:
    examples = {name: EXAMPLES[VALUES[name]["type"]] for name in code.values}
    return code(**examples | ({"types": ["string"]} if "types" in code.values else {}))


def nodes(type: type[Node]) -> Iterator[tuple[Path, Node]]:
    """Yields each node of this type in the functions' sources."""
    for file in sorted((PROJECT / "lambdas").glob("**/*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, type):
                yield file, node


def rows() -> list[str]:
    """Returns the rows that the table in docs/errors.md must have."""
    return [
        f"| `{name}` | {DETAILS[name]} | {', '.join(f'`{value}`' for value in values) or 'none'} | {REMEDIES[name]} |"
        for name, values in sorted(CODES.items())
    ]


def test_every_code_is_described_and_no_other():
    assert DETAILS.keys() == CODES.keys(), "each code needs a line in DETAILS of tools/openapi/words.py"
    assert REMEDIES.keys() == CODES.keys(), "each code needs a line in REMEDIES of tools/openapi/words.py"
    table = PAGE[PAGE.index("## The codes of details") :]
    found = re.findall(r"^\| `.*$", table, re.M)

    assert found == rows(), (
        "the table of docs/errors.md must have these rows; never remove a code from it:\n" + "\n".join(rows())
    )


def test_the_page_lists_every_error_and_the_calls_where_it_has_another_meaning():
    page = PAGE[PAGE.index("## The codes of errors") : PAGE.index("## The codes of details")]
    found = [row.split(" | ") for row in re.findall(r"^\| [0-9]{3} .*$", page, re.M)]
    listed = {(status.lstrip("| "), code.strip("`"), call.strip("`")) for status, code, call, *_ in found}
    general = {(status, code) for status, codes in ERRORS.items() for code in codes} | {("403", *ONLY_OPERATORS)}
    special = {
        (status, code, operation)
        for operation, call in CALLS.items()
        for status, codes in call.errors.items()
        for code in codes
    }

    assert {(status, code) for status, code, _ in listed} == general | {one[:2] for one in special}
    assert special <= {(*row[:2], call) for row in listed for call in row[2].split("`, `")}
    assert all(len(row) == 5 for row in found)


def test_the_codes_and_the_schema_have_the_same_names_of_values():
    assert {name for names in CODES.values() for name in names} == VALUES.keys()


@pytest.mark.parametrize("code", SENTENCES, ids=lambda code: f"{code.name}: {code.sentence[:30]}")
def test_every_sentence_of_a_code_has_its_values_and_follows_the_name_of_a_field(code):
    problem = example(code)

    assert code.values == CODES[code.name]
    assert re.fullmatch("[A-Z][a-z]+([A-Z][A-Za-z]*)?", code.name)
    assert re.match("(must|may|is|has|had|contains|cannot|does|happens|looks|makes|breaks) ", problem.sentence)
    assert not re.search(r"[{}]|\.$", problem.sentence)
    assert [word for word in problem.sentence.split() if not WORD.fullmatch(word.strip(",:;`()"))] == []
    assert problem.of("x").keys() == {"field", "problem", "code", "values"}


def test_every_use_of_a_code_in_the_functions_gives_its_values():
    uses = [
        (f"{file.relative_to(PROJECT)}:{node.lineno}", node.func.attr, {keyword.arg for keyword in node.keywords})
        for file, node in nodes(ast.Call)
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "codes"
    ]

    assert len(uses) > len(CODES)
    assert [use for use in uses if set(getattr(codes, use[1]).values) != use[2]] == []


def test_no_detail_of_the_functions_is_made_without_a_code():
    made = [f"{file.name}:{node.lineno}" for file, node in nodes(ast.Call) if ast.unparse(node.func) == "Problem"]
    written = [
        f"{file.name}:{node.lineno}"
        for file, node in nodes(ast.Dict)
        if {"problem", "field"} & {key.value for key in node.keys if isinstance(key, ast.Constant)}
    ]

    assert [place.partition(":")[0] for place in made + written] == ["codes.py", "codes.py"]


def test_a_code_may_have_another_sentence_for_one_field():
    problem = codes.TOO_LONG.saying("has more than {longest} letters")(longest=3)

    assert problem == codes.Problem("TooLong", {"longest": 3}, "has more than 3 letters")


@pytest.mark.parametrize("values", [{}, {"longest": 1, "shortest": 1}, {"shortest": 1}])
def test_a_code_without_exactly_its_values_raises_an_error(values):
    with pytest.raises(TypeError, match="TooLong"):
        codes.TOO_LONG(**values)


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (codes.WRONG_TYPE(types=["string"]), "must be text"),
        (codes.WRONG_TYPE(types=["string", "number"]), "must be text or a number"),
        (codes.UNKNOWN_VALUE(allowed=("a", "b", "c")), "must be a, b or c"),
        (codes.UNKNOWN_VALUE(allowed=[0, 1]), "must be 0 or 1"),
        (codes.EXACTLY_ONE_OF(fields=["one", "other"]), "is an alternative to other: send exactly one of the two"),
    ],
)
def test_a_sentence_shows_a_list_in_words(problem, sentence):
    assert problem.sentence == sentence
    assert json.loads(json.dumps(problem.of("x"))) == problem.of("x")
