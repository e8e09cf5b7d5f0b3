"""The client of the cache, against a real server, and against scripted ones for sign-in and broken answers."""

import socketserver
import ssl

import pytest

from orders import redis_client
from orders.redis_connection import Connection, RefusalError, UnableError, cause
from tests.support import caches


@pytest.fixture
def connection(redis_cache, valkey):
    one = Connection(valkey, seconds=5)
    yield one
    one.close()


class Scripted(socketserver.StreamRequestHandler):
    """Answers each command with the server's next answer, and records the commands as lists of words."""

    def handle(self):
        while count := self.rfile.readline()[1:]:
            words = []
            for _ in range(int(count)):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2].decode())
            self.server.asked.append(words)
            self.wfile.write(self.server.answers.pop(0))


@pytest.fixture
def scripted():
    with caches.fake_server(Scripted) as server:
        server.asked, server.answers = [], []
        yield server


def test_commands_are_answered_in_their_order(connection):
    answers = connection.ask(("SET", "order:1", "é\r\n", "PX", 60_000), ("GET", "order:1"), ("GET", "order:2"))

    assert answers == [b"OK", "é\r\n".encode(), None]


@pytest.mark.parametrize("value", ["", "x" * 1_000_000], ids=["empty", "long"])
def test_a_value_of_any_length_is_read_whole(value, connection):
    connection.ask(("SET", "order:1", value))

    assert connection.ask(("GET", "order:1")) == [value.encode()]


def test_a_refused_command_does_not_keep_the_others_from_their_answers(connection, redis_cache):
    redis_cache.lpush("order:1", "x")

    refused, answered = connection.ask(("GET", "order:1"), ("SET", "order:2", ""))

    assert isinstance(refused, RefusalError)
    assert (refused.code, answered) == ("WRONGTYPE", b"OK")


def test_a_refusal_says_only_its_code_because_the_rest_may_quote_the_command():
    refusals = ["OOM command not allowed: order:1", "NOPERM", "4242424242424242 is unknown", "no order ADA", ""]

    assert [cause(RefusalError(text)) for text in refusals] == ["OOM", "NOPERM", "ERR", "ERR", "ERR"]
    assert cause(RefusalError("X" * 40)) == "X" * 32


def test_any_other_error_says_only_its_class():
    assert cause(TimeoutError("order:1")) == "TimeoutError"


@pytest.mark.parametrize("answer", ["LOADING Redis is loading", "MASTERDOWN Link with MASTER is down"])
def test_a_server_that_refuses_every_command_is_unable(answer, scripted):
    scripted.answers = [f"-{answer}\r\n".encode()]
    connection = Connection(caches.url_of(scripted), seconds=5)

    with pytest.raises(UnableError, match=f"^{answer.split()[0]}$"):
        connection.ask(("GET", "order:1"))
    connection.close()


def test_a_user_signs_in_before_the_first_command(scripted):
    scripted.answers = [b"+OK\r\n", b"$-1\r\n"]
    connection = Connection(caches.url_of(scripted), seconds=5, sign_in=lambda: ("reader", "token"))

    assert connection.ask(("GET", "order:1")) == [None]
    connection.close()

    assert scripted.asked == [["AUTH", "reader", "token"], ["GET", "order:1"]]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"-WRONGPASS invalid username-password pair for reader\r\n", "WRONGPASS"),
        (b"-ERR Client sent AUTH, but no password is set\r\n", "ERR"),
    ],
)
def test_a_refused_sign_in_is_named_without_its_text(answer, code, scripted):
    scripted.answers = [answer]

    with pytest.raises(UnableError) as raised:
        Connection(caches.url_of(scripted), seconds=5, sign_in=lambda: ("reader", "token"))
    assert cause(raised.value) == code


def test_a_server_without_tls_is_refused_if_the_address_asks_for_tls(valkey):
    tls = ssl.create_default_context()

    with pytest.raises(OSError):  # noqa: PT011 - each version of OpenSSL words it differently
        Connection(valkey, seconds=5, tls=tls)


@pytest.mark.parametrize(
    "answer",
    [
        b"$4000001\r\n",
        b"+" + b"x" * 5000 + b"\r\n",
        b"$x\r\n",
        b"$-2\r\n",
        b"$1234567890\r\n",
        b"$ 1\r\nx\r\n",
        b"$3\r\nabcde",
        b"$3\r\nabcd\r\n",
        b":3\r\n",
        b"*1\r\n",
        b"+OK\n",
    ],
    ids=lambda answer: ascii(answer[:12]),
)
def test_an_answer_that_is_too_long_or_breaks_the_protocol_is_not_read(answer, scripted):
    scripted.answers = [answer]
    connection = Connection(caches.url_of(scripted), seconds=5)

    with pytest.raises(UnableError):
        connection.ask(("GET", "order:1"))
    connection.close()


def test_the_longest_value_is_read(scripted):
    value = b"x" * 4_000_000
    scripted.answers = [b"$%d\r\n%s\r\n" % (len(value), value)]
    connection = Connection(caches.url_of(scripted), seconds=5)

    assert connection.ask(("GET", "order:1")) == [value]
    connection.close()


def test_an_address_without_a_port_means_the_port_of_redis(monkeypatch):
    asked = []

    def refuse(address, *, timeout):
        asked.append((address, timeout))
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", refuse)
    with pytest.raises(ConnectionRefusedError):
        Connection("redis://cache.example.com", seconds=5)

    assert asked == [(("cache.example.com", 6379), 5)]


def test_an_address_without_a_host_is_refused():
    with pytest.raises(ValueError, match="names no host"):
        Connection("redis://", seconds=5)


def test_a_connection_is_closed_after_an_error(scripted):
    scripted.answers = [b"?\r\n", b"$-1\r\n"]
    client = redis_client.Client(caches.url_of(scripted), 5)

    with pytest.raises(UnableError):
        client.ask(("GET", "order:1"))
    assert client.ask(("GET", "order:1")) == [None]
    client.close()
