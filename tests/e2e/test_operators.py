"""What people see of orders, and what operators do with escalated, parked and closed orders."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.cloud.apps import Apps, dead_letters_of
from tests.support.cloud.written import logs
from tests.support.names import unique
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("few_parked")

NOTE = "Called her: she does not want it any more."
QUEUES = ("OrderFulfillmentQueue", "EscalationQueue")


@pytest.fixture(scope="module")
def apps(apps: Apps) -> Apps:
    """Both apps, called by the demo person. Tests that need an operator use `operator`."""
    return apps.as_person()


@pytest.fixture(scope="module")
def operator(apps: Apps) -> Apps:
    return apps.as_operator()


@pytest.fixture
def another_person(apps: Apps) -> Apps:
    return apps.as_person(f"eve-{unique()}@example.com")


@pytest.fixture
def escalated(apps: Apps, order: dict[str, str]) -> dict[str, str]:
    """An escalated order of the person."""
    wrong = order | {"Price": "0"}
    apps.post_order(wrong)
    assert apps.settled(order["OrderId"])["Status"]["S"] == "ESCALATED"
    return wrong


def everything(apps: Apps, path: str, *, limit: int = 100) -> list[dict[str, Any]]:
    """The orders on all pages of a list."""
    found, following = [], ""
    while following is not None:
        joint = "&" if "?" in path else "?"
        more = f"&next={following}" if following else ""
        status, body, _ = apps.call("GET", f"{path}{joint}limit={limit}{more}")
        assert status == 200, body
        found += body["orders"]
        following = body["next"]
    return found


def ids(orders: list[dict[str, Any]]) -> list[str]:
    return [one["OrderId"] for one in orders]


def without_request_id(status: int, refusal: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """A refusal without the id that each request gets."""
    error = dict(refusal["error"])
    assert error.pop("requestId")
    return status, error


def parked_item(operator: Apps, order_id: str) -> dict[str, Any] | None:
    """The parked item of an order, or None if it is not visible."""
    status, body, _ = operator.call("GET", "/parked")
    assert status == 200, body
    return next((item for item in body["items"] if item["OrderId"] == order_id), None)


def test_a_person_sees_only_their_own_orders(apps: Apps, another_person: Apps, order: dict[str, str]) -> None:
    apps.post_order(order)
    shown = apps.shown(order["OrderId"], "FULFILLMENT_QUEUED")

    assert order["OrderId"] in ids(everything(apps, "/orders"))
    assert next(one for one in everything(apps, "/orders") if one["OrderId"] == order["OrderId"]) == shown
    assert everything(another_person, "/orders") == []


def test_another_persons_order_looks_like_an_unknown_order(
    apps: Apps, another_person: Apps, order: dict[str, str]
) -> None:
    apps.post_order(order)
    apps.shown(order["OrderId"], "FULFILLMENT_QUEUED")

    known, unknown = (another_person.call("GET", f"/orders/{one}") for one in (order["OrderId"], "nobody-sent-this"))

    assert without_request_id(*known[:2]) == without_request_id(*unknown[:2])
    assert known[0] == 404
    assert "X-Cache" not in known[2] and "X-Cache" not in unknown[2]


def test_the_same_order_from_another_person_is_refused(
    apps: Apps, another_person: Apps, operator: Apps, order: dict[str, str]
) -> None:
    apps.post_order(order)
    row = apps.settled(order["OrderId"])

    assert [one.post_order(order)[0] for one in (another_person, apps, operator)] == [409, 200, 200]
    assert apps.row(order["OrderId"]) == row


def test_a_list_has_pages_and_begins_with_the_newest_order(another_person: Apps, order: dict[str, str]) -> None:
    sent = [f"{order['OrderId']}-{number}" for number in range(5)]
    for order_id in sent:
        assert another_person.post_order(order | {"OrderId": order_id})[0] == 202

    eventually(lambda: ids(everything(another_person, "/orders")), until=lambda found: len(found) == 5)

    assert ids(everything(another_person, "/orders", limit=2)) == sent[::-1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(("limit=0", "limit"), ("limit=9999", "limit"), ("next=A", "next"), ("status=LOST", "status")),
        *(("owner=me&from=x", "from"), ("owner=me&text=%00", "text"), ("corrected=true&text=a", "text")),
    ],
)
def test_an_invalid_query_is_refused_with_the_field(operator: Apps, query: str, field: str) -> None:
    status, body, _ = operator.call("GET", f"/orders?{query}")

    assert (status, [detail["field"] for detail in body["error"]["details"]]) == (400, [field])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/orders?status=ESCALATED", None),
        ("GET", "/orders?corrected=true", None),
        ("POST", "/orders/any/close", {"note": NOTE}),
        ("GET", "/orders/any/contact", None),
        ("GET", "/parked", None),
        ("DELETE", "/parked/any", None),
        ("GET", "/dead-letters", None),
        ("POST", "/dead-letters/EscalationQueue/redrive", None),
    ],
)
def test_a_person_is_refused_what_only_operators_may_do(apps: Apps, method: str, path: str, body: Any) -> None:
    status, answer, _ = apps.call(method, path, body)

    assert (status, answer["error"]["code"]) == (403, "Forbidden")


def test_an_operator_finds_escalated_orders_starting_with_the_last_changed(
    operator: Apps, escalated: dict[str, str]
) -> None:
    found = everything(operator, "/orders?status=ESCALATED", limit=3)

    assert escalated["OrderId"] in ids(found)
    assert {one["Status"] for one in found} == {"ESCALATED"}
    assert [one["UpdatedAt"] for one in found] == sorted((one["UpdatedAt"] for one in found), reverse=True)


def test_a_corrected_order_is_fulfilled_and_keeps_its_owner(
    apps: Apps, operator: Apps, order: dict[str, str], escalated: dict[str, str]
) -> None:
    before = apps.row(order["OrderId"])

    assert operator.put_order(order)[0] == 202

    row = apps.settled(order["OrderId"])
    assert before and row["Status"]["S"] == "FULFILLMENT_QUEUED"
    assert (row["Owner"], row["ReceivedAt"]) == (before["Owner"], before["ReceivedAt"])
    apps.shown(order["OrderId"], "FULFILLMENT_QUEUED")
    corrected = next(
        one for one in everything(operator, "/orders?corrected=true") if one["OrderId"] == order["OrderId"]
    )
    assert (corrected["Status"], corrected["CorrectedBy"]) == ("FULFILLMENT_QUEUED", "operator")


def test_an_owner_searches_their_orders(apps: Apps, another_person: Apps, order: dict[str, str]) -> None:
    """The name has an emoji and an accent. The query reaches the function through the gateway."""
    item = f"Lamp & shade {order['OrderId']} +50% Straße"
    apps.post_order(order | {"ItemName": item, "Price": "0"})
    row = apps.settled(order["OrderId"])
    day = row["ReceivedAt"]["S"][:10]

    filters = [
        {"status": "ESCALATED", "text": item.upper()},
        {"text": order["OrderId"], "from": day, "to": row["ReceivedAt"]["S"]},
    ]
    for found in filters:
        query = urlencode({"owner": "me", **found})
        assert ids(everything(apps, f"/orders?{query}")) == [order["OrderId"]]
        assert everything(another_person, f"/orders?{query}") == []
    for nothing in ({"status": "CLOSED"}, {"to": "2001-01-01"}, {"from": "2999-01-01T00:00Z"}):
        assert everything(apps, f"/orders?{urlencode({'owner': 'me', 'text': order['OrderId'], **nothing})}") == []


def test_an_owner_corrects_their_own_order_and_nobody_elses(
    apps: Apps, another_person: Apps, operator: Apps, order: dict[str, str], escalated: dict[str, str]
) -> None:
    unknown = another_person.put_order(order | {"OrderId": "nobody-sent-this"})
    known = another_person.put_order(order)
    assert without_request_id(*known) == without_request_id(*unknown) and unknown[0] == 404

    assert apps.put_order(order)[0] == 202

    shown = apps.shown(order["OrderId"], "FULFILLMENT_QUEUED")
    row = apps.row(order["OrderId"])
    assert row and (shown["CorrectedBy"], shown["CorrectedAt"]) == ("owner", row["CorrectedAt"]["S"])
    assert operator.put_order(order | {"Price": "99"})[0] == 409


def test_an_operator_learns_whom_to_ask_about_an_order(
    apps: Apps, another_person: Apps, operator: Apps, order: dict[str, str]
) -> None:
    another_person.post_order(order)
    apps.finished(apps.start(apps.places.order_workflow, by_hand := order | {"OrderId": f"{order['OrderId']}-hand"}))

    status, body, headers = operator.call("GET", f"/orders/{order['OrderId']}/contact")

    assert (status, body, headers["Cache-Control"]) == (200, {"Email": another_person.user.email}, "no-store")
    assert operator.call("GET", f"/orders/{by_hand['OrderId']}/contact")[0] == 404
    assert [place for place, text in logs(apps.cloud) if another_person.user.email in text] == []


def test_an_owner_sees_that_an_order_is_closed_and_it_stays_closed(
    apps: Apps, operator: Apps, order: dict[str, str], escalated: dict[str, str]
) -> None:
    status, body, _ = operator.call("POST", f"/orders/{order['OrderId']}/close", {"note": NOTE})

    assert (status, body["Status"], body["Note"]) == (200, "CLOSED", NOTE)
    assert apps.shown(order["OrderId"], "CLOSED")["Note"] == NOTE
    assert operator.put_order(order)[0] == 409
    assert operator.call("POST", f"/orders/{order['OrderId']}/close", {"note": "Another."})[0] == 409
    assert order["OrderId"] not in ids(everything(operator, "/orders?status=ESCALATED"))
    assert order["OrderId"] not in ids(everything(operator, "/orders?status=ESCALATED"))


def test_the_queued_message_of_a_closed_order_is_out_of_date(
    apps: Apps, operator: Apps, order: dict[str, str], escalated: dict[str, str]
) -> None:
    operator.call("POST", f"/orders/{order['OrderId']}/close", {"note": NOTE})

    row = apps.row(order["OrderId"])
    [(queue, message)] = apps.queued(order["OrderId"])
    assert row and queue == "EscalationQueue"
    assert message["ExecutionId"] != row["ExecutionId"]["S"]


def test_only_operators_see_an_order_that_was_started_by_hand(
    apps: Apps, operator: Apps, order: dict[str, str]
) -> None:
    apps.finished(apps.start(apps.places.order_workflow, order))

    assert apps.get_order(order["OrderId"])[0] == 404
    assert operator.get_order(order["OrderId"])[0] == 200


def test_an_operator_looks_at_a_parked_order_and_removes_it(apps: Apps, operator: Apps, order: dict[str, str]) -> None:
    """The name is too long. The API would refuse it; the workflow, started by hand, parks the order."""
    apps.finished(apps.start(apps.places.order_workflow, order | {"Name": "x" * 201}))

    item = eventually(lambda: parked_item(operator, order["OrderId"]))

    assert (item["Error"], item["State"]) == ("FieldLengthError", "Is it an order")
    assert (item["Order"], item["Status"]) == (None, None)
    assert operator.call("DELETE", f"/parked/{item['MessageId']}")[:2] == (200, {"removed": 1})
    assert operator.call("DELETE", f"/parked/{item['MessageId']}")[0] == 404
    assert parked_item(operator, order["OrderId"]) is None


def test_listing_parked_messages_removes_none_even_if_they_are_invalid(
    apps: Apps, operator: Apps, order: dict[str, str]
) -> None:
    sqs = apps.cloud.engine.client("sqs")
    bodies = ["[not JSON", *(json.dumps({"OrderId": f"{order['OrderId']}-{number}"}) for number in range(12))]
    sent = [sqs.send_message(QueueUrl=apps.places.parked_queue, MessageBody=body)["MessageId"] for body in bodies]

    for _ in range(2):
        _, body, _ = operator.call("GET", "/parked")
        assert set(sent) <= {item["MessageId"] for item in body["items"]}

    for message_id in sent:
        assert operator.call("DELETE", f"/parked/{message_id}")[0] == 200


@pytest.mark.parametrize("name", QUEUES)
def test_dead_letters_are_counted_and_redriven_to_their_queue(
    apps: Apps, operator: Apps, order: dict[str, str], name: str
) -> None:
    # Tests of accounts leave messages that no deletion of an account removes.
    assert operator.call("POST", f"/dead-letters/{name}/redrive")[0] == 200
    sqs = apps.cloud.engine.client("sqs")
    for number in range(12):
        body = json.dumps({"OrderId": order["OrderId"], "Number": number})
        sqs.send_message(QueueUrl=dead_letters_of(apps, name), MessageBody=body)

    counted = {one["Queue"]: one["Messages"] for one in operator.call("GET", "/dead-letters")[1]["queues"]}
    moved = operator.call("POST", f"/dead-letters/{name}/redrive")

    assert counted.keys() == set(QUEUES) and counted[name] == 12
    assert moved[:2] == (200, {"moved": 12, "failed": 0, "left": 0})
    queued = [(queue, message["Number"]) for queue, message in apps.queued(order["OrderId"])]
    assert sorted(queued) == [(name, number) for number in range(12)]


def test_a_queue_without_a_dead_letter_queue_is_not_found(operator: Apps) -> None:
    assert operator.call("POST", "/dead-letters/ParkedQueue/redrive")[0] == 404
