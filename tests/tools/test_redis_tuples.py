"""The Redis programs in both languages: the Redis that they find, and their error messages."""

import importlib.util
import json
import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from local.processes import free_port
from local.settings import PROJECT

FOLDER = PROJECT / "tools" / "redis"
MESSAGES = json.loads((FOLDER / "messages.json").read_text())
LANGUAGES = ("py", "js")
VERBS = {"insert": "KEY VALUE", "check": "KEY", "delete": "KEY"}


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tuples", FOLDER / "tuples.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tuples = load()


def run(
    program: str, *arguments: "str | bytes", folder: Path = FOLDER, **settings: Any
) -> "subprocess.CompletedProcess[bytes]":
    """Runs `program`, a file such as `check-tuple-redis.js`. No other settings are in its environment."""
    interpreter = "node" if program.endswith(".js") else sys.executable
    return subprocess.run(
        [interpreter, folder / program, *arguments],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **settings},
        capture_output=True,
        timeout=60,
    )


INFO = "# Server\r\nprocess_id:4711\r\nos:Linux 6"


class Redis(socketserver.ThreadingTCPServer):
    """A Redis with the process id 4711. `answers` maps keys to its answers to GET; `auth` is its answer to AUTH."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answers: dict[str, str], *, auth: str = "+OK") -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.answers, self.auth = answers, auth


class Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(length + 2)[:-2].decode(errors="replace"))
            self.wfile.write(self.answer(words, server).encode() + b"\r\n")

    @staticmethod
    def answer(words: list[str], server: Redis) -> str:
        hello = "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3"
        match [words[0].upper(), *words[1:]]:
            case ["HELLO", *more]:
                return server.auth if "AUTH" in more and server.auth != "+OK" else hello
            case ["AUTH", *_]:
                return server.auth
            case ["INFO", *_]:
                return f"${len(INFO)}\r\n{INFO}"
            case ["TYPE", _]:
                return "+hash"
            case ["GET", key]:
                return server.answers.get(key, "$-1")
            case _:
                return "+OK"


@contextmanager
def serving(answers: dict[str, str] | None = None, *, auth: str = "+OK") -> Iterator[int]:
    """Yields the port of a `Redis` with these answers."""
    with Redis(answers or {}, auth=auth) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def home(folder: Path, **files: Any) -> Path:
    """Writes the files of a laptop cloud into `folder`: text unchanged, everything else as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        file = folder / {"settings": "settings.json", "cache": "cache.pid"}[name]
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


# Finding Redis


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_without_redis_url_the_programs_talk_to_the_cache_of_their_checkout(language: str, tmp_path: Path) -> None:
    """The test copies the programs into another checkout, whose laptop cloud has another port."""
    folder = tmp_path / "tools" / "redis"
    folder.mkdir(parents=True)
    for file in FOLDER.glob("*.*"):
        (folder / file.name).write_bytes(file.read_bytes())
    (tmp_path / "node_modules").symlink_to(PROJECT / "node_modules")
    with serving({"age": "$2\r\n25"}) as port:
        cloud = home(tmp_path / ".local", settings={"redis_port": port}, cache={"pid": 4711, "started": 1.0})

        found = run(f"check-tuple-redis.{language}", "age", folder=folder)

    assert (found.returncode, found.stdout) == (0, b"The TUPLE is there in ElastiCache\n25\n")
    assert found.stderr.decode() == (
        f"talking to redis://127.0.0.1:{port}, the cache of the laptop cloud in {cloud.resolve()}\n"
    )


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_another_redis_on_the_port_of_the_laptop_cloud_is_refused(language: str, tmp_path: Path) -> None:
    """The other Redis may be the cache of another checkout."""
    with serving() as port:
        cloud = home(tmp_path / "cloud", settings={"redis_port": port}, cache={"pid": 12, "started": 1.0})

        found = run(f"check-tuple-redis.{language}", "--home", str(cloud), "age", REDIS_URL="redis://nowhere.invalid")

    assert (found.returncode, found.stdout) == (1, b"")
    problem = found.stderr.decode().splitlines()[1]
    assert problem.startswith(f"error: the Redis at redis://127.0.0.1:{port} is not the cache of the laptop cloud")


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no cache"),
        ({"settings": {"redis_port": 1}}, "not running"),
        ({"settings": "{", "cache": {"pid": 1}}, "damaged"),
        ({"settings": {"redis_port": "6379"}, "cache": {"pid": 1}}, "damaged"),
        ({"settings": {"redis_port": 1}, "cache": "[]"}, "damaged"),
        ({"settings": {"redis_port": 1}, "cache": {"pid": None}}, "damaged"),
    ],
)
def test_a_missing_stopped_or_damaged_laptop_cloud_is_reported(
    language: str, files: dict[str, Any], message: str, tmp_path: Path
) -> None:
    cloud = home(tmp_path / "cloud", **files)

    found = run(f"check-tuple-redis.{language}", f"--home={cloud}", "age")

    beginning = MESSAGES[message].partition("{")[0]
    assert (found.returncode, found.stdout) == (1, b"")
    assert found.stderr.decode().startswith(f"error: {beginning}") and str(cloud) in found.stderr.decode()


