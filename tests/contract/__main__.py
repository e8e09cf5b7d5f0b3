"""Checks the OpenAPI documents against the running APIs, lints them, and tries clients that are generated from them.

`make contract` installs the tools into build/contract, runs this on a new laptop cloud, and writes docs/contract.md.

See decision D067.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from local.cloud import Cloud
from local.processes import free_port
from local.settings import PROJECT, Settings
from terminal import program
from tests.contract.cases import CALLED, HERE, TOOLS, Apis, Result, cases, python_version, run
from tools.openapi import DOCUMENTS

REPORT = PROJECT / "docs" / "contract.md"
NAMES = ("account", *CALLED)

HEAD = """\
# Contract tests: the APIs compared with their OpenAPI documents

`make contract` wrote this page on {today}. It takes some minutes and is not part of `make test`.
Its tools have their own versions ([requirements](../tests/contract/requirements.txt),
[package-lock](../tests/contract/package-lock.json)) and their own folder, `build/contract`.

- [schemathesis](https://schemathesis.io) generates valid and invalid requests from the documents. It compares every
  response with them: status, headers, body, and the code of each error.
- A schema cannot express some rules. The documents state them in words, and
  [unsaid.py](../tests/contract/unsaid.py) applies them.
- The linters run with all their recommended rules. They and the generators also read the document of accounts. That API
  gets no requests here, because one of them deletes the user who calls.
- Each generated client makes [a journey](../tests/contract/journey.py) through both APIs.

[hooks.py](../tests/contract/hooks.py) ignores two kinds of findings. A cancelled reminder can still be looked up, as
the document says. An undeclared method gets 404, not 405, because for API Gateway it is the same as an unknown path.

| check | with | result |
| --- | --- | --- |
"""


def npm_version(package: str) -> str:
    return str(json.loads((TOOLS / "node_modules" / package / "package.json").read_text())["version"])


def lints() -> Iterator[Result]:
    """Runs the linters with their recommended rules. Warnings count."""
    rules = TOOLS / "spectral.json"
    rules.write_text(json.dumps({"extends": ["spectral:oas"]}))
    for name in NAMES:
        document = DOCUMENTS / f"{name}.json"
        tool = f"Redocly CLI {npm_version('@redocly/cli')}, `recommended`"
        _, output = run("redocly", "lint", "--extends", "recommended", "--format", "json", document)
        totals = json.loads(output[output.index("{") : output.rindex("}") + 1])["totals"]
        said = f"{totals['errors']} errors, {totals['warnings']} warnings"
        yield Result(f"lint of {name}", tool, said, not (totals["errors"] or totals["warnings"]), output)
        tool = f"Spectral {npm_version('@stoplight/spectral-cli')}, `spectral:oas`"
        written = TOOLS / "spectral-result.json"
        _, output = run("spectral", "lint", "--ruleset", rules, "--format", "json", "--output", written, document)
        problems = json.loads(written.read_text())
        yield Result(f"lint of {name}", tool, f"{len(problems)} problems", not problems, json.dumps(problems, indent=1))


def clients() -> Iterator[Result]:
    """Generates a Python client and TypeScript types for each document, and compiles the types."""
    for name in NAMES:
        folder = TOOLS / "python" / name
        done, output = run(
            *("openapi-python-client", "generate", "--overwrite", "--fail-on-warning"),
            *("--path", DOCUMENTS / f"{name}.json", "--output-path", folder),
        )
        models = len(list((folder / f"{name}_client" / "models").glob("[!_]*.py")))
        tool = f"openapi-python-client {python_version('openapi-python-client')}"
        yield Result(
            f"Python client of {name}", tool, f"{models} models, no warning" if done else "failed", done, output
        )
        done, output = run("openapi-typescript", DOCUMENTS / f"{name}.json", "--output", TOOLS / "ts" / f"{name}.ts")
        if not done:
            yield Result(f"types of {name}", "openapi-typescript", "failed", done, output)
    (TOOLS / "ts" / "journey.ts").write_text((HERE / "journey.ts").read_text())
    options = "--strict --target es2022 --module nodenext --types node --outDir out".split()
    files = [f"ts/{name}.ts" for name in (*NAMES, "journey")]
    done, output = run("tsc", *options, *files)
    tool = f"openapi-typescript {npm_version('openapi-typescript')}, TypeScript {npm_version('typescript')}"
    yield Result("TypeScript types of all", tool, "`tsc --strict` passes" if done else "failed", done, output)


@contextmanager
def cloud_of_its_own() -> Iterator[Cloud]:
    with TemporaryDirectory() as home:
        cloud = Cloud(Settings(home=Path(home), port=free_port(), redis_port=free_port()))
        cloud.up(print)
        try:
            yield cloud
        finally:
            cloud.down()


def journeys(apis: Apis) -> Iterator[Result]:
    """Runs a journey with the generated clients of each language."""
    paths = os.pathsep.join(str(TOOLS / "python" / name) for name in CALLED)
    python = TOOLS / "venv" / "bin" / "python"
    commands: Mapping[str, Callable[[], tuple[bool, str]]] = {
        "journey with the Python clients": lambda: run(
            python, HERE / "journey.py", PYTHONPATH=paths, **apis.environment()
        ),
        "journey with openapi-fetch": lambda: run("node", TOOLS / "out" / "journey.js", **apis.environment()),
    }
    tools = ("httpx " + python_version("httpx"), "openapi-fetch " + npm_version("openapi-fetch"))
    for (what, command), tool in zip(commands.items(), tools, strict=True):
        done, output = command()
        yield Result(what, tool, "as expected" if done else "failed", done, output)


def results() -> Iterator[Result]:
    yield from lints()
    yield from clients()
    with cloud_of_its_own() as cloud:
        apis = Apis(cloud)
        yield from journeys(apis)
        yield from cases(apis)


def main() -> int:
    # A signal ends this like Ctrl-C, so that the laptop cloud is stopped.
    return program.run(_parse_and_run, said_of=lambda error: None)


def _parse_and_run() -> int:
    argparse.ArgumentParser(prog="python -m tests.contract", description=__doc__).parse_args()
    if not (TOOLS / "installed").exists():
        print("error: the tools are not installed: run `make contract`", file=sys.stderr)
        return 1
    began, lines, bad = time.monotonic(), [], 0
    for one in results():
        print(f"{'ok' if one.is_good else 'FAILED':7}{one.what}: {one.result} ({one.tool})", flush=True)
        if not one.is_good:
            bad += 1
            print(one.output)
        lines.append(f"| {one.what} | {one.tool} | {one.result} |\n")
    print(f"{time.monotonic() - began:.0f} seconds")
    if bad == 0:
        REPORT.write_text(HEAD.format(today=date.today().isoformat()) + "".join(lines))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
