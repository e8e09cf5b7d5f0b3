"""The Redis programs, in Python and in JavaScript, against the real Valkey process of the laptop cloud."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess

import pytest

from local.cloud import Cloud
from local.processes import free_port
from local.settings import PROJECT

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture(params=["py", "js"])
def run(request: pytest.FixtureRequest, cloud: Cloud) -> Run:
    """Runs `<verb>-tuple-redis` in one of the two languages; `url` is where it is told to look."""

    def program(verb: str, *arguments: str, url: str = cloud.settings.redis_url) -> "CompletedProcess[str]":
        interpreter = sys.executable if request.param == "py" else "node"
        script = PROJECT / "tools" / "redis" / f"{verb}-tuple-redis.{request.param}"
        return subprocess.run(
            [interpreter, str(script), *arguments],
            env=os.environ | {"REDIS_URL": url},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return program


@pytest.fixture
def frozen_cache(cloud: Cloud) -> Iterator[None]:
    process = cloud.cache.daemon.process()
    assert process
    process.send_signal(signal.SIGSTOP)
    yield
    process.send_signal(signal.SIGCONT)


def said(done: "CompletedProcess[str]") -> tuple[int, list[str]]:
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("value", ["25", "", "Zoë 🐈\n", "--help"])
def test_a_tuple_is_inserted_found_and_deleted(run: Run, value: str) -> None:
    key = f"age-{uuid.uuid4().hex}"

    assert said(run("insert", key, value)) == (0, ["Inserted a TUPLE to ElastiCache"])
    checked = run("check", key)
    assert (checked.returncode, checked.stdout) == (0, f"The TUPLE is there in ElastiCache\n{value}\n")
    assert said(run("delete", key)) == (0, ["Deleted a TUPLE to ElastiCache"])
    assert said(run("check", key)) == (1, ["The TUPLE is not there in ElastiCache"])
    assert said(run("delete", key)) == (1, ["The TUPLE is not there in ElastiCache"])


@pytest.mark.parametrize(
    ("verb", "arguments", "usage"),
    [
        ("insert", ["age"], "KEY VALUE"),
        ("insert", ["age", "25", "26"], "KEY VALUE"),
        ("check", [], "KEY"),
        ("delete", ["age", "25"], "KEY"),
    ],
)
def test_wrong_arguments_are_answered_with_the_right_ones(
    run: Run, verb: str, arguments: list[str], usage: str
) -> None:
    done = run(verb, *arguments)

    assert done.returncode == 2
    assert done.stderr.startswith(f"usage: {verb}-tuple-redis.") and done.stderr.strip().endswith(f" {usage}")


def test_a_server_that_is_not_there_is_named_as_the_cause(run: Run) -> None:
    done = run("check", "age", url=f"redis://127.0.0.1:{free_port()}")

    assert done.returncode == 1
    assert done.stderr.startswith("no answer from Redis")


@pytest.mark.usefixtures("frozen_cache")
def test_a_server_that_hangs_is_not_waited_for(run: Run) -> None:
    done = run("check", "age")

    assert done.returncode == 1
    assert done.stderr.startswith("no answer from Redis")


def test_an_address_that_is_none_is_said_to_be_none(run: Run) -> None:
    done = run("check", "age", url="nowhere")

    assert done.returncode == 1
    assert done.stderr.startswith("REDIS_URL is not an address")
