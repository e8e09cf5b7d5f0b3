import json

import pytest

from orders import close_order, table
from tests.support.handlers.events import OPERATOR, PERSON, post, refused_field, signed_in, status_and_body
from tests.support.handlers.order_rows import ROW, SHOWN

NOTE = "Called her: she does not want it any more."
CARD = "4242424242424242"


def close(body, *, order_id: str = "A-1", by=OPERATOR):
    return close_order.handler(signed_in(post(body) | {"pathParameters": {"OrderId": order_id}}, **by), None)


@pytest.fixture
def escalated(order_table):
    """The row of an escalated order."""
    row = ROW | {"Status": "ESCALATED", "Reasons": ["PRICE_NOT_POSITIVE"]}
    order_table.put_item(Item=row)
    return row


def row_of(order_table, order_id: str = "A-1"):
    return order_table.get_item(Key={"OrderId": order_id}).get("Item")


@pytest.mark.parametrize("status", ["ESCALATED", "PARKED"])
def test_an_escalated_or_parked_order_is_closed_with_a_note(status, escalated, order_table):
    order_table.put_item(Item=escalated | {"Status": status})

    code, body = status_and_body(close({"note": NOTE}))

    row = row_of(order_table)
    assert (code, body) == (
        200,
        SHOWN | {"Status": "CLOSED", "Reasons": ["PRICE_NOT_POSITIVE"], "Note": NOTE, "UpdatedAt": row["UpdatedAt"]},
    )
    assert row["UpdatedAt"] > escalated["UpdatedAt"]
    assert (row["Status"], row["Note"], row["ClosedBy"]) == ("CLOSED", NOTE, OPERATOR["sub"])
    assert (row["Owner"], row["ReceivedAt"]) == (escalated["Owner"], escalated["ReceivedAt"])


def test_a_closed_order_belongs_to_no_execution(escalated, order_table):
    """So each write that an execution repeats fails, because no condition of the workflow holds."""
    close({"note": NOTE})

    row = row_of(order_table)
    assert row["ExecutionId"] == table.NO_EXECUTION
    assert row["ExecutionName"] == escalated["ExecutionName"], "people find its execution by this name"


def test_a_person_may_not_close_an_order_not_even_their_own(escalated, order_table):
    code, body = status_and_body(close({"note": NOTE}, by=PERSON))

    assert (code, body["error"]["code"]) == (403, "Forbidden")
    assert row_of(order_table) == escalated


def test_a_person_is_refused_before_anything_is_read():
    """There is no table here, so reading it would fail. And the body is invalid."""
    assert status_and_body(close("{", by=PERSON))[0] == 403


def test_closing_an_order_twice_gives_the_same_answer_and_changes_nothing(escalated, order_table):
    first = close({"note": NOTE})
    row = row_of(order_table)

    assert status_and_body(close({"note": NOTE})) == status_and_body(first)
    assert row_of(order_table) == row


def test_closing_succeeds_if_boto3_repeats_the_write(escalated, order_table, monkeypatch):
    """The reply to the first write was lost, and the second write finds the order closed."""
    once = table.close
    monkeypatch.setattr(table, "close", lambda *given, **named: [once(*given, **named) for _ in range(2)][1])

    code, body = status_and_body(close({"note": NOTE}))

    assert (code, body["Status"], body["Note"]) == (200, "CLOSED", NOTE)


def test_a_closed_order_keeps_its_note(escalated, order_table):
    close({"note": NOTE})

    code, body = status_and_body(close({"note": "Something else."}))

    assert (code, body["error"]["code"]) == (409, "Conflict")
    assert row_of(order_table)["Note"] == NOTE


@pytest.mark.parametrize("status", ["RECEIVED", "FULFILLMENT_QUEUED"])
def test_an_order_that_is_neither_escalated_nor_parked_is_not_closed(status, escalated, order_table):
    order_table.put_item(Item=escalated | {"Status": status})

    code, body = status_and_body(close({"note": NOTE}))

    assert (code, body["error"]["code"]) == (409, "Conflict")
    assert row_of(order_table) == escalated | {"Status": status}