GOOD = {
    "redis://h": ("h", 6379, None, None, 0, "redis://h:6379"),
    "rediss://H:7000/": ("h", 7000, None, None, 0, "rediss://h:7000"),
    "redis://:secret@h/2": ("h", 6379, None, "secret", 2, "redis://h:6379/2"),
    "redis://u:p%40%3A%2F%3F%23%25@h:1": ("h", 1, "u", "p@:/?#%", 0, "redis://h:1"),
    "redis://u:p:q@h:065": ("h", 65, "u", "p:q", 0, "redis://h:65"),
    "redis://u:p@q@h": ("h", 6379, "u", "p@q", 0, "redis://h:6379"),
    "redis://u:%C3%BC@[::1]:6470/0": ("::1", 6470, "u", "ü", 0, "redis://[::1]:6470"),
    "REDIS://127.0.0.1:6379": ("127.0.0.1", 6379, None, None, 0, "redis://127.0.0.1:6379"),
}
BAD = {
    "nowhere": "bad scheme",
    "redis:h": "bad scheme",
    "unix:///tmp/redis.sock": "bad scheme",
    "http://h": "bad scheme",
    "//h": "bad scheme",
    "h:6379": "bad scheme",
    "redis://": "bad host",
    "redis://:6379": "bad host",
    "redis://secret@": "bad host",
    "redis://[::1": "bad host",
    "redis://h h": "bad host",
    "redis://:se#cret@h": "bad options",
    "redis://:se?cret@h": "bad options",
    "redis://h?db=2": "bad options",
    "redis://u:se/cret@h:1": "bad port",
    "redis://h:0": "bad port",
    "redis://h:65536": "bad port",
    "redis://h:99999999999999999999": "bad port",
    "redis://h:-1": "bad port",
    "redis://h:six": "bad port",
    "redis://h/x": "bad database",
    "redis://h/1/2": "bad database",
    "redis://h/-1": "bad database",
    "redis://u:secret%@h": "bad escape",
    "redis://u:%ff@h": "bad escape",
    "redis://secret@h": "bad sign-in",
}
ASK_NODE = """
const { named } = require(process.argv[1]);
const tried = JSON.parse(process.argv[2]).map((url) => {
  try {
    const one = named(url);
    return [one.host, one.port, one.user ?? null, one.password ?? null, one.database, one.address];
  } catch (error) { return error.message; }
});
console.log(JSON.stringify(tried));
"""


def test_both_languages_read_redis_url_the_same_way_and_never_print_it() -> None:
    urls = [*GOOD, *BAD]
    expected = [list(value) for value in GOOD.values()]
    expected += [MESSAGES["bad address"].replace("{why}", MESSAGES[why]) for why in BAD.values()]

    def in_python(url: str) -> Any:
        try:
            one = tuples.named(url)
        except tuples.Failure as failure:
            return str(failure)
        return [one.host, one.port, one.user, one.password, one.database, one.address]

    node = subprocess.run(
        ["node", "-e", ASK_NODE, FOLDER / "tuples.js", json.dumps(urls)], capture_output=True, text=True, check=True
    )

    assert dict(zip(urls, map(in_python, urls), strict=True)) == dict(zip(urls, expected, strict=True))
    assert dict(zip(urls, json.loads(node.stdout), strict=True)) == dict(zip(urls, expected, strict=True))
    assert not any("secret" in str(message) for message in expected[len(GOOD) :])


# Errors

