"""Runs each scanner and reads its findings."""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from terminal.errors import CommandError
from tools.install import ROOT
from tools.security import CDK_NAG, CHECKOV, FOLDER, PROGRAMS, templates
from tools.security.findings import Finding

IN_VENV = ROOT / ".venv" / "bin"
CODE = ("app.py", "benchmarks", "costs", "lambdas", "local", "stacks", "terminal", "tools")
"""The Python code that people or functions run. The tests are left out: they assert everywhere."""

WORKFLOWS = ROOT / ".github"


@dataclass(frozen=True)
class Scanner:
    name: str
    reads: str
    """What it reads, in a few words."""

    find: Callable[[Sequence[Path]], Iterator[Finding]]
    """Returns the findings. It gets the folders of the templates, one for each stage."""

    version: Callable[[], str]


def cfn_lint(folders: Sequence[Path]) -> Iterator[Finding]:
    """Finds with all rules of cfn-lint: errors, warnings, informational and experimental ones."""
    # Without this file, the settings of `make check` would leave out a rule.
    settings = FOLDER / "cfn-lint.yaml"
    settings.write_text("include_checks: [I, E, W]\ninclude_experimental: true\n")
    files = templates.files(list(folders))
    options: tuple[Path | str, ...] = ("--config-file", settings, "--format", "json", "--", *files)
    # Its status has a bit for each kind of finding.
    for match in answer_of(IN_VENV / "cfn-lint", *options, ends_with=range(16)):
        file, path = Path(match["Filename"]), match["Location"]["Path"] or []
        place = templates.path_of(file, path[1]) if path[:1] == ["Resources"] else file.name
        yield Finding(match["Rule"]["Id"], place, match["Message"])


def checkov(folders: Sequence[Path]) -> Iterator[Finding]:
    for folder in folders:
        options = ("--framework", "cloudformation", "--compact", "--quiet", "--output", "json", "--skip-download")
        answer = answer_of(CHECKOV, "--directory", folder, *options, ends_with=(0, 1))
        for one in answer["results"]["failed_checks"]:
            file = folder / one["file_path"].lstrip("/")
            yield Finding(one["check_id"], templates.path_of(file, one["resource"].split(".")[-1]), one["check_name"])
        if broken := answer["results"].get("parsing_errors"):
            raise CommandError(f"checkov cannot read {', '.join(map(str, broken))}")


def bandit(folders: Sequence[Path]) -> Iterator[Finding]:
    options = ("--quiet", "--format", "json", "--ignore-nosec", "--recursive", *CODE)
    answer = answer_of(PROGRAMS / "bandit", *options, ends_with=(0, 1))
    if errors := answer["errors"]:
        raise CommandError(f"bandit cannot read {errors[0]['filename']}: {errors[0]['reason']}")
    for one in answer["results"]:
        place = f"{one['filename'].removeprefix('./')}:{one['line_number']}"
        yield Finding(one["test_id"], place, one["issue_text"])


def zizmor(folders: Sequence[Path] = ()) -> Iterator[Finding]:
    """Finds with zizmor's strictest rules, and without asking GitHub."""
    options = ("--offline", "--persona=auditor", "--no-exit-codes", "--no-progress", "--no-ignores", "--format=json")
    for one in answer_of(IN_VENV / "zizmor", *options, WORKFLOWS, ends_with=(0,)):
        place = one["locations"][0]
        file = Path(place["symbolic"]["key"]["Local"]["verbatim_path"])
        line = place["concrete"]["location"]["start_point"]["row"] + 1
        yield Finding(one["ident"], f"{_relative(file)}:{line}", one["desc"])


def actionlint(folders: Sequence[Path] = ()) -> Iterator[Finding]:
    files = sorted((WORKFLOWS / "workflows").glob("*.yml"))
    # Other programs on this machine would make it find other things.
    options: tuple[Path | str, ...] = ("-shellcheck=", "-pyflakes=", "-format={{json .}}", *files)
    for one in answer_of(IN_VENV / "actionlint", *options, ends_with=(0, 1)):
        yield Finding(one["kind"], f"{_relative(Path(one['filepath']))}:{one['line']}", one["message"])


def cdk_nag(folders: Sequence[Path]) -> Iterator[Finding]:
    for folder in folders:
        yield from templates.of_cdk_nag(folder)


def answer_of(program: Path | str, *options: Path | str, ends_with: Sequence[int]) -> Any:
    """What a program prints. Raises CommandError if it fails, or prints something else."""
    name = Path(program).name
    try:
        done = subprocess.run([str(program), *map(str, options)], cwd=ROOT, capture_output=True, text=True)
    except OSError as error:
        remedy = "make setup-dev" if Path(program).parent == IN_VENV else "rm -r build/security && make security"
        raise CommandError(f"{name} does not start: {error.strerror}. Run `{remedy}`") from None
    said = (done.stderr or done.stdout).strip()
    if done.returncode not in ends_with:
        raise CommandError(f"{name} failed with status {done.returncode}:\n{said[-2000:]}")
    try:
        return json.loads(done.stdout or "[]")
    except ValueError:
        raise CommandError(f"{name} printed no JSON:\n{said[-2000:]}") from None


def _relative(file: Path) -> str:
    return (ROOT / file).resolve().relative_to(ROOT).as_posix()


@cache
def _said(program: Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return next(word for word in said.replace("\n", " ").split() if word[0].isdigit())


def _version_of_cdk_nag() -> str:
    [installed] = CDK_NAG.glob("cdk_nag-*.dist-info")
    return installed.name.removeprefix("cdk_nag-").removesuffix(".dist-info")


SCANNERS = (
    Scanner("cdk-nag", "stacks: AwsSolutions, Serverless", cdk_nag, _version_of_cdk_nag),
    Scanner("cfn-lint", "templates: all rules", cfn_lint, lambda: _said(IN_VENV / "cfn-lint")),
    Scanner("checkov", "templates", checkov, lambda: _said(CHECKOV)),
    Scanner("bandit", "Python code", bandit, lambda: _said(PROGRAMS / "bandit")),
    Scanner("zizmor", "workflows: persona auditor", zizmor, lambda: _said(IN_VENV / "zizmor")),
    Scanner("actionlint", "workflows", actionlint, lambda: _said(IN_VENV / "actionlint")),
)
