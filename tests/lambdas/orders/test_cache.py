import json
import ssl
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
from redis.backoff import NoBackoff

from orders import cache

URL = "rediss://prod-cache-orders@primary.example.com:6379"


@pytest.fixture
def signed_in(monkeypatch):
    """A client as a function in the cloud makes it."""
    monkeypatch.setenv("REDIS_NAME", "prod-redis")
    cache.client.cache_clear()
    return cache.client(URL)


def connection(client: redis.Redis):
    return client.connection_pool.connection_kwargs


def test_the_sign_in_token_is_a_presigned_request_without_its_scheme(signed_in):
    user, token = connection(signed_in)["credential_provider"].get_credentials()

    url = urlsplit(f"//{token}")
    query = parse_qs(url.query)
    assert user == "prod-cache-orders"
    assert (url.hostname, url.path) == ("prod-redis", "/")
    assert (query["Action"], query["User"], query["X-Amz-Expires"]) == (["connect"], ["prod-cache-orders"], ["900"])
    assert "/us-east-1/elasticache/aws4_request" in query["X-Amz-Credential"][0]
    assert len(query["X-Amz-Signature"][0]) == 64


def test_a_user_in_the_address_signs_in_over_tls(signed_in):
    assert signed_in.connection_pool.connection_class is redis.SSLConnection
    assert connection(signed_in)["host"] == "primary.example.com"
    assert signed_in.connection_pool.make_connection().cert_reqs == ssl.CERT_REQUIRED
    assert isinstance(connection(signed_in)["credential_provider"], cache.IamCredentials)


def test_an_address_without_a_user_is_used_as_it_is(valkey):
    client = cache.client(valkey)

    assert client.connection_pool.connection_class is redis.Connection
    assert connection(client)["credential_provider"] is None


def test_a_hung_server_is_waited_for_once_and_briefly(valkey):
    settings = connection(cache.client(valkey))

    assert settings["socket_timeout"] <= 0.25
    assert settings["socket_connect_timeout"] <= 0.25
    assert settings["retry"].get_retries() == 0
    assert isinstance(settings["retry"]._backoff, NoBackoff)


def test_one_client_serves_every_call(valkey):
    assert cache.client(valkey) is cache.client(valkey)


@pytest.mark.parametrize("order_id", ["A-1", "a b", "*", "é", "4111111111111111", "a\r\nFLUSHALL\r\n"])
def test_what_is_put_is_what_is_got(order_id, redis_cache):
    order = {"OrderId": order_id, "Name": "李雷 \U0001f408", "Reasons": ["CARD_NOT_16_DIGITS"]}

    cache.put(order_id, order)

    assert cache.get(order_id) == (order, "HIT")
    assert redis_cache.keys() == [f"order:{order_id}".encode()]


def test_one_order_is_not_another(redis_cache):
    redis_cache.set("order:A-1", json.dumps({"OrderId": "A-1"}))

    assert cache.get("A-2") == (None, "MISS")
