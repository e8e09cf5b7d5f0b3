"""pip with the user's settings that say how to reach packages, and without the others.

A company's mirror, proxy or certificate must be kept. Settings such as `user`, `target` or `no-deps` are meant for
other projects: they put our packages elsewhere, or leave some out.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping

KEPT = (
    "cache-dir",
    "cert",
    "client-cert",
    "default-timeout",
    "extra-index-url",
    "find-links",
    "index-url",
    "keyring-provider",
    "no-cache-dir",
    "no-index",
    "proxy",
    "pypi-url",
    "resume-retries",
    "retries",
    "timeout",
    "trusted-host",
)
"""pip's options that are taken from the user's settings."""

SECTIONS = ("global", "install")
"""The sections of pip's configuration files that apply to `pip install`. The second one wins."""

SETTING = re.compile(rf"({'|'.join(SECTIONS)})\.([a-z-]+)=(['\"].*)")
"""A line of `pip config list`."""


def environment(given: Mapping[str, str] = os.environ, *, python: str = sys.executable) -> dict[str, str]:
    """`given` for running the pip of `python`: without pip's configuration files, and only with the settings in KEPT.

    Raises CalledProcessError if pip cannot read its configuration files; its output says why.
    """
    without = {name: value for name, value in given.items() if not name.upper().startswith("PIP_")}
    own_file = {"PIP_CONFIG_FILE": given["PIP_CONFIG_FILE"]} if "PIP_CONFIG_FILE" in given else {}
    # Settings of the files that would hide a part of the list, or make pip write elsewhere, are overruled.
    plain = {"PIP_GLOBAL": "0", "PIP_LOG": os.devnull, "PIP_QUIET": "0", "PIP_SITE": "0", "PIP_USER": "0"}
    command = [python, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, env=without | own_file | plain, capture_output=True, text=True, check=True).stdout
    found = {(section, option): value for section, option, value in SETTING.findall(listed)}
    kept = {
        f"PIP_{option.upper().replace('-', '_')}": str(ast.literal_eval(found[section, option]))
        for section in SECTIONS
        for option in KEPT
        if (section, option) in found
    }
    for name in given.keys() - without.keys():
        if name[4:].lower().replace("_", "-") in KEPT:
            kept[name.upper()] = given[name]
    return without | kept | {"PIP_CONFIG_FILE": os.devnull}
