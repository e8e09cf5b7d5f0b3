"""`python redis-url.py ADDRESS NAME USER` prints a REDIS_URL that is signed in to ElastiCache, for 15 minutes.

ADDRESS, NAME and USER are the outputs RedisAddress, RedisName and RedisOperator of the stack Cache. Who runs it needs
`elasticache:Connect` on the cache and on the user.
"""

import sys
from pathlib import Path
from urllib.parse import quote

from botocore.session import Session

sys.path.insert(0, str(Path(__file__).parents[2] / "lambdas"))
from orders.cache import IamCredentials  # noqa: E402 - the Lambdas' folder is not installed anywhere

if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: redis-url.py ADDRESS NAME USER")
    address, name, user = sys.argv[1:]
    session = Session()
    if not session.get_credentials() or not session.get_config_variable("region"):
        sys.exit("no AWS credentials, or no region: set them as for any AWS tool")
    _, token = IamCredentials(user=user, replication_group=name, session=session).get_credentials()
    print(f"rediss://{user}:{quote(token, safe='')}@{address}")
