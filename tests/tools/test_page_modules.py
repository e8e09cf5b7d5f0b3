"""The imports and exports of the page's modules. ESLint and TypeScript check each single module (`make check`)."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.settings import PROJECT

WEBSITE = PROJECT / "website"
MODULES = [file for file in sorted(WEBSITE.rglob("*.js")) if "vendor" not in file.parts]

EXPORT = re.compile(r"^export (?:async )?(?:const|class|function) (\w+)", re.M)
IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"([^"]+)";', re.M)
LOADED = re.compile(r'import\("([^"]+)"\)\)+\.(\w+)')
PRELOADED = re.compile(r'rel="modulepreload" href="/([^"]+)"')


def named(file: Path) -> str:
    return file.relative_to(WEBSITE).as_posix()


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Each module that `file` imports statically, with each name that it imports."""
    for names, path in IMPORT.findall(file.read_text()):
        for name in re.findall(r"\w+", names):
            yield os.path.normpath(Path(named(file)).parent / path), name


def loads(file: Path) -> Iterator[tuple[str, str]]:
    """Each module that `file` imports dynamically, with the name that it uses."""
    for path, name in LOADED.findall(file.read_text()):
        yield os.path.normpath(Path(named(file)).parent / path), name


ELSEWHERE = {
    # app.js loads these modules together with a view.
    ("api.js", "Api"),
    ("counts.js", "Counts"),
    # tests/stacks/test_each_fact_once.py compares this export with the API.
    ("reminders.js", "CHANNELS"),
}
USED = {use for file in MODULES for use in (*imports(file), *loads(file))} | ELSEWHERE


@pytest.mark.parametrize("file", MODULES, ids=named)
def test_every_export_is_used(file: Path) -> None:
    unused = [name for name in EXPORT.findall(file.read_text()) if (named(file), name) not in USED]

    assert unused == [], "remove `export`, or the code if nothing in the module uses it"


def test_the_first_page_preloads_all_modules_that_it_needs() -> None:
    needed = {"app.js"}
    while more := {path for one in needed for path, _ in imports(WEBSITE / one)} - needed:
        needed |= more

    assert set(PRELOADED.findall((WEBSITE / "index.html").read_text())) == needed
