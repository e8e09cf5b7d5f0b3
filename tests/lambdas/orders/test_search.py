"""`GET /orders?owner=me` with filters."""

import itertools
from typing import Any

import pytest

from common import codes
from orders import list_orders, search_query, table
from orders.order import OWN_SHARDS, STATUSES, own_part
from orders.search import Search, folded
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import OPERATOR, PERSON, refused_field, signed_in, status_and_body
from tests.support.handlers.order_rows import ROW

ANOTHER = "6f1c2d3e-0000-4000-8000-00000000000c"
CARD = "4242424242424242"


def call(by: Any = PERSON, **query: str) -> Any:
    query = {name.rstrip("_"): value for name, value in query.items()}
    return list_orders.handler(signed_in({"queryStringParameters": query or None}, **by), None)


def listed(**query: str) -> tuple[list[str], str | None]:
    """The ids on a page, and the `next` of the following page."""
    status, body = status_and_body(call(**query))
    assert status == 200, body
    return [order["OrderId"] for order in body["orders"]], body["next"]


def pages(**query: str) -> list[list[str]]:
    found, following = listed(**query)
    all_pages = [found]
    while following:
        found, following = listed(**query, next=following)
        all_pages.append(found)
    return all_pages


@pytest.fixture
def stored(order_table: Any) -> None:
    """Four orders of PERSON on four days, and one of somebody else."""
    rows = [
        {"OrderId": "A-1", "Name": "Zoë", "ItemName": "Desk lamp", "ReceivedAt": "2026-11-01T00:00:00.000Z"},
        {"OrderId": "A-2", "Name": "Ada", "ItemName": "LAMP shade", "Status": "ESCALATED"},
        {"OrderId": "lamp-3", "Name": "Jo", "ItemName": "Chair", "ReceivedAt": "2026-11-03T23:59:59.999Z"},
        {"OrderId": "A-4", "Name": "Jo", "ItemName": "Straße", "Status": "CLOSED"},
        {"OrderId": "theirs", "Name": "Jo", "ItemName": "lamp", "Owner": ANOTHER},
    ]
    for day, changes in enumerate(rows, 1):
        row = ROW | {"ReceivedAt": f"2026-11-{day:02}T12:00:00.000Z"} | changes
        order_table.put_item(Item=row | {"OwnPart": own_part(row["Owner"], day % OWN_SHARDS)})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["A-4", "lamp-3", "A-2", "A-1"]),
        ({"status": "ESCALATED"}, ["A-2"]),
        ({"status": "FULFILLMENT_QUEUED"}, ["lamp-3", "A-1"]),
        ({"status": "RECEIVED"}, []),
        ({"text": "lamp"}, ["lamp-3", "A-2", "A-1"]),
        ({"text": "a-1"}, ["A-1"]),
        # An accent of its own, after the letter.
        ({"text": "ZOE\u0308"}, ["A-1"]),
        ({"text": "STRASSE"}, ["A-4"]),
        ({"text": "lamp", "status": "ESCALATED"}, ["A-2"]),
        ({"from_": "2026-11-02"}, ["A-4", "lamp-3", "A-2"]),
        ({"to": "2026-11-03"}, ["lamp-3", "A-2", "A-1"]),
        ({"from_": "2026-11-01", "to": "2026-11-01"}, ["A-1"]),
        ({"from_": "2026-11-02T12:00Z", "to": "2026-11-03T12:00:00Z"}, ["A-2"]),
        ({"from_": "2026-11-02T12:00:00.001Z", "to": "2026-11-03T23:59:59.999Z"}, ["lamp-3"]),
        ({"from_": "2026-11-02", "to": "2026-11-03", "text": "lamp", "status": "FULFILLMENT_QUEUED"}, ["lamp-3"]),
        ({"from_": "0001-01-01", "to": "9999-12-31"}, ["A-4", "lamp-3", "A-2", "A-1"]),
    ],
    ids=str,
)
def test_the_own_orders_that_fit_every_filter_are_listed(query, found, stored):
    assert listed(owner="me", **query) == (found, None)
    assert list(itertools.chain(*pages(owner="me", limit="1", **query))) == found


def test_the_filters_without_a_status_need_no_owner(stored):
    assert listed(text="chair", from_="2026-11-01") == (["lamp-3"], None)


def test_an_operator_searches_only_their_own_orders_with_owner_me(stored):
    assert status_and_body(call(OPERATOR, owner="me", status="ESCALATED"))[1]["orders"] == []


@pytest.fixture
def many(order_table: Any) -> list[str]:
    """40 orders, two in each minute, every third is escalated. Returns the ids of the escalated ones, newest first."""
    with order_table.batch_writer() as writer:
        for number in range(40):
            row = ROW | {
                "OrderId": f"A-{number:02}",
                "OwnPart": own_part(PERSON["sub"], number % OWN_SHARDS),
                "ReceivedAt": f"2026-11-21T04:{number // 2:02}:00.000Z",
                "Status": "CLOSED" if number % 3 else "ESCALATED",
            }
            writer.put_item(Item=row)
    return [f"A-{number:02}" for number in range(39, -1, -1) if not number % 3]


@pytest.mark.parametrize(("limit", "batch", "most"), [(2, 1, 3), (5, 4, 9), (14, 4, 9), (40, 4, 9), (4, 100, 500)])
def test_the_pages_of_a_search_have_every_order_once_and_in_order(limit, batch, most, many, monkeypatch):
    monkeypatch.setattr(table, "BATCH", batch)
    monkeypatch.setattr(table, "MOST_SEARCHED", most)

    found = pages(owner="me", status="ESCALATED", limit=str(limit))

    assert list(itertools.chain(*found)) == many
    assert max(map(len, found)) <= limit


