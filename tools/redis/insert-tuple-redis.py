"""`python insert-tuple-redis.py age 25` sets a key in Redis."""

import sys
from typing import Any

import tuples


def insert(client: Any, key: str, value: str) -> bool:
    client.set(key, value)
    print("Inserted a TUPLE to ElastiCache")
    return True


if __name__ == "__main__":
    sys.exit(tuples.run("insert-tuple-redis.py KEY VALUE", "Sets a key in Redis.", insert))
