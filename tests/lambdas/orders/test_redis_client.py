"""How functions sign in to the cache, and how long they keep a connection."""

import gc
import ssl
from unittest.mock import Mock
from urllib.parse import parse_qs, urlsplit

import pytest

from orders import redis_client
from orders.redis_connection import RefusalError

URL = "rediss://prod-cache-orders@primary.example.com:6379"


@pytest.fixture
def signed_in(monkeypatch):
    """A client that a function on AWS would make."""
    monkeypatch.setenv("REDIS_NAME", "prod-redis")
    return redis_client.Client(URL, 0.25)


def test_the_sign_in_token_is_a_presigned_request_without_its_scheme(signed_in):
    user, token = signed_in.credentials.get_credentials()

    url = urlsplit(f"//{token}")
    query = parse_qs(url.query)
    assert user == "prod-cache-orders"
    assert (url.hostname, url.path) == ("prod-redis", "/")
    assert (query["Action"], query["User"], query["X-Amz-Expires"]) == (["connect"], ["prod-cache-orders"], ["900"])
    assert "/us-east-1/elasticache/aws4_request" in query["X-Amz-Credential"][0]
    assert len(query["X-Amz-Signature"][0]) == 64


def test_a_user_can_sign_in_again_later(signed_in):
    gc.collect()

    assert signed_in.credentials.get_credentials()[0] == "prod-cache-orders"


def test_a_user_in_the_address_signs_in_over_tls(signed_in):
    assert signed_in.tls.verify_mode == ssl.CERT_REQUIRED
    assert signed_in.tls.check_hostname
    assert isinstance(signed_in.credentials, redis_client.IamCredentials)


def test_a_connection_signs_in_as_the_user_of_its_client(signed_in, monkeypatch):
    connection = Mock()
    connection.return_value.ask.return_value = []
    monkeypatch.setattr(redis_client, "Connection", connection)

    signed_in.ask(("PING",))

    assert connection.call_args.kwargs["sign_in"]()[0] == "prod-cache-orders"


def test_an_address_without_a_user_needs_no_sign_in(valkey):
    client = redis_client.Client(valkey, 2.0)

    assert (client.tls, client.credentials) == (None, None)


def test_one_client_serves_every_call(valkey):
    assert redis_client.client(valkey, 2.0) is redis_client.client(valkey, 2.0)


@pytest.fixture
def client(redis_cache, valkey):
    one = redis_client.Client(valkey, 5)
    yield one
    one.close()


def connections_of(operator) -> int:
    return operator.info("stats")["total_connections_received"]


def test_calls_share_a_connection(client, redis_cache):
    before = connections_of(redis_cache)

    for _ in range(3):
        client.ask(("GET", "order:1"))

    assert connections_of(redis_cache) == before + 1


def test_a_connection_that_the_server_has_closed_is_replaced(client, redis_cache):
    client.ask(("GET", "order:1"))
    redis_cache.client_kill_filter(skipme=True)

    assert client.ask(("GET", "order:1")) == [None]


def test_a_client_that_met_a_replica_makes_a_new_connection(client, redis_cache):
    """The name of the primary leads to another server by then."""
    client.ask(("GET", "order:1"))
    redis_cache.replicaof("127.0.0.1", "1")
    before = connections_of(redis_cache)

    (answer,) = client.ask(("SET", "order:1", ""))
    assert isinstance(answer, RefusalError)
    assert (answer.code, connections_of(redis_cache)) == ("READONLY", before)
    client.ask(("GET", "order:1"))

    assert connections_of(redis_cache) == before + 1


def test_a_refused_command_keeps_the_connection(client, redis_cache):
    redis_cache.lpush("order:1", "x")
    client.ask(("GET", "order:2"))
    before = connections_of(redis_cache)

    client.ask(("GET", "order:1"))
    client.ask(("GET", "order:2"))

    assert connections_of(redis_cache) == before


def test_a_call_asks_the_cache_of_the_environment(redis_cache):
    redis_cache.set("order:1", "x")

    assert redis_client.talk(("GET", "order:1"), seconds=5) == [b"x"]
