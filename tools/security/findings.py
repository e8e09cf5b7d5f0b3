"""What scanners find, and which findings are acknowledged. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 12
"""The most acknowledgements. If another one is needed, mend something first."""


class InvalidAcknowledgementError(ValueError):
    """acknowledged.toml has a mistake. The message says what to do."""


@dataclass(frozen=True, order=True)
class Finding:
    rule: str
    """The scanner's name for what is wrong, such as `CKV_AWS_18`."""

    place: str
    """A construct's path, or a file of the project and its line."""

    message: str


@dataclass(frozen=True)
class Acknowledgement:
    """One decision, with the findings that it explains. `rules` maps a rule to a pattern of the places."""

    name: str
    reason: str
    rules: Mapping[str, re.Pattern[str]]

    def covers(self, finding: Finding) -> bool:
        pattern = self.rules.get(finding.rule)
        return bool(pattern and pattern.match(finding.place))


@dataclass(frozen=True)
class Judgement:
    open: Sequence[Finding]
    """Findings that no acknowledgement covers."""

    unused: Sequence[str]
    """Sentences about rules of acknowledgements that cover no finding any more."""

    covered: Mapping[str, int]
    """How many findings each acknowledgement covers."""


def acknowledgements(document: Mapping[str, Any]) -> list[Acknowledgement]:
    """The entries of acknowledged.toml. Raises InvalidAcknowledgementError."""
    entries = [_read(entry) for entry in document.get("acknowledged", [])]
    if len(entries) > MOST:
        raise InvalidAcknowledgementError(
            f"acknowledged.toml has {len(entries)} acknowledgements, and {MOST} are allowed: mend a finding instead"
        )
    names = [entry.name for entry in entries]
    rules = [rule for entry in entries for rule in entry.rules]
    for what, texts in (("acknowledgement", names), ("rule", rules)):
        if repeated := sorted({text for text in texts if texts.count(text) > 1}):
            raise InvalidAcknowledgementError(
                f"acknowledged.toml has the {what} {repeated[0]} twice: keep one of the two"
            )
    return entries


def _read(entry: Mapping[str, Any]) -> Acknowledgement:
    name = str(entry.get("name", ""))
    reason = " ".join(str(entry.get("reason", "")).split())
    if not name or len(reason.split()) < 5:
        raise InvalidAcknowledgementError(
            f"acknowledged.toml: the acknowledgement {name!r} needs a `name` and a `reason` of at least five words"
        )
    if not entry.get("rules"):
        raise InvalidAcknowledgementError(f"acknowledged.toml: the acknowledgement {name} names no rule: delete it")
    try:
        rules = {rule: re.compile(pattern) for rule, pattern in entry["rules"].items()}
    except re.error as error:
        raise InvalidAcknowledgementError(f"acknowledged.toml: {name} has an invalid pattern: {error}") from None
    return Acknowledgement(name, reason, rules)


def judge(findings: Iterable[Finding], known: Sequence[Acknowledgement]) -> Judgement:
    findings = sorted(set(findings))
    open_ = [one for one in findings if not any(entry.covers(one) for entry in known)]
    unused = [
        f"{entry.name}: nothing is found any more for {rule} at {pattern.pattern!r}"
        for entry in known
        for rule, pattern in entry.rules.items()
        if not any(one.rule == rule and pattern.match(one.place) for one in findings)
    ]
    covered = {entry.name: sum(map(entry.covers, findings)) for entry in known}
    return Judgement(open_, unused, covered)
