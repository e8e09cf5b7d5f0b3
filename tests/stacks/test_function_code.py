"""What the archives of the functions' code contain, and how long they are."""

import ast
import io
import zipfile

import pytest

from stacks.function_files import LAMBDAS, files_of, without_annotations, without_comments, write

LONGEST = 56 * 1024
"""In bytes, for each app. Lambda loads all of it when a function starts, so make room before you raise it."""

PACKAGES = sorted(path.parent.name for path in LAMBDAS.glob("*/__init__.py"))

SOURCE = '''\
"""A module."""

LIMIT = 1  # in seconds
"""A value."""
SAID = "# not a comment"


class LateError(ValueError):
    """Only a docstring,
    in two lines."""


def run() -> int:
    """A function."""
    # Why.
    return LIMIT
'''


def archive(package: str, folder) -> bytes:
    write(files_of(package), folder)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as into:
        for file in folder.rglob("*"):
            into.write(file, file.relative_to(folder))
    return content.getvalue()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_code_of_an_app_is_short(package, tmp_path):
    assert len(archive(package, tmp_path)) <= LONGEST


def test_an_app_has_its_own_code_and_the_modules_that_it_imports():
    files = {file.relative_to(LAMBDAS) for file in files_of("fulfillment")}

    assert {file.parts[0] for file in files} == {"common", "fulfillment", "orders"}
    assert {file.parent.as_posix() for file in files if file.parts[0] == "orders"} == {"orders", "orders/messages"}
    assert {file.stem for file in files if file.parent.as_posix() == "orders"} == {"__init__", "retention"}
    assert {file.relative_to(LAMBDAS).parts[0] for file in files_of("identity")} == {"common", "identity"}


def test_a_module_that_no_function_imports_is_left_out():
    """The schemas of messages are for the applications that read the queues."""
    names = {file.relative_to(LAMBDAS).as_posix() for file in files_of("orders")}

    assert "orders/rules.py" in names
    assert not [name for name in names if name.startswith("orders/messages")]


def test_a_module_that_reads_schemas_has_them_with_it():
    names = {file.relative_to(LAMBDAS).as_posix() for file in files_of("fulfillment")}

    assert "orders/messages/fulfillment.schema.json" in names


def test_every_user_may_read_the_code(tmp_path):
    archive("identity", tmp_path)

    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")} == {0o755, 0o644}


def test_comments_and_docstrings_are_left_out_and_lines_keep_their_numbers():
    lines = without_comments(SOURCE).splitlines()

    assert (
        "\n".join(lines).split()
        == (
            'pass LIMIT = 1 pass SAID = "# not a comment" class LateError(ValueError): pass '
            "def run() -> int: pass return LIMIT"
        ).split()
    )
    assert lines[SOURCE.splitlines().index("    return LIMIT")] == "    return LIMIT"


TYPED = """\
class Row:
    place: int = 1

def été(first: Row, /, è: "int | None" = None, *rest: dict[
    str, int
], named: int = 3, **others: object) -> list[
    int
]:
    async def inner(one: int) -> None: ...
    typed: int = 2
    return sorted(rest, key=lambda one: -one)
"""
UNTYPED = """\
class Row:
    place: int = 1

def été(first, /, è = None, *rest, named = 3, **others):




    async def inner(one): ...
    typed: int = 2
    return sorted(rest, key=lambda one: -one)
"""


def test_types_of_functions_are_left_out_and_lines_keep_their_numbers():
    assert without_annotations(TYPED) == UNTYPED


def test_the_rest_of_the_code_is_the_same():
    class Left(ast.NodeTransformer):
        """What is left without docstrings, `pass`, and the types of functions."""

        def visit_Expr(self, node):
            return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

        def visit_Pass(self, node):
            return None

        def visit_arg(self, node):
            return ast.copy_location(ast.arg(node.arg), node)

        def visit_FunctionDef(self, node):
            node.returns = None
            return self.generic_visit(node)

    def left(source: str) -> str:
        tree = Left().visit(ast.parse(source))
        lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        return f"{ast.dump(tree)} {lines}"

    for file in LAMBDAS.rglob("*.py"):
        source = file.read_text()
        assert left(without_annotations(without_comments(source))) == left(source), file
