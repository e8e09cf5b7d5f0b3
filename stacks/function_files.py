"""The files that Lambda gets for an app's functions, and their hash. It needs no CDK, so `up` can use it quickly."""

import ast
import hashlib
import io
import re
import tokenize
from functools import cache
from pathlib import Path

LAMBDAS = Path(__file__).parent.parent / "lambdas"


def files_of(package: str) -> list[Path]:
    """The modules and schemas of `package` and of the packages that it imports, directly or not."""
    return [file for name in sorted(_packages(package)) for file in files_in(name)]


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


def hash_of(files: list[Path]) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in files:
        digest.update(f"{file.relative_to(LAMBDAS)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def write(files: list[Path], folder: Path) -> None:
    """Writes `files` into `folder`, without comments. Every user may read them."""
    for file in files:
        text = file.read_text()
        copy = folder / file.relative_to(LAMBDAS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(without_comments(text) if file.suffix == ".py" else text)
    # CDK keeps the modes of files in the archive, and Lambda reads them as another user.
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


@cache
def files_in(package: str) -> list[Path]:
    return sorted(file for kind in ("*.py", "*.json") for file in (LAMBDAS / package).rglob(kind))


def _packages(package: str) -> set[str]:
    found: set[str] = set()
    waiting = {package}
    while waiting:
        name = waiting.pop()
        found.add(name)
        text = "\n".join(file.read_text() for file in files_in(name) if file.suffix == ".py")
        imported = set(re.findall(r"^ *(?:from|import) ([a-z_]+)", text, re.M))
        waiting |= {one for one in imported if (LAMBDAS / one).is_dir()} - found
    return found
