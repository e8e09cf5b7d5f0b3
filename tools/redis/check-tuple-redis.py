"""`python check-tuple-redis.py age` shows whether a key is in Redis, and its value."""

import sys
from typing import Any

import tuples


def check(client: Any, key: str) -> bool:
    value = client.get(key)
    if value is None:
        print("The TUPLE is not there in ElastiCache")
        return False
    print("The TUPLE is there in ElastiCache")
    try:
        print(value.decode())
    except UnicodeDecodeError:
        print(tuples.said("binary", bytes=len(value)), file=sys.stderr)
    return True


if __name__ == "__main__":
    sys.exit(tuples.run("check-tuple-redis.py KEY", "Shows whether a key is in Redis, and its value.", check))
