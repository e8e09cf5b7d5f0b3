"""An engine without stacks, for tests that deploy what they need, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import homes
from local.engine import Engine
from local.processes import free_port
from local.settings import Settings


@contextmanager
def bare_engine(home: Path) -> Iterator[Engine]:
    """Starts an engine in an empty folder, and stops it after the block."""
    settings = Settings(home=home, port=free_port(), redis_port=free_port())
    homes.mark(settings.home)
    engine = Engine(settings)
    engine.start()
    try:
        yield engine
    finally:
        engine.daemon.stop()
