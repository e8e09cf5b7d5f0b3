"""Faults in the AWS calls of a handler, added between the handler and the simulated AWS."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.support.aws_answers import refusal

KINDS = ("refused", "lost", "late", "killed", "killed after")
"""The ways in which a call fails: AWS refuses it; AWS does it, and the answer is lost; no answer comes, and AWS does it
later; the function is killed before the call, or right after it."""


class KilledError(BaseException):
    """The end of the function: no handler catches it."""


@contextmanager
def fault(client: Any, operation: str, kind: str, *, beside: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Inside the block, the first call of `operation`, such as `PutItem`, meets the fault.

    `beside` is done at that moment: before the call, or after it if AWS does it. A late call arrives when the context
    ends.
    """
    service = client.meta.service_model.service_id.hyphenize()
    late: list[dict[str, Any]] = []
    done: list[str] = []

    def first(name: str) -> bool:
        if name in done:
            return False
        done.append(name)
        return True

    def before_build(params: dict[str, Any], **_: Any) -> None:
        if kind == "late" and first("met"):
            late.append(dict(params))
            beside()
            raise ReadTimeoutError(endpoint_url="https://aws.example.com")

    def before_call(model: Any, **_: Any) -> Any:
        if kind == "refused" and first("met"):
            beside()
            return refusal(model, "throttled")
        if kind == "killed" and first("met"):
            beside()
            raise KilledError
        return None

    def after_call(**_: Any) -> None:
        if kind in ("lost", "killed after") and first("met"):
            beside()
            if kind == "lost":
                raise ReadTimeoutError(endpoint_url="https://aws.example.com")
            raise KilledError

    events = client.meta.events
    events.register_first(f"before-parameter-build.{service}.{operation}", before_build, unique_id="fault-build")
    events.register_first(f"before-call.{service}.{operation}", before_call, unique_id="fault-before")
    events.register_first(f"after-call.{service}.{operation}", after_call, unique_id="fault-after")
    try:
        yield
    finally:
        events.unregister(f"before-parameter-build.{service}.{operation}", unique_id="fault-build")
        events.unregister(f"before-call.{service}.{operation}", unique_id="fault-before")
        events.unregister(f"after-call.{service}.{operation}", unique_id="fault-after")
    assert done, f"nothing called {operation}"
    for params in late:
        # No caller waits for these answers.
        with suppress(ClientError):
            client._make_api_call(operation, params)