REFUSALS = {
    "NOAUTH Authentication required.": "asks for a user name and a password",
    "NOPERM User u has no permissions to run the 'get' command": "sign in as an operator",
    "READONLY You can't write against a read only replica.": "accepts only reads: name the primary",
    "OOM command not allowed when used memory > 'maxmemory'.": "is full",
    "LOADING Redis is loading the dataset in memory": "try again in a moment",
    "MISCONF Redis is configured to save RDB snapshots": "cannot save to its disk",
    "MASTERDOWN Link with MASTER is down": "has lost its primary",
    "MOVED 3999 127.0.0.1:6381": "a node of a cluster",
    "CLUSTERDOWN Hash slot not served": "a node of a cluster",
    "ERR DB index is out of range": "has no such database",
    "ERR max number of clients reached": "too many clients",
    "DENIED Redis is running in protected mode": "protected mode",
    "WRONGTYPE Operation against a key holding the wrong kind of value": "the key holds a hash, not text",
    "ERR something new": "refuses the command: ",
}
GET_IN_NODE = """
const { ask } = require(process.argv[1]);
(async () => {
  const [port, keys] = JSON.parse(process.argv[2]);
  const server = { address: `redis://127.0.0.1:${port}`, host: "127.0.0.1", port, tls: false, database: 0 };
  const said = [];
  for (const key of keys) {
    said.push(await ask(server, [key], (client, key) => client.get(key)).catch((error) => error.message));
  }
  console.log(JSON.stringify(said));
})();
"""


@pytest.mark.long
def test_both_languages_report_a_refusal_of_redis_with_the_same_message() -> None:
    with serving({str(number): f"-{text}" for number, text in enumerate(REFUSALS)}) as port:
        address, keys = f"redis://127.0.0.1:{port}", [str(number) for number in range(len(REFUSALS))]
        node = subprocess.run(
            ["node", "-e", GET_IN_NODE, FOLDER / "tuples.js", json.dumps([port, keys])],
            capture_output=True,
            text=True,
            check=True,
        )
        server, in_python = tuples.Server(address=address, host="127.0.0.1", port=port), []
        for key in keys:
            with pytest.raises(tuples.Failure) as failure:
                tuples.ask(server, [key], lambda client, key: client.get(key))
            in_python.append(str(failure.value))

    assert json.loads(node.stdout) == in_python
    for text, said, expected in zip(REFUSALS, in_python, REFUSALS.values(), strict=True):
        assert expected in said, text
        assert address in said or "Redis at" not in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("-WRONGPASS invalid username-password pair or user is disabled.", "refuses the user name or the password"),
        ("-ERR AUTH <password> called without any password configured for the default user", "has no password"),
    ],
)
def test_a_refused_password_is_reported_but_not_printed(language: str, answer: str, said: str) -> None:
    with serving(auth=answer) as port:
        found = run(f"check-tuple-redis.{language}", "age", REDIS_URL=f"redis://u:secret@127.0.0.1:{port}")

    assert (found.returncode, found.stdout) == (1, b"")
    assert said in found.stderr.decode() and "secret" not in found.stderr.decode()


