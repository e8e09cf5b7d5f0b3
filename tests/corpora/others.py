"""Corpora of other projects: texts that break programs, and files that break readers of JSON.

hostile.json has where they come from, and their licences. Its texts are in Base64, because some of them are not texts.
"""

import base64
import functools
import json
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_name("hostile.json")


@functools.cache
def naughty() -> list[str]:
    """The Big List of Naughty Strings."""
    texts = json.loads(_FILE.read_text())["naughty"]["base64"]
    return list(dict.fromkeys(base64.b64decode(text).decode() for text in texts))


@functools.cache
def json_files() -> Mapping[str, bytes]:
    """The files of JSONTestSuite by name. RFC 8259 demands that a reader accepts `y_`, refuses `n_`, or leaves `i_`."""
    files = json.loads(_FILE.read_text())["json"]["base64"]
    return {name: base64.b64decode(text) for name, text in files.items()}
