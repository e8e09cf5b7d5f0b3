"""Which of the user's settings for pip are kept."""

import os
import subprocess
import sys

import pytest

from stacks import pip

CONFIGURATION = """\
[global]
index-url = https://mirror.example.org/simple
extra-index-url =
    https://one.example.org
    https://two.example.org
trusted-host = mirror.example.org
cert = /etc/mirror.pem
find-links = /wheels
timeout = 3
user = true
quiet = 3
log = /nonexistent/folder/log
require-hashes = true
[install]
timeout = 7
target = /somewhere/else
no-deps = yes
[freeze]
timeout = 9
"""

OTHERS = """
ABI CONSTRAINT DRY_RUN EDITABLE GLOBAL IGNORE_INSTALLED IMPLEMENTATION ISOLATED LOG NO_BINARY NO_COMPILE NO_DEPS
ONLY_BINARY PLATFORM PRE PREFIX PYTHON PYTHON_VERSION QUIET REPORT REQUIREMENT REQUIRE_HASHES REQUIRE_VIRTUALENV ROOT
SITE TARGET UPGRADE USER
""".split()


@pytest.fixture
def given(tmp_path):
    """An environment with a configuration file for pip."""
    file = tmp_path / "pip.conf"
    file.write_text(CONFIGURATION)
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_CONFIG_FILE": str(file)}


def test_pip_keeps_only_the_settings_for_reaching_packages(given):
    others = {f"PIP_{name}": "1" for name in OTHERS}
    kept = {"PIP_PROXY": "http://proxy:8080", "PIP_INDEX_URL": "https://from.the.environment/simple"}

    found = pip.environment(given | others | kept)

    wanted = {
        "PIP_INDEX_URL": "https://from.the.environment/simple",
        "PIP_EXTRA_INDEX_URL": "\nhttps://one.example.org\nhttps://two.example.org",
        "PIP_CERT": "/etc/mirror.pem",
        "PIP_FIND_LINKS": "/wheels",
        "PIP_TRUSTED_HOST": "mirror.example.org",
        "PIP_TIMEOUT": "7",
        "PIP_PROXY": "http://proxy:8080",
        "PIP_CONFIG_FILE": os.devnull,
    }
    assert wanted.items() <= found.items()
    assert not {*others} & {*found}
    assert found["HOME"] == given["HOME"]


def test_a_configuration_that_pip_cannot_read_is_reported_in_pips_words(given, tmp_path):
    (tmp_path / "pip.conf").write_text("[global\nuser = true\n")

    with pytest.raises(subprocess.CalledProcessError) as failure:
        pip.environment(given)

    assert "pip.conf" in failure.value.stderr


def test_pip_takes_each_kept_option(tmp_path):
    """Otherwise an option would be dropped without anybody noticing."""
    told = subprocess.run([sys.executable, "-m", "pip", "install", "--help"], capture_output=True, text=True).stdout

    old_names = {"default-timeout", "no-cache-dir", "pypi-url", "resume-retries"}
    assert {option for option in pip.KEPT if f"--{option}" not in told} <= old_names
