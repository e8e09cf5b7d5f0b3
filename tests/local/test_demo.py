import json

import pytest

from local.demo import _names


@pytest.mark.parametrize("body", ["not JSON", "[]", "7", "{}", json.dumps({"OrderId": "other"}), "4" * 5000])
def test_what_others_put_into_a_queue_is_not_taken_for_the_demos_order(body: str) -> None:
    assert not _names(body, "A-1")


def test_the_demos_order_is_found_in_a_queue() -> None:
    assert _names(json.dumps({"OrderId": "A-1"}), "A-1")
