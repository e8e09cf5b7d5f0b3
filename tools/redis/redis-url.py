"""`python redis-url.py ADDRESS NAME USER` prints a REDIS_URL for ElastiCache that is valid for 15 minutes."""

import os
import sys
from typing import Annotated
from urllib.parse import quote

import typer

from terminal import app
from terminal.errors import CommandError
from tools import command
from tools.errors import read_settings

DESCRIPTION = """\
Prints a REDIS_URL for ElastiCache that is valid for 15 minutes. ADDRESS, NAME and USER are the outputs
RedisAddress, RedisName and RedisOperator of the stack Cache.

You need AWS credentials with the permission `elasticache:Connect` on the cache and on the user."""

EPILOG = "exit status: 0 done; 1 no AWS credentials, or no region; 2 wrong usage"


def main() -> int:
    return command.exit_status(lambda: app.invoke(APP, "redis-url.py", None))


def _output(text: str) -> str:
    # An unset variable of the shell is an empty argument.
    if not text.strip():
        raise typer.BadParameter("it is empty: write the value of the output of the stack Cache")
    return text


def _argument(name: str) -> typer.models.ArgumentInfo:
    argument: typer.models.ArgumentInfo = typer.Argument(metavar=name, callback=_output)
    return argument


def run(
    address: Annotated[str, _argument("ADDRESS")],
    name: Annotated[str, _argument("NAME")],
    user: Annotated[str, _argument("USER")],
) -> int:
    # Imported here, because the help does not need it, and not every machine has it.
    from botocore.session import Session

    from orders.redis_client import IamCredentials

    session = Session()
    if region := os.environ.get("AWS_REGION", "").strip():
        # botocore itself reads only AWS_DEFAULT_REGION; other AWS tools read AWS_REGION.
        session.set_config_variable("region", region)
    read_settings(session, lambda: session.create_client("sts"))
    if not session.get_credentials():
        raise CommandError("no AWS credentials were found: set them as for the AWS CLI")
    if not session.get_config_variable("region"):
        raise CommandError("no AWS region is set: set AWS_REGION, or AWS_PROFILE to a profile with a region")
    _, token = IamCredentials(user=user, replication_group=name, session=session).get_credentials()
    print(f"rediss://{quote(user, safe='')}:{quote(token, safe='')}@{address}")
    return 0


APP = app.of_one_command(run, help=DESCRIPTION, epilog=EPILOG)


if __name__ == "__main__":
    sys.exit(main())
