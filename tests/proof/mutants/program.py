"""Draws mutants, judges them, and writes what became of them."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.proof.mutants import functions, templates, workflows
from tests.proof.mutants.judge import KILLED, STOPPED, Verdict, forked
from tests.proof.mutants.survivors import Survivors
from tests.proof.section import Figure, Section

ENOUGH, ENOUGH_OF_A_GROUP = 95, 90
"""How many of 100 mutants tests must notice: of each kind, and of each group of a kind, which has only a few dozen."""
MOST_STOPPED = 0.05
KINDS = ("functions", "workflows", "templates")
SAMPLES = {"functions": 120, "workflows": 120, "templates": 120}
"""How many mutants of each kind a run draws."""
OF_TEXTS = 0.2
"""The share of changed texts that is drawn. Most of them are sentences, and there are more of them than of the rest."""


@dataclass(frozen=True)
class Judged:
    """A mutant with its verdict. `reason` says why a known survivor is harmless."""

    group: str
    name: str
    verdict: Verdict
    reason: str = ""


def drawn(mutants: Sequence[Any], seed: str, many: int | None) -> list[Any]:
    """A sample in random order, or all if `many` is None. The same seed draws the same mutants."""
    rolls = random.Random(seed)
    if many is None:
        return list(mutants)
    kept = [one for one in mutants if not one.kind.startswith("text") or rolls.random() < OF_TEXTS]
    rolls.shuffle(kept)
    return kept[:many]


def judged(
    kind: str, seed: str, many: int | None, only: str = "", tests: Sequence[str] = ()
) -> tuple[int, list[Judged]]:
    """Judges mutants of one kind in a process of its own. Returns how many there are, and the judged ones.

    `only` is a part of the names of the mutants' files. `tests` are the tests of functions that may notice the mutants
    (default: all).
    """
    work = {"functions": _functions, "workflows": _workflows, "templates": _templates}[kind]
    answer = forked(lambda: work(seed, many, only, tests), seconds=86_400)
    if answer is None:
        raise RuntimeError(f"the process with the mutants of the {kind} has died")
    (there_are, found), known = answer, Survivors.read()
    return there_are, [
        Judged(group, name, Verdict(*verdict), known.reason(name, line)) for group, name, line, verdict in found
    ]


def _functions(seed: str, many: int | None, only: str, tests: Sequence[str]) -> tuple[int, list[Any]]:
    code = functions.Code([file for file in functions.files() if only in file])
    mutants = drawn(code.mutants, seed, many)
    judge = functions.Judge(code, mutants, tests or functions.TESTS)
    judge.everything()
    lines = {file: (functions.ROOT / file).read_text().splitlines() for file in code.trees}
    return len(code.mutants), [
        [functions.group(one.file), one.name, lines[one.file][one.line - 1].strip(), _plain(judge.verdicts[one.name])]
        for one in mutants
    ]


def _workflows(seed: str, many: int | None, only: str, tests: Sequence[str]) -> tuple[int, list[Any]]:
    found: list[Any] = []
    mutants = [one for one in workflows.mutants() if only in one.document]

    def record(one: Any, verdict: Verdict) -> None:
        found.append([one.document, one.name, "", _plain(verdict)])

    workflows.judge(drawn(mutants, seed, many), record)
    return len(mutants), found


def _templates(seed: str, many: int | None, only: str, tests: Sequence[str]) -> tuple[int, list[Any]]:
    found: list[Any] = []
    there_are = 0

    def choose(mutants: Sequence[Any]) -> list[Any]:
        nonlocal there_are
        chosen = [one for one in mutants if only in one.document]
        there_are = len(chosen)
        return drawn(chosen, seed, many)

    templates.judge(choose, lambda one, verdict: found.append([one.group, one.name, "", _plain(verdict)]))
    return there_are, found


def _plain(verdict: Verdict) -> list[Any]:
    return [verdict.result, verdict.by]


def section(seed: str, many: Mapping[str, int | None] = SAMPLES, only: str = "", tests: Sequence[str] = ()) -> Section:
    """The section of the page. Fails if a group has too many survivors without a reason."""
    answers = {kind: judged(kind, seed, many[kind], only, tests) for kind in many}
    return section_of(
        {kind: those for kind, (_, those) in answers.items()}, {kind: many for kind, (many, _) in answers.items()}
    )


def section_of(found: Mapping[str, Sequence[Judged]], there_are: Mapping[str, int]) -> Section:
    """The section about judged mutants, by kind. `there_are` is the number of all mutants, by kind."""
    everything = [one for kind in found.values() for one in kind]
    rows = [_row(kind, judged) for kind, judged in found.items() if judged]
    figures = [_figure("mutants that a test notices", everything)]
    figures += [_figure(f"mutants of {kind} that a test notices", judged) for kind, judged in found.items() if judged]
    noticed = _counted(everything)[0]
    figures.append(Figure("the same, harmless ones included", noticed, len(everything)))
    survivors = [one for one in everything if _survived(one)]
    sizes = ", ".join(f"{len(those):,} of {there_are[kind]:,} of {kind}" for kind, those in found.items())
    sample = (
        f"Judged: {sizes}. The seed draws a sample. Only {OF_TEXTS:.0%} of the changed texts take part in the draw.\n"
        "A stopped mutant runs for too long, or ends the process. It counts as noticed."
    )
    lists = [_list("Survivors", survivors), _list("Harmless survivors", _equivalent(everything))]
    failures = [f"no mutant of {kind} was judged" for kind, those in found.items() if not those]
    return Section(figures, "\n\n".join([sample, *rows, *lists]), [*failures, *_too_many(found), *_stopped(found)])


def _survived(one: Judged) -> bool:
    return one.verdict.result not in (KILLED, STOPPED) and not one.reason


def _equivalent(judged: Iterable[Judged]) -> list[Judged]:
    return [one for one in judged if one.reason and one.verdict.result not in (KILLED, STOPPED)]


def _counted(judged: Iterable[Judged]) -> tuple[int, int]:
    """The mutants that a test notices, and all. A survivor with a reason counts as neither."""
    counted = [one for one in judged if _survived(one) or one.verdict.result in (KILLED, STOPPED)]
    return len(counted) - sum(map(_survived, counted)), len(counted)


def _figure(name: str, judged: Iterable[Judged]) -> Figure:
    return Figure(name, *_counted(judged))


def _by_group(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    return {group: [one for one in judged if one.group == group] for group in sorted({one.group for one in judged})}


def _row(kind: str, judged: Sequence[Judged]) -> str:
    lines = [f"#### Mutants of {kind}", "", "| group | noticed | of | stopped | harmless |", "|---|---|---|---|---|"]
    for group, those in _by_group(judged).items():
        noticed, of = _counted(those)
        stopped = Counter(one.verdict.result for one in those)[STOPPED]
        lines.append(f"| {group} | {noticed} | {of} | {stopped} | {len(_equivalent(those))} |")
    return "\n".join(lines)


def _list(title: str, judged: Sequence[Judged]) -> str:
    lines = [f"- `{one.name.replace('`', '')}`{f': {one.reason}' if one.reason else ''}" for one in judged]
    return "\n".join([f"#### {title}", "", *(lines or ["None."])])


def _stopped(found: Mapping[str, Sequence[Judged]]) -> Iterable[str]:
    """A line for each kind with too many stopped mutants. They count as noticed, but a busy machine stops more."""
    for kind, those in found.items():
        stopped = sum(one.verdict.result == STOPPED for one in those)
        if stopped > max(1, MOST_STOPPED * len(those)):
            yield f"{kind}: {stopped} of {len(those)} mutants were stopped, so repeat this on a quiet machine"


def _too_many(found: Mapping[str, Sequence[Judged]]) -> Iterable[str]:
    """A line for each kind and group with too many survivors. One survivor of a small group is not too many."""
    for kind, judged in found.items():
        for group, those in {"all": list(judged), **_by_group(judged)}.items():
            noticed, of = _counted(those)
            enough = ENOUGH if group == "all" else ENOUGH_OF_A_GROUP
            if of - noticed > max(1, (100 - enough) * of / 100):
                yield f"{kind}, {group}: tests notice only {noticed} of {of} mutants"
