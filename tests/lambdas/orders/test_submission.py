"""How an order is read, how its row is made, and how its workflow is started."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import pytest
from botocore.exceptions import ClientError

from common.events import RequestError
from orders import rules, submission, table
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import API, REQUEST_ID, post, signed_in, status_and_body
from tests.support.orders import an_order

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
ORDER = an_order()
CARD = ORDER["CC"]


def asked(order=ORDER):
    return signed_in(post(order))


def row_of(order=ORDER, event=None):
    return submission.row_of(event or asked(order), order, now=NOW)


@pytest.mark.parametrize(
    ("price", "text"),
    [("12.50", "12.50"), (5, "5"), (12.5, "12.5"), ("x" * 32, "x" * 32), (0.1 + 0.2, "0.30000000000000004")],
)
def test_an_order_is_read_with_its_price_as_text(price, text):
    assert submission.order_in(asked(ORDER | {"Price": price})) == ORDER | {"Price": text}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"Name": CARD}, "Name", "LooksLikeCard"),
        ({"OrderId": "a b"}, "OrderId", "NotAnOrderId"),
        ({"Name": "a\nb"}, "Name", "NotOneLine"),
        ({"ItemName": "a\nb"}, "ItemName", "NotOneLine"),
        ({"Price": "1\n"}, "Price", "NotOneLine"),
        ({"Name": "\u200b"}, "Name", "NothingVisible"),
        ({"ItemName": "\u200b"}, "ItemName", "NothingVisible"),
    ],
    ids=str,
)
def test_an_invalid_field_is_named(change, field, code):
    with pytest.raises(RequestError) as refused:
        submission.order_in(asked(ORDER | change))

    assert [(one["field"], one["code"]) for one in refused.value.details] == [(field, code)]
    assert refused.value.status == 400


def test_an_order_id_that_is_refused_is_explained_with_its_longest_length():
    with pytest.raises(RequestError) as refused:
        submission.order_in(asked(ORDER | {"OrderId": "a b"}))

    assert "64" in refused.value.details[0]["problem"]


@pytest.mark.parametrize(("digits", "fits"), [(30, True), (31, False)])
def test_a_number_may_be_as_long_as_a_price_in_text(digits, fits):
    price = f"0.{'0' * 5}{'1' * (digits - 5)}"
    event = asked() | {"body": json.dumps(ORDER).replace('"12.50"', price)}

    if fits:
        assert submission.order_in(event)["Price"] == price
        return
    with pytest.raises(RequestError) as refused:
        submission.order_in(event)
    (detail,) = refused.value.details
    assert (detail["field"], detail["code"], "32" in detail["problem"]) == ("Price", "TooManyDigits", True)


def test_a_row_has_the_order_without_its_card_number_and_a_name_for_its_execution():
    row = row_of()

    assert rules.order_id_in(row.pop("ExecutionName")) == "A-1"
    assert len(row.pop("Digest")) == 64
    assert row == {
        **{name: ORDER[name] for name in ("OrderId", "Name", "ItemName", "Price")},
        "CardLast4": "1111",
        "Status": "RECEIVED",
        "Reasons": [],
        "ReceivedAt": "2026-11-21T04:00:00.000Z",
        "UpdatedAt": "2026-11-21T04:00:00.000Z",
        "ExpiresAt": int((NOW + timedelta(days=30)).timestamp()),
        "RequestId": REQUEST_ID,
    }


def test_a_request_without_an_id_makes_a_row_without_one():
    assert "RequestId" not in row_of(event={"requestContext": {}})


def test_the_same_order_has_the_same_digest_and_another_name_each_time():
    first, second = row_of(), row_of()

    assert submission.is_same(first, second)
    assert first["ExecutionName"] != second["ExecutionName"]


@pytest.mark.parametrize("field", ["OrderId", "Name", "ItemName", "Price", "CC"])
def test_an_order_with_another_value_is_another_order(field):
    other = row_of(ORDER | {field: ORDER[field][:-1] + "9"})

    assert not submission.is_same(other, row_of())


@pytest.mark.parametrize("field", [None, "OrderId", "Name", "ItemName", "Price", "CardLast4"])
def test_an_order_that_was_started_by_hand_is_compared_by_its_fields_and_the_end_of_its_card(field):
    found = {name: value for name, value in row_of().items() if name != "Digest"}

    assert submission.is_same(row_of(), found | ({field: "other"} if field else {})) == (field is None)


@pytest.mark.parametrize("at", ["orders/A-1", "A-1"])
def test_the_answer_to_a_start_has_the_address_of_the_order(at, order_table, order_workflow):
    table.claim(row := row_of())
    address = f"{API}/orders" if "/" in at else f"{API}/orders/A-1"

    reply = submission.start(asked(), ORDER, row, at=at)

    assert status_and_body(reply) == (202, {"OrderId": "A-1", "Status": "RECEIVED"})
    assert urljoin(address, reply["headers"]["Location"]) == f"{API}/orders/A-1"
    (execution,) = order_workflow.executions()
    assert execution["name"] == row["ExecutionName"]
    assert json.loads(execution["input"]) == ORDER | {"Claimed": True, "RequestId": REQUEST_ID}


def test_an_execution_gets_the_name_as_it_was_written(order_table, order_workflow):
    order = ORDER | {"Name": "Zoë 🐈"}
    table.claim(row := row_of(order))

    submission.start(asked(order), order, row, at="A-1")

    assert '"Zoë 🐈"' in order_workflow.executions()[0]["input"]


def test_a_start_that_fails_withdraws_the_claim(order_table):
    """There is no workflow here."""
    table.claim(row := row_of())

    with pytest.raises(ClientError):
        submission.start(asked(), ORDER, row, at="A-1")

    assert table.find("A-1") is None


def test_a_start_of_a_correction_that_fails_restores_the_earlier_row(order_table):
    earlier = row_of() | {"Status": "ESCALATED", "ExecutionId": "arn"}
    table.claim(earlier)
    table.claim_again(row := row_of(), instead_of=earlier)

    with pytest.raises(ClientError):
        submission.start(asked(), ORDER, row, at="A-1", instead_of=earlier)

    assert table.find("A-1") == earlier


def test_neither_the_workflow_nor_the_key_may_use_up_the_time_of_a_request():
    for service in ("stepfunctions", "secretsmanager"):
        assert client_of(submission, service).meta.config.retries["total_max_attempts"] == 2


def test_the_key_of_the_digests_is_read_once(monkeypatch):
    """Each call of Secrets Manager costs time and money."""
    row_of()
    monkeypatch.setattr(client_of(submission, "secretsmanager"), "get_secret_value", None)

    assert row_of()["Digest"]


def test_a_start_that_arrived_twice_is_one_start(order_table, order_workflow):
    """A name that Step Functions knows with other input has been started."""
    table.claim(row := row_of())
    submission.start(asked(), ORDER, row, at="A-1")
    order_workflow.stop()

    assert submission.start(asked(), ORDER, row, at="A-1")["statusCode"] == 202
    assert len(order_workflow.executions()) == 1


@pytest.mark.parametrize(
    ("corrector", "said"),
    [
        ({}, {"message": "order received"}),
        ({"CorrectedBy": "olga"}, {"message": "order corrected", "By": "operator"}),
        ({"CorrectedBy": "ada"}, {"message": "order corrected", "By": "owner"}),
    ],
)
def test_a_start_is_an_event(corrector, said, order_table, order_workflow, capsys):
    table.claim(row := row_of() | {"Owner": "ada"} | corrector)

    submission.start(asked(), ORDER, row, at="A-1")

    assert json.loads(capsys.readouterr().out) == {**said, "OrderId": "A-1", "RequestId": REQUEST_ID}


def test_a_waiting_claim_is_started_again_with_the_id_of_this_request(order_table, order_workflow):
    row = row_of() | {"RequestId": "of another request"}
    table.claim(row)

    found = submission.start_again(asked(), ORDER, row, now=NOW)

    assert found["RequestId"] == REQUEST_ID
    (execution,) = order_workflow.executions()
    assert (execution["name"], json.loads(execution["input"])["RequestId"]) == (row["ExecutionName"], REQUEST_ID)
    assert table.find("A-1")["KeptAt"] == "2026-11-21T04:00:00.000Z"


def test_a_claim_that_an_execution_has_taken_meanwhile_is_shown_and_not_started(order_table, order_workflow):
    row = row_of()
    table.claim(taken := row | {"ExecutionId": "arn"})

    assert submission.start_again(asked(), ORDER, row, now=NOW) == taken
    assert order_workflow.executions() == []


@pytest.mark.parametrize("meanwhile", [None, {"ExecutionName": "of the next request"}])
def test_a_claim_that_was_withdrawn_meanwhile_is_not_started(meanwhile, order_table, order_workflow):
    if meanwhile:
        table.claim(row_of() | meanwhile)

    with pytest.raises(RequestError) as refused:
        submission.start_again(asked(), ORDER, row_of(), now=NOW)

    assert (refused.value.status, refused.value.code) == (503, "Unavailable")
    assert order_workflow.executions() == []
