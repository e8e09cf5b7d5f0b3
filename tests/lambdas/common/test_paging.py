"""The size of a page, and the place where the next one begins."""

import base64
import json
from typing import Any

import pytest

from common import codes
from common.events import RequestError
from common.paging import limit_in, place_in, query_of, refused, token

TIME = "2026-11-21T04:00:00.123Z"


def encoded(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


@pytest.mark.parametrize("event", [{}, {"queryStringParameters": None}, {"queryStringParameters": {}}])
def test_a_request_without_a_query_gets_the_first_page_of_the_usual_size(event: dict[str, Any]) -> None:
    query = query_of(event)

    assert limit_in(query, default=20) == 20
    assert place_in(query) is None


@pytest.mark.parametrize(("limit", "rows"), [("1", 1), ("7", 7), ("1e1", 10), ("100", 100)])
def test_a_page_has_one_to_a_hundred_rows(limit: str, rows: int) -> None:
    assert limit_in(query_of({"queryStringParameters": {"limit": limit}}), default=20) == rows


@pytest.mark.parametrize("limit", ["0", "-1", "101", "1e9", "1.5", "", "ten", "4242424242424242"])
def test_another_size_of_a_page_is_refused(limit: str) -> None:
    with pytest.raises(RequestError, match="The query is invalid.") as caught:
        limit_in({"limit": limit}, default=20)

    assert (caught.value.status, caught.value.code) == (400, "InvalidRequest")
    assert caught.value.details == [codes.NOT_WHOLE_NUMBER(smallest=1, largest=100).of("limit")]


@pytest.mark.parametrize("time", ["2026-11-21T04:00:00Z", "2026-11-21T04:00:00.1Z", "2026-11-21T04:00:00.123456789Z"])
@pytest.mark.parametrize("id", ["A", "A-1", "é" * 256, "x" * 512, "🐈?>"])
def test_the_next_page_begins_where_the_page_before_ended(time: str, id: str) -> None:
    next = token((time, id))

    assert next is not None
    assert place_in({"next": next}) == (time, id)


def test_the_last_page_has_no_next() -> None:
    assert token(None) is None


@pytest.mark.parametrize(
    "next",
    [
        "",
        "%",
        "é",
        TIME,
        base64.urlsafe_b64encode(b"\xff").decode(),
        base64.urlsafe_b64encode(b"{").decode(),
        *map(
            encoded,
            [
                None,
                7,
                {},
                [],
                [TIME],
                [TIME, "A-1", "A-2"],
                [TIME, None],
                [TIME, 7],
                [None, "A-1"],
                [7, "A-1"],
                [TIME, ""],
                [TIME, "x" * 513],
                [TIME, "é" * 257],
                ["2026-11-21", "A-1"],
                ["2026-11-21T04:00:00", "A-1"],
                ["2026-11-21T04:00:00.Z", "A-1"],
                ["2026-11-21T04:00:00.1234567890Z", "A-1"],
                [f" {TIME}", "A-1"],
                [f"{TIME}\n", "A-1"],
                ["٢026-11-21T04:00:00Z", "A-1"],
            ],
        ),
    ],
)
def test_a_next_that_no_answer_had_is_refused(next: str) -> None:
    with pytest.raises(RequestError) as caught:
        place_in({"next": next})

    assert (caught.value.status, caught.value.details) == (400, [codes.NOT_A_NEXT().of("next")])


def test_a_refused_field_of_a_query_is_named() -> None:
    error = refused("from", codes.NOT_A_TIME())

    assert (error.status, error.code, error.details) == (400, "InvalidRequest", [codes.NOT_A_TIME().of("from")])
