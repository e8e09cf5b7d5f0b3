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


def test_uv_gets_the_settings_of_pip_in_its_own_words():
    settings = {
        "PIP_INDEX_URL": "https://user:word@mirror.example.org/simple",
        "PIP_EXTRA_INDEX_URL": "\nhttps://one.example.org\nhttps://two.example.org",
        "PIP_FIND_LINKS": "/wheels ~/more",
        "PIP_TRUSTED_HOST": "one.example.org two.example.org:8080",
        "PIP_CERT": "~/mirror.pem",
        "PIP_CLIENT_CERT": "/etc/client.pem",
        "PIP_PROXY": "http://proxy:8080",
        "PIP_TIMEOUT": "7.5",
        "PIP_RETRIES": "2",
        "PIP_NO_CACHE_DIR": "false",
        "PIP_KEYRING_PROVIDER": "subprocess",
        "PIP_CONFIG_FILE": os.devnull,
    }
    others = {"PATH": "/bin", "NO_PROXY": "*", "no_proxy": "*", "UV_TARGET": "/somewhere/else", "UV_INDEX": "x"}

    options, found = pip.for_uv(settings | others)

    assert options == []
    assert {name: value for name, value in found.items() if name not in settings} == {
        "PATH": "/bin",
        "UV_DEFAULT_INDEX": "https://user:word@mirror.example.org/simple",
        "UV_INDEX": "https://one.example.org https://two.example.org",
        "UV_FIND_LINKS": f"/wheels,{os.path.expanduser('~/more')}",
        "UV_INSECURE_HOST": "one.example.org two.example.org:8080",
        "SSL_CERT_FILE": os.path.expanduser("~/mirror.pem"),
        "SSL_CLIENT_CERT": "/etc/client.pem",
        "HTTP_PROXY": "http://proxy:8080",
        "HTTPS_PROXY": "http://proxy:8080",
        "UV_HTTP_TIMEOUT": "8",
        "UV_HTTP_RETRIES": "2",
        "UV_NO_CACHE": "1",
        "UV_KEYRING_PROVIDER": "subprocess",
    }


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"PIP_PYPI_URL": "https://old.example.org"}, {"UV_DEFAULT_INDEX": "https://old.example.org"}),
        ({"PIP_DEFAULT_TIMEOUT": "180"}, {"UV_HTTP_TIMEOUT": "180"}),
        ({"PIP_KEYRING_PROVIDER": "import"}, {}),
        ({"PIP_CERT": "/"}, {"SSL_CERT_DIR": "/"}),
        ({"CURL_CA_BUNDLE": "/a.pem"}, {"CURL_CA_BUNDLE": "/a.pem", "SSL_CERT_FILE": "/a.pem"}),
        ({"REQUESTS_CA_BUNDLE": "/b.pem"}, {"REQUESTS_CA_BUNDLE": "/b.pem", "SSL_CERT_FILE": "/b.pem"}),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "b"}, {"HTTPS_PROXY": "http://a:1", "NO_PROXY": "b"}),
        ({}, {}),
    ],
)
def test_uv_gets_no_setting_that_pip_does_not_have(settings, wanted):
    options, found = pip.for_uv(settings)

    assert options == []
    assert {name: value for name, value in found.items() if not name.startswith("PIP_")} == wanted


@pytest.mark.parametrize(("value", "options"), [("yes", ["--no-index"]), ("1", ["--no-index"]), ("0", []), ("", [])])
def test_uv_asks_no_index_if_pip_may_not(value, options):
    assert pip.for_uv({"PIP_NO_INDEX": value})[0] == options


def test_pip_takes_each_kept_option(tmp_path):
    """Otherwise an option would be dropped without anybody noticing."""
    told = subprocess.run([sys.executable, "-m", "pip", "install", "--help"], capture_output=True, text=True).stdout

    old_names = {"default-timeout", "no-cache-dir", "pypi-url", "resume-retries"}
    assert {option for option in pip.KEPT if f"--{option}" not in told} <= old_names