@pytest.mark.parametrize(
    "change", [{"Status": "FULFILLMENT_QUEUED"}, {"ExecutionName": "of its correction"}, {"Status": "RECEIVED"}]
)
def test_an_order_that_has_changed_meanwhile_is_not_closed(change, escalated, order_table, monkeypatch):
    """The request read the row before somebody else changed it."""
    order_table.put_item(Item=escalated | change)
    monkeypatch.setattr(table, "find", lambda order_id: escalated)

    code, body = status_and_body(close({"note": NOTE}))

    assert (code, body["error"]["code"]) == (409, "Conflict")
    assert row_of(order_table) == escalated | change


@pytest.mark.parametrize("order_id", ["A-2", "", "a b", "é", "x" * 3000, CARD])
def test_an_unknown_order_is_not_closed(order_id, escalated, order_table):
    code, body = status_and_body(close({"note": NOTE}, order_id=order_id))

    assert (code, body["error"]["code"]) == (404, "NotFound")
    assert order_table.scan()["Items"] == [escalated]
    assert CARD not in json.dumps(body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"note": ""},
        {"note": "x" * 501},
        {"note": None},
        {"note": 7},
        {"note": ["a note"]},
        {"note": "two\nlines"},
        {"note": "a\x00"},
        {"note": f"her card is {CARD}"},
        {"note": "4242 4242 4242 4242"},
        {"note": "４２４２４２４２４２４２４２４２"},
    ],
    ids=lambda body: ascii(str(body)[:30]),
)
def test_a_note_is_a_line_of_up_to_500_characters_without_a_card_number(body, escalated, order_table):
    reply = close(body)

    assert refused_field(reply) == "note"
    assert CARD not in reply["body"]
    assert row_of(order_table) == escalated


@pytest.mark.parametrize("note", ["x", "x" * 500, "<b>& 'quoted' 李雷 🐈 שלום", "{% $x %}"])
def test_odd_but_valid_notes_are_stored_unchanged(note, escalated, order_table):
    assert status_and_body(close({"note": note}))[1]["Note"] == note
    assert row_of(order_table)["Note"] == note


def test_an_unknown_field_is_refused(escalated, order_table):
    assert refused_field(close({"note": NOTE, "Status": "FULFILLMENT_QUEUED"})) == "Status"
    assert row_of(order_table) == escalated


def test_an_order_that_was_parked_before_its_execution_began_can_be_closed(escalated, order_table):
    claim = {name: value for name, value in escalated.items() if name != "ExecutionId"} | {"Status": "PARKED"}
    order_table.put_item(Item=claim)

    assert status_and_body(close({"note": NOTE}))[1]["Status"] == "CLOSED"
    assert row_of(order_table)["ExecutionId"] == table.NO_EXECUTION


def test_if_the_table_fails_the_caller_is_asked_to_try_again():
    assert status_and_body(close({"note": NOTE}))[0] == 503


def test_an_order_that_was_opened_again_is_closed_even_with_its_old_note(escalated, order_table):
    """An earlier version, or somebody by hand, may have left the note on the row."""
    order_table.put_item(Item=escalated | {"Note": NOTE})

    assert close({"note": NOTE})["statusCode"] == 200
    assert row_of(order_table)["Status"] == "CLOSED"


@pytest.mark.parametrize("status", ["RECEIVED", "FULFILLMENT_QUEUED"])
def test_an_order_that_no_operator_needs_to_decide_about_is_not_closed(status, escalated, order_table):
    order_table.put_item(Item=escalated | {"Status": status, "Note": NOTE})

    code, body = status_and_body(close({"note": NOTE}))

    assert (code, body["error"]["code"]) == (409, "Conflict")
    assert row_of(order_table)["Status"] == status
