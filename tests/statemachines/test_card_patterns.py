"""The first states of the order workflow search with the regular expressions of common/cards.py and orders/rules.py."""

import re

from common import cards
from orders import rules
from tests.support.workflows.asl import load, states, texts

CARDS, RULES = vars(cards), vars(rules)
STATES = dict(states(load("order_fulfillment.asl.json")))


def pattern(name: str) -> str:
    """Returns a regular expression of common/cards.py."""
    found: str = CARDS[name].pattern
    return found


def patterns(name: str) -> list[str]:
    """Returns the regular expressions of a state, in order."""
    return [found for text in texts(STATES[name]) for found in re.findall(r"/((?:[^/\\\s]|\\.| \??)+)/", text)]


def whole(text: str) -> list[str]:
    """Returns the alternatives of a pattern, each for a whole text."""
    parts, depth = [""], 0
    for one in text:
        depth += (one in "([") - (one in ")]")
        if one == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += one
    return [f"^{part}$" for part in parts]


def test_the_workflow_knows_the_same_issuers():
    assert patterns("Keep numbers that issuers use") == whole(pattern("_ISSUED"))


def test_the_workflow_is_certain_of_the_same_numbers():
    assert f"^({pattern('_CERTAIN')})$" in patterns("Does it hold a card number")


def test_the_workflow_finds_the_same_groups():
    runs = [one.pattern for one in CARDS["_RUNS"]]

    found = patterns("Find groups of digits")

    assert found[:7] == [*[pattern("_LONG_GROUP")] * 2, runs[0], *runs, runs[2]]
    apart, digit = found[7:9]
    assert (apart.replace("(", "(?:"), digit) == (pattern("_APART"), "[^0-9]")
    assert found[9:] == ["[0-9].* x .*[0-9]", f"^[^0-9]*{MEASURE}([^0-9]+{MEASURE})*[^0-9]*$"]


MEASURE = pattern("_ROUND")
YEAR, MONTH, DAY = (CARDS[name] for name in ("_YEAR", "_MONTH", "_DAY"))


def test_the_workflow_leaves_out_the_same_ibans_and_parcels():
    assert pattern("_IBAN") in patterns("Are there enough digits for a card")
    assert patterns("Leave out IBANs and parcels")[:2] == [pattern("_IBAN"), pattern("_PARCEL")]


def test_the_workflow_leaves_out_the_same_sums_of_floats():
    for name in ("Is it an order", "Are there enough digits for a card"):
        assert RULES["_INEXACT"].pattern in patterns(name)


def test_the_workflow_tells_the_same_dates_and_measures_from_card_numbers():
    found = patterns("Tell other numbers by their groups")
    round_run = f"^[^0-9]*{MEASURE}([^0-9]+{MEASURE})*[^0-9]*$"
    at_the_start, anywhere = pattern("_DATE").split("[^0-9]|(?:^|[^0-9])(?:")
    dates = anywhere.removesuffix(")(?:[^0-9]|$)").split(f"|{DAY}[^0-9]*{MONTH}")
    by_day = f"{DAY}[^0-9]*{MONTH}" + dates[1].partition("|")[0]

    assert found.count(round_run) == 2
    assert f"{at_the_start}[^0-9]" in found
    for one in (dates[0], by_day, f"{MONTH}[^0-9]*{DAY}[^0-9]*{YEAR}"):
        assert f"(?:^|[^0-9]){one}(?:[^0-9]|$)" in found


def test_the_workflow_knows_the_groups_that_cards_print():
    """The workflow writes a blank after each group."""
    round_, *printed = [one for one in patterns("Read the numbers") if " " in one]

    assert round_ == f"^({MEASURE} ){{4}}"
    assert printed == [
        "^([0-9]{4} ){4}",
        "^([0-9]{4} ){4}[0-9]{1,3} ",
        "^[0-9]{6} [0-9]{13} |^[0-9]{4} [0-9]{6} [0-9]{4,5} ",
    ]
