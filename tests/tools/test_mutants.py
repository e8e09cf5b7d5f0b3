"""The mutants of `make proof PART=mutants`: which there are, and that tests notice the mutants of a small module."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.settings import PROJECT
from tests.proof.mutants import workflows
from tests.proof.mutants.documents import DYNAMODB, JSONATA, of_expression, of_scalar
from tests.proof.mutants.judge import KILLED, STOPPED, SURVIVED, Loop, Verdict, adaptive, forked
from tests.proof.mutants.operators import instrumented, mutants_of
from tests.proof.mutants.program import Judged, drawn, section_of
from tests.proof.mutants.survivors import OF_TEMPLATES, Survivors
from tests.proof.mutants.templates import of_templates
from tests.proof.section import Section


def made(tmp_path: Path, source: str) -> dict[str, str]:
    """The code of each mutant of a source, by its kind."""
    (tmp_path / "module.py").write_text(source)
    many = len(mutants_of(tmp_path, "module.py")[1])
    found = {}
    for number in range(many):
        tree, mutants = mutants_of(tmp_path, "module.py")
        mutants[number].change()
        found[mutants[number].kind] = ast.unparse(ast.fix_missing_locations(tree))
        compile(tree, "module.py", "exec")
    return found


@pytest.mark.parametrize(
    ("source", "kind", "changed"),
    [
        ("a = b < 3", "Lt -> LtE", "a = b <= 3"),
        ("a = b < 3", "3 -> 4", "a = b < 4"),
        ("a = b == c", "Eq -> NotEq", "a = b != c"),
        ("a = b and c", "and <-> or", "a = b or c"),
        ("a = b and c", "operand removed: c", "a = b"),
        ("a = not b", "not removed", "a = b"),
        ("a = 'x'", "text 'x' changed", "a = 'xX'"),
        ("a = f(b, c=1)", "argument removed: c=", "a = f(b)"),
        ("if a:\n    b()", "condition false: a", "if False:\n    b()"),
        ("if a:\n    b()", "statement removed: b()", "if a:\n    pass"),
        ("def f():\n    return a", "returns None", "def f():\n    return"),
        ("a = [b for b in c if b]", "filter removed", "a = [b for b in c]"),
        ("a = min(b)", "min -> max", "a = max(b)"),
        ("a = b.get(c, d)", "default removed", "a = b.get(c)"),
        ("a = {b: 1, c: 2}", "entry removed: b", "a = {c: 2}"),
        ("a = b + c", "Add -> Sub", "a = b - c"),
        ("a = b if c else d", "condition false", "a = d"),
        ("@one\ndef f():\n    pass", "decorator removed", "def f():\n    pass"),
    ],
)
def test_a_mistake_changes_one_thing(tmp_path: Path, source: str, kind: str, changed: str) -> None:
    assert made(tmp_path, source)[kind] == changed


def test_docstrings_imports_and_types_have_no_mutants(tmp_path: Path) -> None:
    source = '"""A."""\nimport b\nfrom c import d\n\ndef f(a: "int", b: e = d) -> 7:\n    """B."""\n    g: int\n'

    assert made(tmp_path, source) == {}


def test_each_statement_of_a_function_reports_that_it_runs(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("def f(a):\n    if a:\n        return 1\n    return 2\n")
    tree, mutants = mutants_of(tmp_path, "module.py")
    reached: list[int] = []
    scope = {"reached": reached.append}

    exec(compile(instrumented(tree, "reached"), "module.py", "exec"), scope)
    scope["f"](0)

    assert {one.line: one.statement in reached for one in mutants} == {2: True, 3: False, 4: True}


def test_no_two_mutants_have_the_same_name() -> None:
    names = [one.name for one in workflows.mutants()]

    assert len(set(names)) == len(names) > 1000


@pytest.mark.parametrize(
    ("text", "table", "mutants"),
    [
        ("a = 1 and b", JSONATA, {"a != 1 and b", "a = 1 or b", "a = 2 and b", "a = 0 and b"}),
        ("A = :a OR B", DYNAMODB, {"A <> :a OR B", "A = :a AND B"}),
    ],
)
def test_an_expression_has_a_mutant_for_each_part(text: str, table: object, mutants: set[str]) -> None:
    found = [*of_expression("file", ("here",), text, table)]  # type: ignore[arg-type]

    assert {one.changed(text) for one in found} == mutants


def test_a_mutant_of_a_document_changes_only_its_place() -> None:
    document = {"a": [{"b": 1}], "c": 1}
    up, down = of_scalar("file", ("a", 0, "b"), 1)

    assert up.apply(document) and document == {"a": [{"b": 2}], "c": 1}
    assert not down.apply({"a": []})


def test_a_dependency_has_a_mutant_unless_cloudformation_waits_anyway() -> None:
    function = {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}
    resources = {
        "Role": {"Type": "AWS::IAM::Role"},
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "Role"}]}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function, "DependsOn": ["Policy", "Role"]},
        "Alias": {"Type": "AWS::Lambda::Alias", "Properties": {"Name": {"Ref": "Function"}}, "DependsOn": ["Policy"]},
    }

    names = [one.name for one in of_templates({"Orders": {"Resources": resources}}) if "DependsOn" in one.path]

    assert names == ["Orders: Resources / Function / DependsOn / 0 no dependency on Policy"]


@pytest.mark.parametrize("who", ["*", {"AWS": "*"}])
def test_anybody_has_no_mutant_that_means_anybody(who: object) -> None:
    policy = {"Statement": [{"Principal": who, "Resource": "*"}]}
    resources = {"Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"PolicyDocument": policy}}}

    assert not [one for one in of_templates({"Orders": {"Resources": resources}}) if one.kind == "-> *"]


def test_a_test_that_has_noticed_mutants_of_a_group_is_the_first_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    class Item:
        def __init__(self, nodeid: str) -> None:
            self.nodeid = nodeid

    loop, tried = Loop(lambda _: None), []

    def run(items: Sequence[Item]) -> str:
        tried.append(items[0].nodeid)
        # The check without a mutant runs a single test, which passes.
        return "slow (call)" if len(items) > 1 else ""

    # Only the ids of the items are read.
    loop.items = [Item("quick"), Item("slow")]  # type: ignore[list-item]
    monkeypatch.setattr(loop, "run", run)
    monkeypatch.setattr("tests.proof.mutants.judge.forked", lambda work, **_: work())
    mutants = workflows.mutants()[:2]

    [*_] = adaptive(loop, mutants, {"quick": 1, "slow": 30}, lambda mutant: None)

    # Before the second mutant, the test that noticed the first one runs without any.
    assert tried == ["quick", "slow", "slow"]


def test_the_same_seed_draws_the_same_mutants() -> None:
    mutants = workflows.mutants()

    assert [one.name for one in drawn(mutants, "a", 9)] == [one.name for one in drawn(mutants, "a", 9)]
    assert [one.name for one in drawn(mutants, "a", 9)] != [one.name for one in drawn(mutants, "b", 9)]
    assert len(drawn(mutants, "a", None)) == len(mutants)


def test_a_group_with_too_many_survivors_fails_the_part() -> None:
    def of(survivors: int, reason: str = "") -> list[Judged]:
        verdicts = [Verdict(SURVIVED)] * survivors + [Verdict(KILLED, "test")] * (40 - survivors)
        return [Judged("orders", f"mutant {n}", one, reason) for n, one in enumerate(verdicts)]

    def section(*judged: Judged) -> Section:
        return section_of({"functions": judged}, {"functions": 1234})

    assert section(*of(2)).passed
    assert not section(*of(3)).passed
    assert "notice only 37 of 40" in section(*of(3)).failures[0]
    assert section(*of(3, reason="equivalent")).figures[0].total == 37
    assert "40 of 1,234 of functions" in section(*of(2)).text
    assert section().failures == ["no mutant of functions was judged"]


@pytest.mark.parametrize(
    ("survivors", "failures"), [(4, []), (5, ["functions, orders: tests notice only 35 of 40 mutants"])]
)
def test_a_small_group_may_have_more_survivors_than_all_together(survivors: int, failures: list[str]) -> None:
    verdicts = [Verdict(SURVIVED)] * survivors + [Verdict(KILLED, "test")] * (40 - survivors)
    small = [Judged("orders", f"mutant {n}", one) for n, one in enumerate(verdicts)]
    large = [Judged("reminders", f"other {n}", Verdict(KILLED, "test")) for n in range(400)]

    assert section_of({"functions": [*small, *large]}, {"functions": 1234}).failures == failures


def test_too_many_stopped_mutants_fail_the_part() -> None:
    def failures(stopped: int) -> Sequence[str]:
        verdicts = [Verdict(STOPPED)] * stopped + [Verdict(KILLED, "test")] * (40 - stopped)
        judged = [Judged("orders", f"mutant {n}", one) for n, one in enumerate(verdicts)]
        return section_of({"functions": judged}, {"functions": 1234}).failures

    assert failures(2) == []
    assert failures(3) == ["functions: 3 of 40 mutants were stopped, so repeat this on a quiet machine"]


def test_a_test_that_fails_without_any_mutant_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(lambda _: None)
    monkeypatch.setattr(loop, "run", lambda items: "tests/test_a.py::test_a (call)")

    # It fails with the mutant, too, so it must not count as a test that notices it.
    with pytest.raises(RuntimeError, match="without any mutant.*test_a"):
        next(adaptive(loop, workflows.mutants()[:1], {}, lambda mutant: None))


def test_a_fork_that_raises_or_dies_is_noticed() -> None:
    assert forked(lambda: [1]) == [1]
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        forked(lambda: 1 // 0)
    assert forked(lambda: sys.exit(1)) is None


def test_each_harmless_survivor_is_a_mutant() -> None:
    of_workflows = [(one.name, "") for one in workflows.mutants()]
    for entry in Survivors.read().entries:
        assert entry.reason.startswith(("equivalent: ", "tuning: ", "words: ")), entry
        if OF_TEMPLATES in entry.place:
            continue
        names = of_workflows
        if entry.code:
            lines = (PROJECT / entry.place).read_text().splitlines()
            names = [(one.name, lines[one.line - 1].strip()) for one in mutants_of(PROJECT, entry.place)[1]]
        assert any(entry.fits(name, line) for name, line in names), entry


def test_tests_notice_mistakes_in_a_module() -> None:
    """The part does the same with every module."""
    command = [sys.executable, "-m", "tests.proof.mutants", "functions", "--many=6", "--seed=sample"]
    command += ["--only=lambdas/common/texts.py", "--tests", "tests/lambdas/common/test_texts.py"]

    # A part of the proof runs all tests with options like these.
    options = {**os.environ, "PYTEST_ADDOPTS": "--randomly-seed=1"}
    done = subprocess.run(command, cwd=PROJECT, env=options, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    figure = re.match("mutants that a test notices: ([0-9]+) of ([0-9]+)\n", done.stdout)
    # A harmless mutant does not count.
    assert figure and int(figure[1]) == int(figure[2]) >= 3, done.stdout
