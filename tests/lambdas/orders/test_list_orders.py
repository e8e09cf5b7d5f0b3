import base64

import pytest

from common import codes
from orders import list_orders, table
from orders.order import LISTED, OWN_SHARDS, SHARDS, own_part, todo
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import OPERATOR, PERSON, refused_field, signed_in, status_and_body
from tests.support.handlers.order_rows import ROW, SHOWN

ANOTHER = {**PERSON, "sub": "6f1c2d3e-0000-4000-8000-00000000000c"}
RECEIVED_AT = '"2026-11-21T04:00:00.000Z"'


def call(by=PERSON, **query):
    return list_orders.handler(signed_in({"queryStringParameters": query or None}, **by), None)


def listed(by=PERSON, **query):
    """The ids on a page, and the `next` of the following page."""
    status, body = status_and_body(call(by, **query))
    assert status == 200, body
    return [order["OrderId"] for order in body["orders"]], body["next"]


def pages(by, **query):
    """The ids of every page, in order."""
    found, following = listed(by, **query)
    yield found
    while following:
        found, following = listed(by, **query, next=following)
        yield found


def at(minute: int) -> str:
    return f"2026-11-21T{minute // 60:02}:{minute % 60:02}:00.000Z"


def row(order_id: str, *, minute: int, changed: int | None = None, shard: int = 0, **attributes) -> dict:
    changed = minute if changed is None else changed
    times = {"ReceivedAt": at(minute), "UpdatedAt": at(changed)}
    waits = {"Todo": todo(attributes["Status"], shard)} if attributes.get("Status") in LISTED else {}
    owned = {"OwnPart": own_part(attributes.get("Owner", PERSON["sub"]), (minute + shard) % OWN_SHARDS)}
    return ROW | {"OrderId": order_id} | owned | times | waits | attributes


def token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.fixture
def five(order_table):
    """Five orders of PERSON, written in a different sequence than they were received, one order of ANOTHER, and one
    without an owner."""
    for number in (3, 1, 5, 2, 4):
        order_table.put_item(Item=row(f"A-{number}", minute=number))
    order_table.put_item(Item=row("theirs", minute=3, Owner=ANOTHER["sub"]))
    by_hand = row("by-hand", minute=3)
    del by_hand["Owner"], by_hand["OwnPart"]
    order_table.put_item(Item=by_hand)


@pytest.fixture
def escalated(order_table):
    """Three escalated orders, of two owners and without one, and a parked one. The first received was changed last."""
    order_table.put_item(Item=row("E-1", minute=1, changed=30, Status="ESCALATED"))
    order_table.put_item(Item=row("E-2", minute=2, changed=20, shard=9, Status="ESCALATED", Owner=ANOTHER["sub"]))
    by_hand = row("E-3", minute=3, changed=10, shard=5, Status="ESCALATED")
    del by_hand["Owner"], by_hand["OwnPart"]
    order_table.put_item(Item=by_hand)
    order_table.put_item(Item=row("P-1", minute=4, Status="PARKED"))


def test_a_caller_without_orders_gets_an_empty_list(order_table):
    assert status_and_body(call()) == (200, {"orders": [], "next": None})


def test_the_callers_orders_are_listed_starting_with_the_last_received(five):
    assert listed() == (["A-5", "A-4", "A-3", "A-2", "A-1"], None)


def test_a_listed_order_has_the_same_fields_as_a_single_one(stored):
    assert status_and_body(call())[1]["orders"] == [SHOWN]


def test_a_listed_order_in_progress_shows_its_state(stored, order_table):
    order_table.put_item(Item=stored | {"Status": "RECEIVED"})

    received = SHOWN | {"Status": "RECEIVED", "State": "Are details Proper"}
    assert status_and_body(call())[1]["orders"] == [received]


def test_an_order_id_that_somebody_else_has_by_now_is_left_out(five, order_table, monkeypatch):
    """A claim was withdrawn, somebody else placed an order with its id, and the index has the first claim still."""
    read = table.find_all

    def placed_by_another(ids):
        order_table.put_item(Item=row("A-4", minute=4, Owner=ANOTHER["sub"]))
        order_table.delete_item(Key={"OrderId": "A-2"})
        return read(ids)

    monkeypatch.setattr(table, "find_all", placed_by_another)

    assert listed() == (["A-5", "A-3", "A-1"], None)


