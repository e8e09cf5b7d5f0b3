"""The Redis programs, in Python and in JavaScript, with the laptop cloud's Valkey server.

tests/tools/test_redis_tuples.py tests what needs no cloud: their usage, and addresses without a server.
"""

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess

import pytest
import redis

from local.cloud import Cloud
from local.settings import PROJECT
from tests.support.marks import long
from tests.support.names import unique

Run = Callable[..., "CompletedProcess[str]"]
FOLDER = PROJECT / "tools" / "redis"


@pytest.fixture(params=["py", "js"])
def run(request: pytest.FixtureRequest, cloud: Cloud) -> Run:
    """Returns a function that runs `<verb>-tuple-redis` in one of the two languages. `url` becomes REDIS_URL."""
    if request.param == "py":
        capsys = request.getfixturevalue("capsys")
        monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        # The programs import `tuples` from their own folder.
        monkeypatch.syspath_prepend(FOLDER)

    def in_python(verb: str, *arguments: str, url: str = cloud.settings.redis_url) -> "CompletedProcess[str]":
        """Runs the program inside this process, which takes a tenth of the time."""
        script = FOLDER / f"{verb}-tuple-redis.py"
        monkeypatch.setattr(sys, "argv", [str(script), *arguments])
        monkeypatch.setenv("REDIS_URL", url)
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(script), run_name="__main__")
        shown = capsys.readouterr()
        return CompletedProcess(sys.argv, int(ended.value.code or 0), shown.out, shown.err)

    def in_javascript(verb: str, *arguments: str, url: str = cloud.settings.redis_url) -> "CompletedProcess[str]":
        return subprocess.run(
            ["node", str(FOLDER / f"{verb}-tuple-redis.js"), *arguments],
            env=os.environ | {"REDIS_URL": url},
            capture_output=True,
            text=True,
        )

    return in_python if request.param == "py" else in_javascript


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


@pytest.mark.parametrize("value", ["Zoë 🐈\n", *long("", "--help")])
def test_a_tuple_is_inserted_found_and_deleted(run: Run, value: str) -> None:
    key = unique("age-")

    assert result(run("insert", key, value)) == (0, ["Inserted a TUPLE to ElastiCache"])
    checked = run("check", key)
    assert (checked.returncode, checked.stdout) == (0, f"The TUPLE is there in ElastiCache\n{value}\n")
    assert result(run("delete", key)) == (0, ["Deleted a TUPLE to ElastiCache"])
    assert result(run("check", key)) == (1, ["The TUPLE is not there in ElastiCache"])
    assert result(run("delete", key)) == (1, ["The TUPLE is not there in ElastiCache"])


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


@pytest.mark.usefixtures("frozen_cache")
def test_a_hanging_server_is_reported(run: Run) -> None:
    done = run("check", "age")

    assert done.returncode == 1
    assert done.stderr.splitlines()[1].startswith("error: no answer from Redis")
