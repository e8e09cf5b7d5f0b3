"""The facts of AWS that the code relies on, as data: each JSON file of this folder is a table of them.

A fact has an `id`, a sentence, where it is relied on, and how it is known: `recorded` on AWS (with source and date),
`documented`, or `by analogy` with another fact. It has what to ask and AWS's `answer`, as far as we rely on it:

- `states` (of a JSONata workflow, the first one starts; `machine` adds fields beside them): a workflow is created and
  run with `input`. `finds` is the code under which tests/statemachines/aws_rules.py finds the fault.
- `calls`: `[service, operation, parameters]`, one after the other; the last one is answered.
"""

import json
from pathlib import Path
from typing import Any, TypeAlias

Fact: TypeAlias = dict[str, Any]

FACTS: list[Fact] = [
    {**fact, "table": file.stem}
    for file in sorted(Path(__file__).parent.glob("*.json"))
    for fact in json.loads(file.read_text())
]


def definition_of(fact: Fact) -> dict[str, Any]:
    """The whole definition of a workflow of which a fact tells the states."""
    return {
        "QueryLanguage": "JSONata",
        "StartAt": next(iter(fact["states"])),
        **fact.get("machine", {}),
        "States": fact["states"],
    }
