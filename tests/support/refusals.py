"""Holds the errors that the APIs answer to their schema, and their details to the list of codes."""

import json
from typing import Any

import fastjsonschema

from common.codes import CODES
from local.settings import PROJECT

_fits = fastjsonschema.compile(json.loads((PROJECT / "lambdas" / "common" / "error.schema.json").read_text()))


def check(answer: Any) -> None:
    """Fails unless `answer` is an error whose every detail has a known code, and exactly the values of that code."""
    _fits(answer)
    for detail in answer["error"]["details"]:
        assert detail["code"] in CODES, detail
        assert detail["values"].keys() == set(CODES[detail["code"]]), detail