def test_a_closed_order_is_listed_with_its_note_but_not_with_the_operator(stored, order_table):
    order_table.put_item(Item=stored | {"Status": "CLOSED", "Note": "called her", "ClosedBy": "olga"})

    assert status_and_body(call())[1]["orders"] == [SHOWN | {"Status": "CLOSED", "Note": "called her"}]


@pytest.mark.parametrize("by", [ANOTHER, {**PERSON, "sub": PERSON["sub"] + "0"}, {**PERSON, "sub": "null"}, OPERATOR])
def test_a_caller_is_never_listed_another_persons_orders(by, five):
    assert listed(by) == (["theirs"] if by is ANOTHER else [], None)


def test_a_list_has_pages(five):
    assert list(pages(PERSON, limit="2")) == [["A-5", "A-4"], ["A-3", "A-2"], ["A-1"]]


def test_pages_leave_out_no_order_if_all_were_received_at_the_same_time(order_table):
    for number in range(7):
        order_table.put_item(Item=row(f"A-{number}", minute=1, shard=number % 3))

    found = [order_id for page in pages(PERSON, limit="1") for order_id in page]
    assert found == [f"A-{number}" for number in range(6, -1, -1)]


def test_a_page_has_20_orders_by_default_and_at_most_100(order_table):
    with order_table.batch_writer() as writer:
        for number in range(101):
            writer.put_item(Item=row(f"A-{number:03}", minute=number))

    assert [len(found) for found in (listed()[0], listed(limit="100")[0])] == [20, 100]


def test_operators_list_all_orders_with_a_status_starting_with_the_last_changed(escalated):
    assert listed(OPERATOR, status="ESCALATED") == (["E-1", "E-2", "E-3"], None)
    assert listed(OPERATOR, status="PARKED") == (["P-1"], None)


def test_an_order_listed_by_status_has_all_its_fields(stored, order_table):
    """The index has none of the order's fields, so they are read from the table."""
    order_table.put_item(Item=stored | {"Status": "PARKED", "Todo": "PARKED#0"})

    assert status_and_body(call(OPERATOR, status="PARKED"))[1]["orders"] == [SHOWN | {"Status": "PARKED"}]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 16])
