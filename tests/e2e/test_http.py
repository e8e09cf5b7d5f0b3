"""Compares the APIs' answers with docs/openapi: the status, the headers and the body's schema."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urljoin

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from local.engine import send
from tests.support.cloud.apps import Apps
from tests.support.cloud.contract import MAX_BODY_BYTES, REMINDER, Api
from tests.support.cloud.faults import denied, throttled
from tests.support.names import unique

CARD = "4242424242424242"
INVALID_TOKENS = (
    "",
    "Bearer",
    CARD,
    f"Bearer {CARD}",
    f"AWS4-HMAC-SHA256 Credential={CARD}, SignedHeaders=host, Signature=0",
    # {"alg": "none"} and {"sub": "x", "token_use": "id"}, without a signature.
    "eyJhbGciOiAibm9uZSJ9.eyJzdWIiOiAieCIsICJ0b2tlbl91c2UiOiAiaWQifQ.",
)
Order: TypeAlias = dict[str, Any]
Case: TypeAlias = tuple[Callable[[Order], Any], int]


@pytest.fixture(scope="module")
def orders(apps: Apps) -> Api:
    return Api(apps, url=apps.places.orders_api, document="orders.json")


@pytest.fixture(scope="module")
def reminders(apps: Apps) -> Api:
    return Api(apps, url=apps.places.reminders_api, document="reminders.json")


def without(field: str) -> Callable[[Order], Order]:
    return lambda order: {name: value for name, value in order.items() if name != field}


def with_(**fields: Any) -> Callable[[Order], Order]:
    return lambda order: {**order, **fields}


REFUSED: dict[str, Case] = {
    "not JSON": (lambda order: "{", 400),
    "nothing": (lambda order: "", 400),
    "a missing field": (without("Price"), 400),
    "an unknown field": (with_(CVV="123"), 400),
    "a mistyped field": (with_(Name=7), 400),
    "an oversized field": (with_(Name="x" * 201), 400),
    "a field twice": (lambda order: json.dumps(order)[:-1] + ', "Price": "1"}', 400),
    "one byte too many": (lambda order: json.dumps(order).ljust(MAX_BODY_BYTES + 1), 413),
    "ten megabytes": (lambda order: json.dumps(order).ljust(10_000_000), 413),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_body_is_refused_and_leaves_no_trace(apps: Apps, orders: Api, order: Order, case: str) -> None:
    make, expected = REFUSED[case]

    status, _, _ = orders.call("POST", "/orders", body=make(order))

    assert status == expected
    assert apps.row(order["OrderId"]) is None


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_a_body_that_is_not_declared_as_json_is_refused(
    apps: Apps, orders: Api, order: Order, content_type: str
) -> None:
    status, _, _ = orders.call("POST", "/orders", body=order, content_type=content_type)

    assert status == 415
    assert apps.row(order["OrderId"]) is None


def test_a_body_of_the_maximum_length_is_accepted(apps: Apps, orders: Api, order: Order) -> None:
    status, _, response = orders.call("POST", "/orders", body=json.dumps(order).ljust(MAX_BODY_BYTES))

    assert status == 202


BROKEN: dict[str, tuple[Callable[[Order], bytes], str, int]] = {
    "Latin-1": (lambda order: json.dumps(order, ensure_ascii=False).encode("latin-1"), "application/json", 400),
    "Latin-1 that says so": (
        lambda order: json.dumps(order, ensure_ascii=False).encode("latin-1"),
        "application/json; charset=iso-8859-1",
        415,
    ),
    "UTF-16": (lambda order: json.dumps(order).encode("utf-16"), "application/json", 400),
    "a byte order mark": (lambda order: json.dumps(order).encode("utf-8-sig"), "application/json", 400),
    "nested too deeply": (lambda order: b'{"Name": ' + b"[" * 8000, "application/json", 400),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_body_that_is_not_utf_8_json_is_refused_and_leaves_no_trace(
    apps: Apps, orders: Api, order: Order, case: str
) -> None:
    make, content_type, expected = BROKEN[case]
    name = {**order, "Name": "Zoë"}

    status, body, _ = orders.call("POST", "/orders", body=make(name), content_type=content_type)

    assert (status, body["error"]["code"]) == (expected, "InvalidJson" if expected == 400 else "UnsupportedMediaType")
    assert apps.row(order["OrderId"]) is None


def test_every_location_header_leads_to_what_was_created(apps: Apps, orders: Api, reminders: Api, order: Order) -> None:
    for api, path in ((orders, "/orders"), (reminders, "/reminders")):
        for slash in ("", "/"):
            reminder = {"message": unique("Feed the cat, "), "preference": "topic", "waitSeconds": 31_000_000.0}
            sent = {**order, "OrderId": f"{order['OrderId']}{len(slash)}"} if api is orders else reminder
            url = f"{api.url}{path}{slash}"

            created = send("POST", url, body=sent, token=apps.token)
            found = send("GET", urljoin(url, created.headers["Location"]), token=apps.token)

            assert (created.status_code, found.status_code) == (202, 200), url


UNKNOWN_ROUTES = [
    *(("GET", one) for one in ("", "/", "/nothing", f"/{CARD}", "/Orders", "/orders/a/b", "/orders/a%2Fb")),
    *((method, "/orders") for method in ("HEAD", "PUT", "PATCH", "DELETE", "TRACE", "PURGE")),
    *((method, "/reminders") for method in ("HEAD", "PUT", "PATCH", "DELETE")),
    *(("PATCH", "/orders/x"), ("PUT", "/reminders/x"), ("POST", "/parked"), ("OPTIONS", "/nothing")),
]


@pytest.mark.parametrize("signed_in", [True, False])
def test_an_unknown_path_or_method_gives_404_in_the_apis_form(
    apps: Apps, orders: Api, reminders: Api, signed_in: bool
) -> None:
    for api in (orders, reminders):
        for method, path in UNKNOWN_ROUTES:
            if (api is reminders) != path.startswith("/reminders") and path.startswith(("/orders", "/reminders")):
                continue
            response = send(method, api.url + path, token=apps.token if signed_in else "")

            assert response.status_code == 404, (method, path)
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert CARD not in response.text
            if method != "HEAD":
                assert json.loads(response.text)["error"]["code"] == "NotFound"


def test_answers_to_a_repeated_order_keep_the_contract(apps: Apps, orders: Api, order: Order) -> None:
    first = orders.call("POST", "/orders", body=order)
    apps.settled(order["OrderId"])
    again = orders.call("POST", "/orders", body=order)
    other = orders.call("POST", "/orders", body={**order, "Price": "13"})

    assert (first[0], again[0], other[0]) == (202, 200, 409)


def test_lookups_keep_the_contract(apps: Apps, orders: Api, order: Order) -> None:
    orders.call("POST", "/orders", body=order)
    apps.settled(order["OrderId"])

    assert orders.call("GET", "/orders/{OrderId}", OrderId=order["OrderId"])[0] == 200
    assert orders.call("GET", "/orders/{OrderId}", OrderId="nobody-sent-this")[0] == 404


def test_throttled_requests_get_429_with_retry_after(apps: Apps, orders: Api, order: Order) -> None:
    with throttled(apps, orders.url):
        status, body, response = orders.call("POST", "/orders", body=order)
        lookup, _, _ = orders.call("GET", "/orders/{OrderId}", OrderId=order["OrderId"])

    assert (status, lookup) == (429, 429)
    assert body["error"]["code"] == "Throttled"
    assert response.headers["Retry-After"] == "1"
    assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]
    assert apps.row(order["OrderId"]) is None
    assert orders.call("POST", "/orders", body=order)[0] == 202


@pytest.mark.parametrize("action", ["dynamodb:PutItem", "states:StartExecution"])
def test_an_order_refused_by_a_failing_service_can_be_sent_again(
    apps: Apps, orders: Api, order: Order, action: str
) -> None:
    with denied(apps, "PlaceOrder", action):
        status, body, response = orders.call("POST", "/orders", body=order)

    assert (status, body["error"]["code"], response.headers["Retry-After"]) == (503, "Unavailable", "1")
    assert apps.row(order["OrderId"]) is None
    assert orders.call("POST", "/orders", body=order)[0] == 202


def test_a_lookup_without_the_table_gives_503_with_retry_after(apps: Apps, orders: Api, order: Order) -> None:
    with denied(apps, "GetOrder", "dynamodb:GetItem"):
        status, body, response = orders.call("GET", "/orders/{OrderId}", OrderId=order["OrderId"])

    assert (status, body["error"]["code"], response.headers["Retry-After"]) == (503, "Unavailable", "1")


def test_an_invalid_token_gives_401_without_an_echo(orders: Api, reminders: Api) -> None:
    for token in INVALID_TOKENS:
        for api, template in ((orders, "/orders/{Id}"), (reminders, "/reminders/{Id}")):
            template = template.replace("{Id}", "{OrderId}" if api is orders else "{reminderId}")
            status, body, response = api.call("GET", template, token=token, OrderId=CARD, reminderId=CARD)

            assert (status, body["error"]["code"]) == (401, "NotSignedIn"), token
            assert CARD not in response.text


def test_a_preflight_request_needs_no_token(orders: Api) -> None:
    headers = {"Origin": "https://anywhere.example.com", "Access-Control-Request-Method": "POST"}

    response = URLLib3Session().send(AWSRequest("OPTIONS", f"{orders.url}/orders", headers=headers).prepare())

    assert (response.status_code, response.text) == (204, "")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert {"Authorization", "Content-Type"} <= set(response.headers["Access-Control-Allow-Headers"].split(","))


REMINDER_CALLS: dict[str, tuple[dict[str, Any], int]] = {
    "a reminder": ({"body": REMINDER}, 202),
    "an unknown field": ({"body": {**REMINDER, "cc": CARD}}, 400),
    "a negative wait": ({"body": {**REMINDER, "waitSeconds": -1}}, 400),
    "not declared as JSON": ({"body": REMINDER, "content_type": "text/plain"}, 415),
    "not signed in": ({"body": REMINDER, "token": ""}, 401),
}


@pytest.mark.parametrize("case", REMINDER_CALLS)
def test_the_answers_about_reminders_keep_the_contract(reminders: Api, case: str) -> None:
    call, expected = REMINDER_CALLS[case]
    # The balance after another test counts deliveries by their words.
    body = {**call["body"], "message": unique("Feed the cat, ")}

    status, _, response = reminders.call("POST", "/reminders", **call | {"body": body})

    assert status == expected
    assert CARD not in response.text
