"""The code of an app's functions as Lambda gets it. See decision D159."""

import ast
import hashlib
import io
import re
import tokenize
from functools import cache
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from stacks.layer import ROOT

LAMBDAS = ROOT / "lambdas"


def code_of(package: str, *, is_staged: bool) -> lambda_.Code:
    """The code of the functions in `lambdas/<package>`. Synthesis makes it again only if a file of it has changed.

    Without `is_staged` there is no code to deploy, only the templates.
    """
    files = files_of(package)
    # CDK asks for an image, and never uses it, because `local` always makes the code.
    bundling = BundlingOptions(image=DockerImage("unused"), local=_WithoutComments(files)) if is_staged else None
    return lambda_.Code.from_asset(str(LAMBDAS), asset_hash=_hash_of(files), bundling=bundling)


def files_of(package: str) -> list[Path]:
    """The modules and schemas of `package` and of the packages that it imports, directly or not."""
    return [file for name in sorted(_packages(package)) for file in _files(name)]


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


@jsii.implements(ILocalBundling)
class _WithoutComments:
    def __init__(self, files: list[Path]) -> None:
        self._files = files

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        write(self._files, Path(output_dir))
        return True


@cache
def _files(package: str) -> list[Path]:
    return sorted(file for kind in ("*.py", "*.json") for file in (LAMBDAS / package).rglob(kind))


def _packages(package: str) -> set[str]:
    found: set[str] = set()
    waiting = {package}
    while waiting:
        name = waiting.pop()
        found.add(name)
        text = "\n".join(file.read_text() for file in _files(name) if file.suffix == ".py")
        imported = set(re.findall(r"^ *(?:from|import) ([a-z_]+)", text, re.M))
        waiting |= {one for one in imported if (LAMBDAS / one).is_dir()} - found
    return found


def _hash_of(files: list[Path]) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in files:
        digest.update(f"{file.relative_to(LAMBDAS)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()
