"""A laptop cloud for one part of the proof."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local.cloud import Cloud
from local.processes import free_port
from local.settings import Settings
from local.users import OPERATOR
from tests.support.cloud.apps import Apps
from tests.support.engine.paths import START as WATCHED


@contextmanager
def proof_cloud(*, consumer: bool = False) -> Iterator[Apps]:
    """Starts a new laptop cloud with both apps, called by an operator, and removes it at the end.

    `apps.cloud.settings.home` is its folder. `consumer` also deploys the example consumer.
    """
    with TemporaryDirectory(prefix="proof-") as folder:
        # Processes of functions stay, because starting them again would take more time than the calls.
        settings = Settings(
            home=Path(folder), port=free_port(), redis_port=free_port(), idle_seconds=3600, consumer=consumer
        )
        cloud = Cloud(settings)
        cloud.engine.script = WATCHED
        try:
            cloud.up(print)
            yield Apps(cloud, cloud.places(), user=cloud.users()[OPERATOR])
        finally:
            # Not `down`: that waits for due reminders.
            for part in (cloud.engine, cloud.cache):
                part.daemon.stop()
