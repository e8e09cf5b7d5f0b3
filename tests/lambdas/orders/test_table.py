from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from common.times import timestamp
from orders import table
from orders.order import LISTED, own_part
from orders.search import Search
from tests.support.handlers.aws import client_of

ROW = {"OrderId": "A-1", "Status": "RECEIVED", "ExecutionName": "mine"}
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)


def test_an_order_id_is_claimed_once(order_table):
    assert table.claim(ROW)
    assert table.claim(ROW | {"ExecutionName": "other"}) is False
    assert table.find("A-1") == ROW


@pytest.mark.parametrize("kept", [{"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_a_claim_that_an_execution_or_another_request_has_taken_is_not_withdrawn(kept, order_table):
    order_table.put_item(Item=ROW | kept)

    table.withdraw(ROW)
    table.withdraw(ROW, instead_of=ROW | {"Status": "ESCALATED"})

    assert table.find("A-1") == ROW | kept


def test_a_claim_that_another_request_keeps_is_not_withdrawn(order_table):
    table.claim(ROW)

    assert table.keep(ROW, now=NOW)
    table.withdraw(ROW)
    table.withdraw(ROW, instead_of=ROW | {"Status": "ESCALATED"})

    assert table.find("A-1") == ROW | dict.fromkeys(("UpdatedAt", "KeptAt"), "2026-11-21T04:00:00.000Z")


@pytest.mark.parametrize("changed", [{"Status": "PARKED"}, {"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_a_claim_that_has_changed_is_not_kept(changed, order_table):
    order_table.put_item(Item=ROW | changed)

    assert not table.keep(ROW, now=NOW)
    assert table.find("A-1") == ROW | changed


def test_a_withdrawn_claim_is_deleted(order_table):
    table.claim(ROW)

    table.withdraw(ROW)
    table.withdraw(ROW)

    assert table.find("A-1") is None


def test_a_withdrawn_correction_restores_the_row_that_it_corrected(order_table):
    escalated = ROW | {"Status": "ESCALATED", "ExecutionName": "first", "ExecutionId": "arn"}
    order_table.put_item(Item=escalated)

    assert table.claim_again(ROW, instead_of=escalated)
    assert table.find("A-1") == ROW
    table.withdraw(ROW, instead_of=escalated)

    assert table.find("A-1") == escalated


@pytest.mark.parametrize("changed", [{"Status": "PARKED"}, {"ExecutionName": "other"}, {"ExecutionId": "arn"}])
def test_a_row_that_has_changed_meanwhile_is_neither_corrected_nor_parked(changed, order_table):
    order_table.put_item(Item=ROW | changed)

    assert not table.claim_again(ROW | {"ExecutionName": "third"}, instead_of=ROW)
    assert not table.park(ROW, now=NOW)

    assert table.find("A-1") == ROW | changed


def test_a_parked_row_has_the_time_of_parking(order_table):
    order_table.put_item(Item=ROW | {"Price": "5"})

    assert table.park(ROW | {"Price": "5"}, now=NOW)

    found = table.find("A-1")
    assert found["Todo"] in [f"PARKED#{shard}" for shard in range(10)]
    parked = {"Status": "PARKED", "EarlierOutcome": "PARKED", "UpdatedAt": "2026-11-21T04:00:00.000Z"}
    assert found == ROW | {"Price": "5", "Todo": found["Todo"]} | parked


@pytest.mark.parametrize("status", LISTED)
def test_a_closed_or_corrected_order_no_longer_waits_for_an_operator(status, order_table):
    """A withdrawn correction waits again."""
    waiting = ROW | {"Status": status, "Todo": f"{status}#3", "UpdatedAt": "2026-11-21T04:00:00.000Z"}
    order_table.put_item(Item=waiting)

    assert table.claim_again(ROW, instead_of=waiting)
    assert "Todo" not in table.find("A-1")
    table.withdraw(ROW, instead_of=waiting)
    assert table.find("A-1") == waiting
    assert table.close(waiting, note="a note", by="olga", now=NOW)
    assert "Todo" not in table.find("A-1")


def test_received_orders_are_found_by_their_age(order_table):
    for minute, status in enumerate(["RECEIVED", "ESCALATED", "RECEIVED", "RECEIVED"]):
        at = timestamp(NOW + timedelta(minutes=minute))
        order_table.put_item(Item=ROW | {"OrderId": f"A-{minute}", "Status": status, "UpdatedAt": at})

    rows, last = table.received(before=NOW + timedelta(minutes=3), after=None, limit=10)
    assert (sorted(row["OrderId"] for row in rows), last) == (["A-0", "A-2"], None)


@pytest.mark.parametrize(
    ("microsecond", "text"), [(0, "2026-11-21T04:00:00.000Z"), (7_999, "2026-11-21T04:00:00.007Z")]
)
def test_times_have_three_decimals_like_the_workflows(microsecond, text):
    assert timestamp(datetime(2026, 11, 21, 4, microsecond=microsecond, tzinfo=UTC)) == text


def an_order(order_id: str, *, minute: int, **attributes: str) -> dict[str, str]:
    at = timestamp(NOW + timedelta(minutes=minute))
    times = {"ReceivedAt": at, "UpdatedAt": at, "CorrectedAt": at}
    return ROW | {"OrderId": order_id, "Status": "PARKED", "Todo": "PARKED#0", "Owner": "ada"} | times | attributes


def in_pages(page, **query) -> list[list[str]]:
    """The ids of each page of a list."""
    found, after = page(after=None, **query)
    pages = [found]
    while after:
        assert len(pages) < 50, "the list has no end"
        found, after = page(after=after, **query)
        pages.append(found)
    return [[row["OrderId"] for row in one] for one in pages]


def of_ada(*, limit, after, **search):
    return table.of_owner("ada", limit=limit, after=after, search=Search(**search))


@pytest.fixture
def of_one_part(order_table):
    """Six orders, one a minute, in one part of each index."""
    for number in (3, 1, 5, 0, 4, 2):
        status = "PARKED" if number % 2 else "CLOSED"
        parts = {"OwnPart": own_part("ada", 0), "CorrectedBy": "olga", "Status": status, "Name": f"name {number % 3}"}
        order_table.put_item(Item=an_order(f"A-{number}", minute=number, **parts))


@pytest.mark.parametrize(
    ("limit", "pages"),
    [
        (1, [["A-5"], ["A-4"], ["A-3"], ["A-2"], ["A-1"], ["A-0"]]),
        (2, [["A-5", "A-4"], ["A-3", "A-2"], ["A-1", "A-0"]]),
        (5, [["A-5", "A-4", "A-3", "A-2", "A-1"], ["A-0"]]),
        (6, [["A-5", "A-4", "A-3", "A-2", "A-1", "A-0"]]),
    ],
)
def test_every_page_is_full_until_the_last_one(limit, pages, of_one_part):
    assert in_pages(table.corrected_by, corrector="olga", limit=limit) == pages
    assert in_pages(of_ada, limit=limit) == pages


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_orders_of_one_time_are_listed_once_however_the_index_sorts_them(limit, order_table):
    numbers = [7, 2, 9, 4, 0, 5, 8, 1, 6, 3]
    for number in numbers:
        order_table.put_item(Item=an_order(f"E-{number}", minute=number // 5, CorrectedBy="olga"))

    found = in_pages(table.corrected_by, corrector="olga", limit=limit)

    assert sum(found, []) == [f"E-{number}" for number in range(9, -1, -1)]


def test_a_page_reads_only_a_few_more_rows_than_it_needs(of_one_part):
    """Each row that is read costs money. Two more show whether another page follows."""
    read = []
    events = client_of(table, "dynamodb").meta.events
    events.register("after-call.dynamodb.Query", lambda parsed, **_: read.append(len(parsed["Items"])), unique_id="n")

    _, after = table.corrected_by("olga", limit=1, after=None)
    table.corrected_by("olga", limit=1, after=after)

    events.unregister("after-call.dynamodb.Query", unique_id="n")
    assert read == [4, 4]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"status": "PARKED"}, ["A-5", "A-3", "A-1"]),
        ({"text": "name 0"}, ["A-3", "A-0"]),
        ({"first": timestamp(NOW + timedelta(minutes=4))}, ["A-5", "A-4"]),
        ({"last": timestamp(NOW + timedelta(minutes=1))}, ["A-1", "A-0"]),
        ({"first": timestamp(NOW + timedelta(minutes=2)), "last": timestamp(NOW + timedelta(minutes=2))}, ["A-2"]),
        ({"first": timestamp(NOW + timedelta(minutes=3)), "last": timestamp(NOW)}, []),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_search_fills_each_page_with_the_orders_that_it_finds(limit, search, found, of_one_part, order_table):
    named = [row | {"ItemName": "Lamp"} for row in order_table.scan()["Items"]]
    for row in named:
        order_table.put_item(Item=row)

    pages = in_pages(of_ada, limit=limit, **search)

    assert sum(pages, []) == found
    assert {len(page) for page in pages[:-1]} <= {limit}


def test_a_place_outside_of_the_period_does_not_widen_the_period(of_one_part):
    """A caller may take the place of another list."""
    later = (timestamp(NOW + timedelta(minutes=5)), "A-5")

    found, _ = of_ada(limit=10, after=later, last=timestamp(NOW + timedelta(minutes=1)))

    assert [row["OrderId"] for row in found] == ["A-1", "A-0"]


def test_a_search_ends_its_page_after_the_most_rows_that_it_may_read(of_one_part, monkeypatch):
    monkeypatch.setattr(table, "MOST_SEARCHED", 4)

    assert in_pages(of_ada, limit=3, status="PARKED") == [["A-5", "A-3"], ["A-1"]]


def test_the_table_is_looked_at_in_parts(order_table):
    for number in range(4):
        order_table.put_item(Item=an_order(f"A-{number}", minute=number, Status="RECEIVED"))
    order_table.put_item(Item=ROW | {"OrderId": "without a time"})

    found, after, parts = [], None, 0
    while parts == 0 or after:
        rows, after = table.received(before=NOW + timedelta(hours=1), after=after, limit=2)
        assert len(rows) <= 2
        found, parts = found + [row["OrderId"] for row in rows], parts + 1

    assert sorted(found) == ["A-0", "A-1", "A-2", "A-3", "without a time"]


def test_orders_are_found_by_their_ids_and_unknown_ids_are_left_out(order_table):
    order_table.put_item(Item=ROW)

    assert table.find_all(["A-1", "A-2", "A-1"]) == {"A-1": ROW}
    assert table.find_all([]) == {}


@pytest.mark.parametrize("days", ["30", ""])
def test_a_closed_order_expires_with_the_others_of_the_stage(days, order_table, monkeypatch):
    monkeypatch.setenv("ORDER_DAYS", days)
    waiting = ROW | {"Status": "ESCALATED", "ExecutionId": "arn", "Todo": "ESCALATED#1"}
    order_table.put_item(Item=waiting)

    closed = table.close(waiting, note="a note", by="olga", now=NOW)

    expiry = {"ExpiresAt": int((NOW + timedelta(days=30)).timestamp())} if days else {}
    changed = {"Status": "CLOSED", "Note": "a note", "ClosedBy": "olga", "ExecutionId": table.NO_EXECUTION}
    assert closed == table.find("A-1") == ROW | changed | expiry | {"UpdatedAt": "2026-11-21T04:00:00.000Z"}
    assert table.close(waiting, note="another", by="olga", now=NOW) is None


def test_a_parked_order_does_not_expire(order_table):
    order_table.put_item(Item=ROW | {"ExpiresAt": 7})

    assert table.park(ROW | {"ExpiresAt": 7}, now=NOW)
    assert "ExpiresAt" not in table.find("A-1")


@pytest.mark.parametrize("status", [*LISTED, "FULFILLMENT_QUEUED"])
def test_an_erased_order_expires_even_if_it_waited_for_an_operator(status, order_table):
    order_table.put_item(Item=ROW | {"Status": status, "Owner": "ada"})

    assert table.erase(ROW | {"Status": status, "Owner": "ada"}, now=NOW)

    left = table.find("A-1")
    assert ("Owner" in left, left["ExpiresAt"]) == (False, (NOW + timedelta(days=30)).timestamp())


@pytest.mark.parametrize("changed", [{"Owner": "bob"}, {"Status": "RECEIVED"}, {"ExecutionId": "arn"}])
def test_a_row_that_has_changed_meanwhile_is_not_erased(changed, order_table):
    row = ROW | {"Status": "ESCALATED", "Owner": "ada"}
    order_table.put_item(Item=row | changed)

    assert not table.erase(row, now=NOW)
    assert table.find("A-1") == row | changed


def test_rows_are_read_as_they_were_last_written(order_table):
    """Otherwise a caller may see the state before their own request."""
    asked = {}
    events = client_of(table, "dynamodb").meta.events

    def note(params, model, **_):
        asked[model.name] = params

    events.register("provide-client-params.dynamodb", note, unique_id="asked")
    table.find("A-1")
    table.find_all(["A-1"])
    events.unregister("provide-client-params.dynamodb", unique_id="asked")

    (batch,) = asked["BatchGetItem"]["RequestItems"].values()
    assert (asked["GetItem"]["ConsistentRead"], batch["ConsistentRead"]) == (True, True)


def test_an_error_of_the_table_is_raised():
    """There is no table here, so AWS refuses every write."""
    for write in (table.claim, table.withdraw):
        with pytest.raises(ClientError):
            write(ROW)
