"""`python delete-tuple-redis.py age` deletes a key from Redis."""

import sys
from typing import Any

import tuples


def delete(client: Any, key: str) -> bool:
    if not client.delete(key):
        print("The TUPLE is not there in ElastiCache")
        return False
    print("Deleted a TUPLE to ElastiCache")
    return True


if __name__ == "__main__":
    sys.exit(tuples.run("delete-tuple-redis.py KEY", "Deletes a key from Redis.", delete))
