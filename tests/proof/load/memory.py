"""How much memory the functions' processes and the cache need."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil
import redis

from local import deploy
from local.cloud import Cloud


@dataclass(frozen=True)
class CacheUse:
    """What the cache holds. `bytes` is the memory of its entries."""

    entries: int
    bytes: int
    clients: int
    endless: int
    """The number of entries without a lifetime. They would stay for ever."""
    longest_seconds: int
    """The longest lifetime that an entry has left."""


def of_functions(cloud: Cloud) -> dict[str, dict[int, int]]:
    """The bytes that each process of a function has for itself, by construct id and process id."""
    engine = cloud.engine.daemon.process()
    assert engine
    constructs = {name: construct for construct, name in deploy.functions(cloud.engine).items()}
    found: dict[str, dict[int, int]] = {}
    for process in engine.children(recursive=True):
        # A process may end meanwhile.
        with suppress(psutil.Error):
            name = process.environ().get("AWS_LAMBDA_FUNCTION_NAME", "")
            if name in constructs:
                found.setdefault(constructs[name], {})[process.pid] = process.memory_full_info().uss
    return found


def growth(before: Mapping[int, int], after: Mapping[int, int]) -> int:
    """The largest growth, in bytes, of a process that is in both. Raises ValueError if none is."""
    return max(after[id] - before[id] for id in before.keys() & after.keys())


def of_cache(cloud: Cloud) -> CacheUse:
    with redis.Redis(port=cloud.settings.redis_port) as cache:
        info = cache.info()
        lifetimes = [cache.ttl(key) for key in cache.scan_iter()]
    return CacheUse(
        entries=len(lifetimes),
        bytes=info["used_memory_dataset"],
        clients=info["connected_clients"],
        # -2 is an entry that has ended since.
        endless=lifetimes.count(-1),
        longest_seconds=max(lifetimes, default=0),
    )
