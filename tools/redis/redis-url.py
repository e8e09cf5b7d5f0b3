"""`python redis-url.py ADDRESS NAME USER` prints a REDIS_URL that is signed in to ElastiCache, for 15 minutes."""

import os
import sys
from urllib.parse import quote

from terminal.errors import CommandError
from tools import command
from tools.errors import read_settings

DESCRIPTION = """\
Prints a REDIS_URL that is signed in to ElastiCache, for 15 minutes. ADDRESS, NAME and USER are the outputs
RedisAddress, RedisName and RedisOperator of the stack Cache.

You need AWS credentials that may call `elasticache:Connect` on the cache and on the user."""

EPILOG = "exit status: 0 done; 1 no AWS credentials, or no region; 2 wrong usage"


def main() -> int:
    return command.exit_status(run)


def run() -> int:
    parser = command.Parser(prog="redis-url.py", description=DESCRIPTION, epilog=EPILOG)
    for name in ("address", "name", "user"):
        parser.add_argument(name, metavar=name.upper())
    options = parser.parse_args()
    for name, value in vars(options).items():
        # As it comes from an output that the shell does not know.
        if not value.strip():
            parser.error(f"{name.upper()} is empty: it is an output of the stack Cache")
    # Here, because the help does not need it, and not every machine has it.
    from botocore.session import Session

    from orders.redis_client import IamCredentials

    session = Session()
    if region := os.environ.get("AWS_REGION", "").strip():
        # botocore itself reads AWS_DEFAULT_REGION alone; the other tools read AWS_REGION.
        session.set_config_variable("region", region)
    read_settings(session, lambda: session.create_client("sts"))
    if not session.get_credentials():
        raise CommandError("no AWS credentials were found: set them as for any AWS tool")
    if not session.get_config_variable("region"):
        raise CommandError("no AWS region is set: set AWS_REGION, or a profile that has one")
    _, token = IamCredentials(user=options.user, replication_group=options.name, session=session).get_credentials()
    print(f"rediss://{quote(options.user, safe='')}:{quote(token, safe='')}@{options.address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
