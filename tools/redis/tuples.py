"""Shared by the three programs in this folder: reads and writes one key in Redis. The JavaScript twin is tuples.js.

It runs on Python 3.9, which AWS CloudShell has. Of the project's other files, it needs only messages.json.
"""

from __future__ import annotations

import io
import json
import os
import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

MESSAGES = json.loads(Path(__file__).with_name("messages.json").read_text(encoding="utf-8"))
TIMEOUT_SECONDS = 5
HOME = Path(__file__).resolve().parents[2] / ".local"
"""The folder of this checkout's laptop cloud."""

CODES = {
    "AskError": "ASK",
    "BusyLoadingError": "LOADING",
    "ClusterCrossSlotError": "CROSSSLOT",
    "ClusterDownError": "CLUSTERDOWN",
    "MasterDownError": "MASTERDOWN",
    "MovedError": "MOVED",
    "NoPermissionError": "NOPERM",
    "OutOfMemoryError": "OOM",
    "ReadOnlyError": "READONLY",
    "TryAgainError": "TRYAGAIN",
}
"""redis-py removes these codes from the server's text and raises these exceptions instead."""


class Failure(Exception):
    """The program prints the message and ends with the exit status 1."""

    def __init__(self, name: str, **values: object) -> None:
        super().__init__(said(name, **values))


class WrongUsage(Exception):
    """The program prints its usage and ends with the exit status 2."""


class Server(NamedTuple):
    """A Redis server. `address` contains no password, so it can be printed."""

    address: str
    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None
    database: int = 0
    home: Path | None = None
    """The folder of the laptop cloud, if this is its cache. Then `process` is the id of the cache's process."""
    process: int | None = None


def run(usage: str, about: str, action: Callable[..., bool]) -> int:
    """Calls `action` with a client and the arguments that `usage` names; returns the exit status.

    `about` is the first line of the help.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # If the terminal's encoding lacks a character, print the character's code.
            stream.reconfigure(errors="backslashreplace")
    program, *names = usage.split()
    line = f"usage: {program} [--home FOLDER] {' '.join(names)}"
    try:
        status = _run(line, about, len(names), action)
        if sys.stdout:
            sys.stdout.flush()
        return status
    except WrongUsage as error:
        print("\n".join([line, *error.args]), file=sys.stderr)
        return 2
    except Failure as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        # `ask` handles the errors of connections, so this is standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if not isinstance(error, BrokenPipeError):
            print(f"error: standard output: {str(error.strerror).lower()}", file=sys.stderr)
    return 1


def said(name: str, **values: object) -> str:
    """The message with this name in messages.json."""
    return filled(MESSAGES[name], values)


def filled(message: str, values: dict[str, object]) -> str:
    return re.sub("{([a-z]+)}", lambda name: str(values[name[1]]), message)


def _run(line: str, about: str, number: int, action: Callable[..., bool]) -> int:
    home, given = _parse(sys.argv[1:])
    if given is None:
        print("\n".join([line, "", about, *MESSAGES["help"]]))
        return 0
    if len(given) != number:
        raise WrongUsage
    try:
        # Decoded from bytes, because Python decodes arguments in the encoding of the locale.
        texts = [os.fsencode(argument).decode() for argument in given]
    except ValueError:
        raise WrongUsage(said("no text")) from None
    setting = os.environ.get("REDIS_URL", "").strip()
    server = named(setting) if setting and home is None else of_laptop(Path(home).expanduser() if home else HOME)
    words = "talking to the laptop" if server.home else "talking"
    print(said(words, address=server.address, home=server.home), file=sys.stderr)
    return ask(server, texts, action)


def _parse(arguments: list[str]) -> tuple[str | None, list[str] | None]:
    """The value of --home, and the keys and values; None instead of them if the user wants help. Raises WrongUsage."""
    home = None
    while arguments:
        option, *rest = arguments
        if option in ("-h", "--help"):
            return home, None
        if option == "--":
            return home, rest
        if option != "--home" and not option.startswith("--home="):
            break
        home, rest = (option[len("--home=") :], rest) if "=" in option else ("".join(rest[:1]), rest[1:])
        if not home.strip():
            raise WrongUsage(said("no home"))
        arguments = rest
    return home, arguments


def named(url: str) -> Server:
    """The server that REDIS_URL names. No message repeats the setting, because it may contain a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Failure("bad address", why=said("bad host")) from None
    if parts.scheme not in ("redis", "rediss") or not url[len(parts.scheme) :].startswith("://"):
        raise Failure("bad address", why=said("bad scheme"))
    if "?" in url or "#" in url:
        raise Failure("bad address", why=said("bad options"))
    if not parts.hostname or " " in parts.netloc:
        raise Failure("bad address", why=said("bad host"))
    try:
        port = 6379 if parts.port is None else parts.port
    except ValueError:
        port = 0
    if not port:
        raise Failure("bad address", why=said("bad port"))
    if not re.fullmatch("/?[0-9]{0,9}", parts.path):
        raise Failure("bad address", why=said("bad database"))
    try:
        user, password = (_unquoted(text) for text in (parts.username, parts.password))
    except ValueError:
        raise Failure("bad address", why=said("bad escape")) from None
    if user and not password:
        raise Failure("bad address", why=said("bad sign-in"))
    database = int(parts.path.strip("/") or 0)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Server(
        address=f"{parts.scheme}://{host}:{port}" + (f"/{database}" if database else ""),
        host=parts.hostname,
        port=port,
        tls=parts.scheme == "rediss",
        user=user or None,
        password=password or None,
        database=database,
    )