@contextmanager
def speaking(words: bytes) -> Iterator[int]:
    """Yields the port of a server that answers `words` to everything, and closes the connection."""

    class Speaks(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.request.recv(1000)
            self.wfile.write(words)

    with socketserver.TCPServer(("127.0.0.1", 0), Speaks) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("scheme", "words", "message"),
    [
        ("redis", b"HTTP/1.1 400 Bad Request\r\n\r\n", "is not Redis"),
        ("redis", b"", "Redis closed the connection. If it accepts only TLS"),
        ("rediss", b"-ERR unknown command\r\n", "TLS failed."),
    ],
)
def test_a_server_of_another_kind_is_reported(language: str, scheme: str, words: bytes, message: str) -> None:
    with speaking(words) as port:
        found = run(f"check-tuple-redis.{language}", "age", REDIS_URL=f"{scheme}://127.0.0.1:{port}")

    assert (found.returncode, found.stdout) == (1, b"")
    [_, said] = found.stderr.decode().splitlines()
    assert message in said and f"{scheme}://127.0.0.1:{port}" in said


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("host", "why"), [("127.0.0.1", "refused"), ("[::1]", "refused"), ("no-such-host.invalid", "unknown host")]
)
def test_a_missing_server_is_reported(language: str, host: str, why: str) -> None:
    url = f"redis://{host}:{free_port()}"

    found = run(f"check-tuple-redis.{language}", "age", REDIS_URL=url)

    assert (found.returncode, found.stdout) == (1, b"")
    assert found.stderr.decode().splitlines()[1] == f"error: no answer from Redis at {url}: {MESSAGES[why]}"


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_library_is_named(language: str, tmp_path: Path) -> None:
    for file in FOLDER.glob("*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if language == "py":
        # -S leaves out the packages of the environment.
        done = subprocess.run(
            [sys.executable, "-S", tmp_path / "check-tuple-redis.py", "age"],
            env={"PATH": os.environ["PATH"], "REDIS_URL": "redis://h"},
            capture_output=True,
        )
    else:
        done = run("check-tuple-redis.js", "age", folder=tmp_path, REDIS_URL="redis://h")

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines()[1].startswith("error: the package redis is missing: ")


# Usage


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("verb", "names"), VERBS.items())
def test_the_help_begins_with_the_usage(language: str, verb: str, names: str) -> None:
    shown = run(f"{verb}-tuple-redis.{language}", "--help")

    assert (shown.returncode, shown.stderr) == (0, b"")
    assert shown.stdout.decode().startswith(f"usage: {verb}-tuple-redis.{language} [--home FOLDER] {names}\n")
    assert "exit status: 0 done; 1" in shown.stdout.decode()


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["age", "25", "26"], ""),
        (["--home", "age"], ""),
        (["--home", "", "age"], MESSAGES["no home"]),
        (["--home="], MESSAGES["no home"]),
        ([b"\xff"], MESSAGES["no text"]),
        (["--", b"caf\xe9"], MESSAGES["no text"]),
    ],
)
def test_wrong_usage_is_status_2(language: str, arguments: list[Any], problem: str) -> None:
    done = run(f"check-tuple-redis.{language}", *arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    usage = f"usage: check-tuple-redis.{language} [--home FOLDER] KEY"
    assert done.stderr.decode().splitlines() == [usage, *filter(None, [problem])]


@pytest.mark.long
@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["", "", ""], ["a", "b", " "]])
def test_wrong_usage_of_redis_url_is_status_2(arguments: list[str]) -> None:
    done = run("redis-url.py", *arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith("error: ")


@pytest.mark.long
@pytest.mark.parametrize("region", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_redis_url_prints_an_address_with_a_password_that_is_valid_for_15_minutes(region: str) -> None:
    keys: dict[str, Any] = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", region: "us-east-1"}

    done = run("redis-url.py", "cache.example:6379", "name", "operator", **keys)

    assert (done.returncode, done.stderr) == (0, b"")
    server = tuples.named(done.stdout.decode().strip())
    assert server[:5] == ("rediss://cache.example:6379", "cache.example", 6379, True, "operator")
    assert "Expires=900" in server.password


@pytest.mark.long
def test_redis_url_has_a_help_and_reports_missing_credentials() -> None:
    where: dict[str, Any] = {"AWS_REGION": "us-east-1", "HOME": "/nonexistent"}

    helped = run("redis-url.py", "--help")
    nameless = run("redis-url.py", "cache.example:6379", "name", "operator", **where)

    assert (helped.returncode, helped.stderr) == (0, b"")
    assert (nameless.returncode, nameless.stdout) == (1, b"")
    assert nameless.stderr.decode().startswith("error: no AWS credentials were found")


# Bytes and encodings


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_character_that_the_terminals_encoding_lacks_is_accepted_and_printed(language: str) -> None:
    odd: dict[str, Any] = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    with serving({"binary": "$3\r\n\xff", "letter": "$2\r\nü", "ü": "$1\r\n1"}) as port:
        url = f"redis://127.0.0.1:{port}"
        letter = run(f"check-tuple-redis.{language}", "letter", REDIS_URL=url, **odd)
        key = run(f"check-tuple-redis.{language}", "ü", REDIS_URL=url, **odd)

    assert letter.returncode == key.returncode == 0
    assert letter.stdout.splitlines()[1] in ("ü".encode(), rb"\xfc")
    assert key.stdout.splitlines()[1] == b"1"


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_reported_but_a_reader_that_stops_is_not(language: str) -> None:
    interpreter = "node" if language == "js" else sys.executable
    command = [interpreter, str(FOLDER / f"check-tuple-redis.{language}"), "--help"]
    reading, writing = os.pipe()
    os.close(reading)
    with open("/dev/full", "w") as full, os.fdopen(writing, "w") as pipe:
        to_full, to_nobody = (
            subprocess.run(command, stdout=where, stderr=subprocess.PIPE, text=True) for where in (full, pipe)
        )

    assert (to_full.returncode, to_full.stderr) == (1, "error: standard output: no space left on device\n")
    assert (to_nobody.returncode, to_nobody.stderr) == (1, "")