def test_pages_by_status_have_every_order_once_in_order_in_spite_of_equal_times(limit, order_table):
    """Many orders change in the same millisecond, in the same part of the index and in other parts."""
    rows = [
        row(f"E-{number:02}", minute=0, changed=number // 7, shard=number % 3 * (number % 4), Status="ESCALATED")
        for number in range(16)
    ]
    with order_table.batch_writer() as writer:
        for one in rows:
            writer.put_item(Item=one)

    found = list(pages(OPERATOR, status="ESCALATED", limit=str(limit)))

    in_order = sorted(rows, key=lambda one: (one["UpdatedAt"], one["OrderId"]), reverse=True)
    assert [order_id for page in found for order_id in page] == [one["OrderId"] for one in in_order]
    assert {len(page) for page in found[:-1]} <= {limit}


def test_a_page_by_status_asks_each_part_of_the_index_once(order_table):
    with order_table.batch_writer() as writer:
        for number in range(60):
            writer.put_item(Item=row(f"E-{number:02}", minute=number, shard=number % SHARDS, Status="ESCALATED"))
    read = []
    events = client_of(table, "dynamodb").meta.events

    def count(parsed, **_):
        read.append(len(parsed["Items"]))

    events.register("after-call.dynamodb.Query", count)

    assert len(listed(OPERATOR, status="ESCALATED", limit="2")[0]) == 2
    events.unregister("after-call.dynamodb.Query", count)
    assert (len(read), max(read)) == (SHARDS, 5)


def test_a_list_by_status_has_pages(escalated):
    assert list(pages(OPERATOR, status="ESCALATED", limit="2")) == [["E-1", "E-2"], ["E-3"]]


def test_an_order_that_was_deleted_or_changed_its_status_meanwhile_is_left_out(escalated, order_table, monkeypatch):
    """The index still has the old rows."""
    read = table.find_all

    def changed_meanwhile(ids):
        ids = list(ids)
        order_table.put_item(Item=row("E-2", minute=2, Status="RECEIVED"))
        order_table.delete_item(Key={"OrderId": "E-3"})
        return read(ids)

    monkeypatch.setattr(table, "find_all", changed_meanwhile)

    assert listed(OPERATOR, status="ESCALATED") == (["E-1"], None)


@pytest.mark.parametrize("left_out", [["E-1"], ["E-1", "E-2", "E-3"]])
def test_a_row_that_dynamodb_leaves_out_of_a_batch_is_read_again(left_out, escalated, monkeypatch):
    whole = client_of(table, "dynamodb").batch_get_item

    def throttled(RequestItems):
        answer = whole(RequestItems=RequestItems)
        (name,) = RequestItems
        answer["Responses"][name] = [one for one in answer["Responses"][name] if one["OrderId"] not in left_out]
        return {**answer, "UnprocessedKeys": {name: {"Keys": [{"OrderId": order_id} for order_id in left_out]}}}

    monkeypatch.setattr(client_of(table, "dynamodb"), "batch_get_item", throttled)

    assert listed(OPERATOR, status="ESCALATED") == (["E-1", "E-2", "E-3"], None)


@pytest.fixture
def corrected(order_table):
    """Three orders that OPERATOR corrected, one that their owner corrected, and one that nobody did."""
    for number, by, status in (
        (1, OPERATOR, "FULFILLMENT_QUEUED"),
        (2, OPERATOR, "ESCALATED"),
        (3, OPERATOR, "CLOSED"),
    ):
        times = {"CorrectedBy": by["sub"], "CorrectedAt": at(40 - number)}
        order_table.put_item(Item=row(f"C-{number}", minute=number, Status=status, **times))
    order_table.put_item(Item=row("own", minute=4, CorrectedBy=PERSON["sub"], CorrectedAt=at(50)))
    order_table.put_item(Item=row("good", minute=5))


def test_an_operator_lists_the_orders_that_they_corrected_starting_with_the_last_corrected(corrected):
    assert list(pages(OPERATOR, corrected="true", limit="2")) == [["C-1", "C-2"], ["C-3"]]
    body = status_and_body(call(OPERATOR, corrected="true"))[1]
    assert [order["Status"] for order in body["orders"]] == ["FULFILLMENT_QUEUED", "ESCALATED", "CLOSED"]
    assert {order["CorrectedBy"] for order in body["orders"]} == {"operator"}
    assert listed({**OPERATOR, "sub": ANOTHER["sub"]}, corrected="true") == ([], None)


def test_an_order_that_somebody_else_has_corrected_since_is_left_out(corrected, order_table, monkeypatch):
    """The index still names this order."""
    read = table.find_all

    def corrected_meanwhile(ids):
        order_table.put_item(Item=row("C-2", minute=2, CorrectedBy=PERSON["sub"], CorrectedAt=at(59)))
        order_table.delete_item(Key={"OrderId": "C-3"})
        return read(ids)

    monkeypatch.setattr(table, "find_all", corrected_meanwhile)

    assert listed(OPERATOR, corrected="true") == (["C-1"], None)


@pytest.mark.parametrize("value", ["true", "false", ""])
def test_a_person_may_not_list_what_operators_corrected(value):
    """There is no table here, so reading it would fail."""
    assert status_and_body(call(corrected=value))[0] == 403


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        *(({"corrected": value}, "corrected", "UnknownValue") for value in ("", "false", "True", "1")),
        *(
            ({"corrected": "true", name: "x"}, name, "AtMostOneOf")
            for name in ("owner", "status", "text", "from", "to")
        ),
    ],
    ids=str,
)
def test_the_list_of_corrected_orders_has_one_value_and_no_filters(query, field, code):
    """There is no table here, so reading it would fail."""
    reply = call(OPERATOR, **query)

    assert refused_field(reply) == field
    assert status_and_body(reply)[1]["error"]["details"][0]["code"] == code


