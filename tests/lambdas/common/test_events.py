"""The id of a request, and what a refusal holds."""

import pytest

from common import codes
from common.events import RequestError, request_id

ID = "3f2a9c1e-7b4d-4e8f-9a6b-c0d1e2f3a4b5"


def test_api_gateways_id_of_a_request_is_read() -> None:
    assert request_id({"requestContext": {"requestId": ID}}) == ID


@pytest.mark.parametrize("context", [{}, {"requestContext": None}, {"requestContext": {"requestId": None}}])
def test_a_call_that_api_gateway_does_not_make_has_no_id(context: dict[str, object]) -> None:
    assert request_id(context) is None


@pytest.mark.parametrize("id", ["", ID.upper(), f"{ID}0", f"x{ID}", "42424242-4242-4242-4242-424242424242"])
def test_an_id_in_another_form_is_left_out(id: str) -> None:
    """A caller can choose the id. One with digits only could be a card number."""
    assert request_id({"requestContext": {"requestId": id}}) is None


def test_a_refusal_has_no_details_and_no_time_to_retry_unless_they_are_given() -> None:
    plain = RequestError(404, "NotFound", "There is no such order.")
    full = RequestError(429, "TooMany", "Wait.", [codes.EMPTY().of("x")], retry_after=60)

    assert (plain.status, plain.code, plain.message, str(plain)) == (
        404,
        "NotFound",
        "There is no such order.",
        "There is no such order.",
    )
    assert (plain.details, plain.retry_after) == ([], None)
    assert (full.details, full.retry_after) == ([codes.EMPTY().of("x")], 60)
