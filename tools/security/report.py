"""What a run of the scanners found, as docs/security-report.md. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tools.security.findings import Acknowledgement, Judgement

HEAD = """\
# Security report

`make security` wrote this page on {today}. It runs scanners over the templates of the stages `dev` and `prod`, the
Python code and the workflows. A finding is either mended, or acknowledged with a reason in
[acknowledged.toml](../tools/security/acknowledged.toml). The command fails if a finding is neither, or if an
acknowledgement covers nothing any more. `make sbom` lists the packages of the functions' layer in CycloneDX's format.
"""


@dataclass(frozen=True)
class Row:
    """One scanner or service. `found` is None if the service could not be asked."""

    name: str
    version: str
    reads: str
    found: int | None
    open: int
    whole: bool = True
    """Whether the service could be asked about everything."""


def report(rows: Sequence[Row], known: Sequence[Acknowledgement], judged: Judgement, *, today: date) -> str:
    scanners = "\n".join(
        f"| {' '.join((row.name, row.version)).strip()} | {row.reads} | {result(row)} |" for row in rows
    )
    entries = "\n".join(
        f"| {entry.name} | {entry.reason} | {', '.join(f'`{rule}`' for rule in sorted(entry.rules))} "
        f"| {judged.covered[entry.name]} |"
        for entry in known
    )
    return (
        f"{HEAD.format(today=f'{today:%Y-%m-%d}')}\n| scanner | reads | result |\n| --- | --- | --- |\n{scanners}\n\n"
        f"## Acknowledgements\n\n| decision | reason | rules | findings |\n| --- | --- | --- | --- |\n{entries}\n"
        f"{_failures(judged)}"
    )


def result(row: Row) -> str:
    if row.found is None:
        return "not asked: the service could not be reached"
    rest = "" if row.whole else "; not asked about all packages"
    return (f"{row.found} findings, {row.open} of them not acknowledged" if row.found else "no finding") + rest


def _failures(judged: Judgement) -> str:
    lines: list[str] = [f"- {one.rule} at {one.place}: {one.message}" for one in judged.open]
    lines += [f"- {sentence}" for sentence in judged.unused]
    return "\n## To mend\n\n" + "\n".join(lines) + "\n" if lines else ""


def as_table(rows: Sequence[Row]) -> list[Mapping[str, object]]:
    return [{"scanner": row.name, "version": row.version, "reads": row.reads, "result": result(row)} for row in rows]
