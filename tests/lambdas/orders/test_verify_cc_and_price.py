import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.rules import REASONS
from orders.verify_cc_and_price import handler
from tests.support.orders import an_order

SAMPLES = json.loads((Path(__file__).parents[3] / "local" / "sample-orders.json").read_text())
GOOD = an_order()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=8,
)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["order"]["OrderId"])
def test_the_sample_orders_get_the_expected_verdict(sample):
    verdict = handler(sample["order"], None)

    assert verdict["Status"] == (1 if sample["expect"]["Status"] == "FULFILLMENT_QUEUED" else 0)
    assert bool(verdict["Reasons"]) == (verdict["Status"] == 0)


@pytest.mark.parametrize("rule", ["length", "luhn"])
def test_a_good_order_passes_either_card_rule(rule, monkeypatch):
    monkeypatch.setenv("CARD_RULE", rule)

    assert handler(GOOD, None) == {"Status": 1, "Reasons": []}


def test_the_verdict_has_every_reason():
    assert handler({}, None) == {"Status": 0, "Reasons": ["CARD_NOT_16_DIGITS", "PRICE_NOT_A_DECIMAL"]}


def test_a_missing_card_rule_is_an_error(monkeypatch):
    monkeypatch.delenv("CARD_RULE")

    with pytest.raises(KeyError):
        handler(GOOD, None)


@given(order=st.dictionaries(st.sampled_from([*GOOD, "else"]), JSON))
def test_any_json_gets_a_verdict_that_repeats_none_of_it(order):
    verdict = handler(order, None)

    assert verdict.keys() == {"Status", "Reasons"}
    assert verdict["Status"] == (0 if verdict["Reasons"] else 1)
    assert set(verdict["Reasons"]) <= REASONS.keys()


@given(price=JSON)
def test_a_price_that_passes_is_a_number_above_zero(price):
    verdict = handler(GOOD | {"Price": price}, None)

    assert verdict["Status"] == 0 or float(price) > 0


@given(JSON)
def test_any_event_that_is_not_an_order_is_escalated(event):
    assert handler(event, None)["Status"] == 0
