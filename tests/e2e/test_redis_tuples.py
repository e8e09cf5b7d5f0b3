"""The Redis programs, in Python and in JavaScript, with the laptop cloud's Valkey server."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess

import pytest
import redis

from local.cloud import Cloud
from local.processes import free_port
from local.settings import PROJECT
from tests.support.names import unique

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture(params=["py", "js"])
def run(request: pytest.FixtureRequest, cloud: Cloud) -> Run:
    """Returns a function that runs `<verb>-tuple-redis` in one of the two languages. `url` becomes REDIS_URL."""

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


def result(done: "CompletedProcess[str]") -> tuple[int, list[str]]:
    assert done.stderr.startswith("talking to redis://127.0.0.1:") and done.stderr.count("\n") == 1
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("value", ["25", "", "Zoë 🐈\n", "--help"])
def test_a_tuple_is_inserted_found_and_deleted(run: Run, value: str) -> None:
    key = unique("age-")

    assert result(run("insert", key, value)) == (0, ["Inserted a TUPLE to ElastiCache"])
    checked = run("check", key)
    assert (checked.returncode, checked.stdout) == (0, f"The TUPLE is there in ElastiCache\n{value}\n")
    assert result(run("delete", key)) == (0, ["Deleted a TUPLE to ElastiCache"])
    assert result(run("check", key)) == (1, ["The TUPLE is not there in ElastiCache"])
    assert result(run("delete", key)) == (1, ["The TUPLE is not there in ElastiCache"])


@pytest.mark.parametrize(
    ("verb", "arguments", "usage"),
    [
        ("insert", ["age"], "KEY VALUE"),
        ("insert", ["age", "25", "26"], "KEY VALUE"),
        ("check", [], "KEY"),
        ("delete", ["age", "25"], "KEY"),
    ],
)
def test_wrong_arguments_print_the_usage(run: Run, verb: str, arguments: list[str], usage: str) -> None:
    done = run(verb, *arguments)

    assert done.returncode == 2
    assert done.stderr.startswith(f"usage: {verb}-tuple-redis.") and done.stderr.strip().endswith(f" {usage}")


@pytest.mark.parametrize("kind", ["hash", "list", "bytes"])
def test_a_key_that_holds_no_text_is_reported(run: Run, cloud: Cloud, kind: str) -> None:
    key, server = unique("age-"), redis.Redis.from_url(cloud.settings.redis_url)
    match kind:
        case "hash":
            server.hset(key, "field", "value")
        case "list":
            server.rpush(key, "value")
        case "bytes":
            server.set(key, b"\xff\xfe")

    done = run("check", key)

    text = "the value is not text in UTF-8 (2 bytes), so it is not shown"
    other = f"error: the key holds a {kind}, not text: delete it first, or use another key"
    assert done.stderr.splitlines()[1:] == [text if kind == "bytes" else other]
    assert done.returncode == (0 if kind == "bytes" else 1)
    assert done.stdout == ("The TUPLE is there in ElastiCache\n" if kind == "bytes" else "")


def test_the_cache_of_a_laptop_cloud_is_found_by_its_folder(run: Run, cloud: Cloud) -> None:
    """`--home` finds its port, which need not be the usual one."""
    home, key = str(cloud.settings.home), unique("age-")

    inserted = run("insert", "--home", home, key, "25", url="")

    assert (inserted.returncode, inserted.stdout) == (0, "Inserted a TUPLE to ElastiCache\n")
    assert inserted.stderr == f"talking to {cloud.settings.redis_url}, the cache of the laptop cloud in {home}\n"
    assert result(run("check", key)) == (0, ["The TUPLE is there in ElastiCache", "25"])


def test_a_missing_server_is_reported(run: Run) -> None:
    done = run("check", "age", url=f"redis://127.0.0.1:{free_port()}")

    assert done.returncode == 1
    assert done.stderr.splitlines()[1].startswith("error: no answer from Redis")


@pytest.mark.usefixtures("frozen_cache")
def test_a_hanging_server_is_reported(run: Run) -> None:
    done = run("check", "age")

    assert done.returncode == 1
    assert done.stderr.splitlines()[1].startswith("error: no answer from Redis")


def test_an_invalid_address_is_reported(run: Run) -> None:
    done = run("check", "age", url="nowhere")

    assert done.returncode == 1
    assert done.stderr.startswith("error: REDIS_URL is not an address")
