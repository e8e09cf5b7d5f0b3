"""A connection to Redis that sends commands and reads answers. Standard library only. See decision D158.

https://redis.io/docs/latest/develop/reference/protocol-spec/ (RESP 2)
"""

import re
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

Command: TypeAlias = Sequence[str | int]
Answer: TypeAlias = "bytes | None | RefusalError"

PORT = 6379
LONGEST_LINE = 4096
LONGEST_VALUE = 4_000_000
"""In bytes. A cached order is far shorter. A longer answer must not fill the function's memory."""

_CODE = re.compile("[A-Z]{1,32}")
_UNABLE = ("LOADING", "MASTERDOWN", "NOAUTH", "WRONGPASS", "ERR max number of clients reached")
"""The beginnings of refusals that the server would give to every command."""


class RefusalError(Exception):
    """Redis refused one command. `code` is the first word of its answer: `OOM`, `READONLY`, `WRONGTYPE`."""

    def __init__(self, text: str) -> None:
        # Only the code, because the rest may quote the command.
        self.code = found[0] if (found := _CODE.match(text)) else "ERR"
        super().__init__(self.code)


class UnableError(ConnectionError):
    """Redis can answer no command now, or something else answers in its place."""


class Connection:
    """A connection to `redis[s]://[user@]host[:port]`. Each of its waits ends after `seconds`.

    `sign_in` returns a user and a password. After any OSError the connection must be closed.
    """

    def __init__(
        self,
        url: str,
        *,
        seconds: float,
        tls: ssl.SSLContext | None = None,
        sign_in: Callable[[], tuple[str, str]] | None = None,
    ) -> None:
        address = urlsplit(url)
        if not address.hostname:
            raise ValueError("the address of the cache names no host")
        connected = socket.create_connection((address.hostname, address.port or PORT), timeout=seconds)
        try:
            # A command is one short packet, which must not wait for the answer to an earlier one.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = tls.wrap_socket(connected, server_hostname=address.hostname) if tls else connected
        except BaseException:
            connected.close()
            raise
        self._answers = self._socket.makefile("rb")
        try:
            if sign_in:
                self._sign_in(*sign_in())
        except BaseException:
            self.close()
            raise

    def ask(self, *commands: Command) -> list[Answer]:
        """Sends the commands at once, and returns their answers: a value, None for nothing, or a refusal.

        Raises OSError, and UnableError if no command can be answered.
        """
        self._socket.sendall(b"".join(_written(command) for command in commands))
        return [self._answer() for _ in commands]

    def is_usable(self) -> bool:
        """Returns whether the connection is still open. A server that closes it sends the end of the stream."""
        return not select.select([self._socket], [], [], 0)[0]

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def _sign_in(self, user: str, password: str) -> None:
        (answer,) = self.ask(("AUTH", user, password))
        if isinstance(answer, RefusalError):
            raise UnableError(answer.code)

    def _answer(self) -> Answer:
        line = self._answers.readline(LONGEST_LINE)
        if not line.endswith(b"\r\n"):
            raise UnableError("closed")
        kind, text = line[:1], line[1:-2]
        if kind == b"+":
            return text
        if kind == b"-":
            return _refusal(text.decode(errors="replace"))
        if kind == b"$" and re.fullmatch(rb"-1|[0-9]{1,9}", text):
            return None if text == b"-1" else self._value(int(text))
        raise UnableError("not the protocol")

    def _value(self, size: int) -> bytes:
        if size > LONGEST_VALUE:
            raise UnableError("value too long")
        value = self._answers.read(size + 2)
        if len(value) < size + 2 or not value.endswith(b"\r\n"):
            raise UnableError("closed")
        return value[:-2]


def _written(command: Command) -> bytes:
    """A command as Redis reads it: the number of its words, and each word with its length."""
    words = [str(word).encode() for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def _refusal(text: str) -> RefusalError:
    if text.startswith(_UNABLE):
        raise UnableError(str(RefusalError(text)))
    return RefusalError(text)


def cause(error: Exception) -> str:
    """What an error may say in a log: Redis's own word, or the class of any other error."""
    return str(error) if isinstance(error, RefusalError | UnableError) else type(error).__name__
