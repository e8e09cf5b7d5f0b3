"""Limits of the functions' calls to AWS, and the names of their errors."""

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError

from common.aws import BRIEFLY, error_name
from tests.support.aws_answers import refused

API_SECONDS = 20
"""The timeout of the API functions."""


def test_a_failed_call_is_repeated_and_two_calls_that_hang_end_before_the_timeout_of_an_api_function() -> None:
    one_call = BRIEFLY.retries["total_max_attempts"] * (BRIEFLY.connect_timeout + BRIEFLY.read_timeout)

    assert 2 * one_call < API_SECONDS
    assert BRIEFLY.connect_timeout >= 1
    assert BRIEFLY.retries["total_max_attempts"] >= 2


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (refused("dynamodb", "GetItem", "throttled"), "ThrottlingException"),
        (refused("sqs", "SendMessage", "denied"), "AccessDenied"),
        (ConnectTimeoutError(endpoint_url="https://example.com"), "ConnectTimeoutError"),
    ],
)
def test_the_name_of_an_error_is_its_code_or_its_class(error: ClientError | BotoCoreError, name: str) -> None:
    assert error_name(error) == name
