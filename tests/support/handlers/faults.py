"""Makes AWS calls of a handler fail, between the handler and the simulated AWS."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.support.aws_answers import refusal

KINDS = ("refused", "lost", "late", "killed", "killed after")
"""The ways in which a call fails:

- refused: AWS answers an error and does nothing.
- lost: AWS does it, but the answer is lost.
- late: no answer comes, and AWS does it later.
- killed, killed after: the function is killed right before the call, or right after it.
"""


class KilledError(BaseException):
    """Ends the function. Handlers do not catch it, because it is not an `Exception`."""


@contextmanager
def fault(client: Any, operation: str, kind: str, *, beside: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Makes the first call of `operation`, like `PutItem`, fail inside the block.

    `beside` runs when the fault happens: after the call if AWS has done it, otherwise before. AWS does a late call at
    the end of the block.
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
        # No caller waits for the answer, so an error is ignored.
        with suppress(ClientError):
            client._make_api_call(operation, params)
