"""Compares what two versions promise to callers: the OpenAPI documents and the schemas of messages."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS31Validator

from tests.rehearsal.checks import Check
from tools.rehearse.contracts import breaks_of_api, breaks_of_message

NAME = "callers and readers of the old version still fit"


def compared(old: Path, new: Path) -> Check:
    """`old` and `new` are folders with the files of the two versions."""
    documents = sorted(file.relative_to(old) for file in old.glob("docs/openapi/*.json"))
    messages = sorted(file.relative_to(old) for file in old.glob("lambdas/*/messages/*.schema.json"))
    problems = []
    for name in [*documents, *messages]:
        if not (new / name).exists():
            problems.append(f"{name} is gone")
            continue
        before, now = (json.loads((root / name).read_bytes()) for root in (old, new))
        breaks = breaks_of_api if name in documents else breaks_of_message
        found = [*breaks(before, now), *(_refused_examples(before, now) if name in documents else ())]
        problems += [f"{name.name}: {problem}" for problem in found]
    return Check(NAME, f"{len(documents)} documents, {len(messages)} messages", problems)


def _refused_examples(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """The examples of old requests that no longer fit. They use the combinations of fields that callers need."""
    for path, operations in old["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            now = new["paths"].get(path, {}).get(method, {}).get("requestBody", {}).get("content", {})
            if "application/json" not in now:
                continue
            schema = {**now["application/json"]["schema"], "components": new["components"]}
            for name, example in body.get("examples", {}).items():
                for error in OAS31Validator(schema).iter_errors(example["value"]):
                    where = ".".join(map(str, error.absolute_path)) or "it"
                    yield f"{method.upper()} {path}: the old example {name} is refused: {where}: {error.message}"
