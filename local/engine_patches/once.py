"""Remembers results that depend only on their arguments.

The engine checks the signature of a token at each request (`services/apigateway.py:750`), and the syntax of a condition
at each write (`services/dynamodb.py:6840`). It checks separately whether a token has expired.
"""

import functools
from collections.abc import Callable
from typing import Any

from ministack.services import apigateway, apigateway_v1, dynamodb

KEPT = 1000
"""The most results of each kind that are kept. A token lives for an hour, and our code has about 30 conditions."""


def apply() -> None:
    # `apigateway_v1` has its own name for the same function.
    apigateway._verify_rs256_signature = apigateway_v1._verify_rs256_signature = signatures_once(
        apigateway._verify_rs256_signature
    )
    dynamodb._condition_syntax_error = functools.lru_cache(KEPT)(dynamodb._condition_syntax_error)


def signatures_once(verify: Callable[[str, dict[str, Any]], bool]) -> Callable[[str, dict[str, Any]], bool]:
    """Returns `verify`, changed to check each token once with each public key."""

    @functools.lru_cache(KEPT)
    def verified(token: str, modulus: str, exponent: str) -> bool:
        return verify(token, {"n": modulus, "e": exponent})

    return lambda token, key: verified(token, key.get("n", ""), key.get("e", ""))