def test_a_search_reads_a_limited_number_of_rows_for_each_page(many, monkeypatch):
    read: list[int] = []
    find_all = table.find_all
    monkeypatch.setattr(table, "MOST_SEARCHED", 10)
    monkeypatch.setattr(table, "find_all", lambda ids: (read.append(len(ids := list(ids))), find_all(ids))[1])

    assert pages(owner="me", text="nothing has this") == [[]] * 4
    assert read == [10] * 4


def test_a_next_of_another_search_names_only_a_time(stored):
    """A `next` names the time of an order. So with other filters the list goes on from that time, or is empty."""
    _, following = listed(owner="me", limit="1", text="lamp")

    assert listed(owner="me", next=following) == (["A-2", "A-1"], None)
    assert listed(owner="me", next=following, from_="2026-11-04") == ([], None)
    assert listed(owner="me", next=following, to="2026-11-02") == (["A-2", "A-1"], None)
    assert listed(owner="me", next=following, to="2026-11-01", status="ESCALATED") == ([], None)


def test_a_next_that_is_before_the_period_ends_the_list(stored, monkeypatch):
    """DynamoDB rejects a query whose first time is after its last."""
    _, following = listed(owner="me", limit="1")
    monkeypatch.setattr(client_of(table, "dynamodb"), "_make_api_call", None)

    assert listed(owner="me", next=following, from_="2026-11-20") == ([], None)


def refused(reply: Any) -> tuple[str, str]:
    """The field and the code of the detail of a 400."""
    field = refused_field(reply)
    return field, status_and_body(reply)[1]["error"]["details"][0]["code"]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        *[("owner", value, "UnknownValue") for value in ("", "ME", "all", PERSON["sub"])],
        *[("status", value, "UnknownValue") for value in ("", "escalated", "ESCALATED ", CARD)],
        ("text", "", "Empty"),
        ("text", " \u200b", "NothingVisible"),
        ("text", "x" * 201, "TooLong"),
        *[("text", value, "NotOneLine") for value in ("a\nb", "\x00", "a\x7f", "\u2028", "a\ufdd0")],
        ("text", "Zo\ufffd", "BrokenCharacters"),
        ("text", "4242 4242 4242 4242", "LooksLikeCard"),
        ("text", CARD, "LooksLikeCard"),
        *[
            (name, value, "NotATime")
            for name in ("from", "to")
            for value in (
                *("", "now", "2026", "2026-11", "26-11-01", "2026-11-1", "2026/11/01", "2026-11-01 ", "2026-11-01\n"),
                *("2026-11-01T12:00", "2026-11-01T12Z", "2026-11-01T12:00:00+00:00", "2026-11-01 12:00Z", "x" * 5000),
                *("٢٠٢٦-11-01", "2026-11-01T12:00:00.Z", "2026-11-01t12:00z", "1e3", CARD),
            )
        ],
        *[
            (name, value, "NoSuchTime")
            for name in ("from", "to")
            for value in ("2026-02-30", "2026-13-01", "0000-01-01", "2026-11-01T25:00Z", "2026-11-01T23:59:60Z")
        ],
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_an_invalid_filter_is_refused_with_its_field_and_code(name, value, code):
    """There is no table here, so reading it would fail."""
    asked = {"owner": "me", name: value}
    reply = list_orders.handler(signed_in({"queryStringParameters": asked}, **PERSON), None)

    assert refused(reply) == (name, code)
    assert not value.strip() or len(value) < 5 or value not in reply["body"]


@pytest.mark.parametrize("last", ["2026-11-01", "2026-11-02T11:59Z", "2026-11-02T11:59:59.999Z"])
def test_a_period_that_ends_before_it_begins_is_refused(last):
    assert refused(call(owner="me", from_="2026-11-02T12:00Z", to=last)) == ("to", "BeforeFrom")


@pytest.mark.parametrize("name", search_query.FILTERS)
def test_a_list_of_everybodys_orders_has_no_other_filter(name):
    reply = call(OPERATOR, status="ESCALATED", **{name: "2026-11-01"})

    assert status_and_body(reply)[1]["error"]["details"] == [codes.ONLY_FOR_OWN().of(name)]


def test_a_person_may_search_for_every_status_of_their_own_orders(order_table):
    for status in STATUSES:
        assert listed(owner="me", status=status) == ([], None)


@pytest.mark.parametrize(
    ("search", "reads_rows"),
    [
        (Search(), False),
        (Search(first="2026-11-01T00:00:00.000Z", last="2026-11-02T00:00:00.000Z"), False),
        (Search(status="CLOSED"), True),
        (Search(text="lamp"), True),
    ],
    ids=str,
)
def test_only_a_status_or_a_text_needs_more_rows_than_a_page_shows(search, reads_rows):
    assert search.reads_rows is reads_rows


@pytest.mark.parametrize(
    ("search", "finds"),
    [
        (Search(), True),
        (Search(status="FULFILLMENT_QUEUED"), True),
        (Search(status="CLOSED"), False),
        (Search(text=folded("KEY")), True),
        (Search(text=folded("a-1")), True),
        (Search(text=folded("JO")), True),
        (Search(text=folded("12.50")), False),
        (Search(status="CLOSED", text="key"), False),
        (Search(status="FULFILLMENT_QUEUED", text="lamp"), False),
    ],
    ids=str,
)
def test_a_row_is_found_if_it_has_the_status_and_the_text(search, finds):
    assert search.finds(ROW) is finds
