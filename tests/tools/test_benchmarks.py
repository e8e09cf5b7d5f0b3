"""The comparison of benchmarks with the committed ratios, and their report.

Of the programs only the benchmark of large tables runs, with small ones.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import engine, lookups, page, report, synth
from benchmarks.report import Ratio, Section
from local.settings import PROJECT

MINUTES = 20


def ratio(name: str, value: float, better: str = "lower", *, gate: bool = True) -> Ratio:
    return Ratio(name=name, value=value, better=better, gate=gate)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("better", "was", "now", "is_worse"),
    [
        ("lower", 2.0, 2.5, False),
        ("lower", 2.0, 2.51, True),
        ("lower", 2.0, 0.1, False),
        ("higher", 5.0, 4.0, False),
        ("higher", 5.0, 3.99, True),
        ("higher", 5.0, 50.0, False),
    ],
)
def test_a_ratio_may_be_a_quarter_worse_in_its_own_direction(
    better: str, was: float, now: float, is_worse: bool
) -> None:
    lines = report.worse([ratio("engine: a / b", was, better)], [ratio("engine: a / b", now, better)])

    assert [line.partition(", ")[0] for line in lines] == ([f"engine: a / b: was {was:.2f}"] if is_worse else [])


def test_the_line_of_a_worse_ratio_names_it_with_both_values() -> None:
    assert report.worse([ratio("page: a / b", 2.0)], [ratio("page: a / b", 3.0)]) == [
        "page: a / b: was 2.00, is 3.00, 50% worse"
    ]


def test_a_gate_that_is_no_longer_measured_is_worse() -> None:
    assert report.worse([ratio("page: a / b", 2.0)], []) == ["page: a / b: was 2.00, is no longer measured"]


def test_a_ratio_that_is_no_gate_is_never_worse() -> None:
    assert report.worse([ratio("page: a / b", 2.0, gate=False)], [ratio("page: a / b", 9.0)]) == []


def test_both_sides_are_measured_in_turn_and_none_is_always_first() -> None:
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = report.in_turn(3, {"a": lambda: side("a"), "b": lambda: side("b")})

    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": [1.0, 4.0, 5.0], "b": [2.0, 3.0, 6.0]}


def test_the_report_keeps_the_sections_of_programs_that_did_not_run() -> None:
    before = report.updated("", {"Lookups": "first\n\n### Part\n\n| a |\n", "Page": "second"})

    after = report.updated(before, {"Page": "changed"})

    assert after == report.updated("", {"Lookups": "first\n\n### Part\n\n| a |", "Page": "changed"})
    assert re.findall("^## (.*)", after, re.M) == ["Lookups", "Page"]


def test_only_the_ratios_of_programs_that_ran_are_replaced() -> None:
    committed = [ratio("page: old / b", 1.0), ratio("synth: a / b", 2.0)]

    assert report.merged(committed, {"page": [ratio("page: new / b", 3.0)]}) == [
        ratio("page: new / b", 3.0),
        ratio("synth: a / b", 2.0),
    ]


def test_a_section_arrives_unchanged_from_the_process_of_its_program() -> None:
    section = Section(title="Page", text="Text: é\n| a |", ratios=[ratio("page: a / b", 1.5, "higher", gate=False)])

    assert report.from_json(report.to_json(section)) == section


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The report and the file of ratios, which do not exist yet."""
    monkeypatch.setattr(program, "REPORT", tmp_path / "README.md")
    monkeypatch.setattr(program, "RATIOS", tmp_path / "ratios.json")
    return program.REPORT, program.RATIOS


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The ratio that each program will find. Programs without one fail."""
    values: dict[str, float] = {}

    def run(name: str, *, check: bool, rounds: int | None, seconds: float) -> Section:
        if name not in values:
            raise program.ProgramError(f"the benchmark {name} failed")
        return Section(title=name.title(), text="text", ratios=[ratio(f"{name}: a / b", values[name])])

    monkeypatch.setattr(program, "run", run)
    return values


def test_a_run_writes_and_a_check_compares_only_the_programs_that_are_named(
    files: tuple[Path, Path], measured: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    measured |= {"page": 2.0, "synth": 3.0}
    assert program.main(["page", "synth"]) == 0
    written = [file.read_text() for file in files]

    measured |= {"page": 2.4, "synth": 9.0}
    assert program.main(["page", "--check"]) == 0
    assert program.main(["page", "synth", "--check"]) == 1

    assert [file.read_text() for file in files] == written
    assert "synth: a / b: was 3.00, is 9.00, 200% worse" in capsys.readouterr().err


def test_a_program_that_fails_does_not_end_the_others(
    files: tuple[Path, Path], measured: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    measured |= {"page": 2.0}

    assert program.main(["synth", "page"]) == 1

    assert "error: the benchmark synth failed" in capsys.readouterr().err
    assert [one["name"] for one in json.loads(files[1].read_text())] == ["page: a / b"]


def test_a_check_fails_if_a_program_does(
    files: tuple[Path, Path], measured: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    measured |= {"page": 2.0}

    assert program.main(["page", "synth", "--check"]) == 1
    assert "became worse" not in capsys.readouterr().err


def test_a_program_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_long(*_: object, timeout: float, **__: object) -> None:
        raise subprocess.TimeoutExpired("benchmark", timeout)

    monkeypatch.setattr(subprocess, "run", too_long)

    with pytest.raises(program.ProgramError, match="page was stopped after 90 seconds"):
        program.run("page", check=False, rounds=None, seconds=90)


@pytest.mark.usefixtures("files")
def test_a_program_may_take_what_the_others_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now, limits = [0.0], dict[str, float]()

    def run(name: str, *, seconds: float, **_: object) -> Section:
        limits[name] = seconds
        now[0] += 100
        if name == "page":
            raise program.ProgramError(name)
        return Section(title=name, text="text", ratios=[])

    monkeypatch.setattr(program, "run", run)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    program.main(["engine", "page", "synth"])

    left = engine.SECONDS - 100 + page.SECONDS
    assert limits == {"engine": engine.SECONDS, "page": left, "synth": left - 100 + synth.SECONDS}


def test_all_programs_together_take_at_most_twenty_minutes_and_use_medians_of_at_least_five() -> None:
    modules = {name: program.module(name) for name in program.PROGRAMS}

    assert sum(module.SECONDS for module in modules.values()) <= MINUTES * 60
    assert {name: module.ROUNDS for name, module in modules.items() if module.ROUNDS < 5} == {}


def test_every_committed_ratio_and_section_is_of_a_program() -> None:
    ratios = [Ratio(**one) for one in json.loads((PROJECT / "benchmarks" / "ratios.json").read_text())]

    assert {one.name.partition(":")[0] for one in ratios} <= set(program.PROGRAMS)
    assert all(re.fullmatch("[a-z_]+: .+ / .+", one.name) and one.value > 0 for one in ratios)


def test_the_ratios_of_the_engine_compare_the_patched_with_the_unpatched() -> None:
    before = engine.Measured([2.0], [2.0], 1, 1, [4.0, 4.0, 9.0], [1.0], [8.0])
    after = engine.Measured([1.0], [2.0], 1, 1, [1.0, 2.0, 9.0], [1.0], [2.0])

    values = {one.name: one.value for one in engine.ratios_of(before, after)}

    assert values["engine: POST, patched / without patches"] == 0.5
    assert values["engine: settled, patched / without patches"] == 0.25
    assert values["engine: settled / POST, patched"] == 1.0


def test_the_one_client_times_only_lookups_of_orders_that_have_settled() -> None:
    class Slow(engine.Client):
        """Each order is in its queue at the third look."""

        def __init__(self) -> None:
            self.looks = 0

        def place(self) -> str:
            self.looks = 0
            return "an order"

        def look_up(self, order_id: str) -> bool:
            self.looks += 1
            return self.looks > 2

    posts, gets, settled = engine.one_after_the_other(Slow())

    assert (len(posts), len(settled), len(gets)) == (engine.ORDERS, engine.ORDERS, engine.ORDERS * engine.LOOKUPS)


def test_lookups_are_compared_with_a_hit_and_a_miss() -> None:
    seconds = {"hit": 1.0, "miss": 4.0, "frozen, then": 8.0, "stopped, then": 2.0}
    results = [lookups.Measured(kind, [value] * 3, ["HIT"] * 3) for kind, value in seconds.items()]

    assert [one.value for one in lookups.ratios_of("in the function", results)] == [4.0, 2.0, 0.5]
    assert all(one.gate for one in lookups.ratios_of("in the function", results))
    assert not any(one.gate for one in lookups.ratios_of("over HTTP", results))


def test_synthesis_is_compared_for_each_resource() -> None:
    found = {
        synth.OURS: [synth.Synthesis(seconds=2.0, cpu=2.0, resources=200)] * 3,
        synth.PEER: [synth.Synthesis(seconds=2.0, cpu=4.0, resources=100)] * 3,
        synth.NOTHING: [synth.Synthesis(seconds=0.5, cpu=0.5, resources=0)] * 3,
    }

    assert [round(one.value, 6) for one in synth.ratios_of(found)] == [2.0, 4.0, 4.0]
    assert "| our stacks | 200 | 2.00 | 2.00 | 10.0 | 10.0 |" in synth.table_of(found)


def test_every_program_says_how_many_rounds_it_needs() -> None:
    for name in program.PROGRAMS:
        module = program.module(name)
        assert 0 < module.CHECK_ROUNDS <= module.ROUNDS
        assert callable(module.measure)


SMALL = """
from benchmarks import rows
rows.FEW, rows.MANY, rows.CALLS_A_ROUND = 400, 800, {"look up": 1, "list": 1}
print(len(rows.measure(1).ratios))
"""


@pytest.mark.long
def test_the_benchmark_of_large_tables_runs() -> None:
    environment = os.environ | {"CDK_VALIDATION": "false", "PYTHONPATH": f"{PROJECT}:{PROJECT / 'lambdas'}"}
    done = subprocess.run([sys.executable, "-c", SMALL], cwd=PROJECT, env=environment, capture_output=True, text=True)

    assert (done.stdout.strip(), done.returncode) == ("4", 0), done.stderr