def _unquoted(text: str | None) -> str:
    if re.search("%(?![0-9A-Fa-f]{2})", text or ""):
        raise ValueError
    return unquote(text or "", errors="strict")


def of_laptop(home: Path) -> Server:
    """The cache of the laptop cloud in `home`."""
    home = home.absolute()
    settings, process = (_content(home / name) for name in ("settings.json", "cache.pid"))
    if settings is None:
        raise Failure("no cache", home=home)
    if process is None:
        raise Failure("not running", home=home)
    port, id = settings.get("redis_port", 6379), process.get("pid")
    for file, value in (("settings.json", port), ("cache.pid", id)):
        if type(value) is not int:
            raise Failure("damaged", file=home / file)
    return Server(address=f"redis://127.0.0.1:{port}", host="127.0.0.1", port=port, home=home, process=id)


def _content(file: Path) -> dict[str, Any] | None:
    """The object in a file of the laptop cloud; None if there is no such file."""
    try:
        found = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Failure("damaged", file=file)
    return found


def ask(server: Server, arguments: list[str], action: Callable[..., bool]) -> int:
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise Failure("no library") from None
    client = redis.Redis(
        host=server.host,
        port=server.port,
        db=server.database,
        username=server.user,
        password=server.password,
        ssl=server.tls,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        if server.process and client.info("server").get("process_id") != server.process:
            raise Failure("another", address=server.address, home=server.home)
        done = action(client, *arguments)
    except (redis.InvalidResponse, UnicodeError):
        raise Failure("no redis", address=server.address) from None
    except redis.TimeoutError:
        raise Failure("unreachable", address=server.address, why=said("timeout")) from None
    except redis.RedisError as error:
        code = CODES.get(type(error).__name__, "")
        text = f"{code} {error}".strip()
        if isinstance(error, redis.ConnectionError) and not (code or _is_refusal(error)):
            raise Failure("unreachable", address=server.address, why=said(_why(error))) from None
        if text.startswith("WRONGTYPE"):
            raise Failure("other type", type=_type(client, arguments[0])) from None
        raise _refusal(text, server) from None
    return 0 if done else 1


def _is_refusal(error: Exception) -> bool:
    """Whether the server sent this error. redis-py raises a ConnectionError for some answers of the server too."""
    return type(error).__name__ == "AuthenticationError" or "max number of clients" in str(error)


def _refusal(text: str, server: Server) -> Exception:
    message = next(message for pattern, message in MESSAGES["refusals"] if re.search(pattern, text))
    first = text.splitlines()[0][:200] if text else ""
    return Failure("refusal", what=filled(message, {"address": server.address, "text": first}))


def _why(error: BaseException) -> str:
    """The name of the message for a connection that failed."""
    causes = list(_causes(error))
    for kinds, name in (
        (ssl.SSLError, "tls"),
        (socket.gaierror, "unknown host"),
        (ConnectionRefusedError, "refused"),
        ((ConnectionResetError, BrokenPipeError, EOFError), "closed"),
    ):
        if any(isinstance(cause, kinds) for cause in causes):
            return name
    return "closed" if "closed" in str(error).lower() else "failed"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _type(client: Any, key: str) -> str:
    """The type of the key's value, such as `a hash`. An operator on AWS is not authorised to ask."""
    try:
        return f"a {client.type(key).decode()}"
    except Exception:
        return "another type"
