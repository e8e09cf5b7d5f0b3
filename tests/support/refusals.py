"""Checks the APIs' errors against their schema, and their details against the list of codes."""

import json
from typing import Any

import fastjsonschema

from common.codes import CODES
from local.settings import PROJECT

_fits = fastjsonschema.compile(json.loads((PROJECT / "lambdas" / "common" / "error.schema.json").read_text()))


def check(answer: Any) -> None:
    """Fails unless `answer` is a valid error, and each detail has a known code with exactly that code's values."""
    _fits(answer)
    for detail in answer["error"]["details"]:
        assert detail["code"] in CODES, detail
        assert detail["values"].keys() == set(CODES[detail["code"]]), detail
