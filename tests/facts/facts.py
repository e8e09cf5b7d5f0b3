"""The facts of AWS that the code relies on, as data: each JSON file of this folder is a table of them.

A fact has an `id`, a sentence, where the code relies on it, and how it is known: `recorded` on AWS (with source and
date), `documented`, or `by analogy` with another fact. It says what to ask, and AWS's `answer` as far as we rely on it:

- `states` are those of a JSONata workflow that starts with the first one; `machine` adds fields beside them. The
  workflow is created and run with `input`. `finds` is the code under which tests/support/workflows/aws_rules.py finds
  the fault without running it. After `patienceSeconds` the execution is taken to run for ever.
- `calls` are `[service, operation, parameters]`, one after the other. The answer is the last one's.
- `request` goes to an API that requires a signed-in person and answers with their claims.
- `test` names another test that asks the engine, for facts that need more than these.

asking.py says what `${…}` and the forms of an answer mean. A fact that the engine contradicts is named in a table of
docs/local.md, by its id or its test.
"""

import json
import re
from pathlib import Path
from typing import Any, TypeAlias

from local.settings import PROJECT

Fact: TypeAlias = dict[str, Any]

TABLES = sorted(Path(__file__).parent.glob("*.json"))
FACTS: list[Fact] = [fact for table in TABLES for fact in json.loads(table.read_text())]
DOCUMENT = (PROJECT / "docs/local.md").read_text()
GAPS = DOCUMENT.partition("### What is changed inside the engine")[0]
NAMED = {name for row in re.findall(r"^\|.*\|$", GAPS, re.MULTILINE) for name in re.findall(r"`([a-z0-9_-]+)`", row)}
"""Every name in a table of docs/local.md that lists what differs from AWS."""


def is_listed(fact: Fact) -> bool:
    return fact["id"] in NAMED or fact.get("test", "").rpartition("::")[2] in NAMED


def count() -> str:
    listed = sum(is_listed(fact) for fact in FACTS)
    return f"{len(FACTS) - listed} of {len(FACTS)} agree, {listed} listed"


def definition_of(fact: Fact) -> dict[str, Any]:
    """The whole definition of a workflow whose states a fact gives."""
    usual = {"QueryLanguage": "JSONata", "StartAt": next(iter(fact["states"]))}
    return {**usual, **fact.get("machine", {}), "States": fact["states"]}
