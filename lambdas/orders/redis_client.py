"""The client of the cache: how a function signs in, and how long it waits."""

import os
import ssl
from functools import cache
from urllib.parse import urlsplit

from botocore.model import ServiceId
from botocore.session import Session
from botocore.signers import RequestSigner

from orders.redis_connection import Answer, Command, Connection, RefusalError


class IamCredentials:
    """Signs in to ElastiCache with the function's own role instead of a password.

    The token is a presigned request that is valid for 15 minutes. Making one needs no call to AWS.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
    """

    def __init__(self, *, user: str, replication_group: str, session: Session) -> None:
        self._user = user
        self._replication_group = replication_group
        # The signer has only a weak reference to the session's event emitter, so the session must stay alive.
        self._session = session
        self._signer = RequestSigner(
            ServiceId("elasticache"),
            session.get_config_variable("region"),
            "elasticache",
            "v4",
            session.get_credentials(),
            session.get_component("event_emitter"),
        )

    def get_credentials(self) -> tuple[str, str]:
        url = self._signer.generate_presigned_url(
            {
                "method": "GET",
                "url": f"https://{self._replication_group}/?Action=connect&User={self._user}",
                "body": {},
                "headers": {},
                "context": {},
            },
            operation_name="connect",
            expires_in=900,
        )
        return self._user, url.removeprefix("https://")


class Client:
    """A client for `redis[s]://[user@]host[:port]`. Each of its waits ends after `seconds`. A `user` signs in with IAM.

    Threads may share it: each call has a connection of its own, and leaves it open for the next call.
    """

    def __init__(self, url: str, seconds: float) -> None:
        self.url = url
        self.seconds = seconds
        address = urlsplit(url)
        self.tls = ssl.create_default_context() if address.scheme == "rediss" else None
        self.credentials = None
        if address.username:
            self.credentials = IamCredentials(
                user=address.username, replication_group=os.environ["REDIS_NAME"], session=Session()
            )
        self._idle: list[Connection] = []

    def ask(self, *commands: Command) -> list[Answer]:
        """Sends the commands, and returns their answers, like Connection.ask. Raises ValueError if the URL is wrong."""
        connection = self._connection()
        try:
            answers = connection.ask(*commands)
        except BaseException:
            connection.close()
            raise
        if any(isinstance(answer, RefusalError) and answer.code == "READONLY" for answer in answers):
            # This server was the primary until now. A new connection resolves the name again and finds the new primary.
            connection.close()
            self.close()
        else:
            self._idle.append(connection)
        return answers

    def close(self) -> None:
        """Closes the connections that no call uses."""
        while connection := self._idle_one():
            connection.close()

    def _connection(self) -> Connection:
        while connection := self._idle_one():
            if connection.is_usable():
                return connection
            connection.close()
        sign_in = self.credentials.get_credentials if self.credentials else None
        return Connection(self.url, seconds=self.seconds, tls=self.tls, sign_in=sign_in)

    def _idle_one(self) -> Connection | None:
        # Another thread may take the last one between a look at the list and `pop`.
        try:
            return self._idle.pop()
        except IndexError:
            return None


client = cache(Client)


def talk(*commands: Command, seconds: float) -> list[Answer]:
    """Sends commands to REDIS_URL, and returns their answers, as Client.ask."""
    return client(os.environ["REDIS_URL"], seconds).ask(*commands)
