"""The files that Lambda gets for an app's functions, and their hash. It needs no CDK, so `up` can use it quickly."""

import ast
import hashlib
import io
import json
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LAMBDAS = Path(__file__).parent.parent / "lambdas"

_HANDLER = re.compile("^(?:def handler|handler = )", re.M)


def files_of(package: str) -> list[Path]:
    """The functions of `package`, and the modules that they import, directly or not.

    A module has with it the schemas in its folder that it names. See decision D159.
    """
    found = {file for file in files_in(package) if _HANDLER.search(file.read_text()) or file.stem == "__init__"}
    waiting = [*found]
    while waiting:
        new = _needed_by(waiting.pop()) - found
        found |= new
        waiting += new
    return sorted(found)


def without_comments(source: str) -> str:
    """Python code without its comments and docstrings. Each line keeps its number, so the log's numbers stay right."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            # A class may consist of its docstring.
            lines[node.lineno - 1] = " " * node.col_offset + "pass"
            lines[node.lineno : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno)
    return "\n".join(lines) + "\n"


def without_annotations(source: str) -> str:
    """Python code without the types of functions' arguments and results, which nothing reads at run time.

    Fields keep their types, because dataclasses and named tuples read them. Each line keeps its number.
    """
    lines = source.encode().split(b"\n")
    for cut in sorted(_annotations(source, lines), reverse=True):
        first, begin, last, end = cut
        rest = lines[last - 1][end:]
        lines[first - 1 : last] = [lines[first - 1][:begin] + rest, *[b""] * (last - first)]
    return b"\n".join(lines).decode()


@cache
def stripped(source: str) -> str:
    """Python code as Lambda gets it. Several packages of functions have the same modules, so each is made once."""
    return without_annotations(without_comments(source))


def without_spaces(document: str) -> str:
    """A JSON document without spaces and line breaks between its values."""
    return json.dumps(json.loads(document), separators=(",", ":"))


def hash_of(files: list[Path]) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in files:
        digest.update(f"{file.relative_to(LAMBDAS)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def write(files: list[Path], folder: Path) -> None:
    """Writes `files` into `folder` without what only people read. Every user may read them."""
    for file in files:
        text = file.read_text()
        copy = folder / file.relative_to(LAMBDAS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        is_code = file.suffix == ".py"
        copy.write_text(stripped(text) if is_code else without_spaces(text))
    # CDK keeps the modes of files in the archive, and Lambda reads them as another user.
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


@cache
def files_in(package: str) -> list[Path]:
    return sorted((LAMBDAS / package).glob("*.py"))


def _annotations(source: str, lines: list[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """Where the types of functions are: first line and the byte in it, last line and the byte after them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            each = node.args
            for one in (*each.posonlyargs, *each.args, *each.kwonlyargs, each.vararg, each.kwarg):
                if one and (type_ := one.annotation):
                    begin = one.col_offset + len(one.arg.encode())
                    yield one.lineno, begin, type_.end_lineno or 0, type_.end_col_offset or 0
            if result := node.returns:
                arrow = lines[result.lineno - 1].rindex(b" ->", 0, result.col_offset)
                yield result.lineno, arrow, result.end_lineno or 0, result.end_col_offset or 0


def _needed_by(file: Path) -> set[Path]:
    """The modules that a module imports, with the packages that contain them, and the schemas that it may read."""
    if file.suffix != ".py":
        return set()
    text = file.read_text()
    names = set(re.findall(r"^ *import ([a-z_.]+)", text, re.M))
    for module, imported in re.findall(r"^ *from ([a-z_.]+) import (\([^)]*\)|[^\n]+)", text, re.M):
        names |= {module, *(f"{module}.{name}" for name in re.findall(r"[a-z_]+", imported))}
    parts = {tuple(name.split(".")[:length]) for name in names for length in range(1, name.count(".") + 2)}
    places = [LAMBDAS.joinpath(*part) for part in parts]
    modules = {path for place in places for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()}
    return modules | _schemas_of(file, text)


def _schemas_of(file: Path, text: str) -> set[Path]:
    # A name may have a part that is only known when the module runs, such as `f"{queue}.schema.json"`.
    named = re.findall(r'"([^"\n]+[.]schema[.]json)"', text)
    return {schema for name in named for schema in file.parent.glob(re.sub("{[a-z_]+}", "*", name))}
