"""Which filters a list of one's own orders accepts, and what they mean."""

import pytest

from common.events import RequestError
from orders.order import STATUSES
from orders.search import Search
from orders.search_query import search_in

CARD = "4242424242424242"


@pytest.mark.parametrize(
    ("query", "search"),
    [
        ({}, Search()),
        ({"owner": "me", "limit": "5"}, Search()),
        *(({"status": status}, Search(status=status)) for status in STATUSES),
        ({"text": "Straße"}, Search(text="strasse")),
        ({"text": "53033190-7660-45b1-99e1-7b552e94525c"}, Search(text="53033190-7660-45b1-99e1-7b552e94525c")),
        ({"text": "x" * 200}, Search(text="x" * 200)),
        ({"from": "2026-11-21"}, Search(first="2026-11-21T00:00:00.000Z")),
        ({"to": "2026-11-21"}, Search(last="2026-11-21T23:59:59.999Z")),
        ({"from": "2026-11-21T04:05Z"}, Search(first="2026-11-21T04:05:00.000Z")),
        ({"to": "2026-11-21T04:05:06Z"}, Search(last="2026-11-21T04:05:06.000Z")),
        ({"to": "2026-11-21T04:05:06.789Z"}, Search(last="2026-11-21T04:05:06.789Z")),
        ({"to": "2026-11-21T04:05:06.123456789Z"}, Search(last="2026-11-21T04:05:06.123Z")),
        ({"from": "0001-01-01"}, Search(first="0001-01-01T00:00:00.000Z")),
        (
            {"from": "2026-11-21T04:00Z", "to": "2026-11-21T04:00Z"},
            Search(first="2026-11-21T04:00:00.000Z", last="2026-11-21T04:00:00.000Z"),
        ),
    ],
    ids=str,
)
def test_a_filter_becomes_a_search(query, search):
    assert search_in(query) == search


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        *(({"status": status}, "status", "UnknownValue") for status in ("", "escalated", "UNKNOWN")),
        ({"text": ""}, "text", "Empty"),
        ({"text": "x" * 201}, "text", "TooLong"),
        ({"text": "a\nb"}, "text", "NotOneLine"),
        *(({"text": text}, "text", "LooksLikeCard") for text in (CARD, f"pay {CARD}", "4242 4242 4242 4242")),
        *(
            ({name: text}, name, "NotATime")
            for name in ("from", "to")
            for text in (
                "",
                "now",
                "2026-11-21\n",
                " 2026-11-21",
                "26-11-21",
                "2026-11-21T04:00:00",
                "2026-11-21T04:00:00+01:00",
                "2026-11-21T04Z",
                "2026-11-21T04:00:00.Z",
                "2026-11-21T04:00:00.1234567890Z",
                "２０２６-11-21",
            )
        ),
        *(({"from": text}, "from", "NoSuchTime") for text in ("2026-02-30", "0000-01-01", "2026-11-21T25:00Z")),
        ({"from": "2026-11-22", "to": "2026-11-21"}, "to", "BeforeFrom"),
    ],
    ids=str,
)
def test_an_invalid_filter_is_named(query, field, code):
    with pytest.raises(RequestError) as refused:
        search_in(query)

    (detail,) = refused.value.details
    assert (refused.value.status, detail["field"], detail["code"]) == (400, field, code)
    assert CARD not in str(refused.value)


def test_a_time_that_is_refused_is_explained_with_two_examples():
    with pytest.raises(RequestError) as refused:
        search_in({"from": "now"})

    (detail,) = refused.value.details
    assert detail["problem"] == "must be a date such as 2027-01-27, or a UTC time such as 2027-01-27T09:00:00Z"
