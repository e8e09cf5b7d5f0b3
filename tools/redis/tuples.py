"""What the three programs in this folder share: one key and its value in Redis."""

import os
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

import redis

URL = "redis://127.0.0.1:6379"
TIMEOUT_SECONDS = 5


def run(usage: str, action: Callable[..., bool]) -> int:
    """Calls `action` with a client and the arguments that `usage` names.

    The server is that of the setting REDIS_URL, `redis[s]://[user:password@]host[:port]`; `rediss` speaks TLS.
    Returns the exit status: 0 done, 1 no such key or no answer from the server, 2 wrong arguments.
    """
    program, *names = usage.split()
    arguments = sys.argv[1:]
    if len(arguments) != len(names):
        print(f"usage: {program} {' '.join(names)}", file=sys.stderr)
        return 2
    url = os.environ.get("REDIS_URL", URL)
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, decode_responses=True
        )
        return 0 if action(client, *arguments) else 1
    except ValueError as error:
        print(f"REDIS_URL is not an address: {error}", file=sys.stderr)
    except redis.RedisError as error:
        # The address without its password.
        address = urlsplit(url)
        print(f"no answer from Redis at {address.hostname}:{address.port or 6379}: {error}", file=sys.stderr)
    return 1
