"""The facts of AWS that the code relies on, as data. Each JSON file in this folder is a table of facts.

A fact has an `id`, a sentence, the files that rely on it, and its source: `recorded` on AWS (with source and date),
`documented`, or `by analogy` with another fact. It has the question, in one of the forms below, and AWS's `answer`, of
which only the parts that we rely on are given:

- `states` are the states of a JSONata workflow, which starts with the first state. `machine` has further fields of the
  workflow. The workflow is created and run with `input`. `finds` is the code of the rule in
  tests/support/workflows/aws_rules.py that finds the fault without running the workflow. If an execution still runs
  after `patienceSeconds`, it counts as running for ever.
- `calls` are `[service, operation, parameters]`, called one after the other. The last answer is compared.
- `request` goes to an API that requires a signed-in user and answers with the user's claims.
- `test` names another test, for facts that need more than these forms.

asking.py explains `${…}` and the forms of an answer. If the engine contradicts a fact, a table of docs/local.md names
the fact's id or its test.

See decision D121.
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
"""Every name in the tables of docs/local.md that list the gaps."""


def is_listed(fact: Fact) -> bool:
    return fact["id"] in NAMED or fact.get("test", "").rpartition("::")[2] in NAMED


def count() -> str:
    listed = sum(is_listed(fact) for fact in FACTS)
    return f"{len(FACTS) - listed} of {len(FACTS)} agree, {listed} listed"


def definition_of(fact: Fact) -> dict[str, Any]:
    """The whole definition of the workflow with the fact's states."""
    usual = {"QueryLanguage": "JSONata", "StartAt": next(iter(fact["states"]))}
    return {**usual, **fact.get("machine", {}), "States": fact["states"]}
