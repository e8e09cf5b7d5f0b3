"""The environment to run pip in: it keeps only the user's settings for reaching packages.

A company's mirror, proxy or certificate must stay in use. Settings such as `user`, `target` or `no-deps` are meant for
other projects. They would install our packages elsewhere, or leave some out.

See decision D106.
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
"""The user's settings that stay in use, by pip's names."""

SECTIONS = ("global", "install")
"""The sections of pip's configuration files that apply to `pip install`. A later section overrides an earlier one."""

SETTING = re.compile(rf"({'|'.join(SECTIONS)})\.([a-z-]+)=(['\"].*)")
"""A line of `pip config list`."""


def environment(given: Mapping[str, str] = os.environ, *, python: str = sys.executable) -> dict[str, str]:
    """Returns `given`, changed for running the pip of `python` with only the settings in KEPT.

    This reads pip's configuration files, and returns their settings as variables. With these, pip ignores the files.
    Raises CalledProcessError if pip cannot read the files; the error's output says why.
    """
    without = {name: value for name, value in given.items() if not name.upper().startswith("PIP_")}
    own_file = {"PIP_CONFIG_FILE": given["PIP_CONFIG_FILE"]} if "PIP_CONFIG_FILE" in given else {}
    # Overrides settings of the files that would shorten this list or make pip write a log file.
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
