"""The frame of `make proof`: its parts, its page and its exit status. Needs no cloud."""

import ast
import os
from pathlib import Path

import pytest

from local.settings import PROJECT
from tests.proof import page, parts
from tests.proof.page import Run
from tests.proof.parts import Entry
from tests.proof.run import run
from tests.proof.section import Figure, Section

HERE = PROJECT / "tests" / "proof"

PASSING = """
from tests.proof.section import Figure, Section
TITLE, CLAIM, SAMPLE = "Passing part", "Nothing is lost.", "tests/tools/test_proof.py"
def run(seed):
    print("seen")
    return Section([Figure("tries", 1234, 1234)], text=f"The seed is {seed}.")
"""
FAILING = PASSING.replace('{seed}.")', '{seed}.", failures=["order `A` is lost"])')
RAISING = PASSING.replace('print("seen")', 'assert seed == "another", "an order is lost"')
TOGETHER = PASSING.replace(
    'print("seen")',
    """
    import os
    from pathlib import Path
    from tests.support.waiting import eventually
    started = Path(os.environ["STARTED"])
    (started / __name__).touch()
    eventually(lambda: len([*started.iterdir()]) == 3)
    usual = int(os.environ["USUAL"])
    # There is a highest niceness.
    assert os.nice(0) > min(usual, 9) if __name__.endswith("beside") else os.nice(0) == usual""",
)
BROKEN = "import a_module_that_does_not_exist"


def source(name: str) -> Path:
    file = HERE / f"{name}.py"
    return file if file.exists() else HERE / name / "__init__.py"


def constants(file: Path) -> dict[str, str]:
    """The texts that a module defines. Importing the module would take longer than reading it."""
    return {
        target.id: ast.literal_eval(node.value)
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in ("TITLE", "CLAIM", "SAMPLE")
    }


@pytest.mark.parametrize("name", parts.NAMES)
def test_a_part_has_a_title_a_claim_and_a_sample_in_make_test(name: str) -> None:
    about = constants(source(name))

    assert about["TITLE"] and about["CLAIM"].endswith("."), about
    assert about["SAMPLE"].split()
    assert [one for one in about["SAMPLE"].split() if not (PROJECT / one).is_file()] == []


def a_run(name: str, **changes: object) -> Run:
    values = {
        "name": name,
        "title": f"All {name}",
        "claim": "Nothing is lost.",
        "sample": "tests/tools/test_proof.py",
        "seed": "7",
        "date": "2026-11-27",
        "seconds": 12,
        "commit": "0123456",
        "versions": {"Python": "3.13.1"},
        "section": Section([Figure("edges", 3, 4)], text="#### More\n\nSome text."),
    }
    return Run(**values | changes)  # type: ignore[arg-type]


def test_a_run_replaces_the_section_of_its_part_and_keeps_the_others() -> None:
    before = page.updated("", [a_run("leaks"), a_run("paths")])

    after = page.updated(before, [a_run("leaks", seed="8", section=Section([Figure("cards", 1)]))])

    assert page.updated(after, []) == after
    assert after.index("## All paths") < after.index("## All leaks")
    assert [line for line in after.splitlines() if line.startswith("| [")] == [
        "| [All paths](#all-paths) | edges: 3 of 4 | passed | 2026-11-27 | 12 | `make proof PART=paths` |",
        "| [All leaks](#all-leaks) | cards: 1 | passed | 2026-11-27 | 12 | `make proof PART=leaks` |",
    ]
    assert "`make proof PART=leaks SEED=8`" in after
    assert after.count("SEED=7") == after.count("#### More") == 1


def test_failures_cannot_break_the_page() -> None:
    failures = ["## A heading\n```\n| [x](#x) | `make proof PART=load`", *(f"no. {number}" for number in range(300))]

    text = page.updated("", [a_run("leaks", section=Section([], failures=failures))])

    assert "**failed** (301 failures)" in text
    assert "\n````text\n  ## A heading ``` | [x](#x) | `make proof PART=load`\n" in text
    assert page.updated(text, []) == text
    assert text.endswith("  and 101 more\n````\n")


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        (PASSING, 0, ["Passing part", "| tries | 1,234 of 1,234 |", "The seed is 7.", "| passed |"]),
        (FAILING, 1, ["Passing part", "order `A` is lost", "**failed** (1 failure)"]),
        (RAISING, 1, ["Passing part", "AssertionError: an order is lost"]),
        (BROKEN, 1, ["No module named 'a_module_that_does_not_exist'"]),
    ],
    ids=["passing", "failing", "raising", "broken"],
)
def test_a_part_that_fails_makes_the_run_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, status: int, said: list[str]
) -> None:
    """`tests.proof` has no `__init__.py`, so a folder on Python's path can add a part. No real part has its name."""
    monkeypatch.setattr(page, "NAMES", (*parts.NAMES, "example"))
    folder = tmp_path / "tests" / "proof"
    folder.mkdir(parents=True)
    (folder / "example.py").write_text(code)
    written = tmp_path / "proof.md"

    assert (
        run([Entry("example", 1)], seed="7", write=written, logs=tmp_path, more={"PYTHONPATH": str(tmp_path)}) == status
    )

    text = written.read_text()
    assert [one for one in said if one not in text] == []


def test_a_part_that_never_waits_runs_beside_two_others_and_is_nice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("first", "second", "beside")
    monkeypatch.setattr(page, "NAMES", (*parts.NAMES, *names))
    folder, started = tmp_path / "tests" / "proof", tmp_path / "started"
    folder.mkdir(parents=True)
    started.mkdir()
    for name in names:
        (folder / f"{name}.py").write_text(TOGETHER)
    entries = [Entry("first", 2), Entry("second", 2), Entry("beside", 1, beside=True)]
    more = {"PYTHONPATH": str(tmp_path), "STARTED": str(started), "USUAL": str(os.nice(0))}

    status = run(entries, seed="7", write=tmp_path / "proof.md", logs=tmp_path, more=more)

    assert status == 0, (tmp_path / "proof.md").read_text()


def test_an_unknown_part_is_an_error() -> None:
    with pytest.raises(KeyError, match="pathes"):
        parts.chosen(["pathes"])
