"""The environment to run pip or uv in: it keeps only the user's settings for reaching packages.

A company's mirror, proxy or certificate must stay in use. Settings such as `user`, `target` or `no-deps` are meant for
other projects. They would install our packages elsewhere, or leave some out.

See decisions D106 and D262.
"""

import ast
import math
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


def for_uv(given: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Returns uv's options and environment for the same settings of pip. `given` comes from `environment`.

    uv's own variables are dropped. Addresses can contain passwords, so they are variables: other users of the machine
    can see options.
    """
    kept = {name.removeprefix("PIP_"): value for name, value in given.items() if name.startswith("PIP_")}
    indexes, links, hosts = (kept.get(name, "").split() for name in ("EXTRA_INDEX_URL", "FIND_LINKS", "TRUSTED_HOST"))
    timeout = kept.get("TIMEOUT") or kept.get("DEFAULT_TIMEOUT")
    # requests, which pip uses, reads these two.
    bundles = (kept.get("CERT"), given.get("REQUESTS_CA_BUNDLE"), given.get("CURL_CA_BUNDLE"))
    cert = os.path.expanduser(next(filter(None, bundles), ""))
    proxy = kept.get("PROXY", "")
    found = {
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "SSL_CERT_DIR" if os.path.isdir(cert) else "SSL_CERT_FILE": cert,
        "SSL_CLIENT_CERT": os.path.expanduser(kept.get("CLIENT_CERT", "")),
        "UV_DEFAULT_INDEX": kept.get("INDEX_URL") or kept.get("PYPI_URL", ""),
        "UV_FIND_LINKS": ",".join(map(os.path.expanduser, links)),
        "UV_HTTP_RETRIES": kept.get("RETRIES", ""),
        # uv takes whole seconds.
        "UV_HTTP_TIMEOUT": str(math.ceil(float(timeout))) if timeout else "",
        "UV_INDEX": " ".join(indexes),
        "UV_INSECURE_HOST": " ".join(hosts),
        # The other providers need a package beside pip, which `.venv` does not have.
        "UV_KEYRING_PROVIDER": "subprocess" if kept.get("KEYRING_PROVIDER") == "subprocess" else "",
        # For pip, every value means no cache.
        "UV_NO_CACHE": "1" if kept.get("NO_CACHE_DIR") else "",
    }
    # pip's `proxy` is for all hosts.
    dropped = {"NO_PROXY", "no_proxy"} if proxy else set()
    without = {name: value for name, value in given.items() if not name.startswith("UV_") and name not in dropped}
    options = ["--no-index"] if kept.get("NO_INDEX", "").lower() in {"1", "on", "t", "true", "y", "yes"} else []
    return options, without | {name: value for name, value in found.items() if value}
