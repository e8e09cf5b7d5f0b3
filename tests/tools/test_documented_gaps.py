"""The page docs/local.md names all patches of the engine, and only tests that exist."""

import re

from local.settings import PROJECT

TEXT = (PROJECT / "docs" / "local.md").read_text()
PATCHES = PROJECT / "local" / "engine_patches"


def rows(heading: str) -> list[list[str]]:
    """The cells of the rows of the first table after a line."""
    table = re.search(r"\n((?:\|.*\n)+)", TEXT.partition(f"\n{heading}\n")[2])
    assert table, heading
    lines = table[1].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_test_that_the_page_names_exists() -> None:
    files = [path.read_text() for path in (PROJECT / "tests").rglob("test_*.py")]
    known = {name for text in files for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}

    named = set(re.findall(r"`(test_\w+)`", TEXT))

    assert len(named) > 50
    assert named - known == set()


def test_everything_that_follows_the_clock_has_a_test() -> None:
    found = rows("What follows the clock:")

    assert len(found) >= 9
    assert [what for what, _, shown in found if not re.search(r"`test_\w+`", shown)] == []


def test_everything_that_does_not_follow_the_clock_has_a_reason() -> None:
    found = rows("What does not follow it:")

    assert len(found) >= 5
    assert [row for row in found if len(row) != 2 or not row[1]] == []


def test_the_page_names_every_patch_of_the_engine() -> None:
    applied = {
        path.stem for path in PATCHES.glob("*.py") if re.search(r"^def apply\(", path.read_text(), re.MULTILINE)
    } - {"__init__"}
    called = re.search(r"for patch in \(\n(.*?)\n    \):", (PATCHES / "__init__.py").read_text(), re.DOTALL)
    assert called

    named = {name for row in rows("### What is changed inside the engine") for name in re.findall(r"`(\w+)`", row[2])}

    # `clock` applies `due`, and `garbage` comes after everything else.
    assert set(re.findall(r"^        (\w+),$", called[1], re.MULTILINE)) | {"due", "garbage"} == applied
    assert applied - named == set()
    assert {name for name in named if not (PATCHES / f"{name}.py").exists()} == set()
