"""The AWS that the tools talk to: the laptop cloud, or the address in AWS_ENDPOINT_URL."""

import socket
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from local import homes, settings
from local.errors import LocalError, NotRunningError
from local.settings import Settings
from terminal.errors import CommandError
from tests.support.commands import Command
from tools.aws import reach


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of this checkout's laptop cloud, which does not run. No other program listens there."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = int(reserved.getsockname()[1])
        home = tmp_path / "own"
        homes.make(home)
        homes.mark(home)
        Settings(home=home, port=port).remember("port", "redis_port")
        monkeypatch.setattr(settings, "HOME", str(home))
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        yield port


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:{}", "http://localhost:{}/", " http://LOCALHOST:{}"])
def test_the_address_of_the_laptop_cloud_means_the_laptop_cloud(
    endpoint: str | None, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the commands sign in as demo users even with the settings that docs/local.md describes."""
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.format(port))

    with pytest.raises(NotRunningError):
        reach("local")


def test_without_a_stage_the_address_of_the_laptop_cloud_chooses_its_stage(
    port: int, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAGE", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")

    assert command("parked").err.startswith("error: the laptop cloud is not running")
    monkeypatch.setattr(boto3, "Session", lambda **_: pytest.fail("dev is not the laptop cloud"))
    with pytest.raises(BaseException, match="dev is not the laptop cloud"):
        command("parked", "--stage", "dev")


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:1", "https://127.0.0.1:{}", "http://emulator.example:{}", "http://127.0.0.1", "http://[::1]:{}"],
)
def test_another_address_is_used_unchanged(endpoint: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.format(port))

    found = reach("local")

    assert (found.endpoint, found.demo_users) == (endpoint.format(port), None)


def test_the_address_is_not_the_laptop_cloud_if_another_program_listens_there(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the laptop cloud of another checkout, with other users."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        Settings(home=Path(settings.HOME), port=taken).remember("port")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken}")

        assert reach("local").demo_users is None


def test_a_named_folder_is_the_laptop_cloud_at_any_address(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    with pytest.raises(NotRunningError):
        reach("local", home=str(tmp_path / "other"))
    with pytest.raises(LocalError, match="--home is empty"):
        reach("local", home="")


@pytest.mark.parametrize("endpoint", ["nonsense", "http://", "127.0.0.1:4566"])
def test_an_invalid_address_is_refused(endpoint: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    for stage in ("local", "dev"):
        with pytest.raises(CommandError, match="AWS_ENDPOINT_URL is not an address"):
            reach(stage)
