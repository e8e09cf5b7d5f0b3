"""Lets the running calls of a function end when the function is updated or deleted, as on AWS.

The engine kills the function's processes at once, also those that answer a call (`core/lambda_runtime.py:1748`). Then
the callers get 502.
"""

from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.engine_patches import lines

KILL = "    kill_workers(doomed)"


def apply() -> None:
    lambda_runtime.idle_of = idle_of
    lines.replace(lambda_runtime, "invalidate_worker", KILL, "    kill_workers(idle_of(doomed))")
    lambda_svc.invalidate_worker = lambda_runtime.invalidate_worker
    lambda_svc.release_worker = release


def idle_of(doomed: list[Any]) -> list[Any]:
    """The processes that answer no call. The others are no longer in the pool, and end after their call."""
    with lambda_runtime._lock:
        for worker in doomed:
            worker.ends_after_call = worker.in_use
        return [worker for worker in doomed if not worker.in_use]


def release(worker: Any) -> None:
    """Gives a process back after a call, or ends it if its function was updated during the call."""
    lambda_runtime.release_worker(worker)
    if getattr(worker, "ends_after_call", False):
        lambda_runtime.kill_workers([worker])
