"""Reads every store of the proof's cloud, and the traces that functions send. Finds planted cards and people there."""

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

import redis

from tests.proof.leaks.forms import revealed
from tests.proof.leaks.people import People
from tests.support.cloud.aliases import calling_the_latest
from tests.support.cloud.apps import Apps
from tests.support.cloud.traces import Plants, views
from tests.support.cloud.written import Piece, files, logs, users, without_logs

Found = dict[tuple[str, str], str]
"""A plant and the place where it was found, and the form there."""


class Search:
    """Searches pieces for cards and for people, and counts what was searched."""

    def __init__(self, plants: Plants, people: People) -> None:
        self._plants, self._people = plants, people
        self.searched: Counter[str] = Counter()
        self.bytes = 0
        self.cards: Found = {}
        self.persons: Counter[tuple[str, str, str]] = Counter()
        """An address, what was found of the person (people.NAME and the like), and the place."""

    def read(self, pieces: Iterable[Piece]) -> "Search":
        for place, written in pieces:
            self.searched[kind_of(place)] += 1
            self.bytes += len(written)
            for form, view in views(written):
                for text in (view, *revealed(view)):
                    for plant in self._plants.plants_in(text):
                        self.cards.setdefault((plant, place), form)
                for address, what in self._people.in_view(view):
                    self.persons[address, what, place] += 1
        return self


def kind_of(place: str) -> str:
    """The kind of a place, for counting: the word that it begins with."""
    return re.split("[ :]", place)[0]


def all_of(apps: Apps, since: datetime, traces: Iterable[str]) -> Iterator[Piece]:
    """What the stores of a running cloud have, without logs, files, executions and records of streams from before
    `since`."""
    yield from recent(apps, since)
    yield from users(apps.cloud)
    yield from (("trace", document) for document in traces)
    yield from files(apps.cloud.settings.home, since=since)


def recent(apps: Apps, since: datetime) -> Iterator[Piece]:
    """The same without users, traces and files."""
    yield from logs(apps.cloud, since=since)
    yield from without_logs(apps.cloud, since=since, encrypted=True)


def left_by(apps: Apps, since: datetime) -> Iterator[Piece]:
    """The files of a stopped cloud that were written since."""
    return files(apps.cloud.settings.home, since=since, encrypted=True)


@contextmanager
def every_command_logged(apps: Apps) -> Iterator[None]:
    """Makes the cache's slow log record every command, and the cache's file keep texts uncompressed."""
    with redis.Redis.from_url(apps.places.redis_url) as cache:
        for name, value in {"slowlog-log-slower-than": 0, "slowlog-max-len": 1_000_000, "rdbcompression": "no"}.items():
            cache.config_set(name, value)
    yield


@contextmanager
def traced(apps: Apps, names: Iterable[str]) -> Iterator[list[str]]:
    """Makes the functions send their traces to this process. Yields the traces.

    A fifth of the calls also write their lines for debugging.
    """
    client, documents = apps.cloud.engine.client("lambda"), list[str]()
    names = list(names)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(0.2)
        ended = threading.Event()
        listener = threading.Thread(target=_listen, args=(daemon, documents, ended.is_set))
        listener.start()
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        for name in names:
            usual = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            more = {"AWS_XRAY_DAEMON_ADDRESS": address, "DEBUG_SAMPLE": "0.2", "LOG_LEVEL": "INFO"}
            client.update_function_configuration(FunctionName=name, Environment={"Variables": {**usual, **more}})
        try:
            with calling_the_latest(client, names):
                yield documents
        finally:
            ended.set()
            listener.join()


def _listen(daemon: socket.socket, documents: list[str], ended: Callable[[], bool]) -> None:
    while not ended():
        try:
            documents.append(daemon.recv(65_536).decode(errors="replace"))
        except TimeoutError:
            continue


def is_secret(place: str) -> bool:
    """Whether no data of a person may be in a place: logs, metrics, traces and the refusals of the APIs."""
    return place.startswith(("log group", "metric", "alarm history", "trace", "refusal"))
