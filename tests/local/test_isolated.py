"""Settings that a developer has for other programs do not disturb the laptop cloud."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3
import pytest

from local import deploy, settings
from local.engine import Engine, send
from local.errors import LocalError
from local.settings import PROJECT, Settings, isolated
from tests.support.marks import long

OF_OTHER_PROGRAMS = {
    "AWS_PROFILE": "work",
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_CA_BUNDLE": "/nowhere/bundle.pem",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_DEFAULTS_MODE": "nonsense",
    "AWS_RETRY_MODE": "nonsense",
    "AWS_MAX_ATTEMPTS": "0",
    "AWS_SDK_LOAD_CONFIG": "1",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "nonsense",
    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/work",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
    "AWS_SESSION_TOKEN": "token",
    "CDK_DEFAULT_ACCOUNT": "111122223333",
    "CDK_CONTEXT_JSON": "nonsense",
    "CDK_OUTDIR": "/nowhere",
    "NODE_OPTIONS": "--require /nowhere/module.js",
    "NODE_PATH": "/nowhere",
    "NODE_ENV": "production",
    "JSII_RUNTIME": "/nowhere",
    "PYTHONPATH": "/nowhere",
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "error",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONUTF8": "0",
    "PYTHONIOENCODING": "ascii",
}
NAMES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
NO_PROXY: tuple[dict[str, str], ...] = (
    {},
    {"no_proxy": ""},
    {"NO_PROXY": "example.com"},
    {"no_proxy": "a, b"},
    {"no_proxy": "*"},
)


def test_settings_of_other_programs_do_not_reach_the_laptop_cloud() -> None:
    kept = isolated(OF_OTHER_PROGRAMS | {"PATH": "/bin", "LANG": "C", "STAGE": "local"})

    assert {*kept} & {*OF_OTHER_PROGRAMS} == {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
    assert kept["AWS_CONFIG_FILE"] == kept["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert (kept["LANG"], kept["STAGE"]) == ("C", "local")


def test_a_temporary_folder_that_cannot_be_used_is_left_out(tmp_path: Path) -> None:
    own = {"TMPDIR": str(tmp_path), "TEMP": str(tmp_path / "missing"), "TMP": ""}

    assert {name: value for name, value in isolated(own).items() if name in own} == {"TMPDIR": str(tmp_path)}


@pytest.mark.parametrize("own", NO_PROXY)
def test_isolating_twice_changes_nothing_more(own: dict[str, str]) -> None:
    once = isolated({"PATH": "/bin", **own})

    assert isolated(once) == once
    assert all(name in once["no_proxy"] or once["no_proxy"] == "*" for name in ",".join(own.values()).split(", "))


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a server that answers every request with an empty list of queues."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("own", NO_PROXY)
def test_no_proxy_is_used_for_this_machine(own: dict[str, str], served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither our own requests nor boto3's use one."""
    environment = isolated({"PATH": os.environ["PATH"], **dict.fromkeys(NAMES, "http://127.0.0.1:1"), **own})
    for name in [*os.environ]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    for name in ("127.0.0.1", "localhost"):
        address = f"http://{name}:{served.partition(':')[2]}"
        assert send("POST", address, body={}).status_code == 200
        session = boto3.Session("test", "test", region_name="us-east-1")
        assert session.client("sqs", endpoint_url=address).list_queues().get("QueueUrls", []) == []


def environment_of_cdk(engine: Engine, folder: Path) -> dict[str, str]:
    """The environment in which the project in `folder` starts CDK."""
    programs = folder / "node_modules" / ".bin"
    for one in (engine.settings.home, programs):
        one.mkdir(parents=True)
    cdk = programs / "cdk"
    cdk.write_text(f"#!{sys.executable} -I\nimport json, os, sys\njson.dump(dict(os.environ), open('seen', 'w'))\n")
    cdk.chmod(0o755)
    deploy.bootstrap(engine, project=folder)
    seen: dict[str, str] = json.loads((folder / "seen").read_text())
    return seen


def test_cdk_starts_without_the_settings_of_the_developer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """~/.cdk.json may hold a profile, an app or plug-ins, and the home may be unwritable."""
    engine = Engine(Settings(home=tmp_path / "home with blank"))
    for name, value in {**OF_OTHER_PROGRAMS, "HOME": "/nowhere"}.items():
        monkeypatch.setenv(name, value)

    seen = environment_of_cdk(engine, tmp_path)

    own = Path(seen["HOME"])
    assert own.is_dir() and own.is_relative_to(tmp_path / "home with blank") and not any(own.iterdir())
    assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert Path(seen["CDK_HOME"]).is_relative_to(tmp_path)
    changed = {name for name, value in OF_OTHER_PROGRAMS.items() if seen.get(name) == value}
    assert changed == set()


def test_without_cdk_the_error_says_to_run_make_setup(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cdk is missing: run `make setup`"):
        deploy.bootstrap(Engine(Settings(home=tmp_path)), project=tmp_path)


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        OF_OTHER_PROGRAMS | {"PYTHONSAFEPATH": ""},
        *long(
            {"PYTHONPATH": "junk"},
            {"PYTHONWARNINGS": "error"},
            {"PYTHONOPTIMIZE": "2", "PYTHONDONTWRITEBYTECODE": "1"},
            {"PYTHONIOENCODING": "latin-1", "COLUMNS": "20", "NO_COLOR": "1", "TERM": "dumb"},
            {"HOME": "/", "TMPDIR": "/nowhere with blank"},
        ),
    ],
)
def test_a_command_starts_under_each_setting(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "junk").mkdir()
    for name in ("local", "terminal", "tools", "cloud", "homes"):
        (tmp_path / "junk" / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    own = {name: str(tmp_path / value) if value == "junk" else value for name, value in environment.items()}
    command = [sys.executable, "-m", "local", "--home", str(tmp_path / "ünïcode"), "status"]

    status = subprocess.run(command, cwd=PROJECT, env=own, capture_output=True)

    assert (status.returncode, status.stderr) == (1, b"")
    assert status.stdout.startswith(b"engine")


def test_the_default_folder_is_in_the_project() -> None:
    assert Path(settings.HOME) == PROJECT / ".local"
