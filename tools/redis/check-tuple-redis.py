"""`python check-tuple-redis.py age` tells whether a key is in Redis, and its value."""

import sys

import redis
import tuples


def check(client: "redis.Redis", key: str) -> bool:
    value = client.get(key)
    if value is None:
        print("The TUPLE is not there in ElastiCache")
        return False
    print("The TUPLE is there in ElastiCache")
    print(value)
    return True


if __name__ == "__main__":
    sys.exit(tuples.run("check-tuple-redis.py KEY", check))