@pytest.mark.parametrize("status", ["ESCALATED", "RECEIVED", "nonsense", ""])
def test_a_person_may_not_list_orders_by_status(status):
    """There is no table here, so reading it would fail."""
    code, body = status_and_body(call(status=status))

    assert (code, body["error"]["code"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    "status",
    [
        *("RECEIVED", "FULFILLMENT_QUEUED", "CLOSED"),
        *("", "escalated", "ESCALATED ", "UNKNOWN", "4242424242424242", "*", "É" * 5000),
    ],
)
def test_any_other_status_is_refused_and_the_listed_ones_are_named(status):
    """There is no table here, so reading it would fail."""
    reply = call(OPERATOR, status=status)

    code, body = status_and_body(reply)
    assert (code, body["error"]["details"]) == (400, [codes.UNKNOWN_VALUE(allowed=LISTED).of("status")])
    assert body["error"]["details"][0]["problem"] == "must be ESCALATED or PARKED"


@pytest.mark.parametrize("limit", ["", "0", "-1", "101", "1e3", "10.5", " 5", "5\n", "05", "５", "9" * 5000])
@pytest.mark.parametrize("more", [{}, {"status": "ESCALATED"}])
def test_a_limit_must_be_a_whole_number_from_1_to_100(limit, more):
    assert refused_field(call(OPERATOR, limit=limit, **more)) == "limit"


@pytest.mark.parametrize("limit", ["1.0", "1e1", "1.0E2"])
def test_a_limit_may_be_written_with_a_point_or_an_exponent(limit, order_table):
    assert status_and_body(call(limit=limit))[0] == 200


HOSTILE = ["", "A-1", "é", "A", "====", "%00", "x" * 8000] + [
    token(text)
    for text in (
        "",
        "null",
        "7",
        "{}",
        "[]",
        f"[{RECEIVED_AT}]",
        f"[{RECEIVED_AT}, 7]",
        f"[{RECEIVED_AT}, null]",
        f'[{RECEIVED_AT}, ""]',
        f'[{RECEIVED_AT}, "A-1", "jo"]',
        '["2026-11-21T04:00:00.000Z\\n", "A-1"]',
        '["", "A-1"]',
        '["now", "A-1"]',
        '[7, "A-1"]',
        '["٢٠٢٦-11-21T04:00:00.000Z", "A-1"]',
        f'[{RECEIVED_AT}, "{"x" * 5000}"]',
        f'[{RECEIVED_AT}, "\\ud800"]',
        "[" * 5000,
        "[" * 40 + "]" * 40,
        "1" * 5000,
        f"[{RECEIVED_AT}, {'1' * 5000}]",
        f'[{RECEIVED_AT}, "A-1"] x',
        '{"a": 1, "a": 2}',
    )
]


@pytest.mark.parametrize("next_", HOSTILE, ids=lambda text: ascii(text[:30]))
def test_an_invalid_next_is_refused_without_reading_the_table(next_):
    """There is no table here, so reading it would fail."""
    assert refused_field(call(next=next_)) == "next"
    assert refused_field(call(OPERATOR, next=next_, status="ESCALATED")) == "next"


def test_a_forged_next_does_not_list_another_persons_orders(five):
    assert listed(next=token('["2026-11-21T23:00:00.000Z", "theirs"]'))[0] == ["A-5", "A-4", "A-3", "A-2", "A-1"]
    _, anothers = listed(limit="2")
    assert listed(ANOTHER, next=anothers) == (["theirs"], None)


def test_an_anonymous_caller_gets_no_list(five):
    status, body = status_and_body(list_orders.handler({"queryStringParameters": None}, None))

    assert (status, body["error"]["code"]) == (401, "NotSignedIn")


@pytest.mark.parametrize("query", [{}, {"status": "ESCALATED"}])
def test_if_the_table_fails_the_caller_is_asked_to_try_again(query):
    reply = call(OPERATOR, **query)

    assert (status_and_body(reply)[0], reply["headers"]["Retry-After"]) == (503, "1")
